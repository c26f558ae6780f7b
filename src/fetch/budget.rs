//! Memory that all bodies share while they come in.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// For all bodies together, beyond what each may hold freely. It is more only if a single body may
/// be larger.
const SHARED: u64 = 32 << 20;
/// What a body may hold without asking: most feeds are smaller.
pub(super) const FREE: u64 = 256 << 10;
/// What is counted as one.
const UNIT: u64 = 64 << 10;

/// The memory, in units. A body that outgrows what is free takes all that it can need in one step,
/// so that none waits for another while holding a part.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    units: Arc<Semaphore>,
    total: u32,
}

/// A part of the shared memory; given back when it is dropped.
#[derive(Debug, Default)]
pub struct Place(Option<OwnedSemaphorePermit>);

impl Budget {
    /// Room for at least one body of `max_body` bytes.
    pub(super) fn new(max_body: u64) -> Self {
        let total = units(SHARED.max(max_body));
        Self { units: Arc::new(Semaphore::new(total as usize)), total }
    }

    /// A place for a body that may have up to `bytes`. Waits until there is room, in the order of
    /// asking.
    pub(super) async fn take(&self, bytes: u64) -> Place {
        let wanted = units(bytes).min(self.total);
        Place(Arc::clone(&self.units).acquire_many_owned(wanted).await.ok())
    }
}

impl Place {
    /// Gives back what a body of `bytes` does not need after all.
    pub(super) fn shrink(&mut self, bytes: u64) {
        if let Some(permit) = &mut self.0 {
            let needed = units(bytes) as usize;
            drop(permit.split(permit.num_permits().saturating_sub(needed)));
        }
    }

    /// Whether any of the shared memory was taken.
    pub(super) fn is_taken(&self) -> bool {
        self.0.is_some()
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn places_are_given_until_the_memory_is_full_and_again_when_it_is_not() {
        let budget = Budget::new(8 << 20);
        let mut places: Vec<Place> =
            (0..4).map(|_| budget.take(8 << 20).now_or_never().unwrap()).collect();
        assert!(budget.take(1).now_or_never().is_none(), "full");
        places[1].shrink(1 << 20);
        let seven = budget.take(7 << 20).now_or_never();
        assert!(seven.is_some_and(|place| place.is_taken()));
        drop(places.pop());
        assert!(budget.take(15 << 20).now_or_never().is_some());
    }

    #[tokio::test]
    async fn one_body_has_room_however_large_it_may_be() {
        let budget = Budget::new(1 << 30);
        let place = budget.take(1 << 30).now_or_never().unwrap();
        assert!(budget.take(1).now_or_never().is_none());
        drop(place);
        assert!(budget.take(u64::MAX).now_or_never().is_some(), "never more than there is");
    }
}
