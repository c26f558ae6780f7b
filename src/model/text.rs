//! Text from strangers, made safe to show and to write down.

use std::borrow::Cow;
use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// Whether `c` does something to a terminal, a line or a reading order instead of standing there:
/// control characters (C0, DEL, C1), line and paragraph separators, bidirectional controls and
/// marks (UAX #9), deprecated format characters and interlinear annotation.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
}

/// `text` with nothing unprintable in it: C0 and DEL as control pictures (`␛`), the marks U+061C,
/// U+200E and U+200F left out, all else as `�`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unprintable) {
        Cow::Owned(text.chars().filter_map(shown).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn shown(c: char) -> Option<char> {
    match c {
        '\u{61c}' | '\u{200e}' | '\u{200f}' => None,
        '\u{7f}' => Some('␡'),
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        c if is_unprintable(c) => Some('\u{fffd}'),
        c => Some(c),
    }
}

/// `value` as JSON in one line, without a line end. Unprintable characters are escaped, so that a
/// reader which takes U+2028 or U+0085 for a line end still sees one line.
///
/// # Errors
/// As [`serde_json::to_string`]: a map with keys that are not text, or a `Serialize` that fails.
pub fn json_line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::with_capacity(256);
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Printable))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

struct Printable;

impl Formatter for Printable {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_unprintable(*c)) {
            CompactFormatter.write_string_fragment(writer, &rest[..at])?;
            write!(writer, "\\u{:04x}", u32::from(c))?;
            rest = &rest[at + c.len_utf8()..];
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_instead_of_standing_there_is_made_visible() {
        let cases = [
            ("Повінь у Харкові – 5 °C", "Повінь у Харкові – 5 °C"),
            ("a\u{1b}[2Jb", "a␛[2Jb"),
            ("a\r\nb\tc\0", "a␍␊b␉c␀"),
            ("a\u{7f}\u{9b}31m\u{85}", "a␡\u{fffd}31m\u{fffd}"),
            ("a\u{2028}b\u{2029}c", "a\u{fffd}b\u{fffd}c"),
            ("\u{202e}evil\u{2066}", "\u{fffd}evil\u{fffd}"),
            ("\u{200f}שלום\u{200e}", "שלום"),
            ("👩\u{200d}🚒 می\u{200c}خواهم", "👩\u{200d}🚒 می\u{200c}خواهم"),
        ];
        for (text, expected) in cases {
            assert_eq!(visible(text), expected, "{text:?}");
        }
    }

    #[test]
    fn json_holds_the_text_and_shows_nothing_unprintable() {
        let all: String = (0..0x3000).chain(0xfff0..0xffff).filter_map(char::from_u32).collect();
        let line = json_line(&[&all]).unwrap();
        assert_eq!(line.chars().find(|c| is_unprintable(*c)), None);
        assert_eq!(serde_json::from_str::<Vec<String>>(&line).unwrap(), [all]);
    }
}
