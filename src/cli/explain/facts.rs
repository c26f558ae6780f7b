//! Explanations as JSON.

use serde::Serialize;

use super::subject::Asked;
use crate::model::{FeedId, Level};
use crate::rules::{Barrier, Evidence, Explanation, Miss};

/// An item with what the rules make of it.
#[derive(Serialize)]
pub(super) struct Facts<'a> {
    feed: Option<&'a FeedId>,
    item: ItemFacts<'a>,
    /// The ids of the rules that fire.
    fires: Vec<&'a str>,
    /// The rules of which there is something to say.
    rules: Vec<RuleFacts<'a>>,
    /// The ids of all others.
    nothing_near: Vec<&'a str>,
    /// Whether terms stand in it more often than is looked at.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    hits_left_out: bool,
}

#[derive(Serialize)]
struct ItemFacts<'a> {
    id: &'a str,
    title: &'a str,
    link: Option<&'a str>,
    language: Option<&'a str>,
}

#[derive(Serialize)]
struct RuleFacts<'a> {
    rule: &'a str,
    title: &'a str,
    level: Level,
    fires: bool,
    out_of_scope: Vec<Told<'a, Barrier>>,
    hits: &'a [Evidence],
    misses: Vec<Told<'a, Miss>>,
}

/// A fact, and the same in words.
#[derive(Serialize)]
struct Told<'a, T> {
    message: String,
    #[serde(flatten)]
    fact: &'a T,
}

fn told<T: ToString>(facts: &[T]) -> Vec<Told<'_, T>> {
    facts.iter().map(|fact| Told { message: fact.to_string(), fact }).collect()
}

pub(super) fn facts<'a>(
    asked: &'a Asked,
    explained: &'a [Explanation],
    hits_left_out: bool,
) -> Facts<'a> {
    let (telling, others): (Vec<&Explanation>, Vec<&Explanation>) =
        explained.iter().partition(|told| !told.hits.is_empty() || !told.misses.is_empty());
    let fires = telling.iter().filter(|told| told.fires).map(|told| told.rule.as_str());
    let item = &asked.item;
    Facts {
        feed: asked.feed.as_ref(),
        item: ItemFacts {
            id: &item.id,
            title: &item.title,
            link: item.link.as_deref(),
            language: item.language.as_deref(),
        },
        fires: fires.collect(),
        rules: telling
            .iter()
            .map(|rule| RuleFacts {
                rule: rule.rule.as_str(),
                title: &rule.title,
                level: rule.level,
                fires: rule.fires,
                out_of_scope: told(&rule.out_of_scope),
                hits: &rule.hits,
                misses: told(&rule.misses),
            })
            .collect(),
        nothing_near: others.iter().map(|told| told.rule.as_str()).collect(),
        hits_left_out,
    }
}
