//! How the sinks are doing, for those who look on.

use crate::model::{Reason, SinkName, Timestamp};
use crate::pace::Hold;

/// How a sink is doing. What waits for it is in the store:
/// [`Store::outbox`](crate::store::Store::outbox).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkReport {
    /// The sink.
    pub name: SinkName,
    /// Its kind.
    pub kind: &'static str,
    /// How it fails, if it does: it cannot be reached, or refuses what it is given.
    pub failing: Option<SinkFailure>,
    /// Why what waits is not sent, if it is not for a failure.
    pub hold: Option<Hold>,
    /// What it has done since the start, or since it was put into the config.
    pub counts: Counts,
}

/// How a sink fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkFailure {
    /// Since when.
    pub since: Timestamp,
    /// For what reason at last.
    pub reason: Reason,
    /// Failures in a row, or messages refused in a row.
    pub failures: u32,
}

/// What a sink has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages, or batches of lines, that it was given, tries that failed included.
    pub messages: u64,
    /// Deliveries settled as delivered.
    pub delivered: u64,
    /// Attempts at deliveries that failed, the final ones included.
    pub failed: u64,
    /// Deliveries that have become dead letters.
    pub dead: u64,
    /// Deliveries that silences kept back.
    pub muted: u64,
}
