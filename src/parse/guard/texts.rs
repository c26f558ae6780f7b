//! Looks at text that feed-rs reads in its own way.

use memchr::{memchr2_iter, memmem};

use crate::parse::text;

/// Whether what follows a start tag is text that says something.
pub(super) fn has_text(rest: &str) -> bool {
    let rest = rest.trim_start();
    let rest = rest.strip_prefix("<![CDATA[").unwrap_or(rest).trim_start();
    rest.starts_with("&lt;") || !(rest.starts_with(['&', '<']) || rest.starts_with("]]>"))
}

/// Whether it is a number and nothing else, not even blanks: feed-rs wants it so.
pub(super) fn is_number(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (1..10).contains(&digits) && rest[digits..].starts_with("</")
}

/// Whether an author's text is a name, or an address in a usual form: feed-rs makes something
/// else of other texts with an address in them, or panics.
pub(super) fn is_author(rest: &str) -> bool {
    let whole = match rest.strip_prefix("<![CDATA[") {
        Some(inside) => inside.split_once("]]>").filter(|(_, after)| after.starts_with("</")),
        None => rest.split_once('<').filter(|(_, after)| after.starts_with('/')),
    };
    let Some((text, _)) = whole else { return rest.is_empty() };
    let text = text::resolve(text);
    !text.contains('@') || is_plain_address(&text)
}

/// `desk@news.example`, `desk@news.example (Olha Petrenko)` or `Olha Petrenko <desk@news.example>`.
fn is_plain_address(text: &str) -> bool {
    if let Some((name, address)) = text.split_once(" <") {
        return is_name(name) && address.strip_suffix('>').is_some_and(is_address);
    }
    match text.split_once(" (") {
        Some((address, name)) => is_address(address) && name.strip_suffix(')').is_some_and(is_name),
        None => is_address(text),
    }
}

fn is_address(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else { return false };
    let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let top = host.rsplit('.').next().unwrap_or_default();
    user.split('.').all(word)
        && host.contains('.')
        && host.split('.').all(word)
        && top.len() > 1
        && top.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_name(text: &str) -> bool {
    text.starts_with(char::is_alphabetic)
        && text.ends_with(char::is_alphabetic)
        && text.chars().all(|c| c.is_alphabetic() || c == ' ')
}

/// Whether there is an XML declaration, the first being cut off before: feed-rs would change the
/// charset in the middle.
pub(super) fn has_declaration(text: &str) -> bool {
    let bytes = text.as_bytes();
    memmem::find_iter(bytes, "<?xml")
        .any(|at| bytes.get(at + 5).is_none_or(|b| b.is_ascii_whitespace() || *b == b'?'))
}

/// Whether there are marks of text that was encoded twice, U+0085, `Ã` and `Ð`: feed-rs trims the
/// second byte of such a character where it looks like a blank.
pub(super) fn is_double_encoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr2_iter(0xC2, 0xC3, bytes).any(|at| {
        matches!((bytes[at], bytes.get(at + 1)), (0xC2, Some(0x85)) | (0xC3, Some(0x83 | 0x90)))
    })
}
