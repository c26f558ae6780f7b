//! The look at each word's first bytes, which most words do not pass.

use super::table::hash;
use crate::rules::fold::Text;

/// The bitmaps. A gate that no term needs is closed.
#[derive(Debug)]
pub(super) struct Gates {
    /// By the first eight bytes of a word.
    words: Bits,
    /// By the first four: for `stem*` of four to seven letters.
    stems: Option<Bits>,
    /// By the first two: for `stem*` of two or three.
    short_stems: Option<Bits>,
}

/// A `stem*` of so many bytes is looked up like a word.
pub(super) const LONG_STEM: usize = 8;
/// A `stem*` of fewer bytes passes the gate for short ones.
pub(super) const STEM: usize = 4;

/// The first bytes of a word that begin or make up an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    Word(u64),
    Stem(u64),
}

/// The first `len` bytes of the eight in `bytes`; `len` is from 1 to 8.
#[inline(always)]
pub(super) fn cut(bytes: u64, len: usize) -> u64 {
    let shift = 64 - 8 * len as u32;
    bytes << shift >> shift
}

impl Gates {
    /// Gates for the anchors that begin so.
    pub(super) fn new(leads: &[Lead]) -> Self {
        let stems = leads.iter().filter_map(|lead| match lead {
            Lead::Stem(stem) => Some(*stem),
            Lead::Word(_) => None,
        });
        let is_short = |stem: &u64| *stem >> (8 * (STEM - 1)) == 0;
        let long: Vec<u64> =
            stems.clone().filter(|stem| !is_short(stem)).map(|stem| cut(stem, STEM)).collect();
        let short: Vec<u64> = stems.filter(is_short).map(|stem| cut(stem, 2)).collect();
        let words: Vec<u64> = leads
            .iter()
            .filter_map(|lead| match lead {
                Lead::Word(word) => Some(*word),
                Lead::Stem(_) => None,
            })
            .collect();
        Self {
            words: Bits::new(&words),
            stems: (!long.is_empty()).then(|| Bits::new(&long)),
            short_stems: (!short.is_empty()).then(|| Bits::new(&short)),
        }
    }

    /// Calls `passed` with places of words that pass a gate: where they begin, some at a time.
    #[inline]
    pub(super) fn search(&self, text: &Text, mut passed: impl FnMut(&[u32])) {
        let mut through = [0_u32; 4 * MOST_WORDS];
        let mut count = 0;
        for (at, window, words, starts) in text.windows() {
            // Written without a branch for each word: which of them pass cannot be predicted.
            let mut starts = starts;
            while starts != 0 {
                let place = starts.trailing_zeros() as usize % 64;
                starts &= starts - 1;
                let rest = (words >> place) as u64;
                let len = (!rest | 1 << 8).trailing_zeros() as usize;
                let mut eight = [0; 8];
                eight.copy_from_slice(&window[place..place + 8]);
                let bytes = cut(u64::from_le_bytes(eight), len);
                let mut pass = self.words.has(bytes);
                if let Some(stems) = &self.stems {
                    pass |= stems.has(cut(bytes, STEM));
                }
                if let Some(stems) = &self.short_stems {
                    pass |= stems.has(cut(bytes, 2));
                }
                through[count % through.len()] = (at + place) as u32;
                count += usize::from(pass);
            }
            if count > through.len() - MOST_WORDS {
                passed(&through[..count]);
                count = 0;
            }
        }
        passed(&through[..count]);
    }
}

/// So many words begin in 64 bytes at the most.
const MOST_WORDS: usize = 32;

/// A set of keys that may say "yes" to others.
#[derive(Debug)]
struct Bits {
    bits: Vec<u64>,
    shift: u32,
}

/// One wrong "yes" in 32 questions about other keys.
const BITS_PER_KEY: usize = 32;

impl Bits {
    fn new(keys: &[u64]) -> Self {
        let size = (keys.len() * BITS_PER_KEY).next_power_of_two().max(64);
        let mut bits = Self { bits: vec![0; size / 64], shift: 64 - size.trailing_zeros() };
        for key in keys {
            let bit = hash(*key) >> bits.shift;
            bits.bits[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        bits
    }

    #[inline(always)]
    fn has(&self, key: u64) -> bool {
        let bit = hash(key) >> self.shift;
        self.bits.get((bit / 64) as usize).is_some_and(|bits| bits >> (bit % 64) & 1 != 0)
    }
}
