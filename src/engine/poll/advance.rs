//! What the end of a poll means for the feed's next one, and what is worth saying of it. Pure.

use std::time::Duration;

use url::Url;

use crate::health::{self, Facts};
use crate::model::{
    Condition, FeedId, Health, HealthChange, Reason, Repair, Schedule, Timestamp, Wishes,
};
use crate::schedule::{Asked, Ending, Next, PACE_MAX, PollPolicy, next};

/// The part of the config that decides over a feed's state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub poll: PollPolicy,
    pub moved: Confirmation,
    pub gone: Confirmation,
    /// How many feeds there are.
    pub feeds: usize,
}

/// What it takes to believe a server that says the same again and again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confirmation {
    /// So many times in a row.
    pub times: u32,
    /// From the first to the last.
    pub over: Duration,
}

impl Confirmation {
    fn is_reached(&self, times: u32, since: Option<Timestamp>, now: Timestamp) -> bool {
        times >= self.times && now.since(since.unwrap_or(now)) >= self.over
    }
}

/// How a poll ended.
#[derive(Clone, Debug)]
pub(super) enum Ended {
    Good(Sound),
    Bad { reason: Reason, message: String, status: Option<u16>, retry_after: Option<Duration> },
}

/// A poll that ended well.
#[derive(Clone, Debug, Default)]
pub(super) struct Sound {
    /// How long the server asks to be left alone.
    pub asked: Option<Asked>,
    /// Where it permanently redirects to.
    pub moved_to: Option<Url>,
    /// Whether it was asked for whole, past validators and caches, so that nobody could say
    /// "unchanged".
    pub full: bool,
    /// Whether somebody on the way said so right after, although it is not so.
    pub lied: bool,
    /// What the document showed; `None`: it was the same as before.
    pub shown: Option<Shown>,
}

/// What a document showed that was not the same as before.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub wishes: Wishes,
    /// Whether most of its items have neither headline nor text.
    pub hollow: bool,
    pub repairs: Vec<Repair>,
    /// Items in it, and how many of them are new.
    pub items: usize,
    pub new: usize,
    /// Whether items were missed between the last document and this one.
    pub gap: bool,
}

/// What follows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Advance {
    /// The schedule, but for `next_poll`.
    pub schedule: Schedule,
    pub next: Next,
    pub notices: Vec<Notice>,
}

/// Something that changed, and so is worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// Polls begin to fail, or fail for another reason than before.
    Failing,
    /// They had failed that many times.
    Recovered(u32),
    /// The feed has moved for good.
    Moved(String),
    /// Where it had moved to there is nothing any more: back to the URL of the config.
    MoveUndone,
    /// Its server has confirmed that it is gone.
    Gone,
    /// Its state is another one.
    Health(HealthChange),
}

/// Where a feed stands when a poll of it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    pub feed: &'a FeedId,
    pub policy: &'a Policy,
    /// Where it is fetched, if its server has moved it.
    pub moved_to: Option<&'a str>,
    /// Whether no host can be reached, so that a failure says nothing of the feed.
    pub offline: bool,
    pub now: Timestamp,
}

/// For how long a server is distrusted whose answers were found to be wrong.
const DISTRUST: Duration = Duration::from_secs(7 * 86_400);

/// Decides.
pub(super) fn advance(old: &Schedule, ended: Ended, at: Standing<'_>) -> Advance {
    let mut next = match ended {
        Ended::Good(sound) => good(old, sound, at),
        Ended::Bad { reason, message, status, retry_after } => {
            bad(old, (reason, message), status, retry_after, at)
        }
    };
    let unreachable = at.offline && next.schedule.last_reason.is_some_and(Reason::is_network);
    if !unreachable && let Some(change) = change(&mut next, at) {
        next.notices.push(Notice::Health(change));
    }
    next
}

/// Brings the state up to date; answers the change, if it is one to tell.
fn change(next: &mut Advance, at: Standing<'_>) -> Option<HealthChange> {
    let moved = next.notices.iter().fold(at.moved_to.is_some(), |moved, notice| match notice {
        Notice::Moved(_) => true,
        Notice::MoveUndone => false,
        _ => moved,
    });
    let (schedule, interval) = (&next.schedule, at.policy.poll.interval);
    let Condition { health: before, habit, distrusted_until, gone_since, .. } = schedule.condition;
    let quiet = health::quiet_for(&habit, at.now);
    let facts = Facts {
        gone: at.policy.gone.is_reached(schedule.gone, gone_since, at.now),
        moved,
        distrusted: distrusted_until.is_some_and(|until| at.now < until),
        silent: health::usual(&habit, interval, at.now).is_some_and(|usual| quiet > 2 * usual),
    };
    let (state, reason) = health::judge(schedule, facts);
    if state == before {
        return None;
    }
    let message = match state {
        Health::Failing | Health::Blocked | Health::Gone => {
            schedule.last_message.clone().unwrap_or_default()
        }
        Health::Silent => format!("nothing new for {} hours", quiet.as_secs() / 3600),
        Health::Stuck => {
            "its server said \"unchanged\" when there was news; it is fetched whole now".to_owned()
        }
        Health::Hollow => "most items have neither headline nor text".to_owned(),
        Health::Moved => {
            let told = next.notices.iter().find_map(|notice| match notice {
                Notice::Moved(to) => Some(to.as_str()),
                _ => None,
            });
            let to = told.or(at.moved_to).unwrap_or_default();
            format!("it is fetched from {to} now; the config should follow")
        }
        Health::Ok | Health::New => String::new(),
    };
    let condition = &mut next.schedule.condition;
    (condition.health, condition.since) = (state, Some(at.now));
    // That a feed is well from the start is what one expects.
    let told = (before, state) != (Health::New, Health::Ok);
    told.then_some(HealthChange { state, before, reason, since: at.now, message })
}

fn bad(
    old: &Schedule,
    (reason, message): (Reason, String),
    status: Option<u16>,
    asked: Option<Duration>,
    at: Standing<'_>,
) -> Advance {
    let Standing { feed, policy, now, .. } = at;
    let unreachable = at.offline && reason.is_network();
    // Nobody is to blame for what cannot be reached from here; so it makes no wait longer, either.
    let errors = if unreachable { old.errors.max(1) } else { old.errors.saturating_add(1) };
    let gone = if status == Some(410) { old.gone.saturating_add(1) } else { 0 };
    let before = &old.condition;
    let gone_since = (gone > 0).then(|| before.gone_since.unwrap_or(now));
    let confirmed = policy.gone.is_reached(gone, gone_since, now);
    let mut notices = Vec::new();
    if old.errors == 0 || old.last_reason != Some(reason) {
        notices.push(Notice::Failing);
    }
    if confirmed && before.health != Health::Gone {
        notices.push(Notice::Gone);
    }
    if errors >= policy.moved.times && at.moved_to.is_some() && !at.offline {
        notices.push(Notice::MoveUndone);
    }
    let ending = if confirmed {
        Ending::Gone
    } else if unreachable {
        Ending::Offline { feeds: policy.feeds }
    } else {
        Ending::Failed { errors, asked }
    };
    Advance {
        schedule: Schedule {
            last_poll: Some(now),
            errors,
            last_reason: Some(reason),
            last_message: Some(message),
            moved: None,
            gone,
            condition: Condition { gone_since, moved_since: None, good: 0, ..before.clone() },
            ..old.clone()
        },
        next: next(&policy.poll, feed, ending, now),
        notices,
    }
}

fn good(old: &Schedule, sound: Sound, at: Standing<'_>) -> Advance {
    let Standing { feed, policy, now, .. } = at;
    let Sound { asked, moved_to, full, lied, shown } = sound;
    let mut notices = Vec::new();
    if old.errors > 0 {
        notices.push(Notice::Recovered(old.errors));
    }
    let mut condition = learned(&old.condition, full, shown, now);
    if lied {
        condition.distrusted_until = Some(now.plus(DISTRUST));
    }
    let mut moved = moved_to.map(|to| match &old.moved {
        Some((before, times)) if *before == to.as_str() => (before.clone(), times + 1),
        _ => (to.into(), 1),
    });
    condition.moved_since = moved.as_ref().and_then(|(_, times)| match times {
        1 => Some(now),
        _ => old.condition.moved_since.or(Some(now)),
    });
    let since = condition.moved_since;
    if let Some((to, _)) = moved.take_if(|(_, times)| policy.moved.is_reached(*times, since, now)) {
        notices.push(Notice::Moved(to));
    }
    let ending = Ending::Good { asked, wishes: condition.wishes, pace: condition.pace };
    Advance {
        schedule: Schedule {
            last_poll: Some(now),
            last_success: Some(now),
            errors: 0,
            last_reason: None,
            last_message: None,
            moved,
            gone: 0,
            condition,
            ..old.clone()
        },
        next: next(&policy.poll, feed, ending, now),
        notices,
    }
}

/// What is known of a feed's ways after a good poll.
fn learned(old: &Condition, full: bool, shown: Option<Shown>, now: Timestamp) -> Condition {
    let news = shown.as_ref().is_some_and(|shown| shown.new > 0);
    let mut condition = Condition {
        habit: health::saw_news(&old.habit, news, now),
        gone_since: None,
        good: old.good.saturating_add(1),
        ..old.clone()
    };
    // A new document in answer to validators proves as much as one without.
    if full || shown.is_some() || old.full_at.is_none() {
        condition.full_at = Some(now);
    }
    let Some(shown) = shown else {
        condition.unchanged = old.unchanged.saturating_add(1);
        condition.pace = old.pace.saturating_sub(1);
        return condition;
    };
    condition.unchanged = 0;
    condition.wishes = shown.wishes;
    condition.repairs = shown.repairs;
    if shown.items > 0 {
        condition.hollow = shown.hollow;
    }
    if condition.hollow {
        condition.good = 0;
    }
    if shown.gap {
        condition.pace = (old.pace + 1).min(PACE_MAX);
    } else if shown.new * 4 <= shown.items {
        // Twice as many new ones, as twice the wait would bring, still leave half of the document.
        condition.pace = old.pace.saturating_sub(1);
    }
    condition
}

#[cfg(test)]
mod tests;
