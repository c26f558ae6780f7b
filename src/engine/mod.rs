//! The engines: the line that an item travels, turned by two wheels that meet in the store.
//!
//! [`PollEngine`] takes a feed from due to committed, [`DeliverEngine`] an alert from the outbox to
//! settled. Both have a `step` that starts all that can start now and waits for nothing; the loops
//! around it are in `app`. Tests call `step` themselves.

mod deliver;
pub mod plan;
mod poll;
mod prune;
mod trouble;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

pub use deliver::{Counts, DeliverEngine, SinkFailure, SinkReport};
pub use poll::{Pass, PassReport, PollEngine, poll_policy};
pub use prune::PruneEngine;
pub use trouble::StoreTrouble;

use crate::model::{Reason, Timestamp};

/// What both engines keep together: how much has been done since the start, and how the store is.
#[derive(Debug, Default)]
pub struct Totals {
    /// Polls that ended, well or not.
    pub polls: AtomicU64,
    /// Items that were new.
    pub items: AtomicU64,
    /// Alerts raised.
    pub alerts: AtomicU64,
    /// Deliveries settled as delivered.
    pub delivered: AtomicU64,
    /// Deliveries that have become dead letters.
    pub dead: AtomicU64,
    /// Deliveries that silences kept back.
    pub muted: AtomicU64,
    /// Whether the store takes what it is given.
    pub store: StoreTrouble,
    /// Polls that failed, by reason.
    pub poll_failures: ByReason,
    last_poll: AtomicI64,
}

/// A counter for each reason.
#[derive(Debug)]
pub struct ByReason([AtomicU64; Reason::ALL.len()]);

impl Default for ByReason {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl ByReason {
    fn add(&self, reason: Reason) {
        let counters = Reason::ALL.iter().zip(&self.0);
        for (_, counter) in counters.filter(|(known, _)| **known == reason) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The reasons that came up, with how often.
    pub fn counts(&self) -> Vec<(Reason, u64)> {
        let counts = Reason::ALL.iter().copied().zip(self.0.iter().map(Totals::get));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

impl Totals {
    fn add(counter: &AtomicU64, by: usize) {
        counter.fetch_add(by as u64, Ordering::Relaxed);
    }

    /// A poll has ended, well or not.
    fn polled(&self, now: Timestamp) {
        Self::add(&self.polls, 1);
        self.last_poll.store(now.as_millis(), Ordering::Relaxed);
    }

    /// When the last poll ended; `None` before the first.
    pub fn last_poll(&self) -> Option<Timestamp> {
        let millis = self.last_poll.load(Ordering::Relaxed);
        (millis != 0).then(|| Timestamp::from_millis(millis))
    }

    /// The value of a counter.
    pub fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}
