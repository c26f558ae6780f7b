//! Whether the store takes what it is given: found by either engine, told once, heeded by both.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::{Mono, Reason};
use crate::observe::events::{StoreFailed, StoreRecovered};
use crate::retry;
use crate::store::StoreError;

/// The trouble with the store, if there is any. While it lasts, both engines leave the store alone
/// for waits that grow, and try then: the items are still in the feeds, the alerts in the outbox.
#[derive(Debug, Default)]
pub struct StoreTrouble {
    state: Mutex<State>,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// Which engines have had something refused that they have not been able to write since.
    poll: bool,
    deliver: bool,
    failures: u32,
    /// What the store said last.
    refusal: Option<(Reason, String)>,
    since: Option<Mono>,
    until: Option<Mono>,
}

/// Which engine has found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Poll,
    Deliver,
}

impl State {
    fn of(&mut self, by: By) -> &mut bool {
        match by {
            By::Poll => &mut self.poll,
            By::Deliver => &mut self.deliver,
        }
    }
}

impl StoreTrouble {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The class of failure, while the trouble lasts.
    pub fn reason(&self) -> Option<Reason> {
        self.state().refusal.as_ref().map(|(reason, _)| *reason)
    }

    /// What the store refuses, in words, and for how long it has.
    pub fn told(&self, now: Mono) -> Option<(Reason, String, Duration)> {
        let state = self.state();
        let (reason, message) = state.refusal.clone()?;
        Some((reason, message, now.since(state.since?)))
    }

    /// How often the store has refused something.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Whether it lasts.
    pub fn lasts(&self) -> bool {
        self.reason().is_some()
    }

    /// Takes in a failure; the first is told.
    pub(super) fn failed(&self, by: By, error: &StoreError, now: Mono) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        *state.of(by) = true;
        // Many that fail together are one failure.
        if state.until.is_some_and(|until| until > now) {
            return;
        }
        state.failures = state.failures.saturating_add(1);
        state.since.get_or_insert(now);
        state.until = Some(now.plus(retry::STORE.wait(state.failures, 0)));
        let refusal = (error.reason(), error.to_string());
        let first = state.refusal.replace(refusal).is_none();
        drop(state);
        if first {
            StoreFailed { reason: error.reason(), message: &error.to_string() }.log();
        }
    }

    /// Takes in that all is written that one engine had to write. That it is over is told once
    /// this is so of both.
    pub(super) fn worked(&self, by: By, now: Mono) {
        let mut state = self.state();
        *state.of(by) = false;
        if state.poll || state.deliver {
            return;
        }
        let since = std::mem::take(&mut *state).since;
        drop(state);
        if let Some(since) = since {
            StoreRecovered { duration_ms: now.since(since) }.log();
        }
    }

    /// Until when to leave the store alone.
    pub(super) fn paused(&self, now: Mono) -> Option<Mono> {
        self.state().until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn trouble_lasts_until_both_engines_have_written_what_they_had_to() {
        let trouble = StoreTrouble::default();
        let full = StoreError::DiskFull { path: "w.db".into() };
        let at = Mono::from_millis;
        assert!(!trouble.lasts() && trouble.paused(at(0)).is_none());
        trouble.failed(By::Poll, &full, at(0));
        let until = trouble.paused(at(0)).unwrap();
        // What fails in the same moment makes no wait longer.
        trouble.failed(By::Deliver, &full, at(1));
        assert_eq!(trouble.paused(at(1)), Some(until));
        trouble.failed(By::Poll, &full, until);
        let next = trouble.paused(until).unwrap();
        assert!(next > until.plus(Duration::from_millis(400)));
        trouble.worked(By::Poll, next);
        assert_eq!(trouble.reason(), Some(Reason::DiskFull), "what was delivered is not noted yet");
        trouble.worked(By::Deliver, next);
        assert!(!trouble.lasts() && trouble.paused(next).is_none());
    }
}
