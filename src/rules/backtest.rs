//! What rules would have made of items that came before: what alerts, and how two rule sets differ.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use serde::Serialize;

use super::{RuleSet, Scratch, Subject};
use crate::model::{AlertRule, Excerpt, FeedId, Item, Match, RuleId, Status, Timestamp};

/// A comparison that is being made, item by item.
#[derive(Debug)]
pub struct Backtest<'r> {
    new: &'r RuleSet,
    old: Option<&'r RuleSet>,
    samples: usize,
    scratch: Scratch,
    items: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    alerts: Tally,
    rules: HashMap<RuleId, RuleTally>,
}

/// What came of it. An alert is an item on which at least one rule fires.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replayed {
    /// Items looked at.
    pub items: u64,
    /// When the first and the last of them were first seen.
    pub first: Option<Timestamp>,
    /// See `first`.
    pub last: Option<Timestamp>,
    /// Alerts.
    pub alerts: Counts,
    /// Days in UTC on which items were first seen, in order.
    pub days: Vec<Day>,
    /// Every rule of both sets, in the order of the new one, then those that only the old one has.
    pub rules: Vec<RuleReplayed>,
}

/// What came of one rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleReplayed {
    /// The rule.
    pub id: RuleId,
    /// Whether the old, and the new, set has it.
    pub in_old: bool,
    /// See `in_old`.
    pub in_new: bool,
    /// Its status in the new set, else in the old one; a deprecated rule does not fire.
    pub status: Status,
    /// Items on which it fires.
    pub fires: Counts,
    /// The days on which it fires in either set.
    pub days: Vec<Day>,
    /// Of the items on which only the new rule fires the last ones, latest first.
    pub added: Vec<Sample>,
    /// Of those on which only the old one fires.
    pub lost: Vec<Sample>,
}

/// How many, by the old rules and by the new ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// By the old rules; 0 without any.
    pub old: u64,
    /// By the new rules.
    pub new: u64,
    /// By the new rules only.
    pub added: u64,
    /// By the old rules only.
    pub lost: u64,
}

/// One day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// Such as 2026-11-26, in UTC.
    pub day: String,
    /// Items first seen on it; of a rule's day those on which it fires in either set.
    pub items: u64,
    /// Alerts, or items on which the rule fires.
    #[serde(flatten)]
    pub counts: Counts,
}

/// An item that makes a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// The feed that showed it.
    pub feed: FeedId,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// Its identity within its feed.
    pub item: String,
    /// Its headline, or the beginning of its text if it has none.
    pub title: String,
    /// Its link.
    pub link: Option<String>,
    /// The first hits of the rule.
    pub hits: Vec<Match>,
    /// Rules of the other set that fire on it, so that it is an alert all the same.
    pub still: Vec<RuleId>,
}

impl Sample {
    /// No more hits than this are kept.
    pub const HITS: usize = 3;
}

/// Counts, in all and by day since 1970.
#[derive(Debug, Default)]
struct Tally {
    all: Counts,
    days: BTreeMap<i64, (u64, Counts)>,
}

#[derive(Debug, Default)]
struct RuleTally {
    fires: Tally,
    added: VecDeque<Sample>,
    lost: VecDeque<Sample>,
}

const DAY: i64 = 24 * 60 * 60 * 1000;

impl<'r> Backtest<'r> {
    /// Compares `new` with `old`, or with no rules at all. Of each rule the last `samples` items
    /// that it gains and loses are kept.
    pub fn new(new: &'r RuleSet, old: Option<&'r RuleSet>, samples: usize) -> Self {
        Self {
            new,
            old,
            samples,
            scratch: Scratch::default(),
            items: 0,
            first: None,
            last: None,
            alerts: Tally::default(),
            rules: HashMap::new(),
        }
    }

    /// Looks at one more item; they come in the order in which they were first seen.
    pub fn add(&mut self, item: &Item, feed: &FeedId, feed_tags: &[String], seen: Timestamp) {
        self.items += 1;
        self.first.get_or_insert(seen);
        self.last = Some(seen);
        let subject = Subject { item, feed, feed_tags };
        let new = self.new.matches_with(&subject, &mut self.scratch);
        let old = self.old.map(|rules| rules.matches_with(&subject, &mut self.scratch));
        let old = old.unwrap_or_default();
        self.alerts.add(seen, !old.is_empty(), !new.is_empty());
        let sample = |rule: &AlertRule, others: &[AlertRule]| Sample {
            feed: feed.clone(),
            first_seen: seen,
            item: item.id.clone(),
            title: headline(item),
            link: item.link.clone(),
            hits: rule.matches.iter().take(Sample::HITS).cloned().collect(),
            still: others.iter().map(|rule| rule.id.clone()).collect(),
        };
        for rule in &new {
            let was = old.iter().any(|other| other.id == rule.id);
            let tally = self.rules.entry(rule.id.clone()).or_default();
            tally.fires.add(seen, was, true);
            if !was {
                keep(&mut tally.added, self.samples, || sample(rule, &old));
            }
        }
        for rule in old.iter().filter(|rule| !new.iter().any(|other| other.id == rule.id)) {
            let tally = self.rules.entry(rule.id.clone()).or_default();
            tally.fires.add(seen, true, false);
            keep(&mut tally.lost, self.samples, || sample(rule, &new));
        }
    }

    /// What came of all items so far.
    pub fn finish(mut self) -> Replayed {
        let ids = |rules: &'r RuleSet| rules.rules().map(|rule| &rule.id).collect::<HashSet<_>>();
        let new = ids(self.new);
        let old = self.old.map(ids).unwrap_or_default();
        let gone = self.old.into_iter().flat_map(RuleSet::rules);
        let gone = gone.filter(|rule| !new.contains(&rule.id));
        let rules = self.new.rules().chain(gone).map(|rule| {
            let id = &rule.id;
            let RuleTally { fires, added, lost } = self.rules.remove(id).unwrap_or_default();
            RuleReplayed {
                id: id.clone(),
                in_old: old.contains(id),
                in_new: new.contains(id),
                status: rule.status,
                fires: fires.all,
                days: fires.days(),
                added: added.into_iter().rev().collect(),
                lost: lost.into_iter().rev().collect(),
            }
        });
        let rules = rules.collect();
        Replayed {
            items: self.items,
            first: self.first,
            last: self.last,
            alerts: self.alerts.all,
            days: self.alerts.days(),
            rules,
        }
    }
}

impl Tally {
    fn add(&mut self, seen: Timestamp, old: bool, new: bool) {
        let (items, of_day) = self.days.entry(seen.as_millis().div_euclid(DAY)).or_default();
        *items += 1;
        for counts in [&mut self.all, of_day] {
            counts.old += u64::from(old);
            counts.new += u64::from(new);
            counts.added += u64::from(new && !old);
            counts.lost += u64::from(old && !new);
        }
    }

    fn days(&self) -> Vec<Day> {
        let day = |(day, (items, counts)): (&i64, &(u64, Counts))| {
            let begins = Timestamp::from_millis(day * DAY).to_string();
            let name = begins.split('T').next().unwrap_or_default().to_owned();
            Day { day: name, items: *items, counts: *counts }
        };
        self.days.iter().map(day).collect()
    }
}

fn headline(item: &Item) -> String {
    let text = if item.title.trim().is_empty() { item.text() } else { item.title.as_str().into() };
    Excerpt::around(&text, 0..0)
}

fn keep(samples: &mut VecDeque<Sample>, most: usize, sample: impl FnOnce() -> Sample) {
    if most > 0 {
        if samples.len() == most {
            samples.pop_front();
        }
        samples.push_back(sample());
    }
}

#[cfg(test)]
#[path = "backtest_tests.rs"]
mod tests;
