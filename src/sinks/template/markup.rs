//! How services read texts: what must be escaped, how they count, and where a text may be cut.

use std::fmt;

/// How a service reads a text.
#[derive(Clone, Copy)]
pub(in crate::sinks) struct Markup {
    /// Appends a value so that it stands there as it is: no markup or mention, nor a link with other
    /// words than its address.
    pub escape: fn(&str, &mut String),
    /// The same for a URL as the target of a link; the filter `url` in templates. It gets links of
    /// the one harmless spelling (see `message::link`) or what a config's own template makes up.
    pub url: fn(&str, &mut String),
    /// The longest beginning of a rendered text within so many units, its last one being `…`, cut
    /// outside of any escape, link or tag, and with what must be closed closed.
    pub cut: fn(&str, usize) -> String,
    /// How long a text is in the service's units.
    pub length: fn(&str) -> usize,
    /// Whether the text is JSON, so that what the filter `tojson` makes stands there as it is.
    pub json: bool,
    /// What the service would refuse a text for.
    pub check: fn(&str) -> Result<(), Flaw>,
    /// Whether a reader sees nothing of a text.
    pub blank: fn(&str) -> bool,
}

/// What is wrong with a rendered text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sinks) struct Flaw {
    /// As a clause.
    pub message: String,
    /// How to mend it.
    pub hint: &'static str,
}

impl fmt::Debug for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Markup")
    }
}

impl Markup {
    /// Text that nothing is read into, counted in characters.
    pub const PLAIN: Self = Self {
        escape: as_is,
        url: as_is,
        cut: cut_plain,
        length: chars,
        json: false,
        check: |_| Ok(()),
        blank: |text| text.trim().is_empty(),
    };
}

/// The text itself.
pub(in crate::sinks) fn as_is(text: &str, out: &mut String) {
    out.push_str(text);
}

/// `&`, `<` and `>` as entities; enough for Slack's mrkdwn.
pub(in crate::sinks) fn entities(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}

/// Entities for HTML and XML, quotes too.
pub(in crate::sinks) fn html(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

/// As `html`, with an invisible joiner (U+2060) where a chat program would make a mention, a
/// command, a tag or a link of plain text.
pub(in crate::sinks) fn html_inert(text: &str, out: &mut String) {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        html(c.encode_utf8(&mut [0; 4]), out);
        let next = text[at + c.len_utf8()..].chars().next().unwrap_or(' ');
        let live = match c {
            '@' => true,
            '/' | '#' => !before.is_alphabetic() && !before.is_ascii_digit(),
            '$' => next.is_ascii_uppercase() || next == '1',
            ':' => next == '/',
            '.' => {
                let inside = !before.is_whitespace() && !next.is_whitespace();
                inside && !next.is_ascii_punctuation()
            }
            _ => false,
        };
        if live {
            out.push('\u{2060}');
        }
        before = c;
    }
}

/// As `entities`, with an invisible joiner (U+2060) before what Slack reads as bold, italic,
/// struck out or code.
pub(in crate::sinks) fn entities_inert(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, '*' | '_' | '~' | '`') {
            out.push('\u{2060}');
        }
        entities(c.encode_utf8(&mut [0; 4]), out);
    }
}

/// Unicode characters.
pub(in crate::sinks) fn chars(text: &str) -> usize {
    text.chars().count()
}

/// UTF-16 code units.
pub(in crate::sinks) fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The first characters of `text` whose length is no more than `most` less one, by `length`; `None`
/// if all of it is no longer than `most`.
pub(in crate::sinks) fn beginning(
    text: &str,
    most: usize,
    length: fn(&str) -> usize,
) -> Option<&str> {
    if length(text) <= most {
        return None;
    }
    let mut room = most.saturating_sub(1);
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let size = length(&text[at..at + c.len_utf8()]);
        if size > room {
            break;
        }
        room -= size;
        end = at + c.len_utf8();
    }
    Some(&text[..end])
}

/// Cuts text without markup.
pub(in crate::sinks) fn cut_plain(text: &str, most: usize) -> String {
    match beginning(text, most, chars) {
        None => text.to_owned(),
        Some(_) if most == 0 => String::new(),
        Some(first) => format!("{}…", first.trim_end()),
    }
}

/// Cuts text with entities and `<…>`: before one that would be cut in two.
pub(in crate::sinks) fn cut_entities(text: &str, most: usize) -> String {
    let Some(mut first) = beginning(text, most, chars) else { return text.to_owned() };
    if most == 0 {
        return String::new();
    }
    if let Some(open) = first.rfind('<').filter(|open| !first[*open..].contains('>')) {
        first = &first[..open];
    }
    if let Some(open) = first.rfind('&').filter(|open| !first[*open..].contains(';')) {
        first = &first[..open];
    }
    format!("{}…", first.trim_end())
}
