//! How the hashes of what a feed has shown are kept in one list.

use std::collections::HashSet;

use super::{CAP, KEYS, REMEMBERED, Sighting};

/// Stands between the hashes of ids and all others. A keyed hash is not this, or once in 2^64; no
/// item is lost for it then.
const MARK: u64 = u64::MAX;

/// The hashes of [`Seen::hashes`](crate::model::Seen::hashes), those shown last standing last.
#[derive(Clone, Copy)]
pub(super) struct Memory<'a> {
    ids: &'a [u64],
    others: &'a [u64],
}

impl<'a> Memory<'a> {
    /// What was stored before there was a mark is all taken for ids.
    pub(super) fn of(hashes: &'a [u64]) -> Self {
        let mut parts = hashes.splitn(2, |hash| *hash == MARK);
        Self { ids: parts.next().unwrap_or_default(), others: parts.next().unwrap_or_default() }
    }

    fn into_hashes(ids: Vec<u64>, others: Vec<u64>) -> Vec<u64> {
        let mark = (!others.is_empty()).then_some(MARK);
        ids.into_iter().chain(mark).chain(others).collect()
    }

    /// What is kept once the feed shows `items`: all of these, or their ids alone if they are more
    /// than [`CAP`]; of what has left, as much as [`CAP`] and [`REMEMBERED`] say.
    pub(super) fn and(self, items: &[(usize, &Sighting)]) -> Vec<u64> {
        let whole = if items.len() <= CAP { KEYS } else { 1 };
        // Most feeds begin with their newest item.
        let current = || items.iter().rev().map(|(_, item)| item);
        let ids: Vec<u64> = current().map(|item| item.id).collect();
        let others: Vec<u64> = current().flat_map(|item| item.keys().take(whole).skip(1)).collect();
        let present: HashSet<u64> = ids.iter().chain(&others).copied().collect();
        let last = |past: &[u64], most: usize| -> Vec<u64> {
            let left = past.iter().rev().copied().filter(|hash| !present.contains(hash));
            let mut kept: Vec<u64> = left.take(most).collect();
            kept.reverse();
            kept
        };
        let room = (CAP * (KEYS - 1)).saturating_sub(others.len());
        let most = room.min(REMEMBERED.max(2 * items.len()) * (KEYS - 1));
        let (past_ids, past_others) = (last(self.ids, CAP), last(self.others, most));
        Self::into_hashes([past_ids, ids].concat(), [past_others, others].concat())
    }

    /// These without `waiting`, after those of `before` that are not among `known`.
    pub(super) fn without(
        self,
        waiting: &HashSet<u64>,
        before: Self,
        known: &HashSet<u64>,
    ) -> Vec<u64> {
        let both = |before: &[u64], now: &[u64]| -> Vec<u64> {
            let leaving = before.iter().filter(|hash| !known.contains(hash));
            leaving.chain(now.iter().filter(|hash| !waiting.contains(hash))).copied().collect()
        };
        Self::into_hashes(both(before.ids, self.ids), both(before.others, self.others))
    }
}
