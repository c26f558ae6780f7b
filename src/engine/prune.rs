//! The prune engine: what is older than `retention` leaves the store.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::plan::Plan;
use crate::model::{Clock, Mono, SinkName};
use crate::observe::events;
use crate::store::{Pruned, Store, StoreError};

const EVERY: Duration = Duration::from_secs(3600);
/// Rows of each kind that one transaction deletes, so that it holds up no commit for long.
const BATCH: usize = 500;

/// Prunes the store once an hour.
pub struct PruneEngine {
    store: Arc<dyn Store>,
    clock: Clock,
    next: Mono,
    tasks: JoinSet<Result<Pruned, StoreError>>,
}

impl PruneEngine {
    /// An engine whose first pass is due a minute from now.
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        let next = clock.now().mono.plus(Duration::from_secs(60));
        Self { store, clock, next, tasks: JoinSet::new() }
    }

    /// Begins to delete one batch of what is older than the plan's retention, if it is time. Waits
    /// for nothing. Answers when the next is due.
    pub fn step(&mut self, plan: &Plan) -> Mono {
        let now = self.clock.now();
        while let Some(ended) = self.tasks.try_join_next() {
            self.take_in(ended.unwrap_or(Err(StoreError::Closed)));
        }
        if now.mono >= self.next && self.tasks.is_empty() {
            self.next = now.mono.plus(EVERY);
            let (store, before) = (Arc::clone(&self.store), now.wall.minus(plan.store.retention));
            let sinks = sinks(plan);
            self.tasks.spawn(async move { store.prune(before, BATCH, sinks).await });
        }
        self.next
    }

    /// Batches that are being deleted: one, or none.
    pub fn running(&self) -> usize {
        self.tasks.len()
    }

    /// Waits until what runs ends, and takes that in; does not return if nothing runs.
    pub async fn join(&mut self) {
        match self.tasks.join_next().await {
            Some(ended) => self.take_in(ended.unwrap_or(Err(StoreError::Closed))),
            None => std::future::pending().await,
        }
    }

    /// Deletes all that is older than the plan's retention, and waits for that.
    pub async fn finish(&mut self, plan: &Plan) {
        let before = self.clock.now().wall.minus(plan.store.retention);
        loop {
            let result = self.store.prune(before, BATCH, sinks(plan)).await;
            let more = matches!(&result, Ok(pruned) if pruned.most() >= BATCH);
            self.take_in(result);
            if !more {
                return;
            }
        }
    }

    fn take_in(&mut self, result: Result<Pruned, StoreError>) {
        match result {
            Ok(pruned) if pruned.most() == 0 => {}
            Ok(pruned) => {
                if pruned.most() >= BATCH {
                    self.next = self.clock.now().mono.plus(Duration::from_millis(200));
                }
                let (items, alerts) = (pruned.items as u64, pruned.alerts as u64);
                events::Pruned { items, alerts, unsent: pruned.unsent as u64 }.log();
            }
            // A store that cannot write is told of by those who have more to lose.
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "prune_failed"),
        }
    }
}

/// What waits for these keeps its alert.
fn sinks(plan: &Plan) -> Vec<SinkName> {
    plan.sinks.iter().map(|sink| sink.name.clone()).collect()
}
