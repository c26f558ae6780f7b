//! How a sink is doing: how it fails, and when that is told.

use std::time::Duration;

use super::super::failing::{UnderWay, chance, failure};
use super::super::report::{SinkFailure, SinkReport};
use super::super::send::Failure;
use super::{Failing, Lane};
use crate::model::{Mono, Now, Reason, SinkName};
use crate::observe::events::{Delivered, DeliveryFailed, SinkRecovered};

impl Lane {
    pub fn is_failing(&self) -> bool {
        self.failing.failures > 0
    }

    /// Whether it fails, or refuses all that it is given.
    pub fn is_in_trouble(&self) -> bool {
        self.is_failing() || self.refusal.is_told()
    }

    /// What was under way, or looked for, came to nothing by a fault of our own.
    pub fn broke(&mut self, name: &SinkName, was: Option<&UnderWay>, now: Now) {
        match was {
            Some(_) => {
                self.sending = self.sending.saturating_sub(1);
                self.traffic.end(&self.spec.pacing, now.mono);
            }
            None => (self.looking, self.owing) = (false, false),
        }
        self.broken(name, now);
    }

    pub(super) fn broken(&mut self, name: &SinkName, now: Now) {
        self.sink = None;
        let message = "a fault of wirewatch itself".to_owned();
        self.failed(name, &failure(Reason::Internal, message, 1), true, now);
    }

    pub(super) fn delivered(&mut self, name: &SinkName, alerts: usize, duration_ms: Duration) {
        if alerts > 0 {
            self.counts.delivered += alerts as u64;
            Delivered { sink: name, alerts, duration_ms }.log();
        }
    }

    pub(super) fn recovered(&mut self, name: &SinkName, now: Mono) {
        if self.is_failing() {
            SinkRecovered { sink: name, attempts: self.failing.failures }.log();
            self.failing = Failing::none(self.failing.generation, now);
            self.not_before = now;
            // What waited for it to come back need not wait for the end of its rest.
            self.next = self.next.min(now);
        }
    }

    /// It has taken something: if it refused all before that, it does so no longer.
    pub(super) fn took(&mut self, name: &SinkName) {
        let was = std::mem::take(&mut self.refusal);
        if was.is_told() && !self.is_failing() {
            SinkRecovered { sink: name, attempts: was.messages }.log();
        }
    }

    /// It has refused a message, and taken nothing of it. That is no reason to rest: each alert
    /// has its answer.
    pub(super) fn refused(&mut self, name: &SinkName, (reason, message): (Reason, &str), now: Now) {
        if self.refusal.add(reason, now.wall) {
            let attempts = self.refusal.messages;
            DeliveryFailed { sink: name, reason, message, attempts, retry_at: now.wall }.log();
        }
    }

    pub(super) fn failed(&mut self, name: &SinkName, failure: &Failure, fresh: bool, now: Now) {
        let backoff = self.backoff.up_to(self.spec.pacing.retry_max);
        self.next = self.failing.add(failure, fresh, (backoff, chance(name.as_str())), now);
        let Failure { reason, ref message, attempts, .. } = *failure;
        if self.failing.told.replace(reason) != Some(reason) {
            let retry_at = now.wall_at(self.next.max(self.not_before));
            DeliveryFailed { sink: name, reason, message, attempts, retry_at }.log();
        }
    }

    pub fn report(&self, name: &SinkName) -> SinkReport {
        let Failing { failures, since, told, .. } = self.failing;
        let failing = since.zip(told);
        let failing = failing.map(|(since, reason)| SinkFailure { since, reason, failures });
        SinkReport {
            name: name.clone(),
            kind: self.spec.kind_name,
            failing: failing.or_else(|| self.refusal.failure()),
            hold: self.hold,
            counts: self.counts,
        }
    }
}
