//! Headlines all in capitals, where `=` cannot tell `US` from `us`.
//!
//! There, a hit of a term that is itself in capitals counts only beside another hit of the rule. A
//! name needs no company: `=Bessent` finds `BESSENT SAYS NO`.

use std::cell::OnceCell;

use crate::model::{Field, Item};

use super::RuleSet;
use super::decide::{Hit, Role, Spans, Way};
use super::term::Spelling;

/// A field of fewer words in capitals is no headline, but a name or two; for a pair, see `is_pair`.
const MIN_WORDS: usize = 3;

/// Whether nothing of a text, or next to nothing (`McDONALD`), is in small letters.
fn is_shout(text: &str) -> bool {
    let small = text.chars().filter(|c| c.is_lowercase()).count();
    let capital = text.chars().filter(|c| c.is_uppercase()).count();
    let words = || text.split(|c: char| !c.is_alphanumeric());
    small * 10 <= capital
        && (words().filter(|word| word.contains(char::is_uppercase)).count() >= MIN_WORDS
            || is_pair(text))
}

/// Two words of two letters or more with a space alone between them: `TELL US`, but not `US, EU`,
/// which is a list of names.
fn is_pair(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_long = |word: &str| word.chars().filter(|c| c.is_uppercase()).count() >= 2;
    matches!(words[..], [one, two] if one.ends_with(char::is_alphanumeric) && is_long(one) && is_long(two))
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

/// Which fields of an item are all in capitals, found out when it is first asked for.
#[derive(Debug)]
pub(super) struct Shouts<'a> {
    item: &'a Item,
    fields: [OnceCell<bool>; 3],
}

impl<'a> Shouts<'a> {
    /// Nothing is known yet.
    pub(super) fn new(item: &'a Item) -> Self {
        Self { item, fields: Default::default() }
    }

    fn at(&self, field: Field) -> bool {
        *self.fields[field as usize].get_or_init(|| is_shout(self.item.field(field)))
    }
}

impl RuleSet {
    /// Leaves of the `roles` of a way only those of hits that count. What lies in a field that is
    /// not looked at, or inside a phrase of `except`, is no company. `except` is a buffer.
    pub(super) fn hush(
        &self,
        way: &Way,
        hits: &[Hit],
        roles: &mut Vec<(Role, u32)>,
        shouts: &Shouts<'_>,
        except: &mut Spans,
    ) {
        let fires = |role: Role| matches!(role, Role::Any | Role::All(_) | Role::With);
        let of = |wanted: fn(Role) -> bool| {
            let all = roles.iter().filter(move |(role, _)| wanted(*role));
            all.map(|(_, hit)| &hits[*hit as usize]).filter(|hit| way.fields[hit.field as usize])
        };
        except.set(of(|role| role == Role::Except));
        let is_mute = |hit: &Hit| self.terms[hit.term as usize].capitals && shouts.at(hit.field);
        if !of(fires).any(|hit| !is_mute(hit) && !except.hold(hit)) {
            roles.retain(|(role, hit)| !fires(*role) || !is_mute(&hits[*hit as usize]));
        }
    }
}

#[cfg(test)]
#[path = "shout_tests.rs"]
mod tests;
