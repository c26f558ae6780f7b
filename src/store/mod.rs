//! What survives a restart: what each feed has shown, items, alerts, and the outbox.
//!
//! One promise carries the rest: what a poll found is stored whole or not at all, and once
//! [`Store::commit`] has returned, it is on the disk. An alert is in
//! the outbox from then until its sink has it. Whatever is done twice here does no harm: alert ids
//! are unique, a commit names the version that it is built on, and settling a settled row changes
//! nothing.

mod error;
mod sqlite;

#[cfg(test)]
mod conformance;

use std::time::Duration;

use async_trait::async_trait;

pub use error::StoreError;
pub use sqlite::{OpenMode, SqliteStore, Stats};

use crate::model::{
    Alert, AlertId, Bookmark, Delivery, FeedId, FeedState, Item, Reason, RuleId, Schedule, Seen,
    Sequel, SinkName, Timestamp, Validators,
};

/// Where state is kept. Every implementation passes the suite in `conformance.rs`.
///
/// A future that is dropped before it is done leaves open whether a write took place, never half of
/// one. A store opened for reading refuses all that writes with [`StoreError::ReadOnly`].
#[async_trait]
pub trait Store: Send + Sync {
    /// Keyed 64-bit hash (SipHash-2-4) of an item's identity or a body. The key is made at random
    /// with the store and never changes, so that nobody outside can make two items collide.
    fn hash(&self, bytes: &[u8]) -> u64;

    /// Takes `feeds` (id and URL; no id twice) as those that are configured from now on, and
    /// returns their states in the same order.
    ///
    /// A feed is known by its URL first and its id second: one that was renamed, or whose id was
    /// made anew from what stands around it, keeps what it has shown. If only the URL of a known
    /// id has changed, validators, body hashes, schedule, confirmed move and the size of the last
    /// document are dropped; what it has shown stays.
    async fn open_feeds(
        &self,
        feeds: &[(FeedId, String)],
        now: Timestamp,
    ) -> Result<Vec<FeedState>, StoreError>;

    /// What the feed has shown so far.
    async fn seen(&self, feed: i64) -> Result<Seen, StoreError>;

    /// Stores what a poll found, in one durable transaction that it may share with other commits
    /// that wait. [`StoreError::Conflict`] if the feed is no longer at the version named; nothing
    /// of it is stored then, and its neighbours are not touched.
    ///
    /// An item that is stored already keeps its first form, an alert whose id is known is passed
    /// over together with its deliveries.
    ///
    /// Nor is an alert stored for a page that one of another feed has told of already: this feed
    /// becomes a further source of that one instead. So it is if the earlier alert was raised by
    /// all rules of the new one and was for all its sinks, their dates (of one that has
    /// none, when it was raised) lie no more than [`SAME_NEWS`] apart, and neither feed has shown another item for the
    /// page, for then the page says nothing.
    async fn commit(&self, found: Found) -> Result<Committed, StoreError>;

    /// Writes schedules, in one transaction that is atomic but not forced to the disk: after a
    /// power failure the last of them may be missing, after a crash of the process they are there.
    /// So a poll that found nothing costs no fsync. With alerts among them, of feeds whose state
    /// has changed, it is durable.
    async fn flush_schedules(&self, updates: Vec<Update>) -> Result<(), StoreError>;

    /// Notes where a feed has permanently moved to, or that it has not.
    async fn set_moved(&self, feed: i64, to: Option<String>) -> Result<(), StoreError>;

    /// Up to `limit` deliveries of a sink that are due at `now` and not claimed, those due longest
    /// first. They are claimed then, until settled or released; a restart forgets claims. A row due
    /// more than [`LONGEST_WAIT`] after `now` is due: the clock has been set back since.
    ///
    /// An alert that cannot be read back becomes a dead letter ([`Reason::Internal`]) so that it
    /// does not hold up those behind it.
    async fn claim(
        &self,
        sink: &SinkName,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Stores how deliveries went and where the sink has got to, in one durable transaction. The
    /// rows are no longer claimed after that. On an error they stay claimed: settle again, or
    /// release them, which means that they are delivered a second time.
    async fn settle(
        &self,
        sink: &SinkName,
        settlements: Vec<Settlement>,
        bookmark: Option<Bookmark>,
    ) -> Result<(), StoreError>;

    /// Gives claimed rows back as they are.
    async fn release(&self, rows: &[i64]);

    /// Where the sink has got to, as last settled.
    async fn bookmark(&self, sink: &SinkName) -> Result<Option<Bookmark>, StoreError>;

    /// When the first delivery of the sink that is not claimed falls due; a time in the past means
    /// at once.
    async fn next_due(
        &self,
        sink: &SinkName,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// How much waits for each sink, by name; sinks without rows are left out.
    async fn outbox(&self) -> Result<Vec<OutboxCount>, StoreError>;

    /// Deletes items and headlines first seen and alerts raised before `before`, at most `limit` of
    /// each. Alerts with a delivery that waits are kept; dead letters and sources go with their
    /// alert. What feeds have shown is never pruned.
    async fn prune(&self, before: Timestamp, limit: usize) -> Result<Pruned, StoreError>;

    /// Stored alerts with their sequence numbers.
    async fn alerts(&self, query: AlertQuery) -> Result<Vec<(i64, Alert)>, StoreError>;

    /// What became known of alerts later, by their sequence numbers and in that order.
    async fn sequels(&self, alerts: Vec<i64>) -> Result<Vec<Sequel>, StoreError>;

    /// Stored items that go by a name, those first seen last first.
    async fn items_named(&self, query: ItemQuery) -> Result<Vec<StoredItem>, StoreError>;

    /// Stored items in the order in which they were first seen, those of feeds that are configured
    /// no more included; no more at once than [`ItemSpan::limit`], nor much more than
    /// [`ItemSpan::PAGE_BYTES`], and none only if there are no more.
    async fn items_seen(&self, span: ItemSpan) -> Result<Vec<(ItemPlace, StoredItem)>, StoreError>;

    /// How the configured feeds have been doing up to `now`, by id. Schedules are those last
    /// flushed.
    async fn feed_reports(&self, now: Timestamp) -> Result<Vec<FeedReport>, StoreError>;

    /// Finishes what was asked for, forces all to the disk and ends. Whatever is asked later fails
    /// with [`StoreError::Closed`].
    async fn close(&self) -> Result<(), StoreError>;
}

/// No retry may be put off for longer than this.
pub const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Two items that link to one page and are dated further apart than this are not the same news.
pub const SAME_NEWS: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// So many headlines are kept of an item, the last ones.
pub const REVISIONS: u32 = 20;

/// What a poll found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The feed's row.
    pub feed: i64,
    /// The version of the [`Seen`] that this is built on.
    pub expected_version: u64,
    /// What the feed has shown by now; replaces what is stored.
    pub seen: Vec<u64>,
    /// See [`Seen::items`]; replaces what is stored.
    pub window: u32,
    /// See [`Seen::titles`]; replaces what is stored.
    pub titles: Vec<(u64, u64)>,
    /// Whether items were missed before this document; counted.
    pub gap: bool,
    /// What to ask with next time; replaces what is stored.
    pub validators: Validators,
    /// Hash of the body; replaces what is stored.
    pub body: Option<u64>,
    /// Hash of the body as it came; replaces what is stored.
    pub wire: Option<u64>,
    /// The document's own title; `None` leaves what is stored.
    pub title: Option<String>,
    /// The new items.
    pub items: Vec<NewItem>,
    /// Known items with another headline.
    pub retitled: Vec<Retitled>,
    /// The alerts.
    pub alerts: Vec<Raised>,
    /// The feed's schedule, if it is to be written on this occasion.
    pub schedule: Option<Schedule>,
}

/// What is to be written of a feed between two commits.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// The feed's row.
    pub feed: i64,
    /// Its schedule.
    pub schedule: Schedule,
    /// Alerts about the feed itself.
    pub alerts: Vec<Raised>,
}

/// An item that its feed had not shown before.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// The item.
    pub item: Item,
    /// When it was first seen.
    pub first_seen: Timestamp,
}

/// A known item that has another headline now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retitled {
    /// The item's identity, as it is now.
    pub item: String,
    /// The hash of the page it links to, if that tells it from others.
    pub page: Option<u64>,
    /// The new headline.
    pub title: String,
    /// When it was first seen.
    pub seen_at: Timestamp,
}

/// An alert to be stored.
#[derive(Clone, Debug)]
pub struct Raised {
    /// The alert.
    pub alert: Alert,
    /// The sinks that are to have it.
    pub sinks: Vec<SinkName>,
    /// The hash of the page that its item links to, if that tells it from others.
    pub page: Option<u64>,
}

/// What a commit came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Alerts that were not known before.
    pub alerts: usize,
    /// Alerts that were told already: of each its place among those to be stored, and the alert
    /// that stands for it.
    pub told: Vec<(usize, AlertId)>,
    /// The headlines that were noted, each by its place among those to be stored, and with the
    /// one before it if that is still known.
    pub retitled: Vec<(usize, Option<String>)>,
}

/// How one delivery is to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The row in the outbox.
    pub row: i64,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// What becomes of an outbox row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The sink has it: the row is deleted.
    Delivered,
    /// It counts as one more failed attempt and falls due again.
    Retry {
        /// When; at most [`LONGEST_WAIT`] from now.
        due: Timestamp,
        /// What went wrong.
        reason: Reason,
        /// The same in words.
        message: String,
    },
    /// A dead letter: kept, never claimed again.
    Dead {
        /// What went wrong.
        reason: Reason,
        /// The same in words.
        message: String,
    },
}

/// The outbox of one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxCount {
    /// The sink.
    pub sink: SinkName,
    /// Deliveries not settled.
    pub waiting: u64,
    /// When the oldest of these was raised.
    pub oldest: Option<Timestamp>,
    /// Dead letters.
    pub dead: u64,
}

/// What [`Store::prune`] deleted. If one kind reaches the limit there may be more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Items.
    pub items: usize,
    /// Alerts.
    pub alerts: usize,
    /// Dead letters that went with those.
    pub dead: usize,
    /// Headlines.
    pub revisions: usize,
}

impl Pruned {
    /// The most that was deleted of one kind.
    pub fn most(&self) -> usize {
        self.items.max(self.alerts).max(self.revisions)
    }
}

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
    first_seen: Timestamp,
    /// Rows of the feed and of the item.
    feed: i64,
    item: i64,
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
