//! Each call to the store, and the lane that it goes to.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use siphasher::sip::SipHasher24;

use super::lanes::Lane;
use super::{Haste, SqliteStore, items, news, outbox, read, silences, write};
use crate::model::{
    Alert, Bookmark, Clock, FeedId, FeedState, MessageKey, Reason, Seen, Sequel, SinkName,
    Timestamp,
};
use crate::silence::Silence;
use crate::store::{
    AlertQuery, Claim, Claimed, Committed, FeedReport, Found, ItemPlace, ItemQuery, ItemSpan,
    Muted, MutedQuery, OutboxCount, OutboxQuery, OutboxRow, Pruned, Selection, Settlement, Store,
    StoreError, StoredItem, Update, Verdict,
};

#[async_trait]
impl Store for SqliteStore {
    fn hash(&self, bytes: &[u8]) -> u64 {
        SipHasher24::new_with_key(&self.key).hash(bytes)
    }

    async fn open_feeds(
        &self,
        feeds: &[(FeedId, String)],
        now: Timestamp,
    ) -> Result<Vec<FeedState>, StoreError> {
        let feeds = feeds.to_vec();
        self.write(Haste::Durable, move |db| write::open_feeds(db, &feeds, now), || ()).await
    }

    async fn seen(&self, feed: i64) -> Result<Seen, StoreError> {
        self.read(&self.quick, move |db| read::seen(db, feed)).await
    }

    async fn commit(&self, found: Found) -> Result<Committed, StoreError> {
        self.write(Haste::Durable, move |db| news::commit(db, &found), || ()).await
    }

    async fn flush_schedules(&self, updates: Vec<Update>) -> Result<(), StoreError> {
        let lazy = updates.iter().all(|update| update.alerts.is_empty());
        let haste = if lazy { Haste::Lazy } else { Haste::Durable };
        let work =
            move |db: &Connection| updates.iter().try_for_each(|update| write::update(db, update));
        self.write(haste, work, || ()).await
    }

    async fn set_moved(&self, feed: i64, to: Option<String>) -> Result<(), StoreError> {
        self.write(Haste::Durable, move |db| write::set_moved(db, feed, to.as_deref()), || ()).await
    }

    async fn claim(&self, sink: &SinkName, claim: Claim) -> Result<Claimed, StoreError> {
        self.only_the_writer()?;
        let (claims, name) = (Arc::clone(&self.claims), sink.clone());
        let taken =
            self.read(&self.quick, move |db| outbox::claim(db, &claims, &name, &claim)).await?;
        let Claimed { deliveries, unreadable } = taken.claimed;
        if !unreadable.is_empty() {
            let why = unreadable.iter().map(|(_, why)| why.clone());
            let bury = |(row, message)| Settlement {
                row,
                verdict: Verdict::Dead { reason: Reason::Internal, message },
            };
            let buried = taken.unreadable.into_iter().zip(why).map(bury).collect();
            self.settle(sink, buried, None).await?;
        }
        taken.grip.keep();
        Ok(Claimed { deliveries, unreadable })
    }

    async fn gather(
        &self,
        sink: &SinkName,
        rows: Vec<i64>,
        key: MessageKey,
    ) -> Result<(), StoreError> {
        let sink = sink.clone();
        let work = move |db: &Connection| outbox::gather(db, &sink, &rows, &key);
        self.write(Haste::Durable, work, || ()).await
    }

    async fn settle(
        &self,
        sink: &SinkName,
        settlements: Vec<Settlement>,
        bookmark: Option<Bookmark>,
    ) -> Result<(), StoreError> {
        let (claims, sink) = (Arc::clone(&self.claims), sink.clone());
        let rows: Vec<i64> = settlements.iter().map(|settlement| settlement.row).collect();
        let work =
            move |db: &Connection| outbox::settle(db, &sink, &settlements, bookmark.as_ref());
        self.write(Haste::Durable, work, move || claims.release(&rows)).await
    }

    async fn release(&self, rows: &[i64]) {
        self.claims.release(rows);
    }

    async fn bookmark(&self, sink: &SinkName) -> Result<Option<Bookmark>, StoreError> {
        let sink = sink.clone();
        self.read(&self.quick, move |db| read::bookmark(db, &sink)).await
    }

    async fn next_due(
        &self,
        sink: &SinkName,
        claim: &Claim,
    ) -> Result<Option<Timestamp>, StoreError> {
        let (claims, sink, claim) = (Arc::clone(&self.claims), sink.clone(), claim.clone());
        self.read(&self.quick, move |db| outbox::next_due(db, &claims, &sink, &claim)).await
    }

    async fn outbox(&self) -> Result<Vec<OutboxCount>, StoreError> {
        self.read(&self.slow, |db| outbox::counts(db)).await
    }

    async fn outbox_rows(&self, query: OutboxQuery) -> Result<Vec<OutboxRow>, StoreError> {
        self.read(&self.slow, move |db| outbox::rows(db, &query)).await
    }

    async fn outbox_retry(&self, selection: Selection) -> Result<u64, StoreError> {
        self.change_outbox(selection, true, outbox::retry).await
    }

    async fn outbox_drop(&self, selection: Selection) -> Result<u64, StoreError> {
        self.change_outbox(selection, false, outbox::discard).await
    }

    async fn silences(&self) -> Result<Vec<Silence>, StoreError> {
        let matchers = Arc::clone(&self.matchers);
        self.read(&self.quick, move |db| silences::all(db, &matchers)).await
    }

    async fn add_silence(&self, silence: Silence) -> Result<i64, StoreError> {
        self.operate(move |db| silences::add(db, &silence)).await
    }

    async fn expire_silences(&self, ids: Vec<i64>, now: Timestamp) -> Result<Vec<i64>, StoreError> {
        self.operate(move |db| silences::expire(db, &ids, now)).await
    }

    async fn muted(&self, query: MutedQuery) -> Result<Vec<Muted>, StoreError> {
        self.read(&self.slow, move |db| silences::muted(db, &query)).await
    }

    async fn prune(
        &self,
        before: Timestamp,
        limit: usize,
        sinks: Vec<SinkName>,
    ) -> Result<Pruned, StoreError> {
        let work = move |db: &Connection| write::prune(db, before, limit, &sinks);
        self.write(Haste::Durable, work, || ()).await
    }

    async fn alerts(&self, query: AlertQuery) -> Result<Vec<(i64, Alert)>, StoreError> {
        self.read(&self.slow, move |db| read::alerts(db, &query)).await
    }

    async fn sequels(&self, alerts: Vec<i64>) -> Result<Vec<Sequel>, StoreError> {
        self.read(&self.slow, move |db| news::sequels(db, &alerts)).await
    }

    async fn items_named(&self, query: ItemQuery) -> Result<Vec<StoredItem>, StoreError> {
        self.read(&self.slow, move |db| items::named(db, &query)).await
    }

    async fn items_seen(&self, span: ItemSpan) -> Result<Vec<(ItemPlace, StoredItem)>, StoreError> {
        self.read(&self.slow, move |db| items::seen(db, &span)).await
    }

    async fn feed_reports(&self, now: Timestamp) -> Result<Vec<FeedReport>, StoreError> {
        self.read(&self.slow, move |db| read::feed_reports(db, now)).await
    }

    fn held_up(&self) -> Duration {
        self.counters.held_up(Clock::System.now().mono)
    }

    async fn close(&self) -> Result<(), StoreError> {
        let lanes =
            [self.quick.shut(), self.slow.shut(), self.writer.as_ref().and_then(Lane::shut)];
        let join = move || lanes.into_iter().flatten().try_for_each(JoinHandle::join);
        match tokio::task::spawn_blocking(join).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(StoreError::Closed),
        }
    }
}

impl SqliteStore {
    /// Does `change` to the rows that are meant, some at a time so that others get their turn, and
    /// answers how many it were.
    async fn change_outbox(
        &self,
        selection: Selection,
        whole_messages: bool,
        change: fn(&Connection, &[i64]) -> Result<u64, StoreError>,
    ) -> Result<u64, StoreError> {
        let (mut after, mut count) = (0, 0);
        loop {
            let selection = selection.clone();
            let step = move |db: &Connection| {
                let rows = outbox::selected(db, &selection, after, whole_messages)?;
                Ok((change(db, &rows)?, rows.last().copied(), rows.len()))
            };
            let (changed, last, found) = self.operate(step).await?;
            count += changed;
            match last {
                Some(last) if found == outbox::AT_ONCE => after = last,
                _ => return Ok(count),
            }
        }
    }
}
