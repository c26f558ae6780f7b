//! What the user is told. The serde form of [`Alert`] is `docs/alert.schema.json`.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{
    AlertId, FeedId, Field, Health, HealthChange, Item, RuleId, SinkName, Status, Timestamp,
};

/// How much a match matters; the words are Sigma's.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth keeping, not worth a look.
    Informational,
    /// For a quiet hour.
    Low,
    /// The default.
    #[default]
    Medium,
    /// Soon.
    High,
    /// Now.
    Critical,
}

impl Level {
    /// All levels, lowest first.
    pub const ALL: [Self; 5] =
        [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name used in rules, config and alerts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == name)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One item with all the rules that it matched. Once made it never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Version of this form; see [`Alert::SCHEMA`].
    pub schema: u32,
    /// Stable: the same item of the same feed raises the same id.
    pub id: AlertId,
    /// When the item was matched.
    pub raised_at: Timestamp,
    /// The highest level of the rules.
    pub level: Level,
    /// The rules that matched, in the order of the rule files; at least one, but for an alert about
    /// a feed's health, which has none.
    pub rules: Vec<AlertRule>,
    /// Where the item was seen.
    pub feed: AlertFeed,
    /// The item. Of an alert about a feed's health: its headline and text in our own words.
    pub item: AlertItem,
    /// What has become of the feed, if the alert is about that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub health: Option<HealthChange>,
}

/// A rule that matched, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRule {
    /// The rule's id.
    pub id: RuleId,
    /// The rule's title.
    pub title: String,
    /// The rule's level.
    pub level: Level,
    /// The rule's status; left out of the JSON if it is stable.
    #[serde(skip_serializing_if = "Status::is_stable", default)]
    pub status: Status,
    /// The rule's tags.
    pub tags: Vec<String>,
    /// The hits, in reading order; at least one, at most [`AlertRule::MAX_MATCHES`].
    pub matches: Vec<Match>,
}

/// A term found in a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The term as the rule file writes it.
    pub term: String,
    /// Where it was found.
    pub field: Field,
    /// What stood there.
    pub text: String,
    /// Byte offset in the field's plain text where `text` begins.
    pub start: usize,
    /// Byte offset just past `text`.
    pub end: usize,
}

/// The feed that an alert's item came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertFeed {
    /// The feed's id.
    pub id: FeedId,
    /// The config's title, else the document's, else the id.
    pub title: String,
    /// Without userinfo.
    pub url: String,
}

/// The item that raised an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertItem {
    /// The item's identity within its feed.
    pub id: String,
    /// The headline, whole.
    pub title: String,
    /// Absolute, http or https.
    pub link: Option<String>,
    /// Names.
    pub authors: Vec<String>,
    /// When the publisher says it came out.
    pub published: Option<Timestamp>,
    /// When the publisher says it last changed.
    pub updated: Option<Timestamp>,
    /// When wirewatch first saw it.
    pub first_seen: Timestamp,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// Plain text around the first match outside the title, else the beginning of the text; see
    /// [`Excerpt`].
    pub text: String,
}

/// Another feed that showed what an alert tells: an item with a link to the same page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertSource {
    /// The feed.
    pub feed: FeedId,
    /// The item's identity within that feed.
    pub item: String,
    /// When wirewatch first saw it there.
    pub seen_at: Timestamp,
}

/// Another headline that an item was given later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// When wirewatch first saw it.
    pub seen_at: Timestamp,
    /// The headline, whole.
    pub title: String,
}

/// A sink that did not get an alert because of a silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertMuted {
    /// The sink.
    pub sink: SinkName,
    /// The silence's number.
    pub silence: i64,
    /// When the delivery was found to be covered.
    pub at: Timestamp,
}

/// What became known of an alert after it was raised. The alert itself never changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequel {
    /// The other feeds, in the order in which they showed it; none twice.
    pub sources: Vec<AlertSource>,
    /// The later headlines, oldest first.
    pub revisions: Vec<Revision>,
    /// The sinks that did not get it because of a silence, by name.
    pub muted: Vec<AlertMuted>,
}

impl Alert {
    /// The version of the JSON form written by this build. Fields may be added within a version;
    /// none is removed or changes its meaning.
    pub const SCHEMA: u32 = 1;

    /// The alert that `item`, first seen at `now`, raises with `rules` (not empty).
    pub fn raise(feed: AlertFeed, item: &Item, rules: Vec<AlertRule>, now: Timestamp) -> Self {
        let first = rules
            .iter()
            .flat_map(|rule| &rule.matches)
            .filter(|hit| hit.field != Field::Title)
            .min_by_key(|hit| (hit.field, hit.start));
        let text = match first {
            Some(hit) => Excerpt::around(item.field(hit.field), hit.start..hit.end),
            None => Excerpt::around(&item.text(), 0..0),
        };
        Self {
            schema: Self::SCHEMA,
            id: AlertId::of(&feed.id, &item.id),
            raised_at: now,
            level: rules.iter().map(|rule| rule.level).max().unwrap_or_default(),
            rules,
            feed,
            item: AlertItem {
                id: item.id.clone(),
                title: item.title.clone(),
                link: item.link.clone(),
                authors: item.authors.clone(),
                published: item.published,
                updated: item.updated,
                first_seen: now,
                language: item.language.clone(),
                text,
            },
            health: None,
        }
    }

    /// The alert that tells of a feed's health.
    pub fn of_health(feed: AlertFeed, change: HealthChange) -> Self {
        let HealthChange { state, reason, since, .. } = change;
        let id = format!("health:{state}:{}", since.as_millis());
        let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        Self {
            schema: Self::SCHEMA,
            id: AlertId::of(&feed.id, &id),
            raised_at: since,
            level: match state {
                Health::Ok | Health::New => Level::Informational,
                Health::Moved | Health::Silent | Health::Hollow => Level::Low,
                Health::Failing | Health::Blocked | Health::Stuck => Level::Medium,
                Health::Gone => Level::High,
            },
            rules: Vec::new(),
            item: AlertItem {
                id,
                title: format!("{}: {state}{reason}", feed.title),
                link: None,
                authors: Vec::new(),
                published: None,
                updated: None,
                first_seen: since,
                language: None,
                text: change.message.clone(),
            },
            feed,
            health: Some(change),
        }
    }
}

impl AlertRule {
    /// No more hits than this are kept for one rule in one alert.
    pub const MAX_MATCHES: usize = 20;
}

/// Cuts a text to what fits an alert.
#[derive(Debug)]
pub struct Excerpt;

impl Excerpt {
    /// The longest excerpt, in characters, ellipses not counted.
    pub const CHARS: usize = 600;
    /// How much of that may stand before the match.
    const BEFORE: usize = 200;

    /// At most [`Excerpt::CHARS`] characters of `text` around `hit` (byte offsets), with `…` where
    /// something was cut off.
    pub fn around(text: &str, hit: Range<usize>) -> String {
        let before = text.get(..hit.start).unwrap_or_default();
        let lead: usize =
            before.chars().rev().take(Self::BEFORE).map(char::len_utf8).sum::<usize>();
        let total = text.chars().count();
        let mut start = before.len() - lead;
        if total <= Self::CHARS {
            start = 0;
        }
        let rest = &text[start..];
        let end = rest.char_indices().nth(Self::CHARS).map_or(rest.len(), |(at, _)| at);
        let mut cut = String::with_capacity(end + 6);
        if start > 0 {
            cut.push('…');
        }
        cut.push_str(&rest[..end]);
        if end < rest.len() {
            cut.push('…');
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_holds_the_match_and_no_more_than_it_may() {
        let text = format!("{}Харків{}", "б".repeat(1000), "в".repeat(1000));
        let at = text.find("Харків").unwrap();
        let cut = Excerpt::around(&text, at..at + "Харків".len());
        assert!(cut.contains("Харків"), "{cut}");
        assert!(cut.starts_with("…б") && cut.ends_with("в…"));
        assert_eq!(cut.chars().count(), Excerpt::CHARS + 2);
        assert_eq!(Excerpt::around("short", 2..3), "short");
        assert_eq!(Excerpt::around("", 0..0), "");
    }

    #[test]
    fn levels_are_ordered_and_named() {
        assert!(Level::Critical > Level::High && Level::Low > Level::Informational);
        assert!(Level::ALL.into_iter().all(|level| Level::named(level.as_str()) == Some(level)));
        assert_eq!(Level::named("urgent"), None);
    }
}
