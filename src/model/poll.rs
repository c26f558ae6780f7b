//! What is remembered of a feed between two polls.

use std::time::Duration;

use super::{Condition, Reason, Timestamp, Validators};

/// When a feed is due, and how it has been doing. Kept in memory, flushed lazily: losing the last
/// seconds of it costs a poll, never an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// When the next poll is due.
    pub next_poll: Option<Timestamp>,
    /// When it was last polled, whatever came of it.
    pub last_poll: Option<Timestamp>,
    /// When a poll last succeeded.
    pub last_success: Option<Timestamp>,
    /// Polls that failed since then.
    pub errors: u32,
    /// Why the last of them failed.
    pub last_reason: Option<Reason>,
    /// The same in words, clean and short.
    pub last_message: Option<String>,
    /// Polls in a row that were led permanently to the same other URL (HTTP 301, 308), and where.
    pub moved: Option<(String, u32)>,
    /// Polls in a row that were answered with HTTP 410.
    pub gone: u32,
    /// How the feed is doing, and what is known of its ways.
    pub condition: Condition,
}

/// All that the store knows of a feed when polling starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedState {
    /// The feed's row.
    pub key: i64,
    /// Its last flushed schedule.
    pub schedule: Schedule,
    /// What to ask the server with.
    pub validators: Validators,
    /// Keyed hash of the last body that was read to the end.
    pub body: Option<u64>,
    /// The same of that body as it came, before it was unpacked.
    pub wire: Option<u64>,
    /// The title that the document gives itself.
    pub title: Option<String>,
    /// Where the feed has permanently moved to, once that has been confirmed.
    pub moved_to: Option<String>,
}

/// The items that a feed has shown, as the store's keyed hashes of their identities and of what else
/// they are known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How often the feed has been committed. A commit names the version that it is built on.
    pub version: u64,
    /// Those of ids, and after a mark all others; of either, those shown last stand last.
    pub hashes: Vec<u64>,
    /// How many items the last document had.
    pub items: u32,
    /// For the items of the last document: the hash of a name, and that of the headline.
    pub titles: Vec<(u64, u64)>,
}

impl Seen {
    /// Whether no poll of the feed was ever committed.
    pub fn is_first(&self) -> bool {
        self.version == 0
    }
}

/// Which items of a feed's first poll may raise alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstPoll {
    /// None: they are what there was before we came.
    Baseline,
    /// All.
    Alert,
    /// Those published within this time before the poll.
    Within(Duration),
}
