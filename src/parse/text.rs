//! From what stands in a document to one line of plain text.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2};

use super::raw::{Markup, RawText};

mod entities;
mod tags;

/// How often markup and entities are taken off: feeds escape twice, and some three times.
const MAX_PASSES: usize = 3;
/// The longest entity name of HTML is `CounterClockwiseContourIntegral`.
const MAX_ENTITY: usize = 33;

/// The text as one line: markup off, entities resolved, control characters and direction
/// overrides gone, white space single, at most `max` bytes.
pub(super) fn plain(raw: &RawText, max: usize) -> String {
    let mut text = Cow::Borrowed(raw.text.as_str());
    let mut markup = raw.markup;
    for _ in 0..MAX_PASSES {
        if memchr2(b'<', b'&', text.as_bytes()).is_none() {
            break;
        }
        let keep_tags = markup == Markup::None && !tags::evident(&text);
        let next = tags::strip(&text, if keep_tags { None } else { Some(markup) });
        let same = next == *text;
        text = Cow::Owned(next);
        if same {
            break;
        }
        markup = Markup::None;
    }
    match text {
        Cow::Owned(text) if text.len() <= max && visible_run(text.as_bytes()) == text.len() => text,
        text => one_line(&text, max),
    }
}

/// The text without control characters that are no white space, and whether there were any. They
/// are forbidden in XML, and taken out first, since they may stand in the middle of a tag.
pub(super) fn without_controls(text: Cow<'_, str>) -> (Cow<'_, str>, bool) {
    let unwanted = |byte: u8| byte < 0x20 && !byte.is_ascii_whitespace() && byte != 0x0B;
    // Without a branch for each byte, so that whole vectors are compared at once.
    let found = |block: &[u8]| block.iter().fold(false, |any, byte| any | unwanted(*byte));
    if !text.as_bytes().chunks(1024).any(found) {
        return (text, false);
    }
    let kept = text.chars().filter(|c| !u8::try_from(*c).is_ok_and(unwanted)).collect();
    (Cow::Owned(kept), true)
}

/// Foreign text for a message or a log: one line, no control characters, at most `max_chars`
/// characters of it and an ellipsis where it was cut. Markup is left as it is.
pub fn clean_line(text: &str, max_chars: usize) -> String {
    let start: String = text.chars().take(max_chars.saturating_mul(4).saturating_add(64)).collect();
    let line = one_line(&start, usize::MAX);
    match line.char_indices().nth(max_chars) {
        Some((cut, _)) => format!("{}…", line[..cut].trim_end()),
        None if start.len() < text.len() => format!("{line}…"),
        None => line,
    }
}

/// Folds white space, drops what cannot be seen or turns the reading direction around, and cuts at
/// a character boundary.
fn one_line(text: &str, max: usize) -> String {
    let mut line = Line { text: String::with_capacity(text.len().min(max)), max, space: false };
    let mut rest = text;
    while !rest.is_empty() {
        let (run, after) = rest.split_at(visible_run(rest.as_bytes()));
        let mut chars = after.chars();
        if !line.push(run) || !chars.next().is_none_or(|c| line.push_char(c)) {
            break;
        }
        rest = chars.as_str();
    }
    line.text
}

/// A line that grows up to a length.
struct Line {
    text: String,
    max: usize,
    /// Whether there was white space since the last character.
    space: bool,
}

impl Line {
    /// Takes visible text, single blanks inside included; false if not all of it fits.
    fn push(&mut self, run: &str) -> bool {
        let blank = usize::from(self.space && !self.text.is_empty());
        let room = self.max.saturating_sub(self.text.len() + blank);
        let fits = run[..run.floor_char_boundary(room)].trim_end_matches(' ');
        if !fits.is_empty() {
            self.text.push_str(&" "[..blank]);
            self.text.push_str(fits);
            self.space = false;
        }
        fits.len() == run.len()
    }

    /// Takes any character; false if it does not fit.
    fn push_char(&mut self, c: char) -> bool {
        let c = from_windows_1252(c);
        if c.is_whitespace() {
            self.space = true;
            return true;
        }
        is_unwanted(c) || self.push(c.encode_utf8(&mut [0; 4]))
    }
}

/// What a byte may begin: 0 for visible text, 1 for a blank, 2 for a character that is to be
/// looked at, since it may be white space, unwanted, or windows-1252.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        classes[byte] = 2;
        byte += 1;
    }
    classes[0x20] = 1;
    classes[0x7F] = 2;
    classes[0xC2] = 2; // U+0080 to U+00BF
    classes[0xE1] = 2; // U+1000 to U+1FFF
    classes[0xE2] = 2; // U+2000 to U+2FFF
    classes[0xE3] = 2; // U+3000 to U+3FFF
    classes[0xEF] = 2; // U+F000 to U+FFFF
    classes
};

/// Length of the visible text that `bytes` begin with, with single blanks inside. What follows may
/// be visible too.
fn visible_run(bytes: &[u8]) -> usize {
    let mut last = 1;
    let mut length = bytes.len();
    for (at, byte) in bytes.iter().enumerate() {
        let class = CLASSES[usize::from(*byte)];
        if last + class > 1 {
            length = at;
            break;
        }
        last = class;
    }
    length - usize::from(length > 0 && last == 1)
}

/// Controls that are no white space, bidirectional overrides and isolates (Unicode TR9), byte
/// order marks and noncharacters.
fn is_unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
        || matches!(c, '\u{FFF9}'..='\u{FFFB}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// C1 controls are windows-1252 that was taken for Latin-1 (WHATWG HTML, numeric character
/// reference end state).
fn from_windows_1252(c: char) -> char {
    match u8::try_from(u32::from(c)) {
        Ok(byte @ 0x80..=0x9F) => {
            let bytes = [byte];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
            text.chars().next().unwrap_or(c)
        }
        _ => c,
    }
}

/// The entity at the start of `text`, which begins with `&`: what it stands for and its length.
pub(super) fn entity(text: &str) -> Option<(Cow<'static, str>, usize)> {
    let body = text.strip_prefix('&')?;
    let end = body.bytes().take(MAX_ENTITY).position(|b| b == b';')?;
    Some((entity_of(body.get(..end)?)?, end + 2))
}

/// What the entity of a name, without `&` and `;`, stands for.
pub(super) fn entity_of(name: &str) -> Option<Cow<'static, str>> {
    Some(match name.strip_prefix('#') {
        Some(number) => Cow::Owned(numeric(number)?),
        None => Cow::Borrowed(entities::named(name)?),
    })
}

/// The text with its entities resolved once.
pub(super) fn resolve(text: &str) -> Cow<'_, str> {
    match memchr(b'&', text.as_bytes()) {
        Some(_) => Cow::Owned(tags::strip(text, None)),
        None => Cow::Borrowed(text),
    }
}

/// A numeric character reference without `&#` and `;`; empty for a character that XML and HTML
/// forbid.
fn numeric(number: &str) -> Option<String> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16),
        None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse(),
        _ => return None,
    };
    let wanted = code.ok().filter(|code| *code != 0).and_then(char::from_u32);
    let digits = number.trim_start_matches(['x', 'X']);
    (!digits.is_empty()).then(|| wanted.map(String::from).unwrap_or_default())
}

/// Text whose UTF-8 bytes were taken for windows-1252 and encoded once more, mended; `None` if
/// the text is not of that kind.
pub(super) fn undouble(text: &str) -> Option<String> {
    // U+00C2 to U+00F4, then anything beyond ASCII but U+00C0 to U+00FF: in UTF-8, the latter and
    // no others begin with 0xC3.
    let bytes = text.as_bytes();
    let suspicious = memchr_iter(0xC3, bytes).any(|at| {
        matches!(bytes.get(at + 1), Some(0x82..=0xB4))
            && bytes.get(at + 2).is_some_and(|next| *next >= 0x80 && *next != 0xC3)
    });
    if !suspicious {
        return None;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(byte_of).collect();
    let mended = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let mended = mended.or_else(|| text.contains(QUOTE_TWICE).then(|| undouble_parts(text)));
    mended.filter(|mended| mended.len() < text.len())
}

/// What dashes and typographic quotes begin with when encoded twice; in no language do these stand
/// side by side.
const QUOTE_TWICE: &str = "â€";

/// As [`undouble`], for a text with other characters in it: those that were written as entities
/// have been encoded once only.
fn undouble_parts(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let length = match byte_of(*c) {
            Some(0xC2..=0xDF) => 2,
            Some(0xE0..=0xEF) => 3,
            Some(0xF0..=0xF4) => 4,
            _ => 1,
        };
        let bytes: Option<Vec<u8>> =
            chars.iter().skip(at).take(length).map(|c| byte_of(*c)).collect();
        let mended = bytes.filter(|_| length > 1).and_then(|bytes| String::from_utf8(bytes).ok());
        at += if mended.is_some() { length } else { 1 };
        match mended {
            Some(mended) => out.push_str(&mended),
            None => out.push(*c),
        }
    }
    out
}

/// The byte that windows-1252, or Latin-1 for its holes, has for a character.
fn byte_of(c: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(c)) {
        return Some(byte);
    }
    let mut utf8 = [0; 4];
    let (bytes, _, failed) = encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut utf8));
    bytes.first().copied().filter(|_| !failed)
}

#[cfg(test)]
mod tests;
