//! An item word by word, for those who explain what the rules make of it.

use std::cell::OnceCell;
use std::ops::Range;

use crate::model::{Field, Item};

use super::fold::Folded;
use super::languages::{Language, Languages};
use super::shout::Shouts;

/// The folded fields of an item; words are counted through all of them.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    item: &'a Item,
    fields: [(Field, &'a str, Folded<'a>); 3],
    language: OnceCell<Language<'a>>,
    shouts: Shouts<'a>,
}

impl<'a> Reading<'a> {
    /// Folds the fields of `item`.
    pub(super) fn new(item: &'a Item) -> Self {
        let fields = Field::ALL.map(|field| {
            let text = item.field(field);
            (field, text, Folded::new(text))
        });
        Self { item, fields, language: OnceCell::new(), shouts: Shouts::new(item) }
    }

    /// The item.
    pub(super) fn item(&self) -> &'a Item {
        self.item
    }

    /// The language of the item, found out when it is first asked for.
    pub(super) fn language(&self) -> &Language<'a> {
        self.language.get_or_init(|| Language::of(self.item))
    }

    /// Which fields are all in capitals.
    pub(super) fn shouts(&self) -> &Shouts<'a> {
        &self.shouts
    }

    /// Whether the item is in one of `languages`.
    pub(super) fn is_in(&self, languages: &Languages) -> bool {
        languages.is_all() || languages.admit(self.language())
    }

    /// The fields, each with the number of its first word.
    pub(super) fn fields(&self) -> impl Iterator<Item = (Field, &Folded<'a>, u32)> {
        self.fields.iter().scan(0_u32, |words, (field, _, folded)| {
            let first = *words;
            *words = words.saturating_add(u32::try_from(folded.len()).unwrap_or(u32::MAX));
            Some((*field, folded, first))
        })
    }

    /// The bytes of `field`, and what stands there, from one word to another (counted through all
    /// fields).
    pub(super) fn place(&self, field: Field, first: u32, last: u32) -> (Range<usize>, &'a str) {
        let before = self.fields().find(|(is, ..)| *is == field).map_or(0, |(.., before)| before);
        let (_, text, folded) = &self.fields[field as usize];
        let word = |number: u32| number.saturating_sub(before) as usize;
        let span = folded.span(word(first), word(last));
        (span.clone(), text.get(span).unwrap_or_default())
    }

    /// The text of `field`.
    pub(super) fn text(&self, field: Field) -> &'a str {
        self.fields[field as usize].1
    }

    /// The first and last word (counted through all fields) of those that the bytes `span` of
    /// `field` touch; the next word if there is none, or else the one before. `None` if the field
    /// has no words.
    pub(super) fn touched(&self, field: Field, span: &Range<usize>) -> Option<(u32, u32)> {
        let (_, folded, before) = self.fields().find(|(is, ..)| *is == field)?;
        let past = before.saturating_add(u32::try_from(folded.len()).unwrap_or(u32::MAX));
        let source = |word: u32| {
            let word = (word - before) as usize;
            folded.span(word, word)
        };
        touched(before..past, source, span)
    }
}

/// The first and last of `words` that the bytes `span` touch, `source` being the bytes of each; the
/// next word if there is none, or else the one before. `None` if there are no words.
pub(super) fn touched(
    words: Range<u32>,
    source: impl Fn(u32) -> Range<usize>,
    span: &Range<usize>,
) -> Option<(u32, u32)> {
    let end = words.end.checked_sub(1).filter(|end| *end >= words.start)?;
    let first = partition_point(words.clone(), |word| source(word).end <= span.start).min(end);
    let past = partition_point(words, |word| source(word).start < span.end);
    Some((first, past.saturating_sub(1).max(first)))
}

/// The first of `numbers` of which `is_before` does not hold, or their end; it holds of none behind
/// that.
fn partition_point(numbers: Range<u32>, is_before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (numbers.start, numbers.end);
    while low < high {
        let middle = low.midpoint(high);
        match is_before(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}
