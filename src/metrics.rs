//! What can be seen of the daemon from outside while it runs: metrics for Prometheus, and whether
//! all is well.
//!
//! [`Facts`] hold what the engines know at a moment, [`metrics`] and [`health`] word them, and
//! [`serve`] answers with them over HTTP. Nothing here changes anything.

mod list;
mod page;
mod process;
mod server;

use std::time::Duration;

pub use list::{Described, Kind, all, manual};
pub use page::{CONTENT_TYPE, health, metrics};
pub use process::Process;
pub use server::{Ask, Asks, asks, serve};

use crate::model::{Health, Reason, SinkName, Timestamp};

/// Sinks that are told of one by one; beyond that, those that were removed from the config are left
/// out.
const SINKS: usize = 256;

/// What the daemon knows of itself at a moment.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The version of wirewatch.
    pub version: &'static str,
    /// When the daemon was started.
    pub started: Timestamp,
    /// Enabled feeds by state.
    pub feeds: Vec<(Health, u64)>,
    /// Rules in force.
    pub rules: u64,
    /// Polls that run.
    pub polling: u64,
    /// Polls that have ended, well or not.
    pub polls: u64,
    /// Of these, those that failed, by reason; reasons that never came up may be left out.
    pub poll_failures: Vec<(Reason, u64)>,
    /// When the last poll ended.
    pub last_poll: Option<Timestamp>,
    /// New items.
    pub items: u64,
    /// Alerts raised.
    pub alerts: u64,
    /// Whether no host at all can be reached.
    pub offline: bool,
    /// What the store refuses, if it does.
    pub store: Option<Trouble>,
    /// How often the store has refused something.
    pub store_failures: u64,
    /// Room left on the store's file system, for those who may not use all of it.
    pub store_free_bytes: Option<u64>,
    /// Why it is not known what waits for the sinks, if it is not.
    pub outbox_unread: Option<String>,
    /// The sinks, those of the config first.
    pub sinks: Vec<SinkFacts>,
    /// Lines of the log that were lost.
    pub log_dropped: u64,
    /// Whether the log's reader has stalled, or its output fails.
    pub log_stalled: bool,
    /// Whether the last reload took.
    pub reloaded_well: bool,
    /// When the config in force was read.
    pub plan_read: Timestamp,
    /// What the system knows of the process.
    pub process: Option<Process>,
}

/// Something that does not work at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The class of failure.
    pub reason: Reason,
    /// The same in words.
    pub message: String,
    /// For how long.
    pub lasts: Duration,
}

/// What is known of one sink.
#[derive(Clone, Debug)]
pub struct SinkFacts {
    /// Its name.
    pub name: SinkName,
    /// Whether the config has it.
    pub configured: bool,
    /// Alerts that it has taken since the start.
    pub delivered: u64,
    /// Attempts at deliveries that failed, since the start.
    pub failures: u64,
    /// Messages, or batches of lines, that it was given, since the start.
    pub messages: u64,
    /// Deliveries that silences kept back, since the start.
    pub muted: u64,
    /// Why it fails at present.
    pub failing: Option<Reason>,
    /// Deliveries that wait.
    pub waiting: u64,
    /// How long ago the alert of the oldest of them was raised.
    pub oldest: Option<Duration>,
    /// Dead letters.
    pub dead: u64,
}

impl Facts {
    /// What keeps the daemon from doing all that it should, in words; empty if nothing does. That
    /// single feeds fail is everyday and no such thing.
    pub fn troubles(&self) -> Vec<String> {
        let mut told = Vec::new();
        if let Some(store) = &self.store {
            told.push(format!(
                "the store cannot be written ({}) for {} s: {}; polling waits, and what is stored \
                 is kept",
                store.reason,
                store.lasts.as_secs(),
                store.message
            ));
        }
        if let Some(why) = &self.outbox_unread {
            told.push(format!("the outbox cannot be read: {why}"));
        }
        if self.offline {
            told.push("no feed can be reached: there is no network".to_owned());
        }
        for sink in self.shown_sinks() {
            if let Some(reason) = sink.failing {
                let name = &sink.name;
                told.push(format!("sink \"{name}\" fails ({reason}); {} wait", sink.waiting));
            }
        }
        if self.log_stalled {
            told.push("whatever reads the log does not keep up; lines are dropped".to_owned());
        }
        told
    }

    fn shown_sinks(&self) -> impl Iterator<Item = &SinkFacts> {
        let places = SINKS.saturating_sub(self.sinks.iter().filter(|sink| sink.configured).count());
        let gone = self.sinks.iter().filter(|sink| !sink.configured).take(places);
        self.sinks.iter().filter(|sink| sink.configured).chain(gone)
    }
}

#[cfg(test)]
mod tests;
