//! Where a character of a string's value is written in its TOML form.

use std::ops::Range;

/// The bytes of `written`, a TOML string with its quotes, that stand for the byte `at` of its
/// `value`; behind the last one, the closing quote. `None` for strings of several lines.
pub(super) fn place(written: &str, value: &str, at: usize) -> Option<Range<usize>> {
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    if written.starts_with("\"\"\"") || written.starts_with("'''") {
        return None;
    }
    let mut rest = written.get(1..)?;
    let mut read = 0;
    for c in value.chars() {
        let long = match rest.strip_prefix('\\').filter(|_| quote == '"') {
            None => rest.chars().next()?.len_utf8(),
            Some(escape) => match escape.chars().next()? {
                'u' => 6,
                'U' => 10,
                'x' => 4,
                _ => 2,
            },
        };
        let from = written.len() - rest.len();
        if at < read + c.len_utf8() {
            return Some(from..from + long);
        }
        read += c.len_utf8();
        rest = rest.get(long..)?;
    }
    let from = written.len() - rest.len();
    rest.starts_with(quote).then_some(from..from + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_found_in_each_form_of_string() {
        for (written, value, at, want) in [
            (r#""abc""#, "abc", 1, Some("b")),
            (r#""abc""#, "abc", 3, Some("\"")),
            ("'a\\b'", "a\\b", 1, Some("\\")),
            (r#""a\\b""#, "a\\b", 2, Some("b")),
            (r#""\u0445арків""#, "харків", 0, Some("\\u0445")),
            (r#""\u0445арків""#, "харків", 3, Some("а")),
            (r#""\"\U00000416x""#, "\"Жx", 3, Some("x")),
            (r#""Харків""#, "Харків", 2, Some("а")),
            ("\"\"\"abc\"\"\"", "abc", 1, None),
            ("12", "12", 0, None),
            ("", "", 0, None),
        ] {
            let found = place(written, value, at).map(|span| &written[span]);
            assert_eq!(found, want, "{written} {at}");
        }
    }
}
