//! Silences: alerts that are not to be delivered for a while.
//!
//! A silence only ever keeps deliveries back: what it covers is raised and stored all the same, and
//! that it was muted is kept beside it.

use crate::model::{Alert, AlertRule, Problem, Timestamp};
use crate::rules::LoneTerm;

/// A mute with a matcher, an author and an end.
#[derive(Clone, Debug)]
pub struct Silence {
    /// Its number, never given out twice.
    pub id: i64,
    /// Which alerts it covers.
    pub matcher: Matcher,
    /// Who wants it.
    pub author: String,
    /// Why; may be empty.
    pub comment: String,
    /// From when on it is in force.
    pub starts_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Deliveries that it has kept back so far.
    pub muted: u64,
}

/// Which alerts a silence covers: those for which all that is given here holds. Nothing given
/// covers nothing.
///
/// `rule`, `feed` and `tag` are whole names, or the beginnings of names if they end in `*`. An alert
/// that several rules raised is covered only if each of them has that name and that tag: one that
/// nobody silenced is still heard.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    /// The id of the alert's rules.
    pub rule: Option<String>,
    /// The id of its feed.
    pub feed: Option<String>,
    /// A tag of its rules.
    pub tag: Option<String>,
    /// What stands in its headline or its text.
    pub text: Option<Text>,
}

/// A term of the rule language, looked for in an alert's headline and in its text.
#[derive(Clone, Debug)]
pub struct Text {
    written: String,
    /// `None`: this build cannot read the term.
    term: Option<LoneTerm>,
}

impl Text {
    /// Reads a term.
    ///
    /// # Errors
    /// What is wrong with it, as for a rule's; it is taken for the value of `--text`.
    pub fn new(term: &str) -> Result<Self, Problem> {
        let written = term.trim().to_owned();
        LoneTerm::new("--text", &written).map(|term| Self { written, term: Some(term) })
    }

    /// One that was stored. If this build cannot read it, it stands nowhere.
    pub fn stored(written: String) -> Self {
        let term = LoneTerm::new("--text", &written).ok();
        Self { written, term }
    }

    /// The term as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    fn is_in(&self, alert: &Alert) -> bool {
        self.term.as_ref().is_some_and(|term| term.is_in(&alert.item.title, &alert.item.text))
    }
}

impl Silence {
    /// No more silences than this are stored.
    pub const MAX: usize = 1000;
    /// The longest author, and each of the longest parts of a matcher, in bytes.
    pub const MAX_NAME: usize = 256;
    /// The longest comment, in bytes.
    pub const MAX_COMMENT: usize = 2000;

    /// Whether it is in force at `at`.
    pub fn is_active(&self, at: Timestamp) -> bool {
        self.starts_at <= at && at < self.expires_at
    }

    /// Whether `alert` is not to be delivered at `now`: the silence matches it, and is in force, or
    /// was so when the alert was raised.
    pub fn covers(&self, alert: &Alert, now: Timestamp) -> bool {
        (self.is_active(now) || self.is_active(alert.raised_at)) && self.matcher.matches(alert)
    }
}

impl Matcher {
    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        self.rule.is_none() && self.feed.is_none() && self.tag.is_none() && self.text.is_none()
    }

    /// Whether all that is given holds for `alert`.
    pub fn matches(&self, alert: &Alert) -> bool {
        let of_rules = self.rule.is_some() || self.tag.is_some();
        !self.is_empty()
            && self.feed.as_deref().is_none_or(|feed| Self::names(feed, alert.feed.id.as_str()))
            && (!of_rules || self.matches_rules(&alert.rules))
            && self.text.as_ref().is_none_or(|text| text.is_in(alert))
    }

    /// Whether `pattern`, a name or the beginning of one with a `*` after it, stands for `name`.
    pub fn names(pattern: &str, name: &str) -> bool {
        match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => pattern == name,
        }
    }

    fn matches_rules(&self, rules: &[AlertRule]) -> bool {
        let matches = |rule: &AlertRule| {
            self.rule.as_deref().is_none_or(|id| Self::names(id, rule.id.as_str()))
                && self
                    .tag
                    .as_deref()
                    .is_none_or(|tag| rule.tags.iter().any(|own| Self::names(tag, own)))
        };
        !rules.is_empty() && rules.iter().all(matches)
    }
}

/// The first of `silences` that covers `alert` at `now`.
pub fn covering<'s>(silences: &'s [Silence], alert: &Alert, now: Timestamp) -> Option<&'s Silence> {
    silences.iter().find(|silence| silence.covers(alert, now))
}
