//! What templates see of a batch: its alerts with texts that are clean and of bounded length.

mod clean;
mod sample;

use serde::Serialize;

use self::clean::excerpt;
pub(super) use self::clean::{clean, link};
pub(super) use self::sample::{Sample, samples};
use crate::model::{Alert, AlertRule, Batch, HealthChange, Level, Match, Timestamp};

/// How long texts may be, in characters, and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// A headline.
    pub title: usize,
    /// An excerpt.
    pub text: usize,
    /// Terms, and hits of a rule.
    pub terms: usize,
    /// Rules.
    pub rules: usize,
    /// A longer link is left out: cut, it would lead elsewhere.
    pub link: usize,
    /// A feed's, rule's or author's name, and other short texts.
    pub name: usize,
}

/// The link of `alert` in the spelling that templates see, if it has one that is not too long.
pub(super) fn harmless_link(alert: &Alert) -> Option<String> {
    alert.item.link.as_deref().and_then(|text| link(text, BOUNDS[0].link))
}

/// From the widest to the narrowest: each is tried if a message is too long by the one before.
pub(super) const BOUNDS: [Bounds; 6] = [
    Bounds { title: 300, text: 600, terms: 20, rules: 10, link: 2000, name: 100 },
    Bounds { title: 300, text: 300, terms: 10, rules: 5, link: 1000, name: 80 },
    Bounds { title: 200, text: 120, terms: 5, rules: 3, link: 500, name: 60 },
    Bounds { title: 150, text: 0, terms: 3, rules: 2, link: 300, name: 40 },
    Bounds { title: 100, text: 0, terms: 2, rules: 1, link: 150, name: 30 },
    Bounds { title: 60, text: 0, terms: 1, rules: 1, link: 0, name: 20 },
];

/// A message, as templates see it. All texts are on one line, without control characters,
/// bidirectional controls and invisible characters.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Message {
    /// `single`, `group`, `digest` or `catch_up`.
    pub form: &'static str,
    /// How many alerts there are.
    pub count: usize,
    /// What the message is known by: the same when it is sent again.
    pub key: String,
    /// The highest level among them.
    pub level: Level,
    /// The first alert.
    pub alert: Entry,
    /// All of them, but for the last `more`.
    pub alerts: Vec<Entry>,
    /// How many are not among `alerts` for want of room.
    pub more: usize,
}

/// An alert, with the fields of `docs/alert.schema.json` and some that are handy.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// The alert's id.
    pub id: String,
    /// When it was raised, RFC 3339.
    pub raised_at: Timestamp,
    /// The same for people: `2026-11-23 22:14 UTC`.
    pub time: String,
    /// The alert's level.
    pub level: Level,
    /// The headline, or `(no headline)`.
    pub title: String,
    /// The text around the first match; may be empty.
    pub text: String,
    /// Where the item leads; empty if it leads nowhere.
    pub link: String,
    /// The terms that matched, each once.
    pub terms: Vec<String>,
    /// The rules that matched.
    pub rules: Vec<Rule>,
    /// The feed.
    pub feed: Feed,
    /// The item.
    pub item: Item,
    /// What has become of the feed, if the alert tells of that.
    pub health: Option<Health>,
}

/// A rule that matched.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Rule {
    id: String,
    title: String,
    level: Level,
    status: &'static str,
    tags: Vec<String>,
    matches: Vec<Hit>,
}

/// A term that was found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Hit {
    term: String,
    field: &'static str,
    text: String,
}

/// The feed of an alert.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Feed {
    id: String,
    title: String,
    url: String,
}

/// The item of an alert; `title`, `link` and `text` as in [`Entry`].
#[derive(Clone, Debug, Serialize)]
pub(super) struct Item {
    id: String,
    title: String,
    link: String,
    authors: Vec<String>,
    published: Option<Timestamp>,
    updated: Option<Timestamp>,
    first_seen: Timestamp,
    language: String,
    text: String,
}

/// What has become of a feed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Health {
    state: &'static str,
    before: &'static str,
    reason: String,
    since: Timestamp,
    message: String,
}

impl Message {
    /// The first `shown` alerts of `batch`, which is not empty, at least one, within `bounds`.
    pub fn of(batch: &Batch, bounds: Bounds, shown: usize) -> Option<Self> {
        let alerts: Vec<Entry> = batch
            .deliveries
            .iter()
            .take(shown.max(1))
            .map(|delivery| Entry::of(&delivery.alert, bounds))
            .collect();
        let level = batch.deliveries.iter().map(|delivery| delivery.alert.level).max();
        Some(Self {
            form: batch.form.as_str(),
            count: batch.len(),
            key: batch.key.as_str().to_owned(),
            level: level?,
            alert: alerts.first()?.clone(),
            more: batch.len() - alerts.len(),
            alerts,
        })
    }
}

impl Entry {
    /// The feed's title.
    pub fn feed_title(&self) -> &str {
        &self.feed.title
    }

    /// `alert` within `bounds`.
    pub fn of(alert: &Alert, bounds: Bounds) -> Self {
        let item = &alert.item;
        let name = |text: &str| clean(text, bounds.name);
        let title = clean(&item.title, bounds.title);
        let title = if title.is_empty() { "(no headline)".to_owned() } else { title };
        let link = item.link.as_deref().and_then(|text| link(text, bounds.link));
        let link = link.unwrap_or_default();
        let hits = alert.rules.iter().flat_map(|rule| &rule.matches).map(|hit| hit.text.as_str());
        let text = excerpt(&item.text, hits, bounds.text);
        Self {
            id: name(alert.id.as_str()),
            raised_at: alert.raised_at,
            time: for_people(alert.raised_at),
            level: alert.level,
            terms: terms(&alert.rules, bounds),
            rules: alert.rules.iter().take(bounds.rules).map(|r| Rule::of(r, bounds)).collect(),
            feed: Feed {
                id: name(alert.feed.id.as_str()),
                title: name(&alert.feed.title),
                url: clean::link(&alert.feed.url, bounds.link).unwrap_or_default(),
            },
            health: alert.health.as_ref().map(|change| Health::of(change, bounds)),
            item: Item {
                id: clean(&item.id, bounds.name * 2),
                title: title.clone(),
                link: link.clone(),
                authors: item.authors.iter().take(bounds.terms).map(|a| name(a)).collect(),
                published: item.published,
                updated: item.updated,
                first_seen: item.first_seen,
                language: name(item.language.as_deref().unwrap_or_default()),
                text: text.clone(),
            },
            title,
            text,
            link,
        }
    }
}

impl Rule {
    fn of(rule: &AlertRule, bounds: Bounds) -> Self {
        let hit = |hit: &Match| Hit {
            term: clean(&hit.term, bounds.name),
            field: hit.field.as_str(),
            text: clean(&hit.text, bounds.name),
        };
        Self {
            id: clean(rule.id.as_str(), bounds.name),
            title: clean(&rule.title, bounds.name),
            level: rule.level,
            status: rule.status.as_str(),
            tags: rule.tags.iter().take(bounds.terms).map(|t| clean(t, bounds.name)).collect(),
            matches: rule.matches.iter().take(bounds.terms).map(hit).collect(),
        }
    }
}

impl Health {
    fn of(change: &HealthChange, bounds: Bounds) -> Self {
        Self {
            state: change.state.as_str(),
            before: change.before.as_str(),
            reason: change.reason.map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
            since: change.since,
            message: clean(&change.message, bounds.title),
        }
    }
}

fn terms(rules: &[AlertRule], bounds: Bounds) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    for hit in rules.iter().flat_map(|rule| &rule.matches) {
        let term = clean(&hit.term, bounds.name);
        if terms.len() < bounds.terms && !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}

/// `2026-11-23 22:14 UTC`.
fn for_people(time: Timestamp) -> String {
    let text = time.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text,
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
