//! What is no feed, as an item: a web page, or a plain text.

use super::raw::{MAX_FIELD, Markup, RawText};
use super::text::{clean_line, plain};
use super::{Input, decode};
use crate::model::{Item, language_tag};

/// The longest title, in bytes.
const MAX_TITLE: usize = 4096;

/// The beginning of an HTML page holds one of these.
const HTML: [&str; 6] = ["<!doctype html", "<html", "<head", "<body", "<title", "<p>"];

/// Reads a document that is no feed as an item without an id: of a web page its title, its text,
/// scripts and styles left out, and its language if it says so; else the first line as the title
/// and the rest as the content. At most 1 MiB of text is kept.
pub fn prose(input: &Input<'_>) -> Item {
    let text = decode(input.bytes, input.content_type).text;
    let head = text[..text.floor_char_boundary(64 << 10)].to_ascii_lowercase();
    if HTML.iter().any(|mark| head.contains(mark)) {
        return page(&text);
    }
    let text = text.trim();
    let (title, content) = text.split_once('\n').unwrap_or((text, ""));
    let line = |text: &str, max: usize| {
        let text = clean_line(text, usize::MAX / 8);
        text[..text.floor_char_boundary(max)].to_owned()
    };
    Item { title: line(title, MAX_TITLE), content: line(content, MAX_FIELD), ..Item::default() }
}

fn page(text: &str) -> Item {
    let lower = text.to_ascii_lowercase();
    let inside = |tag: &str, end: &str| {
        let start = lower.find(tag)?;
        let start = start + lower[start..].find('>')? + 1;
        let end = lower[start..].find(end).map_or(text.len(), |end| start + end);
        text.get(start..end)
    };
    let plain_of =
        |text: &str, max| plain(&RawText { text: text.to_owned(), markup: Markup::Html }, max);
    let language = lower.find("<html").and_then(|at| {
        let tag = &lower[at..at + lower[at..].find('>')?];
        let value = tag.split_once(" lang=")?.1.trim_start_matches(['"', '\'']);
        value.split(['"', '\'', ' ', '>']).next().and_then(language_tag)
    });
    let body = inside("<body", "</body").or_else(|| inside("</head", "</html")).unwrap_or(text);
    Item {
        title: inside("<title", "</title")
            .map_or_else(String::new, |title| plain_of(title, MAX_TITLE)),
        content: plain_of(body, MAX_FIELD),
        language,
        ..Item::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, title: &str, content: &str, language: Option<&str>) {
        let item = prose(&Input { bytes: text.as_bytes(), content_type: None, url: None });
        assert_eq!((item.title.as_str(), item.content.as_str()), (title, content), "{text}");
        assert_eq!(item.language.as_deref(), language, "{text}");
    }

    #[test]
    fn a_page_is_its_title_and_its_text() {
        check(
            "<!DOCTYPE html><html class=x lang=\"uk\"><head><title>Паводок &amp; міст</title>\
             <style>p{}</style></head><body class=\"a\"><script>var x = '<p>';</script><p>Вода\n \
             росте</p><p>знову</body></html>",
            "Паводок & міст",
            "Вода росте знову",
            Some("uk"),
        );
        check("<p>Only <b>this</b>", "", "Only this", None);
        check("<html><body>", "", "", None);
        check("<html lang=de", "", "", None);
        check("<html lang=de_DE><body>", "", "", Some("de-de"));
        check("<html lang=german><body>", "", "", None);
    }

    #[test]
    fn a_text_is_its_first_line_and_the_rest() {
        check("One\r\n\nTwo\u{1b}[2J\nthree\n", "One", "Two[2J three", None);
        check("", "", "", None);
        check("x", "x", "", None);
    }
}
