//! What most characters of two bytes, and the punctuation from U+2000 on, fold to.

use std::sync::LazyLock;

use super::Fold;
use super::class::{Class, class};
use super::letters;
use super::places::Plain;

/// Made by the slow rules at the first use, which takes less than a millisecond.
pub(super) static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

/// By code point.
pub(super) struct Tables {
    below_800: [u8; 0x800],
    from_2000: [u8; 0x80],
}

/// Folded text has neither byte.
const SLOW: u8 = 0xFE;
const NOTHING: u8 = 0xFF;

/// What a character folds to.
pub(super) enum Entry {
    Byte(u8),
    Nothing,
    /// More than a byte, or it depends on what stands around it.
    Slow,
}

impl Tables {
    const BLANK: Self = Self { below_800: [SLOW; 0x800], from_2000: [SLOW; 0x80] };

    fn new() -> Self {
        let mut out = vec![0; super::ROOM];
        let below_800 = std::array::from_fn(|at| fold_alone(at, &mut out));
        let from_2000 = std::array::from_fn(|at| fold_alone(0x2000 + at, &mut out));
        Self { below_800, from_2000 }
    }

    /// What the first character of `bytes`, which is UTF-8, folds to, and how long it is.
    #[inline]
    pub(super) fn look_up(&self, bytes: &[u8]) -> (Entry, usize) {
        let (byte, len) = match bytes {
            [one @ ..0x80, ..] => (self.below_800[usize::from(*one)], 1),
            [one @ 0xC2..=0xDF, two, ..] => {
                (self.below_800[usize::from(one & 0x1F) << 6 | usize::from(two & 0x3F)], 2)
            }
            [0xE2, two @ (0x80 | 0x81), three, ..] => {
                (self.from_2000[usize::from(two & 1) << 6 | usize::from(three & 0x3F)], 3)
            }
            _ => (SLOW, 0),
        };
        match byte {
            SLOW => (Entry::Slow, len),
            NOTHING => (Entry::Nothing, len),
            byte => (Entry::Byte(byte), len),
        }
    }
}

/// What a character folds to whatever stands around it.
fn fold_alone(code: usize, out: &mut Vec<u8>) -> u8 {
    static BLANK: Tables = Tables::BLANK;
    let c = u32::try_from(code).ok().and_then(char::from_u32);
    let Some(c) = c.filter(|c| !letters::depends_on_neighbours(*c)) else { return SLOW };
    match class(c) {
        Class::Mark | Class::Tag | Class::LetterAlone => return SLOW,
        Class::Invisible => return NOTHING,
        Class::Letter | Class::Between(_) => {}
    }
    let mut source = [0; 4];
    let source = c.encode_utf8(&mut source);
    let mut plain = Plain::ALL;
    let mut fold = Fold {
        source,
        out,
        at: 0,
        until: usize::MAX,
        places: &mut plain,
        alone: false,
        has_twins: false,
        tables: &BLANK,
    };
    fold.one(0);
    match fold.at {
        1 => out[0],
        _ => SLOW,
    }
}
