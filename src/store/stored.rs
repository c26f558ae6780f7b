//! What is read of alerts, items and feeds, and how it is asked for.

use crate::model::{FeedId, Item, RuleId, Schedule, Timestamp};

/// Which alerts to read.
#[derive(Clone, Debug, Default)]
pub struct AlertQuery {
    /// Raised then or later.
    pub since: Option<Timestamp>,
    /// Matched by this rule, perhaps beside others.
    pub rule: Option<RuleId>,
    /// Past the alert with this sequence number, in the order asked for.
    pub after: Option<i64>,
    /// Whether the latest come first.
    pub latest_first: bool,
    /// No more than this many.
    pub limit: usize,
}

/// Which items to read.
#[derive(Clone, Debug, Default)]
pub struct ItemQuery {
    /// The item's identity, its link as it is stored, or the id of an alert that it raised.
    pub name: String,
    /// Shown by this feed.
    pub feed: Option<FeedId>,
    /// No more than this many.
    pub limit: usize,
}

/// Which items to read, by when they were first seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct ItemSpan {
    /// Then or later.
    pub since: Option<Timestamp>,
    /// Before that.
    pub until: Option<Timestamp>,
    /// Past this item.
    pub after: Option<ItemPlace>,
    /// No more than this many.
    pub limit: usize,
}

impl ItemSpan {
    /// Items of this size in all, as stored, end a page.
    pub const PAGE_BYTES: usize = 8 << 20;
}

/// Where an item stands in the order in which all were first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemPlace {
    pub(super) first_seen: Timestamp,
    /// Rows of the feed and of the item.
    pub(super) feed: i64,
    pub(super) item: i64,
}

/// An item as it was first seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredItem {
    /// The feed that showed it.
    pub feed: FeedId,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// The item.
    pub item: Item,
}

/// How a feed has been doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedReport {
    /// The feed.
    pub id: FeedId,
    /// Where it is fetched.
    pub url: String,
    /// The title that the document gives itself.
    pub title: Option<String>,
    /// Where it has permanently moved to, once confirmed.
    pub moved_to: Option<String>,
    /// Its last flushed schedule.
    pub schedule: Schedule,
    /// How often items were missed between two documents.
    pub gaps: u64,
    /// Items first seen in each of the last seven spans of 24 hours, the latest span first.
    pub items: [u32; 7],
}

impl FeedReport {
    /// Items a day, over the last seven.
    pub fn items_per_day(&self) -> f64 {
        self.items.iter().copied().map(f64::from).sum::<f64>() / 7.0
    }
}
