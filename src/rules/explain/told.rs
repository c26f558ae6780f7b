//! What is said of a rule and an item.

use serde::Serialize;

use crate::model::{Field, Level, Match, RuleId, Status};
use crate::rules::near::Nearness;
use crate::rules::scope::Barrier;

/// What came of a rule on an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The rule's id.
    pub rule: RuleId,
    /// The rule's title.
    pub title: String,
    /// The rule's level.
    pub level: Level,
    /// The rule's status, if it is not stable.
    #[serde(skip_serializing_if = "Status::is_stable")]
    pub status: Status,
    /// Whether it fires.
    pub fires: bool,
    /// Why the rule does not look at the item at all; it does not fire then, whatever it hits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub out_of_scope: Vec<Barrier>,
    /// What it fires on, or would if the item were in its scope; in reading order, at most
    /// [`AlertRule::MAX_MATCHES`](crate::model::AlertRule::MAX_MATCHES).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hits: Vec<Evidence>,
    /// If it has no hits to fire on: what each of its ways to fire came to, the nearest miss first,
    /// at most [`Explanation::MAX_MISSES`]. Empty if nothing comes near.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub misses: Vec<Miss>,
}

impl Explanation {
    /// No more misses than this are told of one rule.
    pub const MAX_MISSES: usize = 8;
}

/// A hit that a rule fires on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The hit.
    #[serde(flatten)]
    pub hit: Match,
    /// The nearest hit of `with`, if the rule asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<Company>,
}

/// A hit of `with` near another hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Company {
    /// The hit of `with`.
    #[serde(flatten)]
    pub hit: Match,
    /// How many words it is away: 1 is the next word, 0 the same.
    pub words: u32,
}

/// Why a way to fire did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Miss {
    /// It would fire but for a hit of `none`.
    Vetoed {
        /// The hit of `none`.
        by: Match,
        /// What it would fire on.
        hit: Match,
    },
    /// All hits lie inside phrases of `except`.
    Excepted {
        /// One of them.
        hit: Match,
        /// The phrase.
        phrase: Match,
    },
    /// No hit has one of `with` near enough.
    Alone {
        /// Of those, the hit whose company is nearest.
        hit: Match,
        /// How many words away it might be; `None`: anywhere in the item.
        within: Option<u32>,
        /// The nearest hit of `with`. `None`: there is none in the item.
        nearest: Option<Company>,
        /// If there is none, what comes near to one.
        near: Option<Near>,
    },
    /// There are hits, but none of `any`, or none of an entry of `all`.
    Missing {
        /// One of the hits.
        hit: Match,
        /// The number of the entry of `all`, from 1; `None`: `any`.
        entry: Option<u32>,
        /// The terms that it lists, the first [`Miss::TERMS`] of them.
        terms: Vec<String>,
        /// What comes near to one of them.
        near: Option<Near>,
    },
    /// It would fire, but on a term in capitals alone, in a field all in capitals.
    Shout {
        /// What it would fire on.
        hit: Match,
    },
    /// It would fire but for the item's language.
    Language {
        /// What it would fire on.
        hit: Match,
        /// The item's language, if it is known; `es or it`, if it is one of those.
        language: Option<String>,
        /// Whether it was found out from the text, not declared.
        detected: bool,
        /// The languages that the rule looks at.
        looks_at: Vec<String>,
    },
    /// The hits are in fields that the rule does not look at.
    Field {
        /// One of them.
        hit: Match,
        /// The fields that it looks at.
        looks_at: Vec<Field>,
    },
    /// No hit, but a place that comes near to one.
    Near {
        /// The place.
        #[serde(flatten)]
        near: Near,
    },
}

impl Miss {
    /// So many terms of an entry are listed.
    pub const TERMS: usize = 5;

    /// In which order misses are told.
    pub(super) fn rank(&self) -> (u8, Option<Nearness>) {
        match self {
            Self::Vetoed { .. } | Self::Language { .. } | Self::Shout { .. } => (0, None),
            Self::Alone { nearest: Some(_), .. } => (1, None),
            Self::Excepted { .. } => (2, None),
            Self::Alone { nearest: None, .. } => (3, None),
            Self::Missing { .. } => (4, None),
            Self::Field { .. } => (5, None),
            Self::Near { near } => (6, Some(near.nearness)),
        }
    }
}

/// A place that comes near to a term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Near {
    /// The term, the place and what stands there.
    #[serde(flatten)]
    pub place: Match,
    /// Why it is no hit.
    pub nearness: Nearness,
    /// The term as it would have to be written to find this, where a sign does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<String>,
}
