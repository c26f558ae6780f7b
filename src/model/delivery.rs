//! An alert on its way to one sink.

use std::sync::Arc;
use std::time::Duration;

use super::{Alert, Reason};

/// One outbox row: an alert that one sink does not have yet. The alert's id is the key by which a
/// sink can tell a second attempt from a second alert.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The row in the outbox.
    pub row: i64,
    /// What to deliver.
    pub alert: Arc<Alert>,
    /// Attempts that failed before this one.
    pub attempts: u32,
}

/// Where a sink has got to in what it writes, in the sink's own words. Kept in the same
/// transaction as the settling of what was written up to there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark(pub String);

/// How one delivery went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The sink has it, durably.
    Delivered,
    /// Not now; to be tried again, not before `after` if the receiver named a time.
    Retry {
        /// What went wrong.
        reason: Reason,
        /// The same in words.
        message: String,
        /// The receiver's own wish (Retry-After).
        after: Option<Duration>,
    },
    /// Never: the receiver will not take this one.
    Refused {
        /// What went wrong.
        reason: Reason,
        /// The same in words.
        message: String,
    },
}

/// What a sink answers to a batch: one outcome for each delivery, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// As many as there were deliveries.
    pub outcomes: Vec<Outcome>,
    /// Where the sink has got to, if it keeps count.
    pub bookmark: Option<Bookmark>,
}

impl Attempt {
    /// The same outcome for each of `count` deliveries.
    pub fn all(outcome: Outcome, count: usize) -> Self {
        Self { outcomes: vec![outcome; count], bookmark: None }
    }
}
