//! The alphabet of folded text: one byte for each letter.
//!
//! | bytes | are |
//! |---|---|
//! | `0`-`9`, `a`-`z` | digits, Latin letters |
//! | other ASCII but `A`-`Z` | themselves: what stands between words |
//! | some of `A`-`Z` | what ASCII has no sign for: [`JOINT`], [`SPLIT`], [`COPY`], [`DASH`], [`STOP`] |
//! | A0-BF | Greek, by the low five bits of the code point |
//! | C0-DF | а-я, by the low five bits of the code point: the same five in UTF-8's second byte, for capitals too |
//! | E0-EF | the Cyrillic letters of U+0450-045F, by the low four bits |
//! | F0-F7, two of 80-9F | other letters below U+2000, ten bits in the bytes 80-9F |
//! | F8-F9, four of 80-9F | all other letters |
//!
//! So a word is a run of digits, small ASCII letters and bytes from 80 up, and nothing else.

use super::twins::Script;

/// Between two letters of a script without spaces, or such a letter and a word: each is a word.
pub(super) const JOINT: u8 = b'J';
/// Between the words of a hashtag: a space.
pub(super) const SPLIT: u8 = b'S';
/// After the joined spelling of a hashtag, which its words follow.
pub(super) const COPY: u8 = b'C';
/// A long dash.
pub(super) const DASH: u8 = b'D';
/// What no phrase crosses: the beginning of a field, signs that ASCII does not have.
pub(super) const STOP: u8 = b'X';

const GREEK: u8 = 0xA0;
const RUSSIAN: u8 = 0xC0;
const CYRILLIC_EXTRA: u8 = 0xE0;
const SHORT: u8 = 0xF0;
const LONG: u8 = 0xF8;
const PAYLOAD: u8 = 0x80;

/// Whether a byte is part of a word.
pub(crate) fn is_word(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'z' | 0x80..)
}

/// The script of a letter of one byte.
pub(super) fn script(byte: u8) -> Option<Script> {
    match byte {
        b'a'..=b'z' => Some(Script::Latin),
        0xA0..=0xBF => Some(Script::Greek),
        0xC0..=0xEF => Some(Script::Cyrillic),
        _ => None,
    }
}

/// The bytes of one folded letter.
pub(crate) struct Code {
    bytes: [u8; 5],
    len: usize,
}

impl Code {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// How a folded letter (small, and without marks where these do not count) is written.
pub(crate) fn encode(c: char) -> Code {
    let code = u32::from(c);
    let low = |bits: u32, shift: u32| ((code >> shift) & ((1 << bits) - 1)) as u8;
    let one = |byte: u8| Code { bytes: [byte, 0, 0, 0, 0], len: 1 };
    let payload = |shift: u32| PAYLOAD | low(5, shift);
    match c {
        '\0'..='\x7f' => one(low(7, 0)),
        'α'..='ω' => one(GREEK | low(5, 0)),
        'а'..='я' => one(RUSSIAN | low(5, 0)),
        'ѐ'..='џ' => one(CYRILLIC_EXTRA | low(4, 0)),
        '\u{80}'..='\u{1fff}' => {
            Code { bytes: [SHORT | low(3, 10), payload(5), payload(0), 0, 0], len: 3 }
        }
        _ => {
            let bytes = [LONG | low(1, 20), payload(15), payload(10), payload(5), payload(0)];
            Code { bytes, len: 5 }
        }
    }
}

/// The first letter of folded bytes, and how many bytes it takes.
pub(super) fn decode(bytes: &[u8]) -> Option<(char, usize)> {
    let (&first, rest) = bytes.split_first()?;
    let low = |mask: u8| u32::from(first & mask);
    let (code, len) = match first {
        0..=0x7f => (low(0x7f), 1),
        // α stands at U+03B1, ω at U+03C9.
        0xA0..=0xBF => ((low(0x1f) + 0xf) % 32 + 0x3b1, 1),
        0xC0..=0xDF => ((low(0x1f) + 0x10) % 32 + 0x430, 1),
        0xE0..=0xEF => (low(0xf) + 0x450, 1),
        0xF0..=0xF7 => (low(7), 3),
        0xF8.. => (low(1), 5),
        0x80..=0x9F => return None,
    };
    let payload = rest.get(..len - 1)?;
    let code = payload.iter().fold(code, |code, byte| code << 5 | u32::from(byte & 0x1f));
    Some((char::from_u32(code)?, len))
}

/// The last letter of folded bytes, and how many bytes it takes.
pub(super) fn decode_last(bytes: &[u8]) -> Option<(char, usize)> {
    let payload = bytes.iter().rev().take(4).take_while(|byte| matches!(byte, 0x80..=0x9F)).count();
    let first = bytes.len().checked_sub(payload + 1)?;
    decode(&bytes[first..])
}
