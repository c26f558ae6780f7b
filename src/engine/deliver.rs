//! The deliver engine: claimed → settled. One lane a sink, so that none holds up another.

mod round;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};

use self::round::{Round, round};
use super::plan::Plan;
use super::{StoreTrouble, Totals};
use crate::model::{Attempt, Clock, Mono, Now, Reason, SinkName, SteadyClock, Timestamp};
use crate::observe::LogStream;
use crate::observe::events::{
    Delivered, DeliveryFailed, DeliveryRefused, Fault, SinkRecovered, StoreFailed, StoreRecovered,
};
use crate::retry::{self};
use crate::sinks::{Sink, SinkSpec};
use crate::store::{Settlement, Store, StoreError};

/// The outbox is looked into at least this often, should a wake-up ever be lost.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Delivers what waits in the outbox.
pub struct DeliverEngine {
    store: Arc<dyn Store>,
    clock: Clock,
    /// What rows are due by, so that a wall clock that jumps neither holds them up nor hurries them.
    steady: SteadyClock,
    log: LogStream,
    lanes: HashMap<SinkName, Lane>,
    tasks: JoinSet<Round>,
    running: HashMap<Id, SinkName>,
    trouble: StoreTrouble,
    totals: Arc<Totals>,
}

struct Lane {
    spec: SinkSpec,
    /// Raised by each reload, so that a sink built before it is not used after it.
    epoch: u64,
    sink: Option<Arc<dyn Sink>>,
    busy: bool,
    next: Mono,
    /// Rounds in a row that failed, with the reason told last.
    failures: u32,
    told: Option<Reason>,
    /// What a sink has answered and the store did not take; settled before anything is claimed, so
    /// that nothing is sent twice for want of disk space.
    unsettled: Option<(Vec<Settlement>, Attempt)>,
    /// Whether there is such an answer still, also while a round has it in hand.
    owes: bool,
}

impl DeliverEngine {
    /// An engine for the sinks of `plan`.
    pub fn new(
        plan: &Plan,
        store: Arc<dyn Store>,
        clock: Clock,
        log: LogStream,
        totals: Arc<Totals>,
    ) -> Self {
        let mut engine = Self {
            store,
            steady: SteadyClock::new(clock.clone()),
            clock,
            log,
            lanes: HashMap::new(),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            trouble: StoreTrouble::default(),
            totals,
        };
        engine.replan(plan);
        engine
    }

    /// Takes over the sinks of a new plan. What a removed sink has not had stays in the outbox.
    pub fn replan(&mut self, plan: &Plan) {
        let now = self.clock.now().mono;
        self.lanes.retain(|name, _| plan.sinks.iter().any(|spec| spec.name == *name));
        for spec in &plan.sinks {
            let lane = self.lanes.entry(spec.name.clone()).or_insert_with(|| Lane {
                spec: spec.clone(),
                epoch: 0,
                sink: None,
                busy: false,
                next: now,
                failures: 0,
                told: None,
                unsettled: None,
                owes: false,
            });
            lane.spec = spec.clone();
            lane.epoch += 1;
            lane.sink = None;
            lane.next = now;
        }
    }

    /// Something was put into the outbox: every lane looks.
    pub fn wake(&mut self) {
        let now = self.clock.now().mono;
        for lane in self.lanes.values_mut().filter(|lane| lane.failures == 0) {
            lane.next = lane.next.min(now);
        }
    }

    /// Takes in what has ended and starts every lane that is due. Answers when the next one is.
    pub fn step(&mut self) -> Option<Mono> {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.finish(ended);
        }
        let now = self.clock.now();
        if let Some(until) = self.trouble.paused(now.mono) {
            return Some(until);
        }
        for (name, lane) in &mut self.lanes {
            if lane.busy || lane.next > now.mono {
                continue;
            }
            lane.busy = true;
            let work = round(
                lane.spec.clone(),
                (lane.epoch, lane.sink.clone()),
                lane.unsettled.take(),
                (Arc::clone(&self.store), self.log.clone()),
                self.steady.clone(),
            );
            let task = self.tasks.spawn(work);
            self.running.insert(task.id(), name.clone());
        }
        self.lanes.values().filter(|lane| !lane.busy).map(|lane| lane.next).min()
    }

    /// Waits until a running lane ends, and takes that in; does not return if none runs.
    pub async fn join(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.finish(ended),
            None => std::future::pending().await,
        }
    }

    /// Whether no lane runs and none is due.
    pub fn is_idle(&self) -> bool {
        let now = self.clock.now().mono;
        self.tasks.is_empty() && self.lanes.values().all(|lane| lane.next > now)
    }

    /// Sinks that fail at present.
    pub fn failing(&self) -> usize {
        self.lanes.values().filter(|lane| lane.failures > 0).count()
    }

    /// Lanes that run.
    pub fn running(&self) -> usize {
        self.tasks.len()
    }

    /// Gives up the rounds that run. What they have sent and not settled is sent again.
    pub async fn abort(&mut self) {
        self.tasks.shutdown().await;
    }

    fn finish(&mut self, ended: Result<(Id, Round), JoinError>) {
        let (id, round) = match ended {
            Ok((id, round)) => (id, Some(round)),
            Err(error) => {
                Fault { activity: "delivery", feed: None, message: &error.to_string() }.log();
                (error.id(), None)
            }
        };
        let Some(name) = self.running.remove(&id) else { return };
        let now = self.clock.now();
        if let Some(round) = &round {
            Totals::add(&self.totals.delivered, round.delivered);
            if let Some(lane) = self.lanes.get_mut(&name) {
                lane.owes = round.unsettled.is_some();
            }
            self.heed(&round.store, now);
        }
        let Some(lane) = self.lanes.get_mut(&name) else { return };
        lane.busy = false;
        match round {
            Some(round) => lane.take_in(&name, round, now, self.steady.now()),
            None => {
                lane.sink = None;
                lane.failed(&name, Reason::Internal, "a fault of wirewatch itself", 1, now);
            }
        }
    }

    /// Says when the store begins to fail, and when it works again. That a sink without work could
    /// read its empty outbox is no sign of that while another could not settle.
    fn heed(&mut self, result: &Result<(), StoreError>, now: Now) {
        match result {
            Ok(()) if self.lanes.values().any(|lane| lane.owes) => {}
            Ok(()) => {
                if let Some(duration_ms) = self.trouble.worked(now.mono) {
                    StoreRecovered { duration_ms }.log();
                }
            }
            Err(error) => {
                if self.trouble.failed(now.mono) {
                    let message = error.to_string();
                    StoreFailed { reason: error.reason(), message: &message }.log();
                }
            }
        }
    }
}

impl Lane {
    fn take_in(&mut self, name: &SinkName, round: Round, now: Now, steady: Timestamp) {
        if round.delivered > 0 {
            let (alerts, duration_ms) = (round.delivered, now.mono.since(round.started));
            Delivered { sink: name, alerts, duration_ms }.log();
        }
        if round.epoch == self.epoch {
            self.sink = round.sink;
        }
        self.unsettled = round.unsettled;
        for (alert, reason, message) in round.refused {
            DeliveryRefused { sink: name, alert: &alert, reason, message: &message }.log();
        }
        match round.failed {
            Some((reason, message, attempts)) => {
                self.failed(name, reason, &message, attempts, now);
                return;
            }
            None if (round.delivered > 0 || round.built) && self.failures > 0 => {
                SinkRecovered { sink: name, attempts: self.failures }.log();
                self.failures = 0;
                self.told = None;
            }
            None => {}
        }
        let look = now.mono.plus(LOOK_EVERY);
        self.next = match round.next_due {
            _ if round.more || self.unsettled.is_some() => now.mono,
            Some(due) => look.min(now.mono.plus(due.since(steady))),
            None => look,
        };
    }

    fn failed(&mut self, name: &SinkName, reason: Reason, message: &str, attempts: u32, now: Now) {
        self.failures = self.failures.saturating_add(1);
        let backoff = self.sink.as_ref().map_or(retry::LOCAL, |sink| sink.backoff());
        let wait = backoff.wait(self.failures, 0);
        self.next = now.mono.plus(wait);
        if self.told != Some(reason) {
            self.told = Some(reason);
            let retry_at = now.wall_at(self.next);
            DeliveryFailed { sink: name, reason, message, attempts, retry_at }.log();
        }
    }
}
