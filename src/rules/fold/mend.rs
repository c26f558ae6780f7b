//! Look-alikes: a word that mixes scripts is read in the one that has a twin for each stray letter.
//!
//! Not letter by letter, for all text: `атака` and `ataka`, `мент` and `ment` are different words. A
//! letter and its twin are one byte each, so a word is mended where it stands.

use super::alphabet::{decode, encode, is_word, script};
use super::twins::{self, Mix};

/// Reads each word of `text` that mixes scripts in one of them, if it can be.
pub(super) fn mend(text: &mut [u8]) {
    let mut past = 0;
    while let Some(at) = next_seam(text, past) {
        let start = text[past..at].iter().rposition(|byte| !is_word(*byte));
        let start = start.map_or(past, |before| past + before + 1);
        let len = text[at..].iter().position(|byte| !is_word(*byte));
        let end = len.map_or(text.len(), |len| at + len);
        mend_word(&mut text[start..end]);
        past = end;
    }
}

/// Whether a word mixes scripts, and cannot be read in one.
pub(super) fn is_motley(word: &[u8]) -> bool {
    mix(word) == Mix::Motley
}

fn mix(word: &[u8]) -> Mix {
    if word.iter().any(|byte| *byte >= 0x80 && script(*byte).is_none()) {
        return Mix::Pure;
    }
    twins::mix(word.iter().filter_map(|byte| letter(*byte)))
}

fn letter(byte: u8) -> Option<char> {
    decode(&[byte]).map(|(c, _)| c)
}

fn mend_word(word: &mut [u8]) {
    let Mix::Read(home) = mix(word) else { return };
    for byte in word {
        if script(*byte).is_some_and(|own| own != home)
            && let Some(twin) = letter(*byte).and_then(|c| twins::twin(c, home))
            && let [code] = encode(twin).bytes()
        {
            *byte = *code;
        }
    }
}

/// The first place from `from` on where letters of two scripts, or a digit and a letter that is not
/// Latin, stand side by side. Every word that mixes scripts has one.
fn next_seam(text: &[u8], from: usize) -> Option<usize> {
    const CHUNK: usize = 32;
    let kind = |byte: u8| {
        let latin = byte.wrapping_sub(b'a') < 26 || byte.wrapping_sub(b'0') < 10;
        let greek = byte & 0xE0 == 0xA0;
        let cyrillic = byte.wrapping_sub(0xC0) < 0x30;
        u8::from(latin) | u8::from(greek) << 1 | u8::from(cyrillic) << 2
    };
    // Two kinds are two bits.
    let seam = |one: u8, two: u8| {
        let both = kind(one) | kind(two);
        both & both.wrapping_sub(1)
    };
    let mut at = from;
    while let Some(window) = text[at..].first_chunk::<{ CHUNK + 1 }>() {
        let mut any = 0;
        for k in 0..CHUNK {
            any |= seam(window[k], window[k + 1]);
        }
        if any != 0 {
            break;
        }
        at += CHUNK;
    }
    let rest = text[at..].windows(2).position(|pair| seam(pair[0], pair[1]) != 0);
    rest.map(|found| at + found)
}
