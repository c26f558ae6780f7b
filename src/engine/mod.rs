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

use std::sync::atomic::{AtomicU64, Ordering};

pub use deliver::{Counts, DeliverEngine, SinkFailure, SinkReport};
pub use poll::{Pass, PassReport, PollEngine, poll_policy};
pub use prune::PruneEngine;
pub use trouble::StoreTrouble;

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
}

impl Totals {
    fn add(counter: &AtomicU64, by: usize) {
        counter.fetch_add(by as u64, Ordering::Relaxed);
    }

    /// The value of a counter.
    pub fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}
