//! The real store, with a switch that makes its writes fail, and an usher who may make any call
//! fail, before its effect or after.

use std::fmt::Display;
use std::future::{Future, pending};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use wirewatch::model::{
    Alert, Bookmark, FeedId, FeedState, MessageKey, Seen, Sequel, SinkName, Timestamp,
};
use wirewatch::silence::Silence;
use wirewatch::store::{
    AlertQuery, Claim, Claimed, Committed, FeedReport, Found, ItemPlace, ItemQuery, ItemSpan,
    Muted, MutedQuery, OutboxCount, OutboxQuery, OutboxRow, Pruned, Selection, Settlement,
    SqliteStore, Store, StoreError, StoredItem, Update,
};

/// Who is asked before each call.
#[async_trait]
pub trait Usher: Send + Sync {
    /// What becomes of the call of that name, which is about a feed or a sink.
    async fn ask(&self, name: &'static str, about: String) -> Fate;

    /// A call that is to hang after its effect has had it.
    fn hangs(&self) {}

    /// A commit took place.
    fn committed(&self, _found: &Found) {}
}

/// What becomes of a call.
#[derive(Clone, Debug)]
pub enum Fate {
    Done,
    /// An error, and no effect.
    Fails(StoreError),
    /// The effect, and an error all the same.
    FailsAfter(StoreError),
    /// Never an answer, nor an effect.
    Hangs,
    /// The effect, and never an answer.
    HangsAfter,
}

pub struct Faulty {
    pub real: SqliteStore,
    usher: Option<Arc<dyn Usher>>,
    /// Whether the disk is full.
    pub full: AtomicBool,
    /// Whether the next message that is gathered or settled meets a fault of our own.
    pub breaks: AtomicBool,
    /// Writes that were refused for that.
    pub refused: AtomicUsize,
}

impl Faulty {
    pub fn new(real: SqliteStore) -> Self {
        Self {
            real,
            usher: None,
            full: AtomicBool::new(false),
            breaks: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
        }
    }

    /// A store that asks before each call.
    pub fn ushered(real: SqliteStore, usher: Arc<dyn Usher>) -> Self {
        Self { usher: Some(usher), ..Self::new(real) }
    }

    async fn call<T>(
        &self,
        name: &'static str,
        about: impl Display,
        real: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let Some(usher) = &self.usher else { return real.await };
        match usher.ask(name, about.to_string()).await {
            Fate::Done => real.await,
            Fate::Fails(error) => Err(error),
            Fate::FailsAfter(error) => real.await.and(Err(error)),
            Fate::Hangs => pending().await,
            Fate::HangsAfter => {
                drop(real.await);
                usher.hangs();
                pending().await
            }
        }
    }

    fn break_once(&self) {
        assert!(!self.breaks.swap(false, Ordering::SeqCst), "as told");
    }

    fn write(&self) -> Result<(), StoreError> {
        if self.full.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(StoreError::DiskFull { path: "wirewatch.db".into() });
        }
        Ok(())
    }
}

#[async_trait]
impl Store for Faulty {
    fn hash(&self, bytes: &[u8]) -> u64 {
        self.real.hash(bytes)
    }

    async fn open_feeds(
        &self,
        feeds: &[(FeedId, String)],
        now: Timestamp,
    ) -> Result<Vec<FeedState>, StoreError> {
        // Of feeds that it knows it writes nothing.
        self.call("open_feeds", feeds.len(), self.real.open_feeds(feeds, now)).await
    }

    async fn seen(&self, feed: i64) -> Result<Seen, StoreError> {
        self.call("seen", feed, self.real.seen(feed)).await
    }

    async fn commit(&self, found: Found) -> Result<Committed, StoreError> {
        self.write()?;
        let shown = found.clone();
        let real = async {
            let committed = self.real.commit(found).await?;
            if let Some(usher) = &self.usher {
                usher.committed(&shown);
            }
            Ok(committed)
        };
        self.call("commit", shown.feed, real).await
    }

    async fn flush_schedules(&self, updates: Vec<Update>) -> Result<(), StoreError> {
        self.write()?;
        let rows = updates.len();
        self.call("flush_schedules", rows, self.real.flush_schedules(updates)).await
    }

    async fn set_moved(&self, feed: i64, to: Option<String>) -> Result<(), StoreError> {
        self.write()?;
        self.call("set_moved", feed, self.real.set_moved(feed, to)).await
    }

    async fn claim(&self, sink: &SinkName, claim: Claim) -> Result<Claimed, StoreError> {
        let rows = Mutex::new(Vec::new());
        let real = async {
            let claimed = self.real.claim(sink, claim).await?;
            *rows.lock().unwrap() =
                claimed.deliveries.iter().map(|delivery| delivery.row).collect();
            Ok(claimed)
        };
        let claimed = self.call("claim", sink, real).await;
        if claimed.is_err() {
            // Who does not get them does not hold them.
            let rows = std::mem::take(&mut *rows.lock().unwrap());
            self.real.release(&rows).await;
        }
        claimed
    }

    async fn gather(
        &self,
        sink: &SinkName,
        rows: Vec<i64>,
        key: MessageKey,
    ) -> Result<(), StoreError> {
        self.break_once();
        self.write()?;
        self.call("gather", sink, self.real.gather(sink, rows, key)).await
    }

    async fn settle(
        &self,
        sink: &SinkName,
        settlements: Vec<Settlement>,
        bookmark: Option<Bookmark>,
    ) -> Result<(), StoreError> {
        self.break_once();
        self.write()?;
        self.call("settle", sink, self.real.settle(sink, settlements, bookmark)).await
    }

    async fn release(&self, rows: &[i64]) {
        self.real.release(rows).await;
    }

    async fn bookmark(&self, sink: &SinkName) -> Result<Option<Bookmark>, StoreError> {
        self.call("bookmark", sink, self.real.bookmark(sink)).await
    }

    async fn next_due(
        &self,
        sink: &SinkName,
        claim: &Claim,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.call("next_due", sink, self.real.next_due(sink, claim)).await
    }

    async fn outbox(&self) -> Result<Vec<OutboxCount>, StoreError> {
        self.real.outbox().await
    }

    async fn outbox_rows(&self, query: OutboxQuery) -> Result<Vec<OutboxRow>, StoreError> {
        self.real.outbox_rows(query).await
    }

    async fn outbox_retry(&self, selection: Selection) -> Result<u64, StoreError> {
        self.write()?;
        self.real.outbox_retry(selection).await
    }

    async fn outbox_drop(&self, selection: Selection) -> Result<u64, StoreError> {
        self.write()?;
        self.real.outbox_drop(selection).await
    }

    async fn silences(&self) -> Result<Vec<Silence>, StoreError> {
        self.call("silences", "all", self.real.silences()).await
    }

    async fn add_silence(&self, silence: Silence) -> Result<i64, StoreError> {
        self.write()?;
        self.real.add_silence(silence).await
    }

    async fn expire_silences(&self, ids: Vec<i64>, now: Timestamp) -> Result<Vec<i64>, StoreError> {
        self.write()?;
        self.real.expire_silences(ids, now).await
    }

    async fn muted(&self, query: MutedQuery) -> Result<Vec<Muted>, StoreError> {
        self.real.muted(query).await
    }

    async fn prune(
        &self,
        before: Timestamp,
        limit: usize,
        sinks: Vec<SinkName>,
    ) -> Result<Pruned, StoreError> {
        self.write()?;
        self.call("prune", limit, self.real.prune(before, limit, sinks)).await
    }

    async fn alerts(&self, query: AlertQuery) -> Result<Vec<(i64, Alert)>, StoreError> {
        self.real.alerts(query).await
    }

    async fn sequels(&self, alerts: Vec<i64>) -> Result<Vec<Sequel>, StoreError> {
        self.real.sequels(alerts).await
    }

    async fn items_named(&self, query: ItemQuery) -> Result<Vec<StoredItem>, StoreError> {
        self.real.items_named(query).await
    }

    async fn items_seen(&self, span: ItemSpan) -> Result<Vec<(ItemPlace, StoredItem)>, StoreError> {
        self.real.items_seen(span).await
    }

    async fn feed_reports(&self, now: Timestamp) -> Result<Vec<FeedReport>, StoreError> {
        self.real.feed_reports(now).await
    }

    fn held_up(&self) -> Duration {
        self.real.held_up()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.real.close().await
    }
}
