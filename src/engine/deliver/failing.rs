//! How a sink fails, and whose fault it is. Pure.

use std::collections::HashMap;
use std::time::Duration;

use super::report::SinkFailure;
use super::send::Failure;
use crate::model::{Mono, Now, Reason, Timestamp};
use crate::retry::Backoff;
use crate::store::LONGEST_WAIT;

/// Failures in a row of a sink.
#[derive(Debug)]
pub(super) struct Failing {
    /// How many.
    pub failures: u32,
    /// Messages among these that had not failed before.
    messages: u32,
    pub since: Option<Timestamp>,
    /// The reason that was told last.
    pub told: Option<Reason>,
    /// Whether there is no sink at all.
    pub unbuilt: bool,
    /// Raised by each failure: what was begun before it is no further one.
    pub generation: u64,
    /// When something that was not tried before may be tried; it need not wait as long as what
    /// failed again and again.
    pub fresh_from: Mono,
    /// When it is looked for.
    pub fresh_at: Option<Mono>,
}

impl Failing {
    pub fn none(generation: u64, now: Mono) -> Self {
        Self {
            failures: 0,
            messages: 0,
            since: None,
            told: None,
            unbuilt: false,
            generation,
            fresh_from: now,
            fresh_at: None,
        }
    }

    /// One more; `fresh`: of something that had not failed before. Answers when to try again.
    /// `chance` is that of the lane, so that sinks that fail together do not come back together.
    pub fn add(
        &mut self,
        failure: &Failure,
        fresh: bool,
        (backoff, chance): (Backoff, u64),
        now: Now,
    ) -> Mono {
        let wait = |failures: u32| {
            now.mono.plus(backoff.rest(failures, chance).max(failure.after).min(LONGEST_WAIT))
        };
        self.generation += 1;
        self.failures = self.failures.saturating_add(1);
        self.messages = self.messages.saturating_add(u32::from(fresh));
        self.since.get_or_insert(now.wall);
        self.fresh_from = wait(self.messages.max(1));
        self.fresh_at = self.fresh_at.map(|at| at.max(self.fresh_from));
        wait(self.failures)
    }
}

/// Messages that a sink has refused in a row: each was answered, and it has taken none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refusal {
    /// How many.
    pub messages: u32,
    since: Option<Timestamp>,
    /// Why it refused the last one.
    reason: Option<Reason>,
    told: bool,
}

impl Refusal {
    /// After so many it is taken to refuse whatever it is given.
    const MANY: u32 = 3;

    /// One more. Answers whether that is to be told now.
    pub fn add(&mut self, reason: Reason, now: Timestamp) -> bool {
        self.messages = self.messages.saturating_add(1);
        self.since.get_or_insert(now);
        self.reason = Some(reason);
        let was_told = self.told;
        self.told |= is_of_the_sink(reason) || self.messages >= Self::MANY;
        self.told && !was_told
    }

    /// Whether the sink is said to fail for it.
    pub fn is_told(&self) -> bool {
        self.told
    }

    /// The same, to be reported.
    pub fn failure(&self) -> Option<SinkFailure> {
        let (since, reason) = self.since.zip(self.reason).filter(|_| self.told)?;
        Some(SinkFailure { since, reason, failures: self.messages })
    }
}

/// Whether what is refused for that reason is refused whatever it holds: the account, the address
/// or the way there is at fault.
pub(super) fn is_of_the_sink(reason: Reason) -> bool {
    matches!(reason, Reason::Unauthorized | Reason::Blocked | Reason::NotFound | Reason::Gone)
}

/// What is remembered of a message under way.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub rows: Vec<i64>,
    /// See [`Failing::generation`].
    pub generation: u64,
    /// Whether none of it was tried before.
    pub fresh: bool,
}

/// Rows that failed and are tried again.
#[derive(Debug, Default)]
pub(super) struct Blamed(HashMap<i64, Blame>);

/// What speaks for it that a row fails for a fault of its own.
#[derive(Clone, Copy, Debug, Default)]
struct Blame {
    /// Whether the sink has taken nothing since it failed.
    open: bool,
    /// How often it failed, and the sink has taken another after that.
    alone: u32,
}

impl Blamed {
    /// So many rows are remembered at most.
    const MOST: usize = 1024;
    /// A row that failed so often, and others were taken after that, no longer makes its sink rest.
    const PROVEN: u32 = 2;

    /// Whether the fault is known to be that of these rows.
    pub fn are_proven(&self, rows: &[i64]) -> bool {
        let proven = |row| self.0.get(row).is_some_and(|row| row.alone >= Self::PROVEN);
        rows.iter().all(proven)
    }

    /// These rows have been sent; those of `retried` are tried again.
    pub fn sent(&mut self, rows: &[i64], retried: &[i64]) {
        for row in rows {
            let blame = self.0.remove(row).unwrap_or_default();
            if retried.contains(row) && self.0.len() < Self::MOST {
                self.0.insert(*row, Blame { open: true, ..blame });
            }
        }
    }

    /// The sink has taken something.
    pub fn taken(&mut self) {
        for blame in self.0.values_mut().filter(|blame| blame.open) {
            *blame = Blame { open: false, alone: blame.alone.saturating_add(1) };
        }
    }
}

/// A number of its own for each name.
pub(super) fn chance(name: &str) -> u64 {
    name.bytes().fold(0, |sum: u64, byte| sum.rotate_left(8) ^ u64::from(byte))
}

/// A failure without a receiver's wish.
pub(super) fn failure(reason: Reason, message: String, attempts: u32) -> Failure {
    Failure { reason, message, attempts, after: Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry;

    fn at(seconds: u64) -> Now {
        let millis = seconds * 1000;
        let wall = Timestamp::from_millis(i64::try_from(millis).unwrap());
        Now { wall, mono: Mono::from_millis(millis) }
    }

    #[test]
    fn what_is_new_waits_for_the_failures_of_others_only() {
        let mut failing = Failing::none(0, at(0).mono);
        let failure = failure(Reason::Timeout, String::new(), 1);
        let mut next = failing.add(&failure, true, (retry::DELIVERY, 1), at(0));
        assert_eq!(next, failing.fresh_from);
        for _ in 0..13 {
            next = failing.add(&failure, false, (retry::DELIVERY, 1), at(0));
        }
        assert!(next > at(1000).mono && failing.fresh_from <= at(2).mono);
        // Other messages fail too: the sink does.
        for _ in 0..14 {
            next = failing.add(&failure, true, (retry::DELIVERY, 1), at(0));
        }
        assert!(next > at(1800).mono && failing.fresh_from > at(1800).mono);
        assert_eq!((failing.failures, failing.since), (28, Some(at(0).wall)));
    }

    #[test]
    fn a_sink_that_refuses_three_or_as_a_whole_is_one_that_fails() {
        let mut refusal = Refusal::default();
        let told: Vec<bool> =
            (1..=4).map(|n| refusal.add(Reason::ClientError, at(n).wall)).collect();
        assert_eq!(told, [false, false, true, false]);
        let failure = refusal.failure().unwrap();
        assert_eq!((failure.since, failure.failures), (at(1).wall, 4));
        for (reason, is_whole) in [
            (Reason::Unauthorized, true),
            (Reason::Blocked, true),
            (Reason::NotFound, true),
            (Reason::Gone, true),
            (Reason::Refused, false),
            (Reason::Internal, false),
        ] {
            let mut refusal = Refusal::default();
            assert_eq!(refusal.add(reason, at(5).wall), is_whole, "{reason}");
            assert_eq!(refusal.failure().map(|failure| failure.reason), is_whole.then_some(reason));
        }
    }

    #[test]
    fn a_wish_of_the_receiver_holds_for_what_is_new_too() {
        let mut failing = Failing::none(0, at(0).mono);
        failing.fresh_at = Some(at(1).mono);
        let asked = Failure {
            after: Duration::from_secs(600),
            ..failure(Reason::RateLimited, String::new(), 1)
        };
        assert_eq!(failing.add(&asked, true, (retry::DELIVERY, 1), at(0)), at(600).mono);
        assert_eq!(failing.fresh_at, Some(at(600).mono));
    }

    #[test]
    fn a_row_is_at_fault_that_fails_where_others_are_taken_again_and_again() {
        let mut blamed = Blamed::default();
        for _ in 0..2 {
            assert!(!blamed.are_proven(&[7]));
            blamed.sent(&[7], &[7]);
            assert!(!blamed.are_proven(&[7]));
            blamed.taken();
            // Once for each time that it failed.
            blamed.taken();
        }
        assert!(blamed.are_proven(&[7]) && !blamed.are_proven(&[7, 8]));
        blamed.sent(&[7], &[]);
        assert!(!blamed.are_proven(&[7]));
        let rows: Vec<i64> = (0..2000).collect();
        blamed.sent(&rows, &rows);
        assert_eq!(blamed.0.len(), Blamed::MOST);
    }
}
