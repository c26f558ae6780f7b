//! State in one SQLite file.
//!
//! Write-ahead log, `synchronous=FULL`. One thread owns the connection that writes and makes one
//! transaction of all writes that wait, each in a savepoint of its own; two more threads own
//! connections that only read, one for the engines' short questions and one for long reports.

mod calls;
mod claims;
mod damage;
mod items;
mod lanes;
mod news;
mod open;
mod outbox;
mod read;
mod silences;
mod wal;
mod write;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::Connection;
use tokio::sync::oneshot;

use self::claims::Claims;
use self::lanes::{Call, Counters, Lane, Read, Task};
use self::wal::WalIndex;
use super::StoreError;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// To run: one process at a time. Makes the database if there is none, brings an older one up
    /// to date.
    Writer,
    /// To look, beside a writer or without one.
    Reader,
    /// To look, and to do what an operator wants with outbox and silences, beside a writer or
    /// without one. Makes no database and brings none up to date.
    Operator,
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
/// [`Store::close`](super::Store::close).
pub struct SqliteStore {
    path: PathBuf,
    mode: OpenMode,
    key: [u8; 16],
    claims: Arc<Claims>,
    matchers: Arc<silences::Matchers>,
    counters: Arc<Counters>,
    lost_pages: u32,
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
        let mut lost_pages = 0;
        let writer = match mode {
            OpenMode::Reader => None,
            OpenMode::Writer => {
                let lock = open::lock(path)?;
                let index = WalIndex::read(path);
                let db = open::writer(path)?;
                lost_pages = index.map_or(0, |index| index.lost(WalIndex::read(path)));
                Some(start_writer(path, Some(lock), db, &counters)?)
            }
            OpenMode::Operator => {
                let db = open::operator(path)?;
                Some(start_writer(path, None, db, &counters)?)
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
            mode,
            key,
            claims: Arc::default(),
            matchers: Arc::default(),
            counters,
            lost_pages,
            quick: reading("store-quick", quick)?,
            slow: reading("store-slow", open::reader(path)?)?,
            writer,
        })
    }

    /// Pages that a writer before had written and that this one does not find any more, since the
    /// log (`-wal`) was cut or damaged meanwhile: the store is as it was before they were written.
    pub fn lost_pages(&self) -> u32 {
        self.lost_pages
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
        self.only_the_writer()?;
        self.ask(haste, work, after).await
    }

    /// As [`Self::write`], for what an operator may do too.
    async fn operate<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(Haste::Durable, work, || ()).await
    }

    async fn ask<T: Send + 'static>(
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

    fn only_the_writer(&self) -> Result<(), StoreError> {
        if self.mode == OpenMode::Writer { Ok(()) } else { Err(StoreError::ReadOnly) }
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
    lock: Option<File>,
    db: Connection,
    counters: &Arc<Counters>,
) -> Result<Lane<Call>, StoreError> {
    let counters = Arc::clone(counters);
    let body = move |calls| {
        lanes::write(db, calls, &counters, lock.is_some());
        drop(lock);
    };
    Lane::start("store-writer", body).map_err(|e| StoreError::write(path, e))
}
