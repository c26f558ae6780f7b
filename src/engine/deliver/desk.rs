//! What all lanes work with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::model::{Clock, Mono, SteadyClock, Timestamp};
use crate::observe::LogStream;
use crate::silence::Silence;
use crate::store::{Store, StoreError};

/// Silences are read again after this time, when there is something to deliver.
const SILENCES_FOR: Duration = Duration::from_secs(2);

/// The store, the clocks, and what else a task of a lane needs.
pub(super) struct Desk {
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    /// What rows are due by, so that a wall clock that jumps neither holds them up nor hurries them.
    pub steady: SteadyClock,
    /// When this process began, by the wall clock.
    pub began: Timestamp,
    pub log: LogStream,
    silences: Mutex<Option<(Mono, Arc<[Silence]>)>>,
}

impl Desk {
    pub fn new(store: Arc<dyn Store>, clock: Clock, log: LogStream) -> Self {
        let steady = SteadyClock::new(clock.clone());
        let began = clock.now().wall;
        Self { store, clock, steady, began, log, silences: Mutex::default() }
    }

    /// The silences, as they were a moment ago.
    pub async fn silences(&self) -> Result<Arc<[Silence]>, StoreError> {
        let now = self.clock.now().mono;
        let kept = self.silences.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((read, silences)) = kept
            && now.since(read) < SILENCES_FOR
        {
            return Ok(silences);
        }
        let silences: Arc<[Silence]> = self.store.silences().await?.into();
        let kept = Some((now, Arc::clone(&silences)));
        *self.silences.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(silences)
    }
}
