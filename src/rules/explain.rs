//! Why each rule fires on an item, or how near it comes to it.
//!
//! The verdicts are those of `decide`, with what they rest on looked up again: the company of a
//! hit, the phrase that hides it, the nearest miss. How it is said is in `say`, for all verbs
//! alike.

mod company;
pub(super) mod say;
mod told;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use crate::model::{AlertRule, Field, Item, Match, Status};

use super::decide::{Hit, Role, Verdict, Way, With, decide};
use super::fold::Folded;
use super::languages::{Language, Look};
use super::near::{NearFinder, NearHit, Nearness};
use super::reading::Reading;
use super::scope::Barrier;
use super::term::{Spelling, spellings};
use super::{RuleSet, Subject, roles};
use company::{Companions, looked_at, phrase_around};
pub use told::{Company, Evidence, Explanation, Miss, Near};

/// Explains what the rules of a set make of items. Making one takes as long as compiling the rules.
#[derive(Debug)]
pub struct Explainer<'a> {
    rules: &'a RuleSet,
    near: NearFinder,
}

/// Which feeds' rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heed {
    /// Rules look only at the feeds that they name.
    Feed,
    /// Whatever feeds the rules look at: the feed is not known.
    AnyFeed,
}

/// An item with what was found in it.
struct Seen<'r, 'a> {
    reading: &'r Reading<'a>,
    hits: Vec<Hit>,
    near: HashMap<u32, NearHit>,
}

impl<'a> Explainer<'a> {
    pub(super) fn new(rules: &'a RuleSet) -> Self {
        Self {
            rules,
            near: NearFinder::new(spelt(
                rules,
                0..u32::try_from(rules.terms.len()).unwrap_or(u32::MAX),
            )),
        }
    }

    /// For one rule, by its number.
    pub(super) fn of_one(rules: &'a RuleSet, rule: u32) -> Self {
        let from = rules.ways.partition_point(|way| way.rule < rule);
        let ways = rules.ways[from..].iter().take_while(|way| way.rule == rule);
        let own: BTreeSet<u32> = ways
            .flat_map(|way| way.terms.iter().flat_map(|(_, terms)| terms.iter().copied()))
            .collect();
        Self { rules, near: NearFinder::new(spelt(rules, own)) }
    }

    /// What came of each rule on the item, in the order of the files.
    pub fn explain(&self, subject: &Subject<'_>, heed: Heed) -> Vec<Explanation> {
        let reading = Reading::new(subject.item);
        let seen = self.see(&reading);
        let rules = (0_u32..).zip(&self.rules.rules).map(|(number, rule)| {
            let mut out_of_scope = rule.scope.barriers(subject, heed);
            if rule.status == Status::Deprecated {
                out_of_scope.push(Barrier::Deprecated);
            }
            let (hits, misses) = self.of_rule(number, &seen);
            Explanation {
                rule: rule.id.clone(),
                title: rule.title.clone(),
                level: rule.level,
                status: rule.status,
                fires: out_of_scope.is_empty() && !hits.is_empty(),
                out_of_scope,
                hits,
                misses,
            }
        });
        rules.collect()
    }

    /// Whether terms stand in the item more often than is looked at, by the rules as by this
    /// explanation: more than a million times in all, or a pattern more than 1,000 times in a field (100 if it is
    /// long).
    pub fn leaves_out_hits(&self, item: &Item) -> bool {
        self.rules.search(&Reading::new(item)).has_dropped()
    }

    /// Why the rule of that number does not fire on what was read, the nearest miss first.
    pub(super) fn misses(&self, rule: u32, reading: &Reading<'_>) -> Vec<Miss> {
        self.of_rule(rule, &self.see(reading)).1
    }

    fn see<'r, 't>(&self, reading: &'r Reading<'t>) -> Seen<'r, 't> {
        Seen { reading, hits: self.rules.hits(reading), near: self.near.find(reading) }
    }

    fn of_rule(&self, rule: u32, seen: &Seen<'_, '_>) -> (Vec<Evidence>, Vec<Miss>) {
        let from = self.rules.ways.partition_point(|way| way.rule < rule);
        let mut fired: Vec<(u32, &Way)> = Vec::new();
        let mut misses = Vec::new();
        for way in self.rules.ways[from..].iter().take_while(|way| way.rule == rule) {
            let roles = self.rules.heard(way, &seen.hits, seen.reading);
            match decide(way, &seen.hits, &roles) {
                Verdict::Fires(on) if !seen.reading.is_in(&way.languages) => {
                    misses.extend(on.first().map(|hit| self.other_language(way, seen, *hit)));
                }
                Verdict::Fires(on) => fired.extend(on.into_iter().map(|hit| (hit, way))),
                verdict => {
                    let miss =
                        self.unheard(way, seen).or_else(|| self.miss(way, seen, &roles, &verdict));
                    // What is near in another language is near by chance.
                    let counts = |miss: &Miss| match miss {
                        Miss::Near { .. } => seen.reading.is_in(&way.languages),
                        _ => true,
                    };
                    misses.extend(miss.filter(counts));
                }
            }
        }
        if fired.is_empty() {
            misses.sort_by_key(Miss::rank);
            misses.dedup();
            misses.truncate(Explanation::MAX_MISSES);
            return (Vec::new(), misses);
        }
        let at = |(hit, _): &(u32, &Way)| seen.hits[*hit as usize];
        fired.sort_by_key(|fired| {
            let Hit { field, first, last, term } = at(fired);
            (field, first, Reverse(last), term)
        });
        fired.dedup_by_key(|fired| (at(fired).first, at(fired).last));
        let shown = fired.into_iter().take(AlertRule::MAX_MATCHES);
        (shown.map(|(hit, way)| self.evidence(way, seen, hit)).collect(), Vec::new())
    }

    fn evidence(&self, way: &Way, seen: &Seen<'_, '_>, hit: u32) -> Evidence {
        let roles = self.rules.heard(way, &seen.hits, seen.reading);
        let company = || {
            let (hit, words) =
                Companions::new(way, &seen.hits, &roles).nearest(&seen.hits[hit as usize])?;
            Some(Company { hit: self.as_match(seen, hit), words })
        };
        let needs_it = way.with != With::NotNeeded && roles.contains(&(Role::Any, hit));
        Evidence { hit: self.as_match(seen, hit), with: needs_it.then(company).flatten() }
    }

    /// What a way that did not fire came to; `None` if it is not worth a word.
    fn miss(
        &self,
        way: &Way,
        seen: &Seen<'_, '_>,
        roles: &[(Role, u32)],
        verdict: &Verdict,
    ) -> Option<Miss> {
        match verdict {
            Verdict::Fires(_) => None,
            Verdict::Vetoed(by) => {
                let others: Vec<_> =
                    roles.iter().copied().filter(|(role, _)| *role != Role::None).collect();
                match decide(way, &seen.hits, &others) {
                    Verdict::Fires(on) => Some(Miss::Vetoed {
                        by: self.as_match(seen, *by),
                        hit: self.as_match(seen, *on.first()?),
                    }),
                    otherwise => self.miss(way, seen, &others, &otherwise),
                }
            }
            Verdict::Excepted(hit) => {
                let phrase = phrase_around(&seen.hits, roles, *hit)?;
                let [hit, phrase] = [*hit, phrase].map(|hit| self.as_match(seen, hit));
                Some(Miss::Excepted { hit, phrase })
            }
            Verdict::Alone(hit) => Some(self.alone(way, seen, roles, *hit)),
            Verdict::Lacks(entry) => self.lacks(way, seen, roles, *entry),
        }
    }

    /// If a way would fire but for capitals that say nothing where they stand.
    fn unheard(&self, way: &Way, seen: &Seen<'_, '_>) -> Option<Miss> {
        match decide(way, &seen.hits, &roles(way, &seen.hits)) {
            Verdict::Fires(on) => Some(Miss::Shout { hit: self.as_match(seen, *on.first()?) }),
            _ => None,
        }
    }

    fn other_language(&self, way: &Way, seen: &Seen<'_, '_>, hit: u32) -> Miss {
        let (language, detected) = match seen.reading.language() {
            Language::Declared(tag) | Language::Doubted(tag, _) => {
                (Some(tag.written.to_ascii_lowercase()), false)
            }
            Language::Seen(Look::Detected(code)) => (Some((*code).to_owned()), true),
            Language::Seen(Look::OneOf(rivals)) => {
                (Some(rivals.codes().collect::<Vec<_>>().join(" or ")), true)
            }
            Language::Seen(Look::Unknown(_)) => (None, false),
        };
        let looks_at = way.languages.ranges().to_vec();
        Miss::Language { hit: self.as_match(seen, hit), language, detected, looks_at }
    }

    fn alone(&self, way: &Way, seen: &Seen<'_, '_>, roles: &[(Role, u32)], one: u32) -> Miss {
        let companions = Companions::new(way, &seen.hits, roles);
        let at = |hit: u32| &seen.hits[hit as usize];
        let nearest = looked_at(way, &seen.hits, roles, Role::Any)
            .filter(|hit| companions.counts(at(*hit)))
            .filter_map(|hit| Some((hit, companions.nearest(at(hit))?)))
            .min_by_key(|(_, (_, words))| *words);
        let within = match way.with {
            With::Within(words) => Some(words),
            With::NotNeeded | With::Anywhere => None,
        };
        let (hit, company) = nearest.map_or((one, None), |(hit, company)| (hit, Some(company)));
        let near = company.is_none().then(|| self.nearest_to(way, seen, |role| role == Role::With));
        Miss::Alone {
            hit: self.as_match(seen, hit),
            within,
            nearest: company.map(|(hit, words)| Company { hit: self.as_match(seen, hit), words }),
            near: near.flatten(),
        }
    }

    fn lacks(
        &self,
        way: &Way,
        seen: &Seen<'_, '_>,
        roles: &[(Role, u32)],
        entry: Option<u32>,
    ) -> Option<Miss> {
        let wanted = entry.map_or(Role::Any, Role::All);
        let near = self.nearest_to(way, seen, |role| role == wanted);
        let elsewhere = roles.iter().find(|(role, _)| *role == wanted);
        if let Some((_, hit)) = elsewhere {
            let looks_at = Field::ALL.into_iter().filter(|field| way.fields[*field as usize]);
            let hit = self.as_match(seen, *hit);
            return Some(Miss::Field { hit, looks_at: looks_at.collect() });
        }
        let there = |role| match role {
            Role::Any | Role::All(_) => looked_at(way, &seen.hits, roles, role).next(),
            Role::With | Role::None | Role::Except => None,
        };
        let found = std::iter::once(Role::Any).chain((0..way.all).map(Role::All)).find_map(there);
        match found {
            Some(hit) => Some(Miss::Missing {
                hit: self.as_match(seen, hit),
                entry: entry.map(|entry| entry + 1),
                terms: self.terms_of(way, wanted),
                near,
            }),
            None => {
                let any = |role| matches!(role, Role::Any | Role::All(_));
                self.nearest_to(way, seen, any).map(|near| Miss::Near { near })
            }
        }
    }

    fn terms_of(&self, way: &Way, wanted: Role) -> Vec<String> {
        let lists = way.terms.iter().filter(|(role, _)| *role == wanted);
        let terms = lists.flat_map(|(_, terms)| terms.iter());
        let text = |term: &u32| self.rules.terms[*term as usize].text.clone();
        terms.take(Miss::TERMS).map(text).collect()
    }

    /// What comes nearest to a term of `way` in one of the roles wanted.
    fn nearest_to(
        &self,
        way: &Way,
        seen: &Seen<'_, '_>,
        wanted: impl Fn(Role) -> bool,
    ) -> Option<Near> {
        let terms =
            way.terms.iter().filter(|(role, _)| wanted(*role)).flat_map(|(_, terms)| terms.iter());
        let near = terms.filter_map(|term| Some((*term, *seen.near.get(term)?)));
        let near = near.filter(|(_, hit)| way.fields[hit.field as usize]);
        let (term, hit) = near.min_by_key(|(_, hit)| (hit.nearness, hit.first))?;
        let NearHit { nearness, field, first, last } = hit;
        let place = self.rules.match_in(seen.reading, &Hit { term, field, first, last });
        let write = match nearness {
            Nearness::Begins | Nearness::Ending | Nearness::Letter => as_written(&place),
            Nearness::Cased | Nearness::Accented | Nearness::Apart => None,
        };
        Some(Near { place, nearness, write })
    }

    fn as_match(&self, seen: &Seen<'_, '_>, hit: u32) -> Match {
        self.rules.match_in(seen.reading, &seen.hits[hit as usize])
    }
}

/// The spellings of the terms of those rising numbers.
fn spelt(rules: &RuleSet, terms: impl IntoIterator<Item = u32>) -> Vec<(u32, Spelling)> {
    let spelt = terms.into_iter().flat_map(|number| {
        let text = rules.terms.get(number as usize).map_or("", |term| term.text.as_str());
        spellings(text).unwrap_or_default().into_iter().map(move |one| (number, one))
    });
    spelt.collect()
}

/// The term with the sign added by which it finds what stands there: all case forms if that is one
/// of them and it is a name, else any ending.
fn as_written(place: &Match) -> Option<String> {
    let text = Folded::new(&place.text);
    let finds = |write: &String| {
        spellings(write).is_ok_and(|all| {
            all.iter().any(|spelling| {
                spelling.words.len() == text.len()
                    && (0..text.len()).zip(&spelling.words).all(|(at, word)| match word.open {
                        true => text.letters(at).starts_with(&word.letters),
                        false => text.letters(at) == word.letters,
                    })
            })
        })
    };
    let last = place.term.rsplit([' ', '-', '=']).next().unwrap_or_default();
    let signs = if last.starts_with(char::is_uppercase) { &["~", "*"][..] } else { &["*"] };
    signs.iter().map(|sign| format!("{}{sign}", place.term)).find(finds)
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
