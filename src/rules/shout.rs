//! Headlines all in capitals, where `=` cannot tell `US` from `us`.
//!
//! There, a hit of a term that is itself in capitals counts only beside another hit of the rule. A
//! name needs no company: `=Bessent` finds `BESSENT SAYS NO`.

use super::RuleSet;
use super::decide::{Hit, Role, Way};
use super::reading::Reading;
use super::term::Spelling;

/// A field of fewer words in capitals is no headline, but a name or two.
const MIN_WORDS: usize = 3;

/// Whether nothing of a text, or next to nothing (`McDONALD`), is in small letters.
pub(super) fn is_shout(text: &str) -> bool {
    let small = text.chars().filter(|c| c.is_lowercase()).count();
    let capital = text.chars().filter(|c| c.is_uppercase()).count();
    let words = || text.split(|c: char| !c.is_alphanumeric());
    small * 10 <= capital
        && words().filter(|word| word.contains(char::is_uppercase)).count() >= MIN_WORDS
}

/// Whether capitals are all that tells a term from other words: all its exact words are in them.
pub(super) fn is_in_capitals(spellings: &[Spelling]) -> bool {
    let mut exact = spellings.iter().flat_map(|one| &one.words).filter_map(|word| {
        word.exact.as_ref().filter(|letters| letters.iter().any(|c| c.is_alphabetic()))
    });
    let capitals = |letters: &Vec<char>| !letters.iter().any(|c| c.is_lowercase());
    let first = exact.next();
    first.is_some_and(capitals) && exact.all(capitals)
}

impl RuleSet {
    /// The hits of the terms of `way` that count, each with its role.
    pub(super) fn heard(&self, way: &Way, hits: &[Hit], reading: &Reading<'_>) -> Vec<(Role, u32)> {
        let mut roles = super::roles(way, hits);
        let fires = |role: Role| matches!(role, Role::Any | Role::All(_) | Role::With);
        let is_mute = |hit: u32| {
            let hit = &hits[hit as usize];
            self.terms[hit.term as usize].capitals && reading.is_shout(hit.field)
        };
        let firing = || roles.iter().filter(|(role, _)| fires(*role));
        if firing().all(|(_, hit)| is_mute(*hit)) {
            roles.retain(|(role, _)| !fires(*role));
        }
        roles
    }
}

#[cfg(test)]
#[path = "shout_tests.rs"]
mod tests;
