//! The HTML of chat services: a few tags, entities, and lines as they are. Pure.

use super::markup::Flaw;
use crate::model::visible;

/// A piece of such a text.
enum Piece<'a> {
    /// `<b>`; `name`: `b`, or `/b`.
    Tag { all: &'a str, name: &'a str },
    /// A character, or the entity for one.
    Char { all: &'a str, c: char },
}

/// The first piece of a text that is not empty.
fn first(text: &str) -> Option<Piece<'_>> {
    let c = text.chars().next()?;
    if c == '<'
        && let Some(end) = text.find('>')
    {
        let inner = &text[1..end];
        let name = inner.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        return Some(Piece::Tag { all: &text[..=end], name });
    }
    if c == '&'
        && let Some(end) = text.char_indices().take(MAX_ENTITY).find(|(_, c)| *c == ';')
        && let Some(c) = entity(&text[1..end.0])
    {
        return Some(Piece::Char { all: &text[..=end.0], c });
    }
    Some(Piece::Char { all: &text[..c.len_utf8()], c })
}

/// No entity that these services know is longer.
const MAX_ENTITY: usize = 10;

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let piece = first(rest)?;
        let (Piece::Tag { all, .. } | Piece::Char { all, .. }) = &piece;
        rest = &rest[all.len()..];
        Some(piece)
    })
}

/// UTF-16 code units of what a reader sees: tags count nothing, an entity as the character.
pub(in crate::sinks) fn seen_utf16(html: &str) -> usize {
    let length = |piece: Piece<'_>| match piece {
        Piece::Tag { .. } => 0,
        Piece::Char { c, .. } => c.len_utf16(),
    };
    pieces(html).map(length).sum()
}

/// The beginning of `html` whose `length` is within `most`, its last character being `…` and all
/// tags closed; the whole of it if that is so already.
pub(in crate::sinks) fn cut_html(html: &str, most: usize, length: fn(&str) -> usize) -> String {
    if length(html) <= most {
        return html.to_owned();
    }
    // Each piece makes the text longer, or as long: by halves the longest beginning is found.
    let ends: Vec<usize> = std::iter::once(0)
        .chain(pieces(html).scan(0, |end, piece| {
            let (Piece::Tag { all, .. } | Piece::Char { all, .. }) = piece;
            *end += all.len();
            Some(*end)
        }))
        .collect();
    let fits = |end: &usize| length(&closed(&html[..*end])) <= most;
    match ends.partition_point(fits) {
        0 => String::new(),
        count => closed(&html[..ends[count - 1]]),
    }
}

/// `html` with an ellipsis, and its open tags closed.
fn closed(html: &str) -> String {
    let mut open: Vec<&str> = Vec::new();
    for piece in pieces(html) {
        if let Piece::Tag { name, .. } = piece {
            match name.strip_prefix('/') {
                Some(closing) if open.last() == Some(&closing) => drop(open.pop()),
                Some(_) => {}
                None if matches!(name, "br" | "br/" | "hr" | "hr/") => {}
                None => open.push(name),
            }
        }
    }
    let mut out = format!("{}…", html.trim_end());
    for name in open.iter().rev() {
        out.push_str(&format!("</{name}>"));
    }
    out
}

/// What a reader sees, with the targets of links in brackets behind them.
pub(in crate::sinks) fn text_of(html: &str) -> String {
    let mut out = String::new();
    let mut target = None;
    for piece in pieces(html) {
        match piece {
            Piece::Char { c, .. } => out.push(c),
            Piece::Tag { name: "br" | "br/", .. } => out.push('\n'),
            Piece::Tag { name: "a", all } => target = href(all),
            Piece::Tag { name: "/a", .. } => {
                if let Some(target) = target.take().filter(|target| !out.ends_with(target)) {
                    out.push_str(&format!(" ({target})"));
                }
            }
            Piece::Tag { .. } => {}
        }
    }
    out
}

/// Whether a reader sees nothing of it.
pub(in crate::sinks) fn is_blank(html: &str) -> bool {
    text_of(html).trim().is_empty()
}

/// Whether all tags are among `known`, each closed in order, and `<` stands for nothing else.
pub(in crate::sinks) fn check(html: &str, known: &[&str]) -> Result<(), Flaw> {
    let flaw = |message: String, hint| Err(Flaw { message, hint });
    let mut open: Vec<String> = Vec::new();
    for piece in pieces(html) {
        let Piece::Tag { name, .. } = piece else {
            if let Piece::Char { all: "<", .. } = piece {
                return flaw("there is a `<` that begins no tag".to_owned(), "write `&lt;`");
            }
            continue;
        };
        let name = name.to_ascii_lowercase();
        let bare = name.strip_prefix('/').unwrap_or(&name);
        if !known.contains(&bare) {
            let message = match bare {
                "" => "there is a `<` that begins no tag".to_owned(),
                _ => format!("the service knows no tag `<{}>`", visible(bare)),
            };
            return flaw(
                message,
                "it knows `<b>`, `<i>`, `<code>`, `<a href=\"…\">`; a `<` of its own is `&lt;`",
            );
        }
        match name.strip_prefix('/') {
            None => open.push(name),
            Some(closing) if open.last().is_some_and(|last| last == closing) => drop(open.pop()),
            Some(closing) => {
                let message = format!("`</{closing}>` closes no tag that is open there");
                return flaw(message, "close each tag, the last first");
            }
        }
    }
    match open.last() {
        None => Ok(()),
        Some(name) => flaw(format!("`<{name}>` is not closed"), "close each tag, the last first"),
    }
}

fn href(tag: &str) -> Option<String> {
    let (_, value) = tag.split_once("href=\"")?;
    let (value, _) = value.split_once('"')?;
    Some(text_of(value))
}

/// The default of bodies.
pub(in crate::sinks) const BODY: &str = "\
{% if count == 1 -%}
{% if alert.text %}{{ alert.text }}

{% endif -%}
{{ alert.feed.title }} · {{ alert.time }}{% if alert.terms %} · {{ alert.terms|join(', ') }}{% endif %}
{%- if alert.link %}
<a href=\"{{ alert.link|url }}\">{{ alert.link|url }}</a>{% endif %}
{%- else -%}
{% for alert in alerts -%}
• {{ alert.level }}: {% if alert.link %}<a href=\"{{ alert.link|url }}\">{{ alert.title }}</a>{% else %}{{ alert.title }}{% endif %} ({{ alert.feed.title }})
{% endfor %}
{%- if more %}and {{ more }} more{% endif %}
{%- endif %}";

/// The default of titles.
pub(in crate::sinks) const TITLE: &str = "\
<b>[{{ level }}] {% if count == 1 %}{{ alert.title }}{% else %}{{ count }} alerts\
{% if form == 'digest' %}, more than may be sent one by one{% endif %}\
{% if form == 'catch_up' %} of the quiet hours{% endif %}{% endif %}</b>";

/// As Telegram counts, and so that a message of nothing but links has a bound too: what is seen, or
/// a quarter of the bytes.
pub(in crate::sinks) fn seen_or_quarter(html: &str) -> usize {
    seen_utf16(html).max(html.len().div_ceil(4))
}

/// Bytes in a string of JSON when each line end is a `<br>`.
pub(in crate::sinks) fn json_bytes(html: &str) -> usize {
    let length = |byte: u8| match byte {
        b'\n' => "<br>".len(),
        b'"' | b'\\' => 2,
        0..=0x1f => 6,
        _ => 1,
    };
    html.bytes().map(length).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_count_nothing_and_entities_one() {
        let cases = [
            ("", 0),
            ("a<b>b</b>", 2),
            ("&lt;b&gt; &amp;amp; &#39;&#x1F692;", 13),
            ("🚒 < &nosuch; &", 15),
            ("<a href=\"https://example.org/?a&amp;b\">x</a>", 1),
        ];
        for (html, expected) in cases {
            assert_eq!(seen_utf16(html), expected, "{html}");
        }
        assert_eq!(seen_or_quarter(&format!("<a href=\"{}\">x</a>", "x".repeat(400))), 104);
        assert_eq!(json_bytes("a\n\"\\я"), 1 + 4 + 2 + 2 + 2);
    }

    #[test]
    fn a_cut_leaves_no_half_of_a_tag_or_entity_and_none_open() {
        let html =
            "a &lt; <b>bo<i>ld</i></b> <a href=\"https://c.example/?d&amp;e\">link</a><br>🚒 end";
        for length in [seen_utf16 as fn(&str) -> usize, json_bytes, seen_or_quarter] {
            for most in 0..=length(html) {
                let cut = cut_html(html, most, length);
                assert!(length(&cut) <= most, "{most}: {cut}");
                for name in ["b", "i", "a"] {
                    let open = cut.matches(&format!("<{name}")).count()
                        - usize::from(name == "b") * cut.matches("<br>").count();
                    assert_eq!(open, cut.matches(&format!("</{name}>")).count(), "{cut}");
                }
                assert_eq!(cut.matches('&').count(), cut.matches(';').count(), "{cut}");
                assert_eq!(cut.contains('…'), most >= length("…") && cut != html, "{most}: {cut}");
            }
            assert_eq!(cut_html(html, length(html), length), html);
        }
        assert_eq!(cut_html("abcdef", 4, seen_utf16), "abc…");
        assert_eq!(cut_html("<b>abcdef</b>", 4, seen_utf16), "<b>abc…</b>");
    }

    #[test]
    fn what_a_service_does_not_know_is_told() {
        let cases = [
            ("<b>x</b> &lt; <i>y</i>\n<a href=\"https://x.example\">z</a> > & ;", ""),
            ("<B>x</b>", ""),
            ("<h1>x</h1>", "the service knows no tag `<h1>`"),
            ("a<br>b", "the service knows no tag `<br>`"),
            ("x < y", "there is a `<` that begins no tag"),
            ("x < y <b>z</b>", "there is a `<` that begins no tag"),
            ("<b>x", "`<b>` is not closed"),
            ("<b><i>x</b></i>", "`</b>` closes no tag that is open there"),
            ("x</b>", "`</b>` closes no tag that is open there"),
        ];
        for (html, expected) in cases {
            let told = check(html, &["a", "b", "i"]).err().map(|flaw| flaw.message);
            assert_eq!(told.unwrap_or_default(), expected, "{html}");
        }
        for (html, blank) in [("<b> </b>\n", true), ("&nbsp;", true), ("<b>x</b>", false)] {
            assert_eq!(is_blank(html), blank, "{html}");
        }
    }

    #[test]
    fn what_a_reader_sees_is_the_text() {
        let html = "<b>[high] a &lt; b</b><br>see <a href=\"https://c.example/?d&amp;e\">this</a>\n\
            <a href=\"https://c.example/\">https://c.example/</a>";
        let seen = "[high] a < b\nsee this (https://c.example/?d&e)\nhttps://c.example/";
        assert_eq!(text_of(html), seen);
    }
}
