//! Text as rules see it: folded.
//!
//! Folded is: compatibility forms plain (NFKD), full case folding, Latin and Greek diacritics off,
//! Cyrillic whole but for ё = е, ґ = г and stress marks, Turkish I, İ, ı and i one letter, characters
//! that nobody sees dropped, a word that mixes scripts read in one of them, hashtags opened. Composed
//! and decomposed text come out the same.
//!
//! Why it is fast: a letter is one byte ([`alphabet`]), so that Cyrillic text halves, and most text
//! is folded many bytes at a time ([`strides`]) or by one look into a table ([`table`]); only the
//! rest goes by all the rules, one character at a time ([`slow`]). Separators stay as they are: what
//! stands between two words is looked at only where a phrase asks for it. Nothing is allocated once
//! the buffers have grown, and no places are kept ([`places`]): in an item in which something is found
//! characters are counted, or it is folded a second time, with places.

mod alphabet;
mod class;
mod folded;
mod gap;
mod mend;
mod places;
mod slow;
mod strides;
mod table;
mod tag;
mod text;

use memchr::memchr2;

use super::{letters, twins};
use alphabet::STOP;
use places::Places;

pub(super) use alphabet::encode;
pub(super) use folded::Folded;
pub(super) use gap::{Gap, gap_of};
pub(super) use places::Map;
pub(super) use text::Text;

/// Bytes that any step but [`Fold::room`] may write unasked.
const ROOM: usize = 512;
/// ASCII is folded in strides of so many bytes at first, and of [`ROOM`] at the most,
const FIRST_STRIDE: usize = 128;
/// in whole lanes of vector code.
const LANE: usize = 32;

/// A text that is being folded.
struct Fold<'a, P> {
    source: &'a str,
    /// Longer than what is written; grows in [`Fold::room`].
    out: &'a mut Vec<u8>,
    /// How much of `out` is written.
    at: usize,
    /// Where to stop, once more than that is written: a mark may follow the last letter.
    until: usize,
    places: P,
    /// Whether the last letter is a word of its own.
    alone: bool,
    /// Whether there are letters that may be strays among Latin ones.
    has_twins: bool,
    tables: &'static table::Tables,
}

/// Folds `source` into `out` from `at` on, up to `until` or not far beyond, and says where it ends.
fn fold(source: &str, out: &mut Vec<u8>, at: usize, until: usize, places: impl Places) -> usize {
    let tables = &*table::TABLES;
    let mut fold = Fold { source, out, at, until, places, alone: false, has_twins: false, tables };
    fold.between(STOP, 0, 0);
    fold.all();
    let end = fold.at;
    if fold.has_twins {
        mend::mend(&mut out[at..end]);
    }
    end
}

impl<P: Places> Fold<'_, P> {
    fn all(&mut self) {
        let bytes = self.source.as_bytes();
        let next_tag = |from: usize| memchr2(b'#', b'@', &bytes[from..]).map(|at| from + at);
        let (mut at, mut tag) = (0, next_tag(0));
        while at < bytes.len() && self.at <= self.until {
            at = self.plain(at, tag.unwrap_or(bytes.len()));
            if Some(at) == tag {
                at = self.one(at);
                tag = next_tag(at);
            }
        }
    }

    /// Folds the source from `at` to `end`, or to the end of a hashtag that goes past it.
    fn plain(&mut self, mut at: usize, end: usize) -> usize {
        let bytes = &self.source.as_bytes()[..end];
        while at < end && self.at <= self.until {
            self.room();
            if self.alone {
                at = self.one(at);
                continue;
            }
            at = self.ascii(bytes, at);
            at = self.mixed(bytes, at);
        }
        at
    }

    /// Folds ASCII, in longer and longer strides as long as there is nothing else, and what stands
    /// alone in it.
    fn ascii(&mut self, bytes: &[u8], mut at: usize) -> usize {
        let mut stride = FIRST_STRIDE;
        loop {
            let len = stride.min(bytes.len() - at) / LANE * LANE;
            if len == 0 {
                return at;
            }
            self.room();
            let to = &mut self.out[self.at..self.at + len];
            let count = strides::ascii(&bytes[at..at + len], to);
            self.places.run(self.at, count, at, 1);
            self.at += count;
            at += count;
            stride = (2 * stride).min(ROOM);
            if count < len {
                // Punctuation, or a Latin letter with a mark: most likely more ASCII follows.
                if !matches!(bytes[at], 0xC2 | 0xC3 | 0xE2) {
                    return at;
                }
                at = self.next(bytes, at);
                if self.alone {
                    return at;
                }
                stride = FIRST_STRIDE;
            }
        }
    }

    /// Folds words of up to 8 Cyrillic letters, each with what ASCII follows it, and single
    /// characters, until there is nothing but ASCII.
    fn mixed(&mut self, bytes: &[u8], mut at: usize) -> usize {
        while at < bytes.len() && !self.alone && self.at <= self.until {
            self.room();
            let start = at;
            if bytes[at] & !1 == 0xD0
                && let Some(to) = self.out[self.at..].first_chunk_mut()
            {
                let letters = strides::cyrillic8(&padded(bytes, at), to);
                self.places.run(self.at, letters, at, 2);
                self.at += letters;
                at += 2 * letters;
                self.has_twins = true;
            }
            if let Some(to) = self.out[self.at..].first_chunk_mut() {
                let ascii = strides::ascii8(&padded(bytes, at), to);
                self.places.run(self.at, ascii, at, 1);
                self.at += ascii;
                at += ascii;
                if ascii == 8 {
                    break;
                }
            }
            if bytes.get(at).is_some_and(|byte| byte & !1 != 0xD0 || at == start) {
                at = self.next(bytes, at);
            }
        }
        at
    }

    /// Folds one character: by a table, or else by all rules.
    fn next(&mut self, bytes: &[u8], at: usize) -> usize {
        let (folded, len) = self.tables.look_up(&bytes[at..]);
        self.room();
        match folded {
            table::Entry::Byte(byte) => {
                self.out[self.at] = byte;
                self.has_twins |= byte >= 0x80;
                self.places.whole(self.at, 1, at, at + len);
                self.at += 1;
                at + len
            }
            table::Entry::Nothing => {
                self.places.odd(self.at);
                at + len
            }
            table::Entry::Slow => self.one(at),
        }
    }

    /// Makes sure that there are [`ROOM`] bytes to write to.
    fn room(&mut self) {
        if self.out.len() < self.at + ROOM {
            self.out.resize((self.out.len() * 2).max(1024), 0);
        }
    }
}

/// The next bytes from `at` on; past the end, what no stride takes for its own.
#[inline(always)]
fn padded<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [0xFF; N];
        padded[..rest.len()].copy_from_slice(rest);
        padded
    })
}

/// The character at `at`.
fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
