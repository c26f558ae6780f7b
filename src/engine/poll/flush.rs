//! Writing schedules to the store, and whether the store takes what it is given.

use std::sync::Arc;

use tokio::task::JoinError;

use super::PollEngine;
use super::slot::Unwritten;
use crate::engine::trouble::By;
use crate::observe::events::Fault;
use crate::store::{Store, StoreError};

/// Slots and their rows that were written, or not.
pub(super) type Flushed = (Vec<(usize, Unwritten)>, Result<(), StoreError>);

async fn write(store: &dyn Store, rows: &[(usize, Unwritten)]) -> Result<(), StoreError> {
    for (_, row) in rows {
        if let Some(to) = &row.moved {
            store.set_moved(row.update.feed, to.clone()).await?;
        }
    }
    store.flush_schedules(rows.iter().map(|(_, row)| row.update.clone()).collect()).await
}

impl PollEngine {
    /// Begins to write what has changed of schedules and moves, unless that is being done.
    pub(super) fn begin_flush(&mut self) {
        self.last_flush = self.shop.clock.now().mono;
        if !self.flushing.is_empty() {
            return;
        }
        let plan = &self.shop.plan;
        let slots = &mut self.slots;
        let rows: Vec<_> = self.dirty.drain(..).map(|at| (at, slots[at].unwritten(plan))).collect();
        if rows.is_empty() {
            return;
        }
        let store = Arc::clone(&self.shop.store);
        self.flushing.spawn(async move {
            let result = write(&*store, &rows).await;
            (rows, result)
        });
    }

    pub(super) fn end_flush(&mut self, ended: Result<Flushed, JoinError>) {
        match ended {
            Ok((rows, Ok(()))) => {
                if self.uncommitted.is_empty() {
                    self.store_worked();
                }
                if rows.iter().any(|(_, row)| !row.update.alerts.is_empty()) {
                    self.raised.notify_one();
                }
            }
            Ok((rows, Err(error))) => {
                for (index, row) in rows {
                    let slot = &mut self.slots[index];
                    if !slot.dirty {
                        self.dirty.push(index);
                    }
                    slot.take_back(row);
                }
                self.store_failed(&error);
            }
            Err(error) => {
                Fault { activity: "flush", feed: None, message: &error.to_string() }.log();
            }
        }
    }

    /// Writes what has changed of schedules and moves, and waits for that.
    pub async fn flush(&mut self) {
        while let Some(ended) = self.flushing.join_next().await {
            self.end_flush(ended);
        }
        self.begin_flush();
        while let Some(ended) = self.flushing.join_next().await {
            self.end_flush(ended);
        }
    }

    pub(super) fn store_worked(&mut self) {
        self.uncommitted.clear();
        self.totals.store.worked(By::Poll, self.shop.clock.now().mono);
    }

    pub(super) fn store_failed(&mut self, error: &StoreError) {
        self.totals.store.failed(By::Poll, error, self.shop.clock.now().mono);
    }
}
