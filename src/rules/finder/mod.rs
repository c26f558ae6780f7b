//! Finds all terms in a folded text, in one pass.
//!
//! Terms are whole words, so the text is looked at only where a word begins, and there at once at
//! its first eight bytes, cut where it ends ([`probe`]). A bitmap with a bit set for each term says
//! "no" for most words; what passes it is looked up in a hash table ([`table`]); what is in that, a
//! few words in a hundred, is compared with the terms to the last letter ([`walk`]).
//!
//! A phrase is found by one of its words, its anchor, and compared to both sides from there: the
//! longest of those that are not common ([`common`]), so that `the White House` costs nothing at
//! each `the`. All that is done at a word is bounded by the terms, whatever the text.

mod build;
mod common;
mod probe;
mod table;
mod walk;

use super::fold::{Folded, Map, Text};
use super::letters::Exact;
use table::Table;

/// Finds terms.
#[derive(Debug)]
pub(super) struct Finder {
    gates: probe::Gates,
    table: Table,
    /// The lengths, up to seven bytes, of `stem*` anchors: a bit for each.
    stem_lengths: u32,
    /// In the order of their paths.
    patterns: Vec<Pattern>,
    /// The paths of all patterns.
    paths: Vec<u8>,
    exact: Vec<Box<[ExactWord]>>,
}

/// One spelling of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pattern {
    term: u32,
    /// Its path: its anchor, then the words to the right, then those to the left, from the nearest
    /// on. See [`walk`].
    start: u32,
    end: u32,
    /// Its place in the list of those in which capitals and accents count.
    exact: Option<u32>,
}

/// For each word of a spelling: its letters and whether it may go on, if capitals and accents count.
type ExactWord = Option<(Vec<char>, bool)>;

/// A pattern found in a text, by its first byte and one past its last, but for capitals and accents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) pattern: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A term found in a text, from its first to its last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// The number under which the term was given.
    pub(super) term: u32,
    pub(super) first: u32,
    pub(super) last: u32,
}

/// Told what a search comes upon.
pub(super) trait Watch {
    /// A pattern stands there.
    fn found(&mut self, place: Place);
    /// The search made some steps, each of bounded cost.
    fn steps(&mut self, _count: usize) {}
}

impl<F: FnMut(Place)> Watch for F {
    fn found(&mut self, place: Place) {
        self(place);
    }
}

impl Finder {
    /// Tells of every place where a pattern stands in `text`, overlapping ones included.
    pub(super) fn search(&self, text: &Text, watch: &mut impl Watch) {
        self.gates.search(text, |places| {
            walk::Walk { finder: self, text, watch: &mut *watch }.all(places);
        });
    }

    /// Calls `found` for every place where a term stands in `text`.
    pub(super) fn find(&self, text: &Folded<'_>, mut found: impl FnMut(Found)) {
        let bytes = text.text();
        let mut exact = Exact::default();
        self.search(bytes, &mut |place: Place| {
            let number = |at: u32| bytes.word_number(at as usize);
            let (first, last) = (number(place.start), number(place.end - 1));
            let word = |at: usize| text.source(first as usize + at);
            if self.fits(place, &mut exact, word) {
                found(Found { term: self.term(place), first, last });
            }
        });
    }

    /// The spellings in folded bytes, with a space between words.
    pub(super) fn spellings(&self) -> impl Iterator<Item = Vec<u8>> {
        self.patterns.iter().map(|pattern| walk::spelling(self.path(pattern)))
    }

    fn path(&self, pattern: &Pattern) -> &[u8] {
        self.paths.get(pattern.start as usize..pattern.end as usize).unwrap_or_default()
    }

    /// The term of a place.
    pub(super) fn term(&self, place: Place) -> u32 {
        self.patterns.get(place.pattern as usize).map_or(u32::MAX, |pattern| pattern.term)
    }

    /// Whether capitals and accents count at a place.
    pub(super) fn is_exact(&self, place: Place) -> bool {
        self.patterns.get(place.pattern as usize).is_some_and(|pattern| pattern.exact.is_some())
    }

    /// Whether capitals and accents are as the term wants them; `source` gives the words that stand
    /// at the place, as they are written.
    pub(super) fn fits<'a>(
        &self,
        place: Place,
        letters: &mut Exact,
        source: impl Fn(usize) -> &'a str,
    ) -> bool {
        let pattern = self.patterns.get(place.pattern as usize);
        let words = pattern.and_then(|pattern| self.exact.get(pattern.exact? as usize));
        words.is_none_or(|words| {
            words.iter().enumerate().all(|(at, word)| match word {
                None => true,
                Some((want, open)) => fits_word(want, *open, letters.read(source(at))),
            })
        })
    }

    /// Whether capitals and accents are as the term wants them, in a text of several parts.
    pub(super) fn fits_in(
        &self,
        place: Place,
        letters: &mut Exact,
        text: &Text,
        map: &Map,
        source: &str,
    ) -> bool {
        self.fits(place, letters, |word| {
            let (start, end) = text.nth_word(place.start as usize, word);
            source.get(map.span(start, end, source)).unwrap_or_default()
        })
    }
}

/// A capital in the text passes for a small letter in the term, not the reverse.
fn fits_word(want: &[char], open: bool, stands: &[char]) -> bool {
    let long_enough = match open {
        true => stands.len() >= want.len(),
        false => stands.len() == want.len(),
    };
    long_enough
        && want.iter().zip(stands).all(|(want, c)| want == c || c.to_lowercase().eq([*want]))
}

#[cfg(test)]
mod tests;
