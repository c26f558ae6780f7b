//! The state of one sink: when it is looked after next, and how it is doing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::look::{For, Found, Looked, Message, Order};
use super::report::{Counts, SinkFailure, SinkReport};
use super::send::{Failure, Owed, Sent};
use crate::model::{Mono, Now, Reason, SinkName, Timestamp};
use crate::observe::events::{
    Delivered, DeliveryFailed, DeliveryGivenUp, DeliveryMuted, DeliveryRefused, SinkRecovered,
};
use crate::pace::{Hold, Traffic};
use crate::retry;
use crate::sinks::{Sink, SinkSpec};
use crate::store::LONGEST_WAIT;

/// A lane looks at least this often, should a wake-up ever be lost; and this often it looks for
/// what an operator wants to go out, though it rests.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Of so many rows at most it is remembered that they failed.
const MOST_BLAMED: usize = 1024;

pub(super) struct Lane {
    pub spec: SinkSpec,
    /// Raised by each reload, so that a sink built before it is not used after it.
    pub epoch: u64,
    sink: Option<Arc<dyn Sink>>,
    looking: bool,
    /// Whether something was put into the outbox during the look.
    woken: bool,
    /// Messages under way.
    sending: usize,
    /// When it looks for whatever is due.
    next: Mono,
    /// Before that the sink asks not to be asked.
    not_before: Mono,
    urgent_at: Mono,
    failing: Failing,
    traffic: Traffic,
    /// When the first of the rows that wait was seen waiting.
    since: Option<Mono>,
    hold: Option<Hold>,
    /// Rows that failed.
    blamed: HashMap<i64, Blame>,
    owed: Vec<Owed>,
    /// Whether a look has in hand what is owed.
    owing: bool,
    counts: Counts,
}

/// How a sink fails.
#[derive(Debug)]
struct Failing {
    /// Failures in a row.
    failures: u32,
    /// Messages among these that had not failed before.
    messages: u32,
    since: Option<Timestamp>,
    told: Option<Reason>,
    /// Whether there is no sink at all.
    unbuilt: bool,
    /// Raised by each failure: what was begun before it is no further one.
    generation: u64,
    /// When something that was not tried before may be tried; it need not wait as long as what
    /// failed again and again.
    fresh_from: Mono,
    /// When it is looked for.
    fresh_at: Option<Mono>,
}

/// What speaks for it that a row fails for a fault of its own.
#[derive(Clone, Copy, Debug, Default)]
struct Blame {
    /// Whether the sink has taken nothing since it failed.
    open: bool,
    /// How often it failed, and the sink has taken another after that.
    alone: u32,
}

impl Blame {
    /// A row that did so this often no longer makes its sink rest.
    const PROVEN: u32 = 2;
}

/// What is remembered of a message under way.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub rows: Vec<i64>,
    generation: u64,
    fresh: bool,
}

impl Lane {
    pub fn new(spec: SinkSpec, now: Mono) -> Self {
        Self {
            spec,
            epoch: 0,
            sink: None,
            looking: false,
            woken: false,
            sending: 0,
            next: now,
            not_before: now,
            urgent_at: now.plus(LOOK_EVERY),
            failing: Failing::none(0, now),
            traffic: Traffic::default(),
            since: None,
            hold: None,
            blamed: HashMap::new(),
            owed: Vec::new(),
            owing: false,
            counts: Counts::default(),
        }
    }

    /// Takes over the spec of a new plan. The sink is built anew; a lane that rests goes on doing
    /// so, unless what is configured has changed, or may have: secrets cannot be compared.
    pub fn replan(&mut self, spec: SinkSpec, now: Mono) {
        let words = |spec: &SinkSpec| format!("{} {:?}", spec.kind_name, spec.kind);
        let (old, new) = (words(&self.spec), words(&spec));
        let changed = old != new || self.spec.pacing != spec.pacing;
        self.epoch += 1;
        self.sink = None;
        self.spec = spec;
        if changed {
            self.failing = Failing::none(self.failing.generation + 1, now);
            self.not_before = now;
        }
        if self.failing.failures == 0 || new.contains("***") {
            self.next = now;
        }
    }

    pub fn is_failing(&self) -> bool {
        self.failing.failures > 0
    }

    /// Whether the store has not taken yet what the sink answered.
    pub fn owes(&self) -> bool {
        self.owing || !self.owed.is_empty()
    }

    /// The rows of which the store has not taken yet what became of them.
    pub fn owed_rows(&self) -> Vec<i64> {
        self.owed.iter().flat_map(Owed::rows).collect()
    }

    /// Something was put into the outbox.
    pub fn wake(&mut self, now: Mono) {
        self.woken = self.looking;
        if self.is_failing() {
            self.failing.fresh_at.get_or_insert(self.failing.fresh_from.max(now));
        } else if !matches!(self.hold, Some(Hold::Group | Hold::Rate)) {
            self.next = self.next.min(now);
        }
    }

    /// A window is open no longer.
    pub fn close_window(&mut self, now: Mono) {
        if self.hold == Some(Hold::Group) {
            self.hold = None;
        }
        self.wake(now);
    }

    /// Whether it is due but for what runs.
    pub fn is_due(&self, now: Mono) -> bool {
        self.next.max(self.not_before) <= now
    }

    /// What to look for, if a look is due and has a place.
    pub fn due(&self, now: Mono) -> Option<For> {
        let (at, what) = self.next_look()?;
        (at <= now).then_some(what)
    }

    /// When the next look is due, if it has a place.
    pub fn next_look(&self) -> Option<(Mono, For)> {
        let places = if self.is_failing() { 1 } else { self.spec.pacing.concurrency as usize };
        if self.looking || self.sending >= places {
            return None;
        }
        let fresh = self.failing.fresh_at.filter(|_| self.is_failing());
        let all = (self.next.max(self.not_before), For::All);
        let fresh = fresh.map(|at| (at.max(self.not_before), For::Fresh));
        let urgent = (self.urgent_at, For::Urgent);
        // Of those due at the same time the widest.
        let looks = [Some(all), fresh, Some(urgent)].into_iter().flatten();
        looks.min_by_key(|(at, _)| *at)
    }

    pub fn begin_look(
        &mut self,
        what: For,
        (closing, user_agent): (bool, &Arc<str>),
        now: Mono,
    ) -> Order {
        self.looking = true;
        self.woken = false;
        self.urgent_at = now.plus(LOOK_EVERY);
        if what != For::Urgent {
            self.failing.fresh_at = None;
        }
        self.owing = !self.owed.is_empty();
        Order {
            spec: self.spec.clone(),
            epoch: self.epoch,
            sink: self.sink.clone(),
            owed: std::mem::take(&mut self.owed),
            what,
            traffic: self.traffic.clone(),
            since: self.since,
            closing,
            user_agent: Arc::clone(user_agent),
        }
    }

    /// Takes back what a look could not settle.
    pub fn take_back(&mut self, owed: Vec<Owed>) {
        self.owing = false;
        self.owed.splice(0..0, owed);
    }

    /// A look has ended. Answers what is to go out now.
    pub fn looked(&mut self, name: &SinkName, looked: Looked, now: Now) -> Option<Message> {
        self.looking = false;
        if looked.epoch == self.epoch {
            self.sink = looked.sink;
        }
        self.delivered(name, looked.delivered, Duration::ZERO);
        for (alert, silence) in &looked.muted {
            DeliveryMuted { sink: name, alert, silence: *silence }.log();
        }
        self.counts.muted += looked.muted.len() as u64;
        if looked.built && self.failing.unbuilt {
            self.recovered(name, now.mono);
        }
        let what = looked.what;
        if looked.store.is_err() {
            // All lanes rest until the store may be asked again.
            self.look_at(what, now.mono);
            return None;
        }
        let message = self.found(name, what, looked.found, now);
        if std::mem::take(&mut self.woken) {
            self.wake(now.mono);
        }
        message
    }

    fn found(&mut self, name: &SinkName, what: For, found: Found, now: Now) -> Option<Message> {
        let look = now.mono.plus(LOOK_EVERY);
        if what == For::All {
            self.hold = None;
        }
        match found {
            Found::Nothing { due } => {
                if what == For::All {
                    self.since = None;
                    self.traffic.caught_up();
                    self.next = due.map_or(look, |due| look.min(now.mono.plus(due)));
                }
            }
            Found::Held { until, hold } => {
                let until = until.unwrap_or(look);
                if what == For::All {
                    self.hold = Some(hold);
                }
                if hold != Hold::Quiet {
                    self.since.get_or_insert(now.mono);
                }
                if hold == Hold::Rate {
                    self.traffic.fell_behind();
                }
                // What ends by the wall clock may end sooner.
                self.look_at(what, if hold == Hold::Quiet { until.min(look) } else { until });
            }
            Found::Unbuilt { reason, message } => {
                let attempts = self.failing.failures.saturating_add(1);
                let failure = Failure { reason, message, attempts, after: Duration::ZERO };
                self.failed(name, &failure, false, now);
                self.failing.unbuilt = true;
            }
            Found::Message(message) => {
                self.sending += 1;
                self.counts.messages += 1;
                self.traffic.note(&message.next);
                self.traffic.begin();
                if message.more {
                    self.since.get_or_insert(now.mono);
                } else {
                    self.since = None;
                    self.traffic.caught_up();
                }
                if what == For::All {
                    self.next = if message.more { now.mono } else { look };
                }
                return Some(message);
            }
        }
        None
    }

    fn look_at(&mut self, what: For, at: Mono) {
        match what {
            For::All => self.next = at,
            For::Fresh => self.failing.fresh_at = Some(at),
            For::Urgent => self.urgent_at = self.urgent_at.min(at),
        }
    }

    pub fn under_way(&self, message: &Message) -> UnderWay {
        let generation = self.failing.generation;
        UnderWay { rows: message.rows(), generation, fresh: message.fresh }
    }

    /// A message was answered. Answers how many deliveries are settled as delivered.
    pub fn sent(&mut self, name: &SinkName, sent: Sent, was: &UnderWay, now: Now) -> usize {
        self.sending = self.sending.saturating_sub(1);
        self.traffic.end(&self.spec.pacing, now.mono);
        if sent.broken {
            self.sink = None;
        }
        let tally = sent.tally;
        let settled = if sent.owed.is_none() { tally.delivered } else { 0 };
        self.owed.extend(sent.owed);
        self.delivered(name, settled, now.mono.since(sent.started));
        self.counts.failed += tally.failed as u64;
        self.counts.dead += (tally.refused.len() + tally.given_up.len()) as u64;
        for (alert, reason, message) in &tally.refused {
            DeliveryRefused { sink: name, alert, reason: *reason, message }.log();
        }
        for (alert, reason, message, attempts) in &tally.given_up {
            let (reason, attempts) = (*reason, *attempts);
            DeliveryGivenUp { sink: name, alert, reason, message, attempts }.log();
        }
        let proven = |row| self.blamed.get(row).is_some_and(|row| row.alone >= Blame::PROVEN);
        let own = was.rows.iter().all(proven) && !self.is_failing() && tally.delivered == 0;
        for row in &was.rows {
            let blame = self.blamed.remove(row).unwrap_or_default();
            if tally.retried.contains(row) && self.blamed.len() < MOST_BLAMED {
                self.blamed.insert(*row, Blame { open: true, ..blame });
            }
        }
        let current = was.generation == self.failing.generation;
        match &tally.failure {
            Some(failure) => {
                self.not_before = self.not_before.max(now.mono.plus(failure.after));
                if own {
                    self.next = self.next.min(now.mono);
                } else if current {
                    self.failed(name, failure, was.fresh, now);
                }
            }
            None if tally.delivered > 0 && current => {
                for blame in self.blamed.values_mut().filter(|blame| blame.open) {
                    *blame = Blame { open: false, alone: blame.alone.saturating_add(1) };
                }
                self.recovered(name, now.mono);
                self.next_at_once(now.mono);
            }
            None if current => self.next_at_once(now.mono),
            None => {}
        }
        settled
    }

    fn next_at_once(&mut self, now: Mono) {
        if !matches!(self.hold, Some(Hold::Group)) {
            self.next = self.next.min(now);
        }
    }

    /// What was under way, or looked for, came to nothing by a fault of our own.
    pub fn broke(&mut self, name: &SinkName, was: Option<&UnderWay>, now: Now) {
        self.sink = None;
        match was {
            Some(_) => {
                self.sending = self.sending.saturating_sub(1);
                self.traffic.end(&self.spec.pacing, now.mono);
            }
            None => (self.looking, self.owing) = (false, false),
        }
        let message = "a fault of wirewatch itself".to_owned();
        let (reason, after) = (Reason::Internal, Duration::ZERO);
        self.failed(name, &Failure { reason, message, attempts: 1, after }, true, now);
    }

    fn delivered(&mut self, name: &SinkName, alerts: usize, duration_ms: Duration) {
        if alerts > 0 {
            self.counts.delivered += alerts as u64;
            Delivered { sink: name, alerts, duration_ms }.log();
        }
    }

    fn recovered(&mut self, name: &SinkName, now: Mono) {
        if self.is_failing() {
            SinkRecovered { sink: name, attempts: self.failing.failures }.log();
            self.failing = Failing::none(self.failing.generation, now);
            self.not_before = now;
        }
    }

    fn failed(&mut self, name: &SinkName, failure: &Failure, fresh: bool, now: Now) {
        let Failure { reason, message, attempts, after } = failure;
        let own = self.sink.as_ref().map_or(retry::LOCAL, |sink| sink.backoff());
        let backoff = self.spec.pacing.backoff(own);
        let chance = name.as_str().bytes().fold(0, |sum: u64, b| sum.rotate_left(8) ^ u64::from(b));
        let wait = |failures: u32| backoff.wait(failures, chance).max(*after).min(LONGEST_WAIT);
        let failing = &mut self.failing;
        failing.generation += 1;
        failing.failures = failing.failures.saturating_add(1);
        failing.messages = failing.messages.saturating_add(u32::from(fresh));
        failing.since.get_or_insert(now.wall);
        self.next = now.mono.plus(wait(failing.failures));
        failing.fresh_from = now.mono.plus(wait(failing.messages.max(1)));
        failing.fresh_at = failing.fresh_at.map(|at| at.max(failing.fresh_from));
        if failing.told.replace(*reason) != Some(*reason) {
            let (reason, attempts) = (*reason, *attempts);
            let retry_at = now.wall_at(self.next.max(self.not_before));
            DeliveryFailed { sink: name, reason, message, attempts, retry_at }.log();
        }
    }

    pub fn report(&self, name: &SinkName) -> SinkReport {
        let Failing { failures, since, told, .. } = self.failing;
        let failing = since.zip(told);
        SinkReport {
            name: name.clone(),
            kind: self.spec.kind_name,
            failing: failing.map(|(since, reason)| SinkFailure { since, reason, failures }),
            hold: self.hold,
            counts: self.counts,
        }
    }
}

impl Failing {
    fn none(generation: u64, now: Mono) -> Self {
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
}
