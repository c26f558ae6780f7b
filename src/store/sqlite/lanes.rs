//! The threads that own the connections: one that writes, in groups, and some that read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::model::{Clock, Mono};
use crate::store::StoreError;

/// At most this many calls wait in a lane; those beyond wait to get in.
const QUEUE: usize = 1024;
/// At most this many calls share a transaction.
pub(super) const GROUP: usize = 256;
/// After this many write calls the log is folded into the database at the next idle moment.
const CHECKPOINT_EVERY: u64 = 2000;
/// How long the last checkpoint waits for readers in other processes.
const LAST_WAIT: Duration = Duration::from_millis(200);

/// A thread and the way to it.
pub(super) struct Lane<M> {
    sender: Mutex<Option<mpsc::Sender<M>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<M: Send + 'static> Lane<M> {
    /// Starts a thread that runs `body` until the lane is closed.
    pub fn start(
        name: &str,
        body: impl FnOnce(mpsc::Receiver<M>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(|| body(receiver))?;
        Ok(Self { sender: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Puts a call at the end of the queue.
    pub async fn send(&self, message: M) -> Result<(), StoreError> {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sender = sender.ok_or(StoreError::Closed)?;
        sender.send(message).await.map_err(|_| StoreError::Closed)
    }

    /// Lets nothing more in; the thread ends when the queue is empty. It is returned to be joined,
    /// once.
    pub fn shut(&self) -> Option<JoinHandle<()>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<M> Drop for Lane<M> {
    fn drop(&mut self) {
        self.sender.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It has told its callers already if it panicked.
            drop(thread.join());
        }
    }
}

/// A call to a reading lane.
pub(super) type Read = Box<dyn FnOnce(&mut Connection) + Send>;

/// Runs reads one by one.
pub(super) fn read(mut db: Connection, mut calls: mpsc::Receiver<Read>) {
    while let Some(call) = calls.blocking_recv() {
        call(&mut db);
    }
}

/// A write, with the caller who waits for it.
pub(super) trait Write: Send {
    /// Whether it may be lost in a power failure.
    fn is_lazy(&self) -> bool;
    /// Does it, within a savepoint.
    fn run(&mut self, db: &Connection) -> Result<(), StoreError>;
    /// Tells the caller, once the fate of the whole group is known.
    fn finish(self: Box<Self>, group: Result<(), StoreError>);
}

/// A write that is a closure.
pub(super) struct Task<T, F> {
    lazy: bool,
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    /// Done after the transaction, if all went well.
    after: Box<dyn FnOnce() + Send>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Task<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
{
    /// The write, and where its outcome will come.
    pub fn asked(
        lazy: bool,
        work: F,
        after: Box<dyn FnOnce() + Send>,
    ) -> (Box<dyn Write>, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Box::new(Self { lazy, work: Some(work), outcome: None, after, reply }), answer)
    }
}

impl<T, F> Write for Task<T, F>
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
{
    fn is_lazy(&self) -> bool {
        self.lazy
    }

    fn run(&mut self, db: &Connection) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let outcome = work(db);
        let result = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
        self.outcome = Some(outcome);
        result
    }

    fn finish(self: Box<Self>, group: Result<(), StoreError>) {
        let outcome = match (group, self.outcome) {
            (Err(error), _) => Err(error),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::Closed),
        };
        if outcome.is_ok() {
            (self.after)();
        }
        // A caller who has gone does not want to know.
        drop(self.reply.send(outcome));
    }
}

/// A call to the writing lane.
pub(super) enum Call {
    /// A write.
    Write(Box<dyn Write>),
    /// Tells that the thread is here, then waits until the other side is dropped.
    #[cfg(test)]
    Hold(std::sync::mpsc::Sender<()>, std::sync::mpsc::Receiver<()>),
}

/// Transactions made so far.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub durable: AtomicU64,
    pub lazy: AtomicU64,
    pub writes: AtomicU64,
    /// When the writing thread began what it does now.
    began: Mutex<Option<Mono>>,
}

impl Counters {
    /// For how long the writing thread has been at what it does now.
    pub fn held_up(&self, now: Mono) -> Duration {
        let began = *self.began.lock().unwrap_or_else(PoisonError::into_inner);
        began.map_or(Duration::ZERO, |began| now.since(began))
    }

    fn begin(&self, began: Option<Mono>) {
        *self.began.lock().unwrap_or_else(PoisonError::into_inner) = began;
    }
}

/// Runs writes in groups: all that wait, up to [`GROUP`], share one transaction. One that comes
/// alone does not wait for others. Only the one with `checkpoints` folds the log into the database.
pub(super) fn write(
    mut db: Connection,
    mut calls: mpsc::Receiver<Call>,
    counters: &Arc<Counters>,
    checkpoints: bool,
) {
    let mut since_checkpoint = 0;
    let mut batch: Vec<Box<dyn Write>> = Vec::with_capacity(GROUP);
    while let Some(first) = calls.blocking_recv() {
        counters.begin(Some(Clock::System.now().mono));
        let mut next = Some(first);
        while let Some(call) = next {
            match call {
                Call::Write(write) => batch.push(write),
                #[cfg(test)]
                Call::Hold(here, until) => {
                    let _ = here.send(());
                    let _ = until.recv();
                }
            }
            next = if batch.len() < GROUP { calls.try_recv().ok() } else { None };
        }
        since_checkpoint += batch.len() as u64;
        let fate = commit_group(&mut db, &mut batch, counters);
        for write in batch.drain(..) {
            write.finish(fate.clone());
        }
        if checkpoints && since_checkpoint >= CHECKPOINT_EVERY && calls.is_empty() {
            since_checkpoint = 0;
            checkpoint(&db, "PASSIVE");
        }
        counters.begin(None);
    }
    // Another process may be reading; it does not hold up the end.
    if checkpoints && db.busy_timeout(LAST_WAIT).is_ok() {
        checkpoint(&db, "TRUNCATE");
    }
}

/// Folds the log into the database. What fails here loses nothing: the log is still there.
fn checkpoint(db: &Connection, how: &str) {
    drop(db.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |_| Ok(())));
}

/// Runs a group in one transaction. A write that fails is undone alone; an error is returned only
/// if the transaction as a whole failed, and then nothing of the group was stored.
fn commit_group(
    db: &mut Connection,
    batch: &mut [Box<dyn Write>],
    counters: &Counters,
) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    let lazy = batch.iter().all(|write| write.is_lazy());
    db.pragma_update(None, "synchronous", if lazy { "NORMAL" } else { "FULL" })?;
    let mut transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let changes_before = changes(&transaction)?;
    for write in batch.iter_mut() {
        let savepoint = transaction.savepoint()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| write.run(&savepoint)));
        match outcome {
            Ok(Ok(())) => savepoint.commit()?,
            Ok(Err(error)) if savepoint.is_autocommit() => return Err(error),
            // Left without an outcome, a write that panicked is told that the store failed it.
            Ok(Err(_)) | Err(_) => savepoint.finish()?,
        }
    }
    if changes(&transaction)? != changes_before {
        transaction.prepare_cached(SEAL)?.execute([])?;
    }
    transaction.commit()?;
    let counter = if lazy { &counters.lazy } else { &counters.durable };
    counter.fetch_add(1, Ordering::Relaxed);
    counters.writes.fetch_add(batch.len() as u64, Ordering::Relaxed);
    Ok(())
}

/// Puts the page with the store's key into the log, by which a start knows a log that is not the
/// store's own (see `damage`).
const SEAL: &str = "UPDATE meta SET value = randomblob(8) WHERE name = 'seal'";

/// Rows that the connection has changed so far.
fn changes(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT total_changes()")?.query_row([], |row| row.get(0))
}
