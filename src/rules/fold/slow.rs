//! One character at a time, by all rules: for what is not ASCII, Cyrillic or in the tables.

use unicode_normalization::char::{
    canonical_combining_class, decompose_compatible, is_combining_mark,
};

use super::alphabet::{JOINT, decode_last, encode, is_word, script};
use super::class::{Class, class};
use super::letters::{self, composed};
use super::places::Places;
use super::twins::Script;
use super::{Fold, char_at};

/// Where a character stands in the source.
#[derive(Clone, Copy)]
struct At {
    start: usize,
    end: usize,
}

impl<P: Places> Fold<'_, P> {
    /// Folds the character at `start` and says where the next one is; all of a hashtag at once.
    pub(super) fn one(&mut self, start: usize) -> usize {
        let Some(c) = char_at(self.source, start) else { return self.source.len() };
        self.places.odd(self.at);
        let at = At { start, end: start + c.len_utf8() };
        match class(c) {
            Class::Invisible => {}
            Class::Letter => self.letter(c, false, at),
            Class::LetterAlone => self.letter(c, true, at),
            Class::Mark => {
                if self.in_word() {
                    self.parts(c, at);
                    self.places.reach(self.at, at.end);
                }
            }
            Class::Between(byte) => self.between(byte, at.start, at.end),
            Class::Tag => {
                self.between(b'#', at.start, at.end);
                return self.tag(at.end);
            }
        }
        at.end
    }

    /// Writes a byte that stands between words.
    pub(super) fn between(&mut self, byte: u8, start: usize, end: usize) {
        self.alone = false;
        self.room();
        self.out[self.at] = byte;
        self.places.whole(self.at, 1, start, end);
        self.at += 1;
    }

    fn in_word(&self) -> bool {
        self.before(1).is_some_and(is_word)
    }

    /// The byte that was written so many bytes ago.
    fn before(&self, back: usize) -> Option<u8> {
        self.at.checked_sub(back).and_then(|at| self.out.get(at)).copied()
    }

    /// `alone`: it is a word of its own.
    fn letter(&mut self, c: char, alone: bool, at: At) {
        let before = self.at;
        if (self.alone || alone) && self.in_word() {
            self.between(JOINT, at.start, at.start);
        }
        let start = self.at;
        self.parts(c, at);
        if self.at == start {
            self.at = before;
        } else {
            self.alone = alone;
        }
    }

    fn parts(&mut self, c: char, at: At) {
        decompose_compatible(c, |part| {
            if is_combining_mark(part) { self.mark(part, at) } else { self.base(part, at) }
        });
    }

    fn base(&mut self, c: char, at: At) {
        if !letters::is_base(c) {
            return;
        }
        if letters::has_case_twin(c) {
            let mut beside = self.neighbours(1, at).into_iter().flatten();
            if let Some(twin) = beside.find_map(|script| letters::case_twin(c, script)) {
                return self.put(twin, at);
            }
        }
        for lower in c.to_lowercase() {
            match letters::spelt(lower) {
                Some(spelt) => spelt.chars().for_each(|c| self.put(c, at)),
                None => self.put(lower, at),
            }
        }
    }

    fn put(&mut self, c: char, at: At) {
        let code = encode(c);
        let bytes = code.bytes();
        self.room();
        self.out[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.has_twins |= bytes[0] >= 0x80;
        self.places.whole(self.at, bytes.len(), at.start, at.end);
        self.at += bytes.len();
    }

    fn mark(&mut self, mark: char, at: At) {
        let Some((last, len)) = decode_last(&self.out[..self.at]).filter(|_| self.in_word()) else {
            return;
        };
        match letters::script(last) {
            letters::Script::Pointed => {}
            letters::Script::Other => self.put_mark(mark, at),
            letters::Script::Latin if (last, mark) == ('i', '\u{308}') => {
                if self.neighbours(2, at).contains(&Some(Script::Cyrillic)) {
                    self.put_again('ї', 1, at);
                }
            }
            letters::Script::Latin => {}
            letters::Script::Cyrillic => {
                if let Some(whole) = composed(last, mark) {
                    self.put_again(whole, len, at);
                }
            }
        }
    }

    /// Writes `c` over the last `len` bytes.
    fn put_again(&mut self, c: char, len: usize, at: At) {
        let code = encode(c);
        let bytes = code.bytes();
        self.at -= len;
        self.room();
        self.out[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.places.again(self.at, bytes.len(), at.end);
        self.at += bytes.len();
    }

    /// Writes a mark where it belongs among the last ones (UAX 15, Canonical Ordering), of which no
    /// text that means anything has more than 30 in a row (Stream-Safe Text Format).
    fn put_mark(&mut self, mark: char, at: At) {
        let class = canonical_combining_class(mark);
        let mut place = self.at;
        for _ in 0..30 {
            match decode_last(&self.out[..place]) {
                Some((last, len)) if class > 0 && canonical_combining_class(last) > class => {
                    place -= len;
                }
                _ => break,
            }
        }
        let code = encode(mark);
        let bytes = code.bytes();
        self.room();
        self.out.copy_within(place..self.at, place + bytes.len());
        self.places.insert(place, bytes.len(), at.start, at.end);
        self.out[place..place + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// The scripts of the letter that was written so many bytes ago, and of the next one.
    fn neighbours(&self, back: usize, at: At) -> [Option<Script>; 2] {
        [self.before(back).and_then(script), letters::first_script(&self.source[at.end..])]
    }
}
