//! Folded text, and where its words begin and end.

use super::gap::{Gap, gap_between};
use super::places::{Map, Plain};
use super::{ROOM, fold};

/// Several texts, folded one after the other, so that all are searched in one go. No phrase crosses
/// from one to the next. The buffers are used again for the next fold.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// Longer than the text: what follows is blank.
    bytes: Vec<u8>,
    /// What comes out the second time.
    again: Vec<u8>,
    len: usize,
    /// Up to here each byte stands for one character.
    plain: usize,
    /// Which bytes are parts of words: a bit for each, 64 bytes to a number.
    words: Vec<u64>,
    /// How many words begin before each 64 bytes.
    ranks: Vec<u32>,
}

/// The blank bytes behind a text: blocks of 64, and 8 bytes read from any place in it.
const BLANK: usize = 2 * BLOCK;
const BLOCK: usize = 64;

/// A buffer longer than this is not kept for the next text: three fields of 1 MiB take half of it.
const KEPT: usize = 12 << 20;

impl Text {
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity() + self.again.capacity()
    }

    /// Gives back what a text took that folds to many times its length. It is void then.
    pub(crate) fn shrink(&mut self) {
        if self.bytes.capacity().max(self.again.capacity()) > KEPT {
            *self = Self::default();
        }
    }

    /// Folds `parts`; returns where each begins.
    pub(crate) fn fold<const N: usize>(&mut self, parts: [&str; N]) -> [usize; N] {
        self.words.clear();
        self.ranks.clear();
        let mut plain = Plain::ALL;
        let starts = self.write(parts, |part, out, at| fold(part, out, at, usize::MAX, &mut plain));
        self.plain = plain.0;
        starts
    }

    /// Folds `parts`, which it was made of and which begin at `starts`, once more as far as `until`,
    /// to know where each byte comes from in its part.
    pub(crate) fn map<const N: usize>(
        &mut self,
        parts: [&str; N],
        starts: [usize; N],
        until: usize,
        map: &mut Map,
    ) {
        let parts_from = parts.into_iter().zip(starts).filter(|(_, start)| *start < until);
        if until.min(self.len) <= self.plain {
            return map.count(parts_from);
        }
        map.clear();
        for (part, start) in parts_from {
            fold(part, &mut self.again, start, until, &mut *map);
        }
    }

    /// Folds `parts` and finds out where each byte comes from in its part.
    pub(crate) fn fold_with<const N: usize>(
        &mut self,
        parts: [&str; N],
        map: &mut Map,
    ) -> [usize; N] {
        map.clear();
        self.write(parts, |part, out, at| fold(part, out, at, usize::MAX, &mut *map))
    }

    fn write<const N: usize>(
        &mut self,
        parts: [&str; N],
        mut fold: impl FnMut(&str, &mut Vec<u8>, usize) -> usize,
    ) -> [usize; N] {
        self.len = 0;
        let starts = parts.map(|part| {
            let start = self.len;
            self.len = fold(part, &mut self.bytes, start);
            start
        });
        if self.bytes.len() < self.len + BLANK.max(ROOM) {
            self.bytes.resize(self.len + 2 * BLANK, 0);
        }
        self.bytes[self.len..self.len + BLANK].fill(b' ');
        starts
    }

    /// The text.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Finds where words begin and end. Needed by all that is below.
    pub(crate) fn split(&mut self) {
        let blocks = self.len / BLOCK + 1;
        let (blocks, _) = self.bytes[..blocks * BLOCK].as_chunks::<BLOCK>();
        self.words.clear();
        self.words.extend(blocks.iter().map(words_in));
    }

    /// 8 bytes from `at` on, the first in the lowest.
    #[inline(always)]
    pub(crate) fn eight(&self, at: usize) -> u64 {
        let eight = self.bytes.get(at..).and_then(<[u8]>::first_chunk::<8>);
        eight.map_or(0, |eight| u64::from_le_bytes(*eight))
    }

    /// For each 64 bytes: where they begin; themselves and 8 more; which of these are parts of
    /// words, and of the 64 after them; which begin a word.
    #[inline(always)]
    pub(crate) fn windows(&self) -> impl Iterator<Item = (usize, &[u8; BLOCK + 8], u128, u64)> {
        let next = self.words.get(1..).unwrap_or_default().iter().chain(&[0]);
        let blocks = (0..).step_by(BLOCK).zip(self.words.iter().zip(next));
        blocks.zip(self.starts()).filter_map(|((at, (words, next)), starts)| {
            let window = self.bytes.get(at..)?.first_chunk()?;
            Some((at, window, u128::from(*next) << 64 | u128::from(*words), starts))
        })
    }

    /// For each 64 bytes, which of them begin a word.
    fn starts(&self) -> impl Iterator<Item = u64> {
        self.words.iter().scan(0, |before, words| {
            let starts = words & !(words << 1 | *before);
            *before = words >> 63;
            Some(starts)
        })
    }

    /// The `n`th word from the one on that begins at `start`: where it begins, and where it ends.
    pub(crate) fn nth_word(&self, start: usize, n: usize) -> (usize, usize) {
        let mut word = (start, self.word_end(start));
        for _ in 0..n {
            let start = self.next_word(word.1).unwrap_or(self.len);
            word = (start, self.word_end(start));
        }
        word
    }

    /// Where the word that holds the byte at `at` ends.
    pub(crate) fn word_end(&self, at: usize) -> usize {
        self.find(at, |words| !words)
    }

    /// Where the next word from `at` on begins; `at` is between words.
    pub(crate) fn next_word(&self, at: usize) -> Option<usize> {
        Some(self.find(at, |words| words)).filter(|at| *at < self.len)
    }

    /// The first byte from `at` on whose bit is set.
    fn find(&self, at: usize, bits: impl Fn(u64) -> u64) -> usize {
        let mut block = at / BLOCK;
        let mut mask = u64::MAX << (at % BLOCK);
        while let Some(words) = self.words.get(block) {
            let found = bits(*words) & mask;
            if found != 0 {
                return block * BLOCK + found.trailing_zeros() as usize;
            }
            (block, mask) = (block + 1, u64::MAX);
        }
        self.len
    }

    /// The word that ends last before `at`: where it begins, and where it ends.
    pub(crate) fn word_before(&self, at: usize) -> Option<(usize, usize)> {
        let end = self.find_back(at, |words| words)?;
        let before = self.find_back(end, |words| !words);
        Some((before.unwrap_or(0), end))
    }

    /// One past the last byte before `at` whose bit is set.
    fn find_back(&self, at: usize, bits: impl Fn(u64) -> u64) -> Option<usize> {
        let mut block = at / BLOCK;
        let mut mask = !(u64::MAX << (at % BLOCK));
        loop {
            let found = bits(*self.words.get(block)?) & mask;
            if found != 0 {
                return Some((block + 1) * BLOCK - found.leading_zeros() as usize);
            }
            (block, mask) = (block.checked_sub(1)?, u64::MAX);
        }
    }

    /// What stands between a word that ends at `end` and the next, which begins at `start`.
    pub(crate) fn gap(&self, end: usize, start: usize) -> Gap {
        self.bytes.get(end..start).map_or(Gap::Stop, gap_between)
    }

    /// Gets ready to number words.
    pub(crate) fn number_words(&mut self) {
        let mut ranks = std::mem::take(&mut self.ranks);
        ranks.clear();
        let mut rank = 0;
        ranks.extend(self.starts().map(|starts| {
            let before = rank;
            rank += starts.count_ones();
            before
        }));
        self.ranks = ranks;
    }

    /// Where the word of that number begins.
    pub(crate) fn nth_start(&self, number: u32) -> usize {
        let block = self.ranks.partition_point(|rank| *rank <= number).saturating_sub(1);
        let Some((mut starts, rank)) = self.starts_in(block).zip(self.ranks.get(block)) else {
            return self.len;
        };
        for _ in 0..number - rank {
            starts &= starts.wrapping_sub(1);
        }
        block * BLOCK + starts.trailing_zeros() as usize
    }

    /// How many words begin before the byte at `at`.
    pub(crate) fn words_before(&self, at: usize) -> u32 {
        let block = at / BLOCK;
        let Some((starts, rank)) = self.starts_in(block).zip(self.ranks.get(block)) else {
            let last = self.ranks.last().copied().unwrap_or_default();
            let starts = self.ranks.len().checked_sub(1).and_then(|last| self.starts_in(last));
            return last + starts.map_or(0, u64::count_ones);
        };
        rank + (starts & !(u64::MAX << (at % BLOCK))).count_ones()
    }

    fn starts_in(&self, block: usize) -> Option<u64> {
        let before = block.checked_sub(1).and_then(|block| self.words.get(block));
        let words = self.words.get(block)?;
        Some(words & !(words << 1 | before.map_or(0, |words| words >> 63)))
    }

    /// The number of the word that holds the byte at `at`; the first is 0.
    pub(crate) fn word_number(&self, at: usize) -> u32 {
        let block = at / BLOCK;
        let Some((starts, rank)) = self.starts_in(block).zip(self.ranks.get(block)) else {
            return 0;
        };
        let up_to = starts & (u64::MAX >> (63 - at % BLOCK));
        (rank + up_to.count_ones()).saturating_sub(1)
    }
}

const HIGH: u64 = 0x8080_8080_8080_8080;
const EACH: u64 = 0x0101_0101_0101_0101;

/// Which bytes of a block are parts of words.
#[inline(always)]
fn words_in(block: &[u8; BLOCK]) -> u64 {
    let (eights, _) = block.as_chunks::<8>();
    let bits = eights.iter().map(|eight| {
        let bytes = u64::from_le_bytes(*eight);
        let seven = bytes & !HIGH;
        let from = |byte: u64| seven + (0x80 - byte) * EACH;
        let small = from(0x61) & !from(0x7B);
        let digit = from(0x30) & !from(0x3A);
        let word = (bytes | small | digit) & HIGH;
        // Gathers the highest bit of each byte in the highest byte.
        (word >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    });
    bits.zip(0..).fold(0, |all, (bits, at)| all | bits << (8 * at))
}
