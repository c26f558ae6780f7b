//! The deliver engine: claimed → settled. One lane a sink, so that none holds up another.
//!
//! A round has two halves, a task each: a *look* settles what is owed, claims and decides; a *send*
//! sends one message, or a batch of lines, and settles it. A lane has one look at a time, so that
//! what goes out is begun in order, and as many sends as the sink's `concurrency`; of a sink that
//! fails one, at each step of its backoff.

mod desk;
mod failing;
mod lane;
mod look;
mod mute;
mod report;
mod send;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};

use self::desk::Desk;
use self::failing::UnderWay;
use self::lane::Lane;
use self::look::{Looked, Message, look};
use self::send::{Sent, send};
use super::Totals;
use super::plan::Plan;
use super::trouble::By;
use crate::model::{Clock, Mono, Now, SinkName};
use crate::observe::LogStream;
use crate::observe::events::Fault;
use crate::store::{Store, StoreError};

pub use report::{Counts, SinkFailure, SinkReport};

/// See [`DeliverEngine::look_every`].
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A lane that is due so soon has not done all that it can.
const MOMENT: Duration = Duration::from_secs(1);

/// A step that is so late has not been possible: the machine slept, or the store took nothing.
const STOOD_STILL: Duration = Duration::from_secs(10);

/// Delivers what waits in the outbox.
pub struct DeliverEngine {
    desk: Arc<Desk>,
    lanes: BTreeMap<SinkName, Lane>,
    tasks: JoinSet<Ended>,
    running: HashMap<Id, Running>,
    /// Raised by each plan: see [`Lane::epoch`].
    epoch: u64,
    user_agent: Arc<str>,
    /// Whether all windows end now.
    closing: bool,
    look_every: Duration,
    /// When the next step was to be made, as the last one saw it.
    expected: Option<Mono>,
    totals: Arc<Totals>,
}

/// What a task came to.
enum Ended {
    Looked(Box<Looked>),
    Sent(Box<Sent>),
    Released,
}

/// What a task is.
struct Running {
    sink: SinkName,
    /// Of which lane: one that is put back after it was removed is another.
    lane: u64,
    /// Of a send.
    message: Option<UnderWay>,
    /// Whether it only gives rows back.
    releases: bool,
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
            desk: Arc::new(Desk::new(store, clock, log)),
            lanes: BTreeMap::new(),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            epoch: 0,
            user_agent: Arc::from(""),
            closing: false,
            look_every: LOOK_EVERY,
            expected: None,
            totals,
        };
        engine.replan(plan);
        engine
    }

    /// Takes over the sinks of a new plan. What a removed sink has not had stays in the outbox, for
    /// one of that name. A sink that rests for having failed goes on resting, unless its config has
    /// changed, or it holds secrets, which may have.
    pub fn replan(&mut self, plan: &Plan) {
        let now = self.desk.clock.now().mono;
        self.epoch += 1;
        self.user_agent = Arc::from(plan.poll.user_agent());
        let is_gone = |name: &SinkName| plan.sinks.iter().all(|spec| spec.name != *name);
        let gone: Vec<SinkName> = self.lanes.keys().filter(|name| is_gone(name)).cloned().collect();
        for name in gone {
            if let Some(lane) = self.lanes.remove(&name) {
                self.release(&name, lane.owed_rows());
            }
        }
        for spec in &plan.sinks {
            match self.lanes.get_mut(&spec.name) {
                Some(lane) => lane.replan(spec.clone(), self.epoch, now),
                None => {
                    let lane = Lane::new(spec.clone(), self.epoch, now);
                    self.lanes.insert(spec.name.clone(), lane);
                }
            }
        }
    }

    /// How often a lane looks that has nothing to wait for, and how often one that rests looks for
    /// what an operator wants to go out: every 5 seconds, unless told otherwise. Who lets days go by
    /// in which nobody else writes to the store may have it seldom.
    pub fn look_every(&mut self, every: Duration) {
        self.look_every = every;
    }

    /// Something was put into the outbox: every lane looks, but for those that rest.
    pub fn wake(&mut self) {
        let now = self.desk.clock.now().mono;
        self.lanes.values_mut().for_each(|lane| lane.wake(now));
    }

    /// From now on nothing waits for others to go out with (`group_for`): nothing more will come.
    pub fn close_windows(&mut self) {
        self.closing = true;
        let now = self.desk.clock.now().mono;
        self.lanes.values_mut().for_each(|lane| lane.close_window(now));
    }

    /// Takes in what has ended and starts every lane that is due. Answers when the next one is.
    pub fn step(&mut self) -> Option<Mono> {
        self.notice_standstill();
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.finish(ended);
        }
        let now = self.desk.clock.now().mono;
        if let Some(until) = self.totals.store.paused(now) {
            return Some(until);
        }
        for (name, lane) in &mut self.lanes {
            let Some(what) = lane.due(now) else { continue };
            let order =
                lane.begin_look(what, (self.closing, &self.user_agent), self.look_every, now);
            let desk = Arc::clone(&self.desk);
            let work = async move { Ended::Looked(Box::new(look(order, &desk).await)) };
            let task = self.tasks.spawn(work);
            let running =
                Running { sink: name.clone(), lane: lane.born, message: None, releases: false };
            self.running.insert(task.id(), running);
        }
        self.expected = self.lanes.values().filter_map(Lane::next_look).map(|(at, _)| at).min();
        self.expected
    }

    /// Sinks could not be tried while nothing here was done in time.
    fn notice_standstill(&mut self) {
        let now = self.desk.clock.now().mono;
        if self.expected.is_some_and(|expected| now.since(expected) >= STOOD_STILL) {
            self.lanes.values_mut().for_each(|lane| lane.able = now);
            self.expected = Some(now);
        }
    }

    /// Waits until something that runs ends, and takes that in; does not return if nothing runs.
    pub async fn join(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => {
                self.notice_standstill();
                self.finish(ended);
            }
            None => std::future::pending().await,
        }
    }

    /// Whether no lane runs, none is due and none rests for a moment only.
    pub fn is_idle(&self) -> bool {
        let soon = self.desk.clock.now().mono.plus(MOMENT);
        self.tasks.is_empty() && self.lanes.values().all(|lane| !lane.is_due(soon))
    }

    /// Sinks that fail at present, or refuse all that they are given.
    pub fn failing(&self) -> usize {
        self.lanes.values().filter(|lane| lane.is_in_trouble()).count()
    }

    /// How each sink is doing, by name.
    pub fn report(&self) -> Vec<SinkReport> {
        self.lanes.iter().map(|(name, lane)| lane.report(name)).collect()
    }

    /// Looks and sends that run.
    pub fn running(&self) -> usize {
        self.tasks.len()
    }

    /// Gives up what runs. What was sent and not settled is sent again.
    pub async fn abort(&mut self) {
        self.tasks.shutdown().await;
        for (_, running) in self.running.drain() {
            if let Some(message) = running.message {
                self.desk.store.release(&message.rows).await;
            }
        }
    }

    fn finish(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let now = self.desk.clock.now();
        let (id, ended) = match ended {
            Ok((id, ended)) => (id, ended),
            Err(error) => {
                Fault { activity: "delivery", feed: None, message: &error.to_string() }.log();
                self.broke(error.id(), now);
                return;
            }
        };
        let Some(Running { sink, lane, message, .. }) = self.running.remove(&id) else { return };
        match ended {
            Ended::Released => {}
            Ended::Looked(looked) => self.looked((sink, lane), *looked, now),
            Ended::Sent(sent) => self.sent((&sink, lane), *sent, message, now),
        }
    }

    fn looked(&mut self, (name, born): (SinkName, u64), mut looked: Looked, now: Now) {
        Totals::add(&self.totals.delivered, looked.delivered);
        Totals::add(&self.totals.muted, looked.muted.len());
        Totals::add(&self.totals.dead, looked.unreadable.len());
        let Some(lane) = lane_of(&mut self.lanes, (&name, born)) else {
            // The sink was removed meanwhile.
            if let look::Found::Message(message) = &looked.found {
                self.release(&name, message.rows());
            }
            self.pass_on(&name, looked.owed);
            return;
        };
        lane.take_back(std::mem::take(&mut looked.owed));
        if !matches!(looked.found, look::Found::Broken) {
            lane.store_failed = looked.store.is_err();
            self.heed(&looked.store, now.mono);
        }
        let Some(lane) = self.lanes.get_mut(&name) else { return };
        let mut late = Vec::new();
        if let look::Found::Message(message) = &looked.found
            && lane.is_late(&looked, now.mono)
        {
            late = message.rows();
            looked.found = look::Found::Late;
        }
        let message = lane.looked(&name, looked, self.look_every, now);
        self.release(&name, late);
        let Some(message) = message else { return };
        self.send(name, born, message, now);
    }

    fn send(&mut self, name: SinkName, born: u64, message: Message, now: Now) {
        let Some(lane) = self.lanes.get_mut(&name) else { return };
        let under_way = lane.under_way(&message);
        let pacing = (lane.spec.pacing.clone(), lane.able_for(now));
        let desk = Arc::clone(&self.desk);
        let Message { batch, sink, .. } = message;
        let to = (sink, name.clone());
        let work = async move { Ended::Sent(Box::new(send(to, batch, pacing, &desk).await)) };
        let task = self.tasks.spawn(work);
        let running = Running { sink: name, lane: born, message: Some(under_way), releases: false };
        self.running.insert(task.id(), running);
    }

    fn sent(
        &mut self,
        (name, born): (&SinkName, u64),
        sent: Sent,
        message: Option<UnderWay>,
        now: Now,
    ) {
        let Some(message) = message else { return };
        let dead = sent.tally.refused.len() + sent.tally.given_up.len();
        Totals::add(&self.totals.dead, dead);
        let store = sent.store.clone();
        if lane_of(&mut self.lanes, (name, born)).is_none() {
            self.pass_on(name, sent.owed.into_iter().collect());
            self.heed(&store, now.mono);
            return;
        }
        if store.is_err() {
            self.heed(&store, now.mono);
        }
        let Some(lane) = self.lanes.get_mut(name) else { return };
        lane.store_failed = store.is_err();
        let settled = lane.sent(name, sent, &message, now);
        Totals::add(&self.totals.delivered, settled);
        if store.is_ok() {
            self.heed(&store, now.mono);
        }
    }

    /// A task has panicked.
    fn broke(&mut self, id: Id, now: Now) {
        let Some(running) = self.running.remove(&id) else { return };
        let Running { sink, lane, message, releases } = running;
        if let Some(lane) = lane_of(&mut self.lanes, (&sink, lane)).filter(|_| !releases) {
            lane.broke(&sink, message.as_ref(), now);
        }
        if let Some(message) = message {
            self.release(&sink, message.rows);
        }
    }

    /// What a sink that was removed answered is settled by the one that has its name now. If there
    /// is none, the rows wait for one.
    fn pass_on(&mut self, name: &SinkName, owed: Vec<send::Owed>) {
        match self.lanes.get_mut(name) {
            Some(lane) => lane.owe(owed),
            None => self.release(name, owed.iter().flat_map(send::Owed::rows).collect()),
        }
    }

    fn release(&mut self, name: &SinkName, rows: Vec<i64>) {
        if rows.is_empty() {
            return;
        }
        let desk = Arc::clone(&self.desk);
        let task = self.tasks.spawn(async move {
            desk.store.release(&rows).await;
            Ended::Released
        });
        let running = Running { sink: name.clone(), lane: 0, message: None, releases: true };
        self.running.insert(task.id(), running);
    }

    /// Takes in how the store was. That a sink without work could read its empty outbox is no sign
    /// that it works while what another has answered is not settled, or what another has tried
    /// since was refused.
    fn heed(&mut self, result: &Result<(), StoreError>, now: Mono) {
        match result {
            Ok(()) if self.lanes.values().any(|lane| lane.store_failed || lane.owes()) => {}
            Ok(()) => self.totals.store.worked(By::Deliver, now),
            Err(error) => self.totals.store.failed(By::Deliver, error, now),
        }
    }
}

/// The lane of that name, if it is the one that was born then.
fn lane_of<'a>(
    lanes: &'a mut BTreeMap<SinkName, Lane>,
    (name, born): (&SinkName, u64),
) -> Option<&'a mut Lane> {
    lanes.get_mut(name).filter(|lane| lane.born == born)
}
