//! The state of one sink: when it is looked after next, and how it is doing.

mod health;

use std::sync::Arc;
use std::time::Duration;

use super::failing::{Blamed, Failing, Refusal, UnderWay, failure};
use super::look::{For, Found, Looked, Message, Order};
use super::report::Counts;
use super::send::{Owed, Sent};
use crate::model::{Mono, Now, Reason, SinkName};
use crate::observe::events::{DeliveryMuted, DeliveryRefused};
use crate::pace::{Hold, Since, Traffic};
use crate::retry::{self, Backoff};
use crate::sinks::{Sink, SinkSpec};

pub(super) struct Lane {
    pub spec: SinkSpec,
    /// That of the plan which this spec is of, so that a sink built before a reload is not used
    /// after it.
    pub epoch: u64,
    /// That of the plan which the sink came with.
    pub born: u64,
    sink: Option<Arc<dyn Sink>>,
    /// Since when it could be tried whenever it was due, but for quiet hours: since it is there, or
    /// the machine last stood still.
    pub able: Mono,
    /// That of its failures when the look began that runs, or ended last.
    generation: u64,
    /// Whether the store failed what was last asked of it.
    pub store_failed: bool,
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
    refusal: Refusal,
    /// The sink's own, as far as it is known without it.
    backoff: Backoff,
    /// Whether what was sent last had failed before, so that it is the turn of what has not.
    fresh_first: bool,
    traffic: Traffic,
    /// Since when the first of the rows that wait does so.
    since: Option<Since>,
    hold: Option<Hold>,
    /// Rows that failed.
    blamed: Blamed,
    owed: Vec<Owed>,
    /// Whether a look has in hand what is owed.
    owing: bool,
    counts: Counts,
}

impl Lane {
    pub fn new(spec: SinkSpec, epoch: u64, now: Mono) -> Self {
        Self {
            backoff: backoff_of(&spec),
            spec,
            epoch,
            born: epoch,
            sink: None,
            able: now,
            generation: 0,
            store_failed: false,
            looking: false,
            woken: false,
            sending: 0,
            next: now,
            not_before: now,
            urgent_at: now,
            failing: Failing::none(0, now),
            refusal: Refusal::default(),
            fresh_first: false,
            traffic: Traffic::default(),
            since: None,
            hold: None,
            blamed: Blamed::default(),
            owed: Vec::new(),
            owing: false,
            counts: Counts::default(),
        }
    }

    /// Takes over the spec of a new plan. The sink is built anew; a lane that rests goes on doing
    /// so, unless what is configured has changed, or may have: secrets cannot be compared.
    pub fn replan(&mut self, spec: SinkSpec, epoch: u64, now: Mono) {
        let words = |spec: &SinkSpec| format!("{} {:?}", spec.kind_name, spec.kind);
        let (old, new) = (words(&self.spec), words(&spec));
        let changed = old != new || self.spec.pacing != spec.pacing;
        self.epoch = epoch;
        self.sink = None;
        self.spec = spec;
        if changed {
            self.failing = Failing::none(self.failing.generation + 1, now);
            self.refusal = Refusal::default();
            self.backoff = backoff_of(&self.spec);
            self.not_before = now;
        }
        if self.failing.failures == 0 || new.contains("***") {
            self.next = now;
        }
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

    /// Whether it is due by `at` but for what runs.
    pub fn is_due(&self, at: Mono) -> bool {
        self.next.max(self.not_before) <= at
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
        look_every: Duration,
        now: Mono,
    ) -> Order {
        self.looking = true;
        self.generation = self.failing.generation;
        self.woken = false;
        self.urgent_at = now.plus(look_every);
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
            fresh_first: self.fresh_first,
            traffic: self.traffic.clone(),
            since: self.since,
            closing,
            user_agent: Arc::clone(user_agent),
        }
    }

    /// Takes over what is to be settled before anything is claimed.
    pub fn owe(&mut self, owed: Vec<Owed>) {
        self.owed.extend(owed);
    }

    /// Takes back what a look could not settle.
    pub fn take_back(&mut self, owed: Vec<Owed>) {
        self.owing = false;
        self.owed.splice(0..0, owed);
    }

    /// A look has ended. Answers what is to go out now.
    pub fn looked(
        &mut self,
        name: &SinkName,
        looked: Looked,
        look_every: Duration,
        now: Now,
    ) -> Option<Message> {
        self.looking = false;
        if looked.epoch == self.epoch {
            self.sink = looked.sink;
            self.backoff = self.sink.as_ref().map_or(self.backoff, |sink| sink.backoff());
        }
        self.delivered(name, looked.delivered, Duration::ZERO);
        for (alert, silence) in &looked.muted {
            DeliveryMuted { sink: name, alert, silence: *silence }.log();
        }
        self.counts.muted += looked.muted.len() as u64;
        for (alert, message) in &looked.unreadable {
            DeliveryRefused { sink: name, alert, reason: Reason::Internal, message }.log();
        }
        self.counts.dead += looked.unreadable.len() as u64;
        if looked.built && self.failing.unbuilt {
            self.recovered(name, now.mono);
        }
        let what = looked.what;
        if looked.store.is_err() {
            // All lanes rest until the store may be asked again.
            self.look_at(what, now.mono);
            return None;
        }
        let look = now.mono.plus(look_every);
        // At the same time as the next for whatever is due, which then does for both.
        self.urgent_at = look;
        let message = self.found(name, (what, looked.found, looked.since), look, now);
        if std::mem::take(&mut self.woken) {
            self.wake(now.mono);
        }
        message
    }

    /// `look`: when to look again, if nothing else says.
    fn found(
        &mut self,
        name: &SinkName,
        (what, found, since): (For, Found, Option<Since>),
        look: Mono,
        now: Now,
    ) -> Option<Message> {
        if what == For::All {
            self.hold = None;
        }
        match found {
            Found::Nothing { due } if what == For::All => {
                self.since = None;
                self.traffic.caught_up();
                self.next = due.map_or(look, |due| look.min(now.mono.plus(due)));
            }
            // All that was found is muted; what comes behind it has its turn.
            Found::Nothing { due: Some(Duration::ZERO) } => self.look_at(what, now.mono),
            Found::Nothing { .. } => {}
            Found::Late if what == For::Fresh => self.look_at(what, self.failing.fresh_from),
            Found::Late => {}
            Found::Held { until, hold } => {
                let until = until.unwrap_or(look);
                if what == For::All {
                    self.hold = Some(hold);
                }
                if hold != Hold::Quiet {
                    self.since = self.since.or(since);
                }
                if hold == Hold::Rate {
                    self.traffic.fell_behind();
                }
                // What ends by the wall clock may end sooner; and what failed before may fall due
                // while a window is open.
                let until = if hold == Hold::Rate { until } else { until.min(look) };
                self.look_at(what, until);
            }
            // It is tried at each such look, which is no reason to rest for longer.
            Found::Unbuilt { .. } if what == For::Urgent && self.failing.unbuilt => {}
            Found::Unbuilt { reason, message } => {
                let attempts = self.failing.failures.saturating_add(1);
                self.failed(name, &failure(reason, message, attempts), false, now);
                self.failing.unbuilt = true;
            }
            Found::Broken => self.broken(name, now),
            Found::Message(message) => {
                let next = if message.more { now.mono } else { look };
                self.goes_out(&message, since);
                if what == For::All {
                    self.next = next;
                }
                return Some(message);
            }
        }
        None
    }

    fn goes_out(&mut self, message: &Message, since: Option<Since>) {
        self.sending += 1;
        self.counts.messages += 1;
        self.traffic.note(message.form);
        self.traffic.begin();
        if message.more {
            self.since = self.since.or(since);
        } else {
            self.since = None;
            self.traffic.caught_up();
        }
    }

    fn look_at(&mut self, what: For, at: Mono) {
        match what {
            For::All => self.next = at,
            For::Fresh => self.failing.fresh_at = Some(at),
            For::Urgent => self.urgent_at = self.urgent_at.min(at),
        }
    }

    /// Whether what a look has found comes too late, since the sink has failed meanwhile or asked
    /// to be left alone. An operator's wish goes out all the same.
    pub fn is_late(&self, looked: &Looked, now: Mono) -> bool {
        let failed = self.generation != self.failing.generation;
        looked.what != For::Urgent && (failed || now < self.not_before)
    }

    pub fn under_way(&self, message: &Message) -> UnderWay {
        UnderWay { rows: message.rows(), generation: self.generation, fresh: message.fresh }
    }

    /// For how long it could be tried whenever it was due.
    pub fn able_for(&self, now: Now) -> Duration {
        let quiet = self.spec.pacing.quiet.as_ref();
        let over = quiet.filter(|quiet| quiet.until(now.wall).is_none());
        let over = over.and_then(|quiet| quiet.ended(now.wall));
        let able = now.mono.since(self.able);
        over.map_or(able, |over| able.min(now.wall.since(over)))
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
        tally.log(name);
        let own = self.blamed.are_proven(&was.rows) && !self.is_failing() && tally.delivered == 0;
        self.blamed.sent(&was.rows, &tally.retried);
        match &tally.refusal {
            _ if tally.delivered > 0 => self.took(name),
            Some((reason, message)) => self.refused(name, (*reason, message), now),
            None => {}
        }
        let current = was.generation == self.failing.generation;
        self.fresh_first = !was.fresh;
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
                self.blamed.taken();
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
}

/// How long a sink of that kind waits, before there is one to ask.
fn backoff_of(spec: &SinkSpec) -> Backoff {
    if spec.kind.is_local() { retry::LOCAL } else { retry::DELIVERY }
}
