//! Explanations in words: one clause each, in which texts of the item stand as they are, so whoever
//! shows it makes it safe.

use std::fmt;

use super::{Company, Miss, Near};
use crate::model::{Field, Match};
use crate::rules::near::Nearness;
use crate::rules::scope::Barrier;

/// A hit in words: "`Sumy` hit "SUMY" in the title at byte 5".
pub(in crate::rules) fn hit(hit: &Match) -> String {
    format!("`{}` hit \"{}\" {}", hit.term, hit.text, place(hit))
}

fn place(at: &Match) -> String {
    format!("in the {} at byte {}", at.field.as_str(), at.start)
}

fn words(count: u32) -> String {
    if count == 1 { "1 word".to_owned() } else { format!("{count} words") }
}

fn list<T>(all: &[T], one: impl Fn(&T) -> String) -> String {
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vetoed { by, hit: one } => {
                write!(f, "{}, but it is vetoed by none: {}", hit(one), hit(by))
            }
            Self::Excepted { hit: one, phrase } => {
                write!(f, "{}: hit dropped by except `{}`", hit(one), phrase.term)
            }
            Self::Alone { hit: one, within, nearest, near } => {
                write!(f, "{}, but none of `with` is ", hit(one))?;
                match (within, nearest) {
                    (Some(within), Some(Company { hit, words: away })) => write!(
                        f,
                        "within {}: the nearest, `{}` (\"{}\" {}), is {} away",
                        words(*within),
                        hit.term,
                        hit.text,
                        place(hit),
                        words(*away)
                    ),
                    _ => write!(f, "in the item"),
                }?;
                near.as_ref().map_or(Ok(()), |near| write!(f, "; {near}"))
            }
            Self::Missing { hit: one, entry, terms, near } => {
                let more = if terms.len() == Self::TERMS { ", …" } else { "" };
                let terms = list(terms, |term| format!("`{term}`"));
                match entry {
                    Some(entry) => write!(f, "{}, but entry {entry} of `all` is missing", hit(one)),
                    None => write!(f, "{}, but none of `any` is there", hit(one)),
                }?;
                write!(f, ": {terms}{more}")?;
                near.as_ref().map_or(Ok(()), |near| write!(f, "; {near}"))
            }
            Self::Shout { hit: one } => {
                let all = "all in capitals, where it counts only beside another hit of the rule";
                write!(f, "{}, but that is {all}", hit(one))
            }
            Self::Language { hit: one, language, detected, looks_at } => {
                let looks_at = looks_at.join(", ");
                write!(f, "{}, but the rule looks at items in {looks_at} only; ", hit(one))?;
                match (language, detected) {
                    (Some(language), true) => write!(f, "this one seems to be in {language}"),
                    (Some(language), false) => write!(f, "this one is declared as {language}"),
                    (None, _) => write!(f, "this one is in another script"),
                }
            }
            Self::Field { hit: one, looks_at } => {
                let fields = list(looks_at, |field| Field::as_str(*field).to_owned());
                write!(f, "{}, but the rule looks in {fields} only", hit(one))
            }
            Self::Near { near } => near.fmt(f),
        }
    }
}

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place: at, nearness, write } = self;
        let (term, text, place) = (&at.term, &at.text, place(at));
        match nearness {
            Nearness::Cased => {
                write!(f, "`{term}` found {place}, but cased: the text has \"{text}\"")
            }
            Nearness::Accented => {
                write!(f, "`{term}` found {place}, but accented: the text has \"{text}\"")
            }
            Nearness::Apart => {
                write!(f, "the words of `{term}` stand {place}, but apart: the text has \"{text}\"")
            }
            Nearness::Begins => {
                write!(f, "\"{text}\" {place} begins like `{term}`")
            }
            Nearness::Ending => {
                write!(f, "\"{text}\" {place} has another ending than `{term}`")
            }
            Nearness::Letter => {
                write!(f, "\"{text}\" {place} is one letter from `{term}`")
            }
        }?;
        write.as_ref().map_or(Ok(()), |write| write!(f, "; write `{write}` to find it"))
    }
}

impl fmt::Display for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |names: &[String]| list(names, |name| format!("\"{name}\""));
        match self {
            Self::Feed { feed, looks_at } => {
                write!(f, "it looks at the feeds {} only, not at \"{feed}\"", quoted(looks_at))
            }
            Self::Deprecated => f.write_str("it is deprecated, so it never fires"),
            Self::FeedTag { tags, looks_at } if tags.is_empty() => {
                write!(f, "it looks at feeds tagged {} only; this one has no tag", quoted(looks_at))
            }
            Self::FeedTag { tags, looks_at } => {
                let (wanted, own) = (quoted(looks_at), quoted(tags));
                write!(f, "it looks at feeds tagged {wanted} only; this one has {own}")
            }
        }
    }
}
