//! Matching in steps, for `benches/matching`, and what it takes to do the same in another way.

use super::RuleSet;
use super::search::Scratch;

impl RuleSet {
    /// How often a term that can make a rule fire stands in the item that was read last into
    /// `scratch`, capitals and accents left aside: the part of matching that every item costs.
    #[doc(hidden)]
    pub fn count_terms(&self, scratch: &mut Scratch) -> usize {
        scratch.count(&self.first.words)
    }

    /// The spellings of the terms that can make a rule fire, as they stand in what
    /// [`Scratch::read`] returns: one space between words, nothing for `*`.
    #[doc(hidden)]
    pub fn folded_terms(&self) -> Vec<Vec<u8>> {
        self.first.words.spellings().collect()
    }

    /// The same of all other terms.
    #[doc(hidden)]
    pub fn folded_context(&self) -> Vec<Vec<u8>> {
        self.rest.words.spellings().collect()
    }
}
