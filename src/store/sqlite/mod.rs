//! State in one SQLite file.
//!
//! Write-ahead log, `synchronous=FULL`. One thread owns the connection that writes and makes one
//! transaction of all writes that wait, each in a savepoint of its own; two more threads own
//! connections that only read, one for the engines' short questions and one for long reports.

mod claims;
mod items;
mod lanes;
mod news;
mod open;
mod read;
mod write;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use async_trait::async_trait;
use rusqlite::Connection;
use siphasher::sip::SipHasher24;
use tokio::sync::oneshot;

use self::claims::Claims;
use self::lanes::{Call, Counters, Lane, Read, Task};
use super::{
    AlertQuery, Committed, FeedReport, Found, ItemPlace, ItemQuery, ItemSpan, OutboxCount, Pruned,
    Settlement, Store, StoreError, StoredItem, Update, Verdict,
};
use crate::model::{
    Alert, Bookmark, Delivery, FeedId, FeedState, Reason, Seen, Sequel, SinkName, Timestamp,
};

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// To run: one process at a time. Makes the database if there is none, brings an older one up
    /// to date.
    Writer,
    /// To look, beside a writer or without one.
    Reader,
}

/// The writing thread's transactions so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Forced to the disk.
    pub durable: u64,
    /// Not forced to the disk.
    pub lazy: u64,
    /// Writes that these were made for; more than both where several shared one.
    pub writes: u64,
}

/// See the module. When the last of it is dropped, what was asked for is finished first, as by
/// [`Store::close`].
pub struct SqliteStore {
    path: PathBuf,
    key: [u8; 16],
    claims: Arc<Claims>,
    counters: Arc<Counters>,
    /// Short questions.
    quick: Lane<Read>,
    /// Long ones.
    slow: Lane<Read>,
    /// Last, so that it is dropped last and finds the readers gone.
    writer: Option<Lane<Call>>,
}

impl SqliteStore {
    /// Opens the database at `path`. Blocks: it waits for the disk, and for a migration.
    ///
    /// A writer holds a lock on `<path>.lock` for its life. A damaged file is an error and is left
    /// as it is.
    pub fn open(path: &Path, mode: OpenMode) -> Result<Self, StoreError> {
        let counters = Arc::new(Counters::default());
        let writer = match mode {
            OpenMode::Reader => None,
            OpenMode::Writer => {
                let lock = open::lock(path)?;
                let db = open::writer(path)?;
                Some(start_writer(path, lock, db, &counters)?)
            }
        };
        let quick = open::reader(path)?;
        let key = quick
            .query_row("SELECT value FROM meta WHERE name = 'hash_key'", [], |row| row.get(0))
            .map_err(|e| StoreError::from(e).at(path))?;
        let reading = |name, db| {
            Lane::start(name, move |calls| lanes::read(db, calls))
                .map_err(|e| StoreError::write(path, e))
        };
        Ok(Self {
            path: path.to_owned(),
            key,
            claims: Arc::default(),
            counters,
            quick: reading("store-quick", quick)?,
            slow: reading("store-slow", open::reader(path)?)?,
            writer,
        })
    }

    /// The writing thread's transactions so far.
    pub fn stats(&self) -> Stats {
        Stats {
            durable: self.counters.durable.load(Ordering::Relaxed),
            lazy: self.counters.lazy.load(Ordering::Relaxed),
            writes: self.counters.writes.load(Ordering::Relaxed),
        }
    }

    /// Puts a write in the queue and waits until its transaction is over; `after` is done before
    /// that is told, if it went well.
    async fn write<T: Send + 'static>(
        &self,
        haste: Haste,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        after: impl FnOnce() + Send + 'static,
    ) -> Result<T, StoreError> {
        let lane = self.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        let (task, answer) = Task::asked(haste == Haste::Lazy, work, Box::new(after));
        lane.send(Call::Write(task)).await?;
        answer.await.map_err(|_| StoreError::Closed)?.map_err(|e| e.at(&self.path))
    }

    async fn read<T: Send + 'static>(
        &self,
        lane: &Lane<Read>,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        lane.send(Box::new(move |db| drop(reply.send(work(db))))).await?;
        answer.await.map_err(|_| StoreError::Closed)?.map_err(|e| e.at(&self.path))
    }

    /// Keeps the writing thread from its work until what is returned is dropped.
    #[cfg(test)]
    async fn hold(&self) -> std::sync::mpsc::Sender<()> {
        let (here, arrived) = std::sync::mpsc::channel();
        let (release, until) = std::sync::mpsc::channel();
        self.writer.as_ref().unwrap().send(Call::Hold(here, until)).await.unwrap();
        arrived.recv().unwrap();
        release
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Haste {
    Durable,
    Lazy,
}

fn start_writer(
    path: &Path,
    lock: File,
    db: Connection,
    counters: &Arc<Counters>,
) -> Result<Lane<Call>, StoreError> {
    let counters = Arc::clone(counters);
    let body = move |calls| {
        lanes::write(db, calls, &counters);
        drop(lock);
    };
    Lane::start("store-writer", body).map_err(|e| StoreError::write(path, e))
}

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

    async fn claim(
        &self,
        sink: &SinkName,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError> {
        if self.writer.is_none() {
            return Err(StoreError::ReadOnly);
        }
        let (claims, name) = (Arc::clone(&self.claims), sink.clone());
        let claimed =
            self.read(&self.quick, move |db| read::claim(db, &claims, &name, limit, now)).await?;
        if !claimed.unreadable.is_empty() {
            let bury = |(row, message)| Settlement {
                row,
                verdict: Verdict::Dead { reason: Reason::Internal, message },
            };
            self.settle(sink, claimed.unreadable.into_iter().map(bury).collect(), None).await?;
        }
        claimed.grip.keep();
        Ok(claimed.deliveries)
    }

    async fn settle(
        &self,
        sink: &SinkName,
        settlements: Vec<Settlement>,
        bookmark: Option<Bookmark>,
    ) -> Result<(), StoreError> {
        let (claims, sink) = (Arc::clone(&self.claims), sink.clone());
        let rows: Vec<i64> = settlements.iter().map(|settlement| settlement.row).collect();
        let work = move |db: &Connection| write::settle(db, &sink, &settlements, bookmark.as_ref());
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
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let (claims, sink) = (Arc::clone(&self.claims), sink.clone());
        self.read(&self.quick, move |db| read::next_due(db, &claims, &sink, now)).await
    }

    async fn outbox(&self) -> Result<Vec<OutboxCount>, StoreError> {
        self.read(&self.slow, |db| read::outbox(db)).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<Pruned, StoreError> {
        self.write(Haste::Durable, move |db| write::prune(db, before, limit), || ()).await
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
