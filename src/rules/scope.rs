//! Which feeds a rule looks at.

use glob::{MatchOptions, Pattern};
use serde::Serialize;

use crate::document::{At, Table};

use super::Subject;
use super::explain::Heed;

/// Which feeds a rule looks at: where both are given, both must fit.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// `feeds`: ids, with `*`. Empty: every feed.
    feeds: Vec<Pattern>,
    /// `feed_tags`: the feed has one of these. Empty: every feed.
    tags: Vec<String>,
}

impl Scope {
    /// Reads `feeds` and `feed_tags` of a rule.
    pub(super) fn read(table: &mut Table<'_>) -> Self {
        let mut feeds = Vec::new();
        if let Some(names) = table.get_at::<Vec<At<String>>>("feeds") {
            if names.value.is_empty() {
                let problem = table.document().problem(&names.source, "`feeds` is an empty list");
                table.note(problem.hint("leave it out to look at every feed"));
            }
            for name in &names.value {
                match Pattern::new(&name.value) {
                    Ok(_) if name.value.is_empty() => {
                        let message = "an empty feed id fits no feed";
                        let problem = table.document().problem(&name.source, message);
                        table.note(problem.hint("write an id, or a part of it and `*`: `bbc-*`"));
                    }
                    Ok(pattern) => feeds.push(pattern),
                    Err(error) => {
                        let message = format!("\"{}\" is not a feed id: {error}", name.value);
                        let problem = table.document().problem(&name.source, message);
                        table.note(problem.hint("write an id, or a part of it and `*`: `bbc-*`"));
                    }
                }
            }
        }
        let tags = table.get_at::<Vec<At<String>>>("feed_tags");
        if let Some(tags) = tags.as_ref().filter(|tags| tags.value.is_empty()) {
            let problem = table.document().problem(&tags.source, "`feed_tags` is an empty list");
            table.note(problem.hint("leave it out to look at every feed"));
        }
        let tags = tags.map(|tags| tags.value).unwrap_or_default();
        for tag in tags.iter().filter(|tag| tag.value.is_empty()) {
            let problem = table.document().problem(&tag.source, "an empty tag is no feed's");
            table.note(
                problem.hint("write a tag that the feeds have in the config, or leave it out"),
            );
        }
        Self { feeds, tags: tags.into_iter().map(|tag| tag.value).collect() }
    }

    /// Whether the rule looks at the feed of `subject`.
    pub(super) fn holds(&self, subject: &Subject<'_>) -> bool {
        let id = subject.feed.as_str();
        let options = MatchOptions::default();
        (self.feeds.is_empty() || self.feeds.iter().any(|feed| feed.matches_with(id, options)))
            && (self.tags.is_empty() || self.tags.iter().any(|tag| subject.feed_tags.contains(tag)))
    }

    /// Why the rule does not look at `subject`; empty if it does.
    pub(super) fn barriers(&self, subject: &Subject<'_>, heed: Heed) -> Vec<Barrier> {
        let mut barriers = Vec::new();
        if heed == Heed::Feed {
            let id = subject.feed.as_str();
            if !self.feeds.is_empty() && !self.feeds.iter().any(|feed| feed.matches(id)) {
                let looks_at = self.feeds.iter().map(|feed| feed.as_str().to_owned()).collect();
                barriers.push(Barrier::Feed { feed: id.to_owned(), looks_at });
            }
            let tags = subject.feed_tags;
            if !self.tags.is_empty() && !self.tags.iter().any(|tag| tags.contains(tag)) {
                let looks_at = self.tags.clone();
                barriers.push(Barrier::FeedTag { tags: tags.to_vec(), looks_at });
            }
        }
        barriers
    }
}

/// Why a rule does not look at an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Barrier {
    /// `feeds` names others.
    Feed {
        /// The item's feed.
        feed: String,
        /// Those that the rule names.
        looks_at: Vec<String>,
    },
    /// It is deprecated.
    Deprecated,
    /// The feed has none of `feed_tags`.
    FeedTag {
        /// The tags that it has.
        tags: Vec<String>,
        /// Those that the rule names.
        looks_at: Vec<String>,
    },
}
