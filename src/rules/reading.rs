//! An item word by word, for those who explain what the rules make of it.

use crate::model::{Field, Item};

use super::fold::Folded;

/// The folded fields of an item; words are counted through all of them.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    item: &'a Item,
    fields: [(Field, &'a str, Folded<'a>); 3],
}

impl<'a> Reading<'a> {
    /// Folds the fields of `item`.
    pub(super) fn new(item: &'a Item) -> Self {
        let fields = Field::ALL.map(|field| {
            let text = item.field(field);
            (field, text, Folded::new(text))
        });
        Self { item, fields }
    }

    /// The item.
    pub(super) fn item(&self) -> &'a Item {
        self.item
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
    pub(super) fn place(
        &self,
        field: Field,
        first: u32,
        last: u32,
    ) -> (std::ops::Range<usize>, &'a str) {
        let before = self.fields().find(|(is, ..)| *is == field).map_or(0, |(.., before)| before);
        let (_, text, folded) = &self.fields[field as usize];
        let word = |number: u32| number.saturating_sub(before) as usize;
        let span = folded.span(word(first), word(last));
        (span.clone(), text.get(span).unwrap_or_default())
    }
}
