//! Texts from strangers, made fit for a line of a message. Pure.

use unicode_normalization::char::is_combining_mark;
use url::{Position, Url};

use crate::model::is_unprintable;

/// Marks upon one letter; more are heaped up to spill over other lines.
const MAX_MARKS: usize = 4;
/// What is looked at of an alert's text, which is no longer by itself (see `Excerpt`).
const MAX_EXCERPT: usize = 2000;
/// So much of an excerpt may stand before the match, in parts of its length.
const LEAD: usize = 3;

/// `text` on one line, of at most `most` characters and an ellipsis: each run of white space, line
/// ends and control characters as one space, without bidirectional controls and what is invisible.
pub(in crate::sinks) fn clean(text: &str, most: usize) -> String {
    let mut out = String::new();
    let (mut count, mut marks, mut gap) = (0, 0, false);
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = count > 0;
            continue;
        }
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if is_unprintable(c) || is_invisible(c) || marks > MAX_MARKS {
            continue;
        }
        if count + usize::from(gap) >= most {
            if most > 0 {
                out.push('…');
            }
            break;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
            count += 1;
        }
        out.push(c);
        count += 1;
    }
    out
}

/// Characters that take no room, but for the joiners that words and pictures are written with
/// (U+200C, U+200D) and the selectors of variants.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// At most `most` characters of `text`, cleaned, around the first of `hits` that is in it.
pub(super) fn excerpt<'a>(text: &str, hits: impl Iterator<Item = &'a str>, most: usize) -> String {
    let whole = clean(text, MAX_EXCERPT);
    if most == 0 || whole.chars().count() <= most {
        return if most == 0 { String::new() } else { whole };
    }
    let at = hits.filter(|hit| !hit.is_empty()).filter_map(|hit| whole.find(hit)).min();
    let before = &whole[..at.unwrap_or(0)];
    let lead: usize = before.chars().rev().take(most / LEAD).map(char::len_utf8).sum();
    // Up to the end there may be less than there is room for.
    let tail: usize = whole.chars().rev().take(most).map(char::len_utf8).sum();
    let start = (before.len() - lead).min(whole.len() - tail);
    let cut = clean(&whole[start..], most);
    if start > 0 { format!("…{cut}") } else { cut }
}

/// A link in the one spelling that does no harm in any markup: `None` if `text` is no http or https
/// URL, or longer than `most` then.
pub(in crate::sinks) fn link(text: &str, most: usize) -> Option<String> {
    // Percent-encoding makes a URL three times as long.
    if text.len() > most {
        return None;
    }
    let url = Url::parse(text.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    for byte in url.as_str().bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&+,;=%[]".contains(&byte);
        // Brackets belong to an address (RFC 3986 §3.2.2) and nowhere else.
        let bracket = matches!(byte, b'[' | b']') && out.len() > url[..Position::AfterHost].len();
        if plain && !bracket {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    (out.len() <= most).then_some(out)
}
