//! What survives a restart: what each feed has shown, items, alerts, and the outbox.
//!
//! One promise carries the rest: what a poll found is stored whole or not at all, and once
//! [`Store::commit`] has returned, it is on the disk. An alert is in
//! the outbox from then until its sink has it. Whatever is done twice here does no harm: alert ids
//! are unique, a commit names the version that it is built on, and settling a settled row changes
//! nothing.

mod error;
mod outbox;
mod sqlite;
mod stored;

#[cfg(test)]
mod conformance;

use std::time::Duration;

use async_trait::async_trait;

pub use error::StoreError;
pub use outbox::{
    Claim, Claimed, Muted, MutedQuery, OutboxCount, OutboxQuery, OutboxRow, Rows, Selection,
    Settlement, Verdict,
};
pub use sqlite::{OpenMode, SqliteStore, Stats};
pub use stored::{AlertQuery, FeedReport, ItemPlace, ItemQuery, ItemSpan, StoredItem};

use crate::model::{
    Alert, AlertId, Bookmark, FeedId, FeedState, Item, MessageKey, Schedule, Seen, Sequel,
    SinkName, Timestamp, Validators,
};
use crate::silence::Silence;

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

    /// Deliveries of a sink that are due and not claimed: first those that an operator wants to go
    /// out at once; then those that failed before and whose time has come, due longest first, so
    /// that none waits for what came after it, nor for another that fails again and again; then
    /// those that were not tried yet, by their numbers. They are claimed then, until settled or
    /// released; a restart forgets claims. A row due more than [`LONGEST_WAIT`] after `claim.now`
    /// is due: the clock has been set back since.
    ///
    /// What goes out in one message is claimed together and alone: if the first row found has the
    /// key of a message, all rows of that message are claimed, whatever their level and however
    /// many; else only rows without one.
    ///
    /// An alert that cannot be read back becomes a dead letter: see [`Claimed::unreadable`].
    async fn claim(&self, sink: &SinkName, claim: Claim) -> Result<Claimed, StoreError>;

    /// Notes, durably, that these rows go out in one message, so that after a restart too they go
    /// out together and under its key. A row that has a key keeps it (but for [`Verdict::Part`]),
    /// one that is gone is passed over.
    async fn gather(
        &self,
        sink: &SinkName,
        rows: Vec<i64>,
        key: MessageKey,
    ) -> Result<(), StoreError>;

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

    /// When the first delivery that such a claim would take falls due, whenever that is; a time in
    /// the past means at once.
    async fn next_due(
        &self,
        sink: &SinkName,
        claim: &Claim,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// How much waits for each sink, by name; sinks without rows are left out.
    async fn outbox(&self) -> Result<Vec<OutboxCount>, StoreError>;

    /// Outbox rows, claimed ones too.
    async fn outbox_rows(&self, query: OutboxQuery) -> Result<Vec<OutboxRow>, StoreError>;

    /// Makes rows due at once, dead letters too, as if none of their attempts had been made; their
    /// message keeps its key. A row that is named takes along the others of its message. Returns
    /// how many they are. One that is being delivered may be delivered before it hears of this.
    async fn outbox_retry(&self, selection: Selection) -> Result<u64, StoreError>;

    /// Deletes rows, so that they are never delivered, and returns how many. One that is being
    /// delivered may be delivered still.
    async fn outbox_drop(&self, selection: Selection) -> Result<u64, StoreError>;

    /// Silences that are in force, will be, or expired no longer ago than [`Store::prune`] goes
    /// back; in the order in which they were added.
    async fn silences(&self) -> Result<Vec<Silence>, StoreError>;

    /// Adds a silence, whatever its id and count say, and returns its id.
    /// [`StoreError::TooMany`] if [`Silence::MAX`] are stored.
    async fn add_silence(&self, silence: Silence) -> Result<i64, StoreError>;

    /// Lets those of these silences end at `now` that would end later. Returns the ids of those.
    async fn expire_silences(&self, ids: Vec<i64>, now: Timestamp) -> Result<Vec<i64>, StoreError>;

    /// Deliveries that a silence kept back, as far as their alerts are stored still.
    async fn muted(&self, query: MutedQuery) -> Result<Vec<Muted>, StoreError>;

    /// Deletes items and headlines first seen and alerts raised before `before`, at most `limit` of
    /// each, and silences that expired before that and muted nothing that is stored. Alerts with a
    /// delivery that waits for one of `sinks` are kept; dead letters, what waits for other sinks,
    /// and sources go with their alert. What feeds have shown is never pruned.
    async fn prune(
        &self,
        before: Timestamp,
        limit: usize,
        sinks: Vec<SinkName>,
    ) -> Result<Pruned, StoreError>;

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

    /// For how long the disk has not ended the write under way; zero if there is none.
    fn held_up(&self) -> Duration;

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

/// What [`Store::prune`] deleted. If one kind reaches the limit there may be more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Items.
    pub items: usize,
    /// Alerts.
    pub alerts: usize,
    /// Dead letters that went with those.
    pub dead: usize,
    /// Deliveries that waited for sinks which are no longer configured, and went with those.
    pub unsent: usize,
    /// Headlines.
    pub revisions: usize,
}

impl Pruned {
    /// The most that was deleted of one kind.
    pub fn most(&self) -> usize {
        self.items.max(self.alerts).max(self.revisions)
    }
}
