//! An item searched for the terms of rules, with buffers that serve for the next item too.

use std::ops::Range;

use crate::model::{Field, Item};

use super::Role;
use super::decide::{Desk, Hit};
use super::finder::{Finder, Place};
use super::fold::{Map, Text};
use super::letters::Exact;
use super::patterns::Patterns;
use super::places::Places;
use super::reading::touched;

/// What it takes to match an item, kept from one to the next: once it has grown to the largest item,
/// one on which nothing fires costs no allocation. It holds some ten times that item. Hashtags, and
/// signs that stand for whole phrases (U+FDFA), fold to many times their length, and a hundred terms
/// may hit one word: what such an item took beyond some 50 MiB is given back at the next.
#[derive(Debug, Default)]
pub struct Scratch {
    text: Text,
    /// Where the fields begin in it.
    fields: [usize; 3],
    /// Where its bytes come from, as far as anybody asked.
    map: Map,
    mapped: usize,
    is_split: bool,
    is_numbered: bool,
    places: Places,
    has_dropped: bool,
    exact: Exact,
    pub(super) hits: Vec<Hit>,
    /// The ways that a hit may make fire.
    pub(super) ways: Vec<u32>,
    pub(super) roles: Vec<(Role, u32)>,
    pub(super) desk: Desk,
}

/// Terms to look for: words, and patterns.
#[derive(Debug)]
pub(super) struct Finders {
    pub(super) words: Finder,
    pub(super) patterns: Patterns,
}

/// Room for so many hits is kept for the next item.
const KEPT_HITS: usize = 100_000;

fn texts(item: &Item) -> [&str; 3] {
    Field::ALL.map(|field| item.field(field))
}

impl Scratch {
    /// Folds the item and forgets the one before. Returns its fields as the rules see them: letters
    /// of one byte each, one field after the other.
    pub fn read(&mut self, item: &Item) -> &[u8] {
        self.text.shrink();
        self.map.shrink();
        self.fields = self.text.fold(texts(item));
        (self.is_split, self.is_numbered, self.mapped) = (false, false, 0);
        self.has_dropped = false;
        self.hits.clear();
        self.hits.shrink_to(KEPT_HITS);
        self.roles.clear();
        self.roles.shrink_to(KEPT_HITS);
        self.text.bytes()
    }

    /// The room that the folded text and its map take, in bytes.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.text.capacity() + self.map.capacity()
    }

    /// Adds what `finders` find in the item that was read to the hits.
    pub(super) fn find(&mut self, finders: &Finders, item: &Item) {
        self.find_words(&finders.words, item);
        if finders.patterns.is_empty() {
            return;
        }
        for field in Field::ALL {
            let found_all = finders.patterns.find(item.field(field), |term, span| {
                if let Some((first, last)) = self.touched(field, &span, item) {
                    self.hits.push(Hit { term, field, first, last });
                }
            });
            self.has_dropped |= !found_all;
        }
    }

    /// Whether the item that was read has more places of terms than are looked at.
    pub(super) fn has_dropped(&self) -> bool {
        self.has_dropped
    }

    fn find_words(&mut self, finder: &Finder, item: &Item) {
        if !self.is_split {
            self.text.split();
            self.is_split = true;
        }
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        finder.search(&self.text, &mut |place| places.push(place));
        let exact = places.iter().filter(|place| finder.is_exact(**place));
        if let Some(last) = exact.map(|place| place.end).max() {
            self.map(item, last as usize);
        }
        for place in places.iter() {
            if self.fits(finder, *place, item) {
                let hit = self.hit(finder.term(*place), place.start as usize..place.end as usize);
                self.hits.push(hit);
            }
        }
        self.has_dropped |= places.has_dropped();
        self.places = places;
    }

    /// How often `finder` finds something, capitals and accents left aside.
    pub(super) fn count(&mut self, finder: &Finder) -> usize {
        self.text.split();
        self.is_split = true;
        let mut count = 0;
        finder.search(&self.text, &mut |_| count += 1);
        count
    }

    fn fits(&mut self, finder: &Finder, place: Place, item: &Item) -> bool {
        let source = item.field(self.field(place.start as usize));
        finder.fits_in(place, &mut self.exact, &self.text, &self.map, source)
    }

    /// The first and last word of those that the bytes `span` of `field` touch; the next word if
    /// there is none, or else the one before. `None` if the field has no words.
    pub(super) fn touched(
        &mut self,
        field: Field,
        span: &Range<usize>,
        item: &Item,
    ) -> Option<(u32, u32)> {
        self.map(item, usize::MAX);
        self.number_words();
        let start = self.fields[field as usize];
        let end = self.fields.get(field as usize + 1).copied().unwrap_or(self.text.bytes().len());
        let begins = self.text.next_word(start).filter(|at| *at < end)?;
        let (first, past) = (self.text.word_number(begins), self.text.words_before(end));
        let source = |word: u32| {
            let start = self.text.nth_start(word);
            self.map.span(start, self.text.word_end(start), item.field(field))
        };
        touched(first..past, source, span)
    }

    fn number_words(&mut self) {
        if !self.is_numbered {
            self.text.number_words();
            self.is_numbered = true;
        }
    }

    /// A hit of a term at those folded bytes.
    fn hit(&mut self, term: u32, place: Range<usize>) -> Hit {
        self.number_words();
        Hit {
            term,
            field: self.field(place.start),
            first: self.text.word_number(place.start),
            last: self.text.word_number(place.end - 1),
        }
    }

    fn field(&self, at: usize) -> Field {
        let after = self.fields.iter().filter(|start| **start <= at).count();
        Field::ALL[after.saturating_sub(1)]
    }

    /// Finds out where the folded bytes come from, as far as `until`.
    fn map(&mut self, item: &Item, until: usize) {
        if self.mapped < until {
            self.text.map(texts(item), self.fields, until, &mut self.map);
            self.mapped = until;
        }
    }

    /// Gets ready to say where `hits` stand: all at once costs no more than the last of them.
    pub(super) fn map_hits(&mut self, hits: impl Iterator<Item = u32>, item: &Item) {
        let last = hits.map(|hit| self.hits[hit as usize].last).max();
        if let Some(last) = last {
            let until = self.text.word_end(self.text.nth_start(last));
            self.map(item, until);
        }
    }

    /// The bytes of the field of `hit` where it stands.
    pub(super) fn span(&mut self, hit: &Hit, item: &Item) -> Range<usize> {
        let first = self.text.nth_start(hit.first);
        let end = self.text.word_end(self.text.nth_start(hit.last));
        self.map(item, end);
        self.map.span(first, end, item.field(hit.field))
    }
}
