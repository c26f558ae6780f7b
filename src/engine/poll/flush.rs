//! Writing schedules to the store, and whether the store takes what it is given.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::JoinError;

use super::PollEngine;
use super::slot::{Slot, Unwritten};
use crate::observe::events::{Fault, StoreFailed, StoreRecovered};
use crate::store::{Store, StoreError};

/// Rows that were written, or not.
pub(super) type Flushed = (Vec<Unwritten>, Result<(), StoreError>);

async fn write(store: &dyn Store, rows: &[Unwritten]) -> Result<(), StoreError> {
    for row in rows {
        if let Some(to) = &row.moved {
            store.set_moved(row.key, to.clone()).await?;
        }
    }
    store.flush_schedules(rows.iter().map(|row| (row.key, row.schedule.clone())).collect()).await
}

impl PollEngine {
    /// Begins to write what has changed of schedules and moves, unless that is being done.
    pub(super) fn begin_flush(&mut self) {
        self.last_flush = self.shop.clock.now().mono;
        if !self.flushing.is_empty() {
            return;
        }
        let dirty = |slot: &&Slot| slot.dirty || slot.moved.is_some();
        let rows: Vec<_> = self.slots.iter().filter(dirty).map(Slot::unwritten).collect();
        if rows.is_empty() {
            return;
        }
        for slot in &mut self.slots {
            slot.dirty = false;
            slot.moved = None;
        }
        let store = Arc::clone(&self.shop.store);
        self.flushing.spawn(async move {
            let result = write(&*store, &rows).await;
            (rows, result)
        });
    }

    pub(super) fn end_flush(&mut self, ended: Result<Flushed, JoinError>) {
        match ended {
            Ok((_, Ok(()))) if self.commits_fail => {}
            Ok((_, Ok(()))) => self.store_worked(),
            Ok((rows, Err(error))) => {
                let unwritten: HashMap<i64, _> =
                    rows.into_iter().map(|row| (row.key, row.moved)).collect();
                for slot in &mut self.slots {
                    if let Some(moved) = unwritten.get(&slot.state.key) {
                        slot.dirty = true;
                        slot.moved = slot.moved.take().or_else(|| moved.clone());
                    }
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
        self.commits_fail = false;
        if let Some(duration_ms) = self.trouble.worked(self.shop.clock.now().mono) {
            StoreRecovered { duration_ms }.log();
        }
    }

    pub(super) fn store_failed(&mut self, error: &StoreError) {
        if self.trouble.failed(self.shop.clock.now().mono) {
            StoreFailed { reason: error.reason(), message: &error.to_string() }.log();
        }
    }
}
