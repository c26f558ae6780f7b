//! The engines: the line that an item travels, turned by two wheels that meet in the store.
//!
//! [`PollEngine`] takes a feed from due to committed, [`DeliverEngine`] an alert from the outbox to
//! settled. Both have a `step` that starts all that can start now and waits for nothing; the loops
//! around it are in `app`. Tests call `step` themselves.

mod deliver;
pub mod plan;
mod poll;
mod prune;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

pub use deliver::DeliverEngine;
pub use poll::{Pass, PassReport, PollEngine, poll_policy};
pub use prune::PruneEngine;

use crate::model::{Mono, Reason, Timestamp};

/// How much has been done since the start.
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
    /// Polls that failed, by reason.
    pub poll_failures: ByReason,
    /// How often the store refused something.
    pub store_failures: AtomicU64,
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

/// Whether the store takes what it is given. While it does not, nothing is polled or claimed: the
/// items are still in the feeds, the alerts in the outbox.
#[derive(Debug, Default)]
struct StoreTrouble {
    failures: u32,
    since: Option<Mono>,
    until: Option<Mono>,
}

impl StoreTrouble {
    /// Takes in a failure; answers whether it is the first.
    fn failed(&mut self, now: Mono) -> bool {
        // Many that fail together are one failure.
        if self.paused(now).is_some() {
            return false;
        }
        self.failures = self.failures.saturating_add(1);
        self.since.get_or_insert(now);
        self.until = Some(now.plus(crate::retry::STORE.wait(self.failures, 0)));
        self.failures == 1
    }

    /// Takes in a success; answers how long the trouble had lasted if that ended one.
    fn worked(&mut self, now: Mono) -> Option<Duration> {
        self.until = None;
        self.failures = 0;
        self.since.take().map(|since| now.since(since))
    }

    /// For how long it has lasted.
    fn lasts(&self, now: Mono) -> Option<Duration> {
        self.since.map(|since| now.since(since))
    }

    /// Until when to leave the store alone.
    fn paused(&self, now: Mono) -> Option<Mono> {
        self.until.filter(|until| *until > now)
    }
}
