//! The poll engine: due feed → committed.

mod advance;
mod connectivity;
mod flush;
mod news;
mod reach;
mod readers;
mod replan;
mod slot;
mod turn;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::{Id, JoinError, JoinSet};

use self::advance::{Ended, Shown, Sound};
use self::connectivity::Connectivity;
use self::flush::Flushed;
use self::news::News;
use self::readers::Readers;
pub use self::slot::poll_policy;
use self::slot::{Slot, policy};
use self::turn::{Bad, Good, Shop};
use super::Totals;
use super::plan::Plan;
use crate::fetch::{Fetch, FetchError};
use crate::health;
use crate::model::{Clock, FeedState, Health, Mono, Now, Reason, visible};
use crate::observe::events::{Fault, FeedFirstSeen, FeedGap, PollOk};
use crate::schedule::{Agenda, Limits, first_due, rebase};
use crate::store::{Store, StoreError};

/// Schedules are written to the store this often.
const FLUSH_EVERY: Duration = Duration::from_secs(10);

/// Polls the feeds of a plan.
pub struct PollEngine {
    shop: Arc<Shop>,
    pass: Pass,
    agenda: Agenda,
    slots: Vec<Slot>,
    /// Distinct hosts among them.
    hosts: usize,
    tasks: JoinSet<Result<Good, Bad>>,
    running: HashMap<Id, (usize, Mono)>,
    flushing: JoinSet<Flushed>,
    /// Feeds whose news the store has refused and that were not polled since. While there are some,
    /// that schedules, which are small, can be written is no sign of recovery.
    uncommitted: HashSet<i64>,
    net: Connectivity,
    offline_since: Option<Mono>,
    last_flush: Mono,
    /// When polls last could start.
    started: Mono,
    /// The slots whose schedules are to be written.
    dirty: Vec<usize>,
    totals: Arc<Totals>,
    raised: Arc<Notify>,
}

/// Whether feeds are polled for ever or once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Each when it is due.
    Forever,
    /// All now, and then no more.
    Once,
}

/// How a pass over all feeds went.
#[derive(Clone, Debug, Default)]
pub struct PassReport {
    /// Feeds polled well.
    pub good: usize,
    /// The feeds that failed, with reason and message.
    pub failed: Vec<(String, Reason, String)>,
    /// Whether some were not polled at all.
    pub cut_short: bool,
}

/// The enabled feeds of `plan`, of whose feeds these are the states.
fn slots(plan: &Plan, states: Vec<FeedState>, now: Now) -> Vec<Slot> {
    let feeds = plan.feeds.iter().zip(states).filter(|(feed, _)| feed.enabled);
    feeds
        .map(|(feed, mut state)| {
            let dirty = rebase(&mut state.schedule, now.wall);
            Slot { dirty, ..Slot::new(Arc::clone(feed), state) }
        })
        .collect()
}

impl PollEngine {
    /// An engine for the enabled feeds of `plan`, with their state from the store. `raised` is told
    /// when there are new alerts.
    pub async fn open(
        plan: Arc<Plan>,
        store: Arc<dyn Store>,
        fetch: Arc<dyn Fetch>,
        clock: Clock,
        pass: Pass,
        (totals, raised): (Arc<Totals>, Arc<Notify>),
    ) -> Result<Self, StoreError> {
        let now = clock.now();
        let all: Vec<_> =
            plan.feeds.iter().map(|feed| (feed.id.clone(), feed.url.to_string())).collect();
        let states = store.open_feeds(&all, now.wall).await?;
        let slots = slots(&plan, states, now);
        let dirty = (0..slots.len()).filter(|index| slots[*index].dirty).collect();
        let limits = Limits {
            concurrency: plan.poll.concurrency as usize,
            per_host: plan.poll.per_host as usize,
            spacing: plan.poll.per_host_spacing,
        };
        let due = slots.iter().map(|slot| {
            let due = match pass {
                Pass::Once => now.mono,
                Pass::Forever => {
                    let policy = policy(&plan, &slot.feed).poll;
                    let stored = &slot.state.schedule;
                    first_due(&policy, &slot.feed.id, stored, slots.len(), now)
                }
            };
            (slot.host(), due)
        });
        let agenda = Agenda::new(limits, due);
        let hosts: HashSet<_> = slots.iter().map(|slot| slot.feed.url.host_str()).collect();
        let hosts = hosts.len();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let shop = Arc::new(Shop {
            plan,
            store,
            fetch,
            clock,
            reading: Readers::start(cores),
            reading_large: Readers::start(1),
            alone: Arc::new(Semaphore::new(1)),
        });
        Ok(Self {
            shop,
            pass,
            agenda,
            slots,
            hosts,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            flushing: JoinSet::new(),
            uncommitted: HashSet::new(),
            net: Connectivity::default(),
            offline_since: None,
            last_flush: now.mono,
            started: now.mono,
            dirty,
            totals,
            raised,
        })
    }

    /// Takes in what has ended, starts all that is due and has a place, and writes schedules if it
    /// is time. Waits for nothing. Answers when there will be more to start; `None`: not before a
    /// poll has ended.
    pub fn step(&mut self) -> Option<Mono> {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.finish(ended);
        }
        while let Some(ended) = self.flushing.try_join_next() {
            self.end_flush(ended);
        }
        let Now { mono: now, wall } = self.shop.clock.now();
        if now.since(self.last_flush) >= FLUSH_EVERY {
            self.begin_flush();
        }
        if let Some(until) = self.totals.store.paused(now) {
            return Some(until);
        }
        let flush = self.last_flush.plus(FLUSH_EVERY);
        let trouble = self.totals.store.lasts();
        if !trouble {
            self.resume(Now { mono: now, wall });
        } else if !self.tasks.is_empty() {
            // One at a time tries whether the store takes it.
            return Some(flush);
        }
        while let Some(index) = self.agenda.start(now) {
            let slot = &self.slots[index];
            let (shop, feed, state) =
                (Arc::clone(&self.shop), Arc::clone(&slot.feed), slot.state.clone());
            let interval = policy(&shop.plan, &feed).poll.interval;
            let full = health::wants_full(&state.schedule.condition, interval, wall);
            let work = async move { turn::poll(&shop, &feed, &state, full).await };
            let task = self.tasks.spawn(work);
            self.running.insert(task.id(), (index, now));
            if trouble {
                return Some(flush);
            }
        }
        self.agenda.next_start().map(|start| start.min(flush))
    }

    /// Waits until something that runs ends, and takes that in; does not return if nothing runs.
    pub async fn join(&mut self) {
        tokio::select! {
            Some(ended) = self.tasks.join_next_with_id() => self.finish(ended),
            Some(ended) = self.flushing.join_next() => self.end_flush(ended),
            else => std::future::pending().await,
        }
    }

    /// Whether a single pass has polled every feed.
    pub fn is_done(&self) -> bool {
        self.tasks.is_empty() && self.slots.iter().all(|slot| slot.polled)
    }

    /// Polls and writes that run.
    pub fn running(&self) -> usize {
        self.tasks.len() + self.flushing.len()
    }

    /// Feeds that are polled, and how many of them fail at present.
    pub fn health(&self) -> (usize, usize) {
        let failing = self.slots.iter().filter(|slot| slot.state.schedule.errors > 0).count();
        (self.slots.len(), failing)
    }

    /// Whether the store refuses what is found.
    pub fn store_fails(&self) -> bool {
        self.totals.store.lasts()
    }

    /// How many feeds are in which state.
    pub fn states(&self) -> Vec<(Health, usize)> {
        let count = |state: &Health| {
            let is = |slot: &&Slot| slot.state.schedule.condition.health == *state;
            self.slots.iter().filter(is).count()
        };
        Health::ALL.iter().map(|state| (*state, count(state))).collect()
    }

    /// Whether no host at all can be reached.
    pub fn is_offline(&self) -> bool {
        self.net.is_offline()
    }

    /// How the feeds ended, each at its last poll.
    pub fn report(&self) -> PassReport {
        let cut_short = self.slots.iter().any(|slot| !slot.polled);
        let mut report = PassReport { cut_short, ..PassReport::default() };
        for slot in self.slots.iter().filter(|slot| slot.polled) {
            match (slot.state.schedule.last_reason, &slot.state.schedule.last_message) {
                (Some(reason), message) => {
                    let message = message.clone().unwrap_or_default();
                    report.failed.push((slot.feed.id.to_string(), reason, message));
                }
                (None, _) => report.good += 1,
            }
        }
        report
    }

    /// Gives up the polls that run; nothing of theirs counts as seen, and they are due at once.
    pub async fn abort(&mut self) {
        self.tasks.shutdown().await;
        let now = self.shop.clock.now().mono;
        for (_, (index, _)) in self.running.drain() {
            self.agenda.done(index, now);
        }
    }

    fn finish(&mut self, ended: Result<(Id, Result<Good, Bad>), JoinError>) {
        let (id, result) = match ended {
            Ok((id, result)) => (id, result),
            Err(error) => {
                let message = "the poll ended by a fault of wirewatch itself";
                let feed =
                    self.running.get(&error.id()).map(|(index, _)| &self.slots[*index].feed.id);
                Fault { activity: "poll", feed, message: &error.to_string() }.log();
                (error.id(), Err(Bad::Feed(FetchError::new(Reason::Internal, message))))
            }
        };
        let Some((index, started)) = self.running.remove(&id) else { return };
        self.uncommitted.remove(&self.slots[index].state.key);
        let now = self.shop.clock.now();
        let took = now.mono.since(started);
        self.totals.polled(now.wall);
        let ended = match result {
            Ok(good) => self.learn(index, good, took),
            Err(Bad::Feed(error)) => {
                self.totals.poll_failures.add(error.reason);
                self.online(index, Some(error.reason));
                self.heed(&error);
                let message = visible(&error.message).into_owned();
                let FetchError { reason, status, retry_after, .. } = error;
                Ended::Bad { reason, message, status, retry_after }
            }
            Err(Bad::Store(error)) => return self.repeat(index, &error),
        };
        self.schedule(index, ended);
    }

    /// Takes over what a good poll learned.
    fn learn(&mut self, index: usize, good: Good, took: Duration) -> Ended {
        self.online(index, None);
        if good.stored {
            self.store_worked();
        }
        let slot = &mut self.slots[index];
        slot.state.validators = good.state.validators;
        slot.state.body = good.state.body;
        slot.state.wire = good.state.wire;
        slot.state.title = good.state.title;
        let feed = &slot.feed.id;
        if let Some(news) = &good.news {
            if news.first {
                FeedFirstSeen { feed, items: news.items, alerts: news.alerts }.log();
            }
            // One that goes on is counted.
            if news.gap && slot.state.schedule.condition.pace == 0 {
                let since = slot.state.schedule.last_success;
                FeedGap { feed, items: news.items, since }.log();
            }
            Totals::add(&self.totals.items, news.new);
            Totals::add(&self.totals.alerts, news.alerts);
            if news.alerts > 0 {
                self.raised.notify_one();
            }
        }
        let none = News::default();
        let news = good.news.as_ref().unwrap_or(&none);
        PollOk {
            feed,
            status: good.status,
            items: good.news.as_ref().map(|news| news.items),
            new: news.new,
            revised: news.revised,
            alerts: news.alerts,
            body_bytes: good.body_bytes as u64,
            duration_ms: took,
            repairs: &news.repairs,
        }
        .log();
        let shown = good.news.map(|news| Shown {
            wishes: news.wishes,
            hollow: news.hollow,
            repairs: news.repairs,
            items: news.items,
            new: news.new,
            gap: news.gap,
        });
        let Good { asked, moved_to, full, lied, .. } = good;
        Ended::Good(Sound { asked, moved_to, full, lied, shown })
    }

    /// Writes down how a poll ended and when the next one is due, and says what has changed.
    fn schedule(&mut self, index: usize, ended: Ended) {
        let now = self.shop.clock.now();
        let offline = self.net.is_offline();
        let slot = &mut self.slots[index];
        if !slot.dirty {
            self.dirty.push(index);
        }
        let policy = policy(&self.shop.plan, &slot.feed);
        let due = slot.advance(ended, &policy, offline, now);
        let due = if self.pass == Pass::Once { Mono::from_millis(u64::MAX) } else { due };
        self.agenda.done(index, due);
    }

    /// The store did not take what was found: the feed is polled again as soon as it does.
    fn repeat(&mut self, index: usize, error: &StoreError) {
        self.store_failed(error);
        self.uncommitted.insert(self.slots[index].state.key);
        let now = self.shop.clock.now();
        if self.pass == Pass::Once {
            let slot = &mut self.slots[index];
            slot.polled = true;
            slot.state.schedule.last_reason = Some(error.reason());
            slot.state.schedule.last_message = Some(error.to_string());
            self.agenda.done(index, Mono::from_millis(u64::MAX));
        } else {
            self.agenda.done(index, now.mono);
        }
    }
}
