//! A feed in the poll engine: what is configured, what is known, and what is yet to be written.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::advance::{Confirmation, Ended, Notice, Policy, Standing, advance};
use crate::config::PollSection;
use crate::engine::plan::Plan;
use crate::model::{Alert, AlertFeed, Feed, FeedState, HealthChange, Mono, Now, host_port};
use crate::observe::events::{FeedGone, FeedHealth, FeedMoved, FeedRecovered, PollFailed};
use crate::schedule::PollPolicy;
use crate::store::{Raised, Update};

pub(super) struct Slot {
    pub feed: Arc<Feed>,
    pub state: FeedState,
    /// Whether the schedule has changed since it was written.
    pub dirty: bool,
    /// Whether it was polled since the start.
    pub polled: bool,
    /// A move to be stored, or to be undone.
    pub moved: Option<Option<String>>,
    /// Changes of state that sinks have not been told.
    pub untold: Vec<HealthChange>,
}

/// What is to be written of a feed.
pub(super) struct Unwritten {
    pub update: Update,
    pub moved: Option<Option<String>>,
    untold: Vec<HealthChange>,
}

/// More changes of state than this are not kept while the store takes nothing; the first go.
const MAX_UNTOLD: usize = 16;

impl Slot {
    /// What is to be written, which then counts as written.
    pub(super) fn unwritten(&mut self, plan: &Plan) -> Unwritten {
        self.dirty = false;
        let untold = std::mem::take(&mut self.untold);
        let source = source(&self.feed, self.state.title.as_deref());
        let alerts = untold.iter().filter_map(|change| {
            let alert = Alert::of_health(source.clone(), change.clone());
            let sinks = plan.sinks_for(&alert);
            (!sinks.is_empty()).then_some(Raised { alert, sinks, page: None })
        });
        let alerts = alerts.collect();
        Unwritten {
            update: Update { feed: self.state.key, schedule: self.state.schedule.clone(), alerts },
            moved: self.moved.take(),
            untold,
        }
    }

    /// What could not be written is to be written yet.
    pub(super) fn take_back(&mut self, row: Unwritten) {
        self.dirty = true;
        self.moved = self.moved.take().or(row.moved);
        self.untold.splice(0..0, row.untold);
        let over = self.untold.len().saturating_sub(MAX_UNTOLD);
        self.untold.drain(..over);
    }

    pub(super) fn new(feed: Arc<Feed>, state: FeedState) -> Self {
        Self { feed, state, dirty: false, polled: false, moved: None, untold: Vec::new() }
    }

    /// `host:port` of where it is asked first, by which politeness is counted.
    pub(super) fn host(&self) -> String {
        let moved = self.state.moved_to.as_deref().and_then(|to| Url::parse(to).ok());
        moved.map_or_else(|| self.feed.host(), |url| host_port(&url))
    }

    /// Takes in how a poll ended, and says what has changed. Answers when the next one is due.
    pub(super) fn advance(
        &mut self,
        ended: Ended,
        policy: &Policy,
        offline: bool,
        now: Now,
    ) -> Mono {
        let at = Standing {
            feed: &self.feed.id,
            policy,
            moved_to: self.state.moved_to.as_deref(),
            offline,
            now: now.wall,
        };
        let next = advance(&self.state.schedule, ended, at);
        let due = now.mono.plus(next.next.wait);
        self.state.schedule = next.schedule;
        self.state.schedule.next_poll = Some(now.wall_at(due));
        self.dirty = true;
        self.polled = true;
        for notice in next.notices {
            self.take_note(notice, now, due);
        }
        due
    }

    fn take_note(&mut self, notice: Notice, now: Now, due: Mono) {
        let feed = &self.feed.id;
        let schedule = &self.state.schedule;
        match notice {
            Notice::Failing => {
                if let Some(reason) = schedule.last_reason {
                    let message = schedule.last_message.as_deref().unwrap_or_default();
                    let (errors, retry_at) = (schedule.errors, now.wall_at(due));
                    PollFailed { feed, reason, message, errors, retry_at }.log();
                }
            }
            Notice::Recovered(errors) => FeedRecovered { feed, errors }.log(),
            Notice::Moved(to) => {
                FeedMoved { feed, to: &to }.log();
                self.state.moved_to = Some(to.clone());
                self.moved = Some(Some(to));
            }
            Notice::MoveUndone => {
                if self.state.moved_to.take().is_some() {
                    self.moved = Some(None);
                }
            }
            Notice::Gone => FeedGone { feed, errors: schedule.gone }.log(),
            Notice::Health(change) => {
                let HealthChange { state, before, reason, ref message, .. } = change;
                FeedHealth { feed, state, before, reason, message }.log();
                self.untold.push(change);
                let over = self.untold.len().saturating_sub(MAX_UNTOLD);
                self.untold.drain(..over);
            }
        }
    }
}

/// How alerts name `feed`, whose document calls itself `own_title`.
pub(super) fn source(feed: &Feed, own_title: Option<&str>) -> AlertFeed {
    let title = feed.title.as_deref().or(own_title);
    AlertFeed {
        id: feed.id.clone(),
        title: title.unwrap_or(feed.id.as_str()).to_owned(),
        url: feed.url.to_string(),
    }
}

/// What `plan` says of when to poll `feed`.
pub(super) fn policy(plan: &Plan, feed: &Feed) -> Policy {
    let poll = &plan.poll;
    Policy {
        poll: poll_policy(poll, feed.interval),
        moved: confirmation(poll.permanent_redirect_after, PollSection::MOVED_TIMES),
        gone: confirmation(poll.gone_after, PollSection::GONE_TIMES),
        feeds: plan.feeds.len(),
    }
}

/// What `[poll]` says of when to poll a feed with an interval of its `own`, or without one.
pub fn poll_policy(poll: &PollSection, own: Option<Duration>) -> PollPolicy {
    let interval = own.unwrap_or_else(|| poll.interval.max(poll.min_interval));
    PollPolicy {
        interval,
        min_interval: poll.min_interval.min(interval),
        max_interval: poll.max_interval.max(interval),
        backoff_max: poll.backoff_max,
        wishes_max: poll.wishes_max,
    }
}

/// A count from the config holds alone; without one the usual count must take a day or more.
fn confirmation(times: Option<u32>, usual: u32) -> Confirmation {
    match times {
        Some(times) => Confirmation { times, over: Duration::ZERO },
        None => Confirmation { times: usual, over: Duration::from_secs(86_400) },
    }
}
