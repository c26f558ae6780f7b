//! Whether a rule fires, from the hits of all terms in an item.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::model::Field;

use super::languages::Languages;

/// What a term is to a way of firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Any,
    /// One of the alternatives of the entry of that number.
    All(u32),
    With,
    None,
    Except,
}

/// A way for a rule to fire: the rule's own, or one of its `[[rule.or]]`.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The number of the rule.
    pub(super) rule: u32,
    /// Where it looks, by [`Field`]'s order.
    pub(super) fields: [bool; 3],
    /// The languages of the items that it looks at.
    pub(super) languages: Languages,
    pub(super) has_any: bool,
    /// How many entries `all` has.
    pub(super) all: u32,
    pub(super) with: With,
    /// All its terms, by what they are to it.
    pub(super) terms: Vec<(Role, Arc<[u32]>)>,
}

/// Whether a hit needs company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum With {
    NotNeeded,
    Anywhere,
    /// At most this many words away: 1 is the next word.
    Within(u32),
}

/// A term found in an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) term: u32,
    pub(super) field: Field,
    /// Words are counted through all fields of the item.
    pub(super) first: u32,
    pub(super) last: u32,
}

/// What came of a way of firing; hits are numbers in the item's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It fires, on these.
    Fires(Vec<u32>),
    /// None of `any` is there, or an entry of `all` is missing (its number).
    Lacks(Option<u32>),
    /// All hits lie inside phrases of `except`; one of them.
    Excepted(u32),
    /// No hit has one of `with` near enough; one of them.
    Alone(u32),
    /// One of `none` is there.
    Vetoed(u32),
}

/// Decides one way, given the hits of its terms with their roles, by role. What lies inside a phrase of
/// `except` counts neither as a hit nor as company for one; it still vetoes.
pub(super) fn decide(way: &Way, hits: &[Hit], roles: &[(Role, u32)]) -> Verdict {
    Desk::default().decide(way, hits, roles)
}

/// Decides, with buffers that serve again. Only to fire takes an allocation.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) except: Spans,
    with: Spans,
}

impl Desk {
    /// As [`decide`].
    pub(super) fn decide(&mut self, way: &Way, hits: &[Hit], roles: &[(Role, u32)]) -> Verdict {
        let of = |role: Role| {
            let from = roles.partition_point(|(is, _)| *is < role);
            let in_role = roles[from..].iter().take_while(move |(is, _)| *is == role);
            in_role.map(|(_, hit)| *hit).filter(|hit| {
                let field = hits[*hit as usize].field;
                way.fields[field as usize]
            })
        };
        if let Some(veto) = of(Role::None).next() {
            return Verdict::Vetoed(veto);
        }
        self.except.set(of(Role::Except).map(|hit| &hits[hit as usize]));
        let counts = |hit: &u32| !self.except.hold(&hits[*hit as usize]);
        if way.has_any {
            let Some(one) = of(Role::Any).find(counts) else {
                return of(Role::Any).next().map_or(Verdict::Lacks(None), Verdict::Excepted);
            };
            self.with.set(of(Role::With).filter(counts).map(|hit| &hits[hit as usize]));
            let satisfied = |hit: &u32| self.with.satisfy(way.with, &hits[*hit as usize]);
            if !of(Role::Any).filter(counts).any(|hit| satisfied(&hit)) {
                return Verdict::Alone(one);
            }
        }
        for entry in 0..way.all {
            if !of(Role::All(entry)).any(|hit| counts(&hit)) {
                let excepted = of(Role::All(entry)).next();
                return excepted.map_or(Verdict::Lacks(Some(entry)), Verdict::Excepted);
            }
        }
        let satisfied = |hit: &u32| self.with.satisfy(way.with, &hits[*hit as usize]);
        let mut firing: Vec<u32> = Vec::new();
        if way.has_any {
            firing.extend(of(Role::Any).filter(counts).filter(satisfied));
        }
        for entry in 0..way.all {
            firing.extend(of(Role::All(entry)).filter(counts));
        }
        Verdict::Fires(firing)
    }
}

/// Hits by where they stand: for each, in order of its first word, the furthest last word so far.
#[derive(Debug, Default)]
pub(super) struct Spans(Vec<(u32, u32)>);

impl Spans {
    /// Those of `hits`.
    pub(super) fn new<'a>(hits: impl Iterator<Item = &'a Hit>) -> Self {
        let mut spans = Self::default();
        spans.set(hits);
        spans
    }

    /// Makes it those of `hits`.
    pub(super) fn set<'a>(&mut self, hits: impl Iterator<Item = &'a Hit>) {
        self.0.clear();
        self.0.extend(hits.map(|hit| (hit.first, hit.last)));
        self.0.sort_unstable_by_key(|(first, last)| (*first, Reverse(*last)));
        let mut furthest = 0;
        for (_, last) in &mut self.0 {
            furthest = furthest.max(*last);
            *last = furthest;
        }
    }

    /// The furthest last word of those that begin no later than `first`.
    fn furthest(&self, first: u32) -> Option<u32> {
        let after = self.0.partition_point(|(begins, _)| *begins <= first);
        after.checked_sub(1).map(|at| self.0[at].1)
    }

    /// Whether one of them holds the whole of `hit`.
    pub(super) fn hold(&self, hit: &Hit) -> bool {
        self.furthest(hit.first).is_some_and(|last| last >= hit.last)
    }

    fn satisfy(&self, with: With, hit: &Hit) -> bool {
        match with {
            With::NotNeeded => true,
            With::Anywhere => !self.0.is_empty(),
            With::Within(words) => self
                .furthest(hit.last.saturating_add(words))
                .is_some_and(|last| last >= hit.first.saturating_sub(words)),
        }
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
