//! The prune engine: what is older than `retention` leaves the store.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Clock, Mono};
use crate::observe::events::Pruned;
use crate::store::{Store, StoreError};

const EVERY: Duration = Duration::from_secs(3600);
/// Rows of each kind that one transaction deletes, so that it holds up no commit for long.
const BATCH: usize = 500;

/// Prunes the store once an hour.
pub struct PruneEngine {
    store: Arc<dyn Store>,
    clock: Clock,
    next: Mono,
}

impl PruneEngine {
    /// An engine whose first pass is due a minute from now.
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        let next = clock.now().mono.plus(Duration::from_secs(60));
        Self { store, clock, next }
    }

    /// Deletes one batch of what is older than `retention`, if it is time. Answers when the next
    /// is due.
    pub async fn step(&mut self, retention: Duration) -> Mono {
        let now = self.clock.now();
        if now.mono < self.next {
            return self.next;
        }
        self.next = now.mono.plus(EVERY);
        match self.store.prune(now.wall.minus(retention), BATCH).await {
            Ok(pruned) => {
                if pruned.items + pruned.alerts > 0 {
                    let duration_ms = self.clock.now().mono.since(now.mono);
                    let (items, alerts) = (pruned.items as u64, pruned.alerts as u64);
                    Pruned { items, alerts, duration_ms }.log();
                }
                if pruned.items.max(pruned.alerts) >= BATCH {
                    self.next = now.mono.plus(Duration::from_millis(200));
                }
            }
            // A store that cannot write is told of by those who have more to lose.
            Err(StoreError::Closed) => {}
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "prune_failed"),
        }
        self.next
    }
}
