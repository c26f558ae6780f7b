//! How a feed is doing, and what is known of its ways.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Reason, Repair, Timestamp};

/// The state of a feed: one word that says whether its news can be trusted to arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It was never polled to an end that tells anything.
    #[default]
    New,
    /// All is well.
    Ok,
    /// It cannot be fetched or read.
    Failing,
    /// Its server keeps us out: HTTP 403, a challenge, a login page.
    Blocked,
    /// Its server says that it is gone for good.
    Gone,
    /// It is fetched from where its server has moved it to; the config should follow.
    Moved,
    /// It brings nothing for much longer than it used to.
    Silent,
    /// Its server answered that nothing was new when something was; it is fetched whole for a
    /// while.
    Stuck,
    /// Most of its items have neither headline nor text, so that no rule can match them.
    Hollow,
}

impl Health {
    /// All states.
    pub const ALL: [Self; 9] = [
        Self::New,
        Self::Ok,
        Self::Failing,
        Self::Blocked,
        Self::Gone,
        Self::Moved,
        Self::Silent,
        Self::Stuck,
        Self::Hollow,
    ];

    /// The word for it, never changed once released.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::Blocked => "blocked",
            Self::Gone => "gone",
            Self::Moved => "moved",
            Self::Silent => "silent",
            Self::Stuck => "stuck",
            Self::Hollow => "hollow",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A feed's step from one state to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthChange {
    /// The state now.
    pub state: Health,
    /// The state until then.
    pub before: Health,
    /// Why, if something fails.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Reason>,
    /// When the state began.
    pub since: Timestamp,
    /// In words; clean.
    pub message: String,
}

/// What a feed's document asks of those who poll it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wishes {
    /// RSS `ttl`: the time between two polls.
    pub ttl: Option<Duration>,
    /// The same by the syndication module's `updatePeriod` and `updateFrequency`.
    pub update_every: Option<Duration>,
    /// RSS `skipHours`: the hours (GMT) in which not to poll, hour 0 in the lowest bit.
    pub skip_hours: u32,
    /// RSS `skipDays`: the days (GMT), Monday in the lowest bit.
    pub skip_days: u8,
}

/// How often a feed brings news: the longest times without any, in this week and the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habit {
    /// When the feed was first polled well.
    pub watched_since: Option<Timestamp>,
    /// When it last brought something new.
    pub last_news: Option<Timestamp>,
    /// How often it has.
    pub times: u32,
    /// When the present week began.
    pub week: Option<Timestamp>,
    /// The longest time between two that brought something, in the present week.
    pub longest: Duration,
    /// The same in the week before.
    pub longest_before: Duration,
}

/// What is remembered of a feed's ways beside its schedule. Like that, it may lose its last
/// seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// Its state.
    pub health: Health,
    /// When that began.
    pub since: Option<Timestamp>,
    /// What its document asks for.
    pub wishes: Wishes,
    /// How often it brings news.
    pub habit: Habit,
    /// How often its interval is halved, because items were missed.
    pub pace: u8,
    /// Answers in a row that brought nothing new.
    pub unchanged: u32,
    /// Polls in a row that were good, and whose document had words.
    pub good: u32,
    /// When it was last fetched whole, past validators and caches, or showed something new.
    pub full_at: Option<Timestamp>,
    /// Until when it is always fetched whole, since its server's word cannot be trusted.
    pub distrusted_until: Option<Timestamp>,
    /// Whether most items of its document have neither headline nor text.
    pub hollow: bool,
    /// What was mended to read its last document.
    pub repairs: Vec<Repair>,
    /// When the first of the present run of HTTP 410 came.
    pub gone_since: Option<Timestamp>,
    /// When the present run of equal permanent redirects began.
    pub moved_since: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_a_word_and_is_stored_by_it() {
        for state in Health::ALL {
            let stored = serde_json::to_string(&state).unwrap();
            assert_eq!(stored, format!("\"{state}\""));
            assert_eq!(serde_json::from_str::<Health>(&stored).unwrap(), state);
        }
    }

    #[test]
    fn a_condition_is_read_back_and_what_is_missing_is_as_new() {
        let condition = Condition {
            health: Health::Silent,
            since: Timestamp::parse("2026-03-01T12:00:00Z"),
            repairs: vec!["bare-ampersand".into()],
            ..Condition::default()
        };
        let stored = serde_json::to_string(&condition).unwrap();
        assert_eq!(serde_json::from_str::<Condition>(&stored).unwrap(), condition);
        assert_eq!(serde_json::from_str::<Condition>("{}").unwrap(), Condition::default());
    }
}
