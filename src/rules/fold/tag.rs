//! Hashtags and handles, opened: `#TrumpZelensky` has the words Trump and Zelensky.

use unicode_normalization::char::decompose_canonical;

use super::alphabet::{COPY, SPLIT, script};
use super::class::{Class, class};
use super::letters;
use super::mend::is_motley;
use super::places::Places;
use super::twins::Script;
use super::{Fold, char_at};

/// A run of more letters than this, those apart that compose others, is not opened.
const MAX_RUN: usize = 200;
/// Bytes of a letter with its marks, on an average, so that marks without end are no tag.
const MAX_BYTES: usize = 16;

/// What a letter is to the words of a tag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Capital,
    Small,
    Digit,
    /// Of a script without capitals.
    Plain,
}

fn kind(c: char) -> Kind {
    match c {
        _ if c.is_numeric() => Kind::Digit,
        _ if c.is_uppercase() => Kind::Capital,
        _ if c.is_lowercase() => Kind::Small,
        _ => Kind::Plain,
    }
}

impl<P: Places> Fold<'_, P> {
    /// Folds the tag whose sign ends at `start` and says where it ends. A run of letters that holds
    /// several words is written joined, as it stands, and then word by word.
    pub(super) fn tag(&mut self, start: usize) -> usize {
        let mut start = start;
        loop {
            let Some(end) = self.run_end(start) else { return start };
            if self.next_word(start, end) < end {
                self.plain(start, end);
                self.between(COPY, end, end);
                self.words(start, end);
            } else {
                self.plain(start, end);
            }
            if self.source.as_bytes().get(end) != Some(&b'_') {
                return end;
            }
            self.between(b'_', end, end + 1);
            start = end + 1;
        }
    }

    /// Writes them all, wherever the fold should stop: what is made of a word is known at its end.
    fn words(&mut self, start: usize, end: usize) {
        let until = std::mem::replace(&mut self.until, usize::MAX);
        self.each_word(start, end);
        self.until = until;
    }

    fn each_word(&mut self, start: usize, end: usize) {
        let mut start = start;
        while start < end {
            let next = self.next_word(start, end);
            let written = self.at;
            self.plain(start, next);
            if is_motley(&self.out[written..self.at]) {
                self.at = written;
                self.part_scripts(start, next);
            }
            if next < end {
                self.between(SPLIT, next, next);
            }
            start = next;
        }
    }

    /// Writes the letters of each script as a word.
    fn part_scripts(&mut self, start: usize, end: usize) {
        let mut last: Option<Script> = None;
        let mut at = start;
        while at < end {
            let next = self.letter_end(at);
            let before = self.at;
            self.plain(at, next);
            let own = self
                .out
                .get(before..self.at)
                .and_then(<[u8]>::first)
                .and_then(|byte| script(*byte));
            if own.is_some() && last.is_some() && own != last {
                self.at = before;
                self.between(SPLIT, at, at);
                self.plain(at, next);
            }
            last = own.or(last);
            at = next;
        }
    }

    /// Where the letter at `at` ends, with its marks.
    fn letter_end(&self, at: usize) -> usize {
        let rest = self.source.get(at..).unwrap_or_default();
        let marks = rest.char_indices().skip(1).find(|(_, c)| class(*c) != Class::Mark);
        marks.map_or(self.source.len(), |(end, _)| at + end)
    }

    /// Where the letters from `start` on end; `None` if there are too many.
    fn run_end(&self, start: usize) -> Option<usize> {
        let (mut at, mut letters) = (start, 0);
        while let Some(c) = char_at(self.source, at) {
            if matches!(class(c), Class::Between(_) | Class::Tag) {
                break;
            }
            at += c.len_utf8();
            // However it is composed.
            decompose_canonical(c, |part| letters += usize::from(class(part) != Class::Mark));
            if letters > MAX_RUN || at - start > MAX_RUN * MAX_BYTES {
                return None;
            }
        }
        Some(at)
    }

    /// Where the second word between `start` and `end` begins; `end` if there is one only. A word
    /// begins at a capital after a small letter (`TrumpZelensky`), at the last of several capitals
    /// (`NATOSummit`), and between digits and letters.
    fn next_word(&self, start: usize, end: usize) -> usize {
        let mut last: Option<(Kind, usize)> = None;
        let mut before_last = Kind::Small;
        let mut at = start;
        while let Some(c) = char_at(self.source, at).filter(|_| at < end) {
            if matches!(class(c), Class::Letter | Class::LetterAlone) {
                let own = kind(letters::first_part(c));
                if let Some((kind, place)) = last {
                    let splits = match (kind, own) {
                        (Kind::Digit, Kind::Digit) => false,
                        (Kind::Digit, _) | (_, Kind::Digit) => true,
                        (Kind::Small | Kind::Plain, Kind::Capital) => true,
                        _ => false,
                    };
                    if splits {
                        return at;
                    }
                    if before_last == Kind::Capital && (kind, own) == (Kind::Capital, Kind::Small) {
                        return place;
                    }
                    before_last = kind;
                }
                last = Some((own, at));
            }
            at += c.len_utf8();
        }
        end
    }
}
