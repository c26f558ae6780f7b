//! What the index of the write-ahead log (`-shm`) says of the log: by it a start knows that some of
//! the log is gone. SQLite itself takes a log up to its first frame that does not fit, and is silent
//! about the rest.
//!
//! Source: SQLite's "WAL-mode File Format", §2.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::open::beside;

/// What the index says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WalIndex {
    /// Frames in the log; a frame holds one page.
    frames: u32,
    /// Of these, the first so many are in the database itself.
    folded: u32,
    /// Another with each new beginning of the log.
    salt: [u8; 8],
}

const VERSION: u32 = 3_007_000;
const HEADER: usize = 48;

impl WalIndex {
    /// The index of the database at `path`; `None` if there is none, or none that is whole.
    pub fn read(path: &Path) -> Option<Self> {
        let mut bytes = [0; 2 * HEADER + 4];
        read(&beside(path, "-shm"), &mut bytes).ok()?;
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8; 2 * HEADER + 4]) -> Option<Self> {
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes);
        let twice = bytes[..HEADER] == bytes[HEADER..2 * HEADER];
        let whole = twice && word(0) == Some(VERSION) && bytes[12] == 1;
        let salt = bytes[32..40].try_into().ok()?;
        whole.then_some(Self { frames: word(16)?, folded: word(2 * HEADER)?, salt })
    }

    /// How many frames of the log that this was the index of are gone, if the index that was made
    /// from the log since is `now`, and they are not in the database either.
    pub fn lost(self, now: Option<Self>) -> u32 {
        let still_there = match now {
            Some(now) if now.salt == self.salt => now.frames,
            _ => 0,
        };
        self.frames.saturating_sub(still_there.max(self.folded))
    }
}

fn read(path: &Path, bytes: &mut [u8]) -> io::Result<()> {
    File::open(path)?.read_exact(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(frames: u32, folded: u32, salt: u8) -> WalIndex {
        WalIndex { frames, folded, salt: [salt; 8] }
    }

    #[test]
    fn what_is_neither_in_the_log_nor_in_the_database_is_lost() {
        for (was, now, lost) in [
            (index(0, 0, 1), None, 0),
            (index(9, 0, 1), Some(index(9, 0, 1)), 0),
            (index(9, 0, 1), Some(index(12, 0, 1)), 0),
            (index(9, 0, 1), Some(index(4, 0, 1)), 5),
            (index(9, 0, 1), Some(index(9, 0, 2)), 9),
            (index(9, 0, 1), None, 9),
            (index(9, 9, 1), None, 0),
            (index(9, 7, 1), Some(index(4, 0, 1)), 2),
        ] {
            assert_eq!(was.lost(now), lost, "{was:?} {now:?}");
        }
    }

    #[test]
    fn an_index_that_is_not_whole_says_nothing() {
        let mut bytes = [0; 2 * HEADER + 4];
        assert_eq!(WalIndex::parse(&bytes), None);
        for copy in [0, HEADER] {
            bytes[copy..copy + 4].copy_from_slice(&VERSION.to_ne_bytes());
            bytes[copy + 12] = 1;
            bytes[copy + 16..copy + 20].copy_from_slice(&5_u32.to_ne_bytes());
            bytes[copy + 32] = 7;
        }
        let salt = [7, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(WalIndex::parse(&bytes), Some(WalIndex { frames: 5, folded: 0, salt }));
        bytes[HEADER + 16] ^= 1;
        assert_eq!(WalIndex::parse(&bytes), None);
    }
}
