//! The gate to each host: no more requests at a time, and no closer together, than it may bear,
//! whichever feed they are for and whatever led to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Hosts that are remembered though nothing runs there, before those that may be are forgotten.
const REMEMBERED: usize = 1024;
/// The kernel of whoever asks again on a connection this soon after an answer may hold back its
/// acknowledgements (Linux: from 40 ms on). A server that sends head and body apart waits for that.
const CLOSELY: Duration = Duration::from_millis(50);
/// However long a host asks to be left alone.
const REST_MAX: Duration = Duration::from_secs(86_400);

/// Lets requests through to hosts. The agenda of the engine starts the polls of a host by the same
/// limits, so that a poll's first request finds the gate open; what is led to another host by a
/// redirect waits here for its turn there. No network is waited for meanwhile, so it counts against
/// a time of its own ([`FetchLimits::gate_timeout`](super::FetchLimits)); the poll keeps its place
/// among all that run, but holds none at another host.
#[derive(Debug)]
pub(super) struct Gate {
    per_host: usize,
    spacing: Duration,
    closely: Duration,
    hosts: Mutex<HashMap<String, Host>>,
    /// Hosts that asked to be left alone, and until when.
    resting: Mutex<HashMap<String, Instant>>,
}

#[derive(Clone, Debug)]
struct Host {
    places: Arc<Semaphore>,
    times: Arc<Mutex<Times>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    /// From when on the next one may start.
    next: Option<Instant>,
    /// When the last one left.
    left: Option<Instant>,
}

/// A place at a host; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _place: Option<OwnedSemaphorePermit>,
    times: Arc<Mutex<Times>>,
    /// Whether the one before has only just left: what it leaves behind is a connection that does
    /// not acknowledge at once.
    pub closely: bool,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).left = Some(Instant::now());
    }
}

impl Gate {
    /// A gate for so many requests at a time of one host, and such a time between their starts.
    pub(super) fn new(per_host: usize, spacing: Duration) -> Self {
        Self {
            per_host: per_host.max(1),
            spacing,
            closely: CLOSELY,
            hosts: Mutex::default(),
            resting: Mutex::default(),
        }
    }

    /// The same, where who comes within so long follows closely.
    #[cfg(test)]
    pub(super) fn closely(self, closely: Duration) -> Self {
        Self { closely, ..self }
    }

    /// Lets `host` be for `span`, a day at most.
    pub(super) fn let_be(&self, host: &str, span: Duration) {
        let now = Instant::now();
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|_, until| *until > now);
        if resting.len() < REMEMBERED || resting.contains_key(host) {
            let until = now + span.min(REST_MAX);
            let known = resting.entry(host.to_owned()).or_insert(until);
            *known = until.max(*known);
        }
    }

    /// For how long `host` is still to be let be.
    pub(super) fn rest(&self, host: &str) -> Option<Duration> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = resting.get(host)?.saturating_duration_since(Instant::now());
        (!rest.is_zero()).then_some(rest)
    }

    /// Waits for a place at `host` (`host:port`), and until it is time; in the order of asking.
    pub(super) async fn enter(&self, host: &str) -> Turn {
        let host = self.host(host);
        let place = host.places.acquire_owned().await.ok();
        let start = {
            let mut times = host.times.lock().unwrap_or_else(PoisonError::into_inner);
            let (start, after) = start(times.next, Instant::now(), self.spacing);
            times.next = Some(after);
            start
        };
        if let Some(start) = start {
            tokio::time::sleep_until(start).await;
        }
        let left = host.times.lock().unwrap_or_else(PoisonError::into_inner).left;
        let closely = left.is_some_and(|left| left.elapsed() < self.closely);
        Turn { _place: place, times: host.times, closely }
    }

    fn host(&self, name: &str) -> Host {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(name) {
            return host.clone();
        }
        if hosts.len() >= REMEMBERED {
            let now = Instant::now();
            hosts.retain(|_, host| {
                let next = host.times.lock().unwrap_or_else(PoisonError::into_inner).next;
                Arc::strong_count(&host.places) > 1 || next.is_some_and(|next| next > now)
            });
        }
        let host = Host { places: Arc::new(Semaphore::new(self.per_host)), times: Arc::default() };
        hosts.insert(name.to_owned(), host.clone());
        host
    }
}

/// When to start what asks at `now`, if not at once, and from when on the one after it may.
fn start(next: Option<Instant>, now: Instant, spacing: Duration) -> (Option<Instant>, Instant) {
    match next.filter(|next| *next > now) {
        Some(next) => (Some(next), next + spacing),
        None => (None, now + spacing),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn starts_are_spaced() {
        let now = Instant::now();
        let cases = [
            (None, (None, now + 2 * S)),
            (Some(now), (None, now + 2 * S)),
            (Some(now + S), (Some(now + S), now + 3 * S)),
        ];
        for (next, expected) in cases {
            assert_eq!(start(next, now, 2 * S), expected, "{next:?}");
        }
    }

    #[tokio::test]
    async fn a_host_has_so_many_places_and_another_its_own() {
        let gate = Gate::new(2, Duration::ZERO);
        let first = gate.enter("a:80").now_or_never().unwrap();
        let second = gate.enter("a:80").now_or_never();
        assert!(second.is_some());
        assert!(gate.enter("a:80").now_or_never().is_none());
        assert!(gate.enter("a:443").now_or_never().is_some());
        drop(first);
        assert!(gate.enter("a:80").now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_follows_closely_is_told_so() {
        let gate = Gate::new(2, Duration::ZERO).closely(3600 * S);
        let first = gate.enter("a:80").await;
        let beside = gate.enter("a:80").await;
        assert!(!first.closely && !beside.closely);
        drop(first);
        assert!(gate.enter("a:80").await.closely);
        assert!(!gate.enter("b:80").await.closely);
    }

    #[tokio::test]
    async fn the_second_waits_for_its_time() {
        let gate = Gate::new(2, 3600 * S);
        assert!(gate.enter("a:80").now_or_never().is_some());
        assert!(gate.enter("a:80").now_or_never().is_none());
        assert!(gate.enter("b:80").now_or_never().is_some());
    }

    #[test]
    fn hosts_rest_as_long_as_they_ask_but_a_day_at_most() {
        let gate = Gate::new(1, Duration::ZERO);
        assert_eq!(gate.rest("a:80"), None);
        gate.let_be("a:80", 60 * S);
        gate.let_be("a:80", S);
        assert!(gate.rest("a:80").is_some_and(|rest| rest > 50 * S));
        gate.let_be("a:80", Duration::MAX);
        assert!(gate.rest("a:80").is_some_and(|rest| rest <= REST_MAX));
        gate.let_be("b:80", Duration::ZERO);
        assert_eq!(gate.rest("b:80"), None);
        (0..2 * REMEMBERED).for_each(|n| gate.let_be(&format!("h{n}:80"), S));
        assert!(gate.resting.lock().unwrap().len() <= REMEMBERED);
    }

    #[tokio::test]
    async fn hosts_where_nothing_runs_are_forgotten_when_there_are_many() {
        let gate = Gate::new(1, Duration::ZERO);
        let held = gate.enter("held:80").await;
        for n in 0..3 * REMEMBERED {
            gate.enter(&format!("h{n}:80")).await;
        }
        assert!(gate.hosts.lock().unwrap().len() <= REMEMBERED);
        assert!(gate.enter("held:80").now_or_never().is_none(), "still held");
        drop(held);
    }
}
