//! Rules: which items are worth an alert, and where that is written in them.
//!
//! A rule file is TOML: `[[rule]]` tables and a `[list]` of shared terms (`file`, `compile`). The
//! texts of an item are folded once (`fold`, `letters`), all terms of all rules are found in one
//! pass over them (`finder`), and from the hits each rule decides (`decide`). How a term is written
//! is said in `term`.

mod backtest;
mod compile;
mod decide;
mod declension;
mod detect;
mod examples;
mod explain;
mod file;
mod finder;
mod fold;
mod languages;
mod letters;
mod lint;
mod near;
mod patterns;
mod reading;
mod scope;
mod term;
mod variants;

use std::cmp::Reverse;

use crate::document::{Document, Source};
use crate::model::{AlertRule, FeedId, Field, Item, Level, Match, Problem, Problems, RuleId};

pub use backtest::{Backtest, Counts, Day, Replayed, RuleReplayed, Sample};
use decide::{Hit, Role, Verdict, Way};
pub use examples::{ExampleFailed, ExampleRun};
pub use explain::{Company, Evidence, Explainer, Explanation, Heed, Miss, Near};
use finder::Finder;
pub use lint::{Finding, Findings, Lint};
pub use near::Nearness;
use patterns::Patterns;
use reading::Reading;
pub use scope::Barrier;
use scope::Scope;

/// A rule, as it is listed.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Unique over all rule files.
    pub id: RuleId,
    /// Shown in alerts; the id if the file gives none.
    pub title: String,
    /// How much a match matters.
    pub level: Level,
    /// Free words.
    pub tags: Vec<String>,
    /// What the rule is for, in prose.
    pub description: Option<String>,
    /// Where more is to be read about it.
    pub references: Vec<String>,
    scope: Scope,
}

/// What rules are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The item; its texts are plain.
    pub item: &'a Item,
    /// The feed that shows it.
    pub feed: &'a FeedId,
    /// The tags of that feed.
    pub feed_tags: &'a [String],
}

/// All that a term stands for: each a term in which nothing is left to choose, so only `=` and `*`
/// keep their meaning. In the order of alternatives and cases. A problem, at the column, if the
/// term is refused; it is taken for the value of a flag.
pub fn forms(term: &str) -> Result<Vec<String>, Problem> {
    term::forms(term).map_err(|refused| {
        let text = Document::new("--forms", term);
        let rest = term.get(refused.at..).unwrap_or_default();
        let end = refused.at + rest.chars().next().map_or(0, char::len_utf8);
        text.problem(&Source::Span(refused.at..end), refused.message).hint(refused.hint)
    })
}

/// Rules, ready to match.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    /// In the order of their rules.
    ways: Vec<Way>,
    terms: Vec<Term>,
    finder: Finder,
    patterns: Patterns,
    examples: Vec<file::Example>,
    /// Where each rule stands: the number of the document, and its id or its table.
    places: Vec<(usize, Source)>,
}

/// A term, and which ways to fire may begin with it.
#[derive(Debug)]
struct Term {
    text: String,
    ways: Vec<u32>,
}

/// So many hits of all terms are looked at in one item, in reading order; a text with more is made
/// of nothing else.
const MAX_HITS: usize = 100_000;
/// And so many of one term.
const MAX_HITS_OF_TERM: usize = 1_000;

impl RuleSet {
    /// Compiles the rules of all `documents`. Everything wrong in any of them is noted in
    /// `problems`, and then there is no rule set: it never loads in part. Lists may be named from
    /// every document.
    pub fn compile(documents: &[Document], problems: &Problems) -> Option<Self> {
        compile::compile(documents, problems)
    }

    /// The rules, in the order of the files.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Where each rule stands, in the order of [`RuleSet::rules`]: the number of the document, of
    /// those compiled, and its id in that.
    pub fn places(&self) -> impl ExactSizeIterator<Item = (usize, &Source)> {
        self.places.iter().map(|(document, source)| (*document, source))
    }

    /// The rules that fire on the item, in the order of the files, with their hits in reading order
    /// (at most [`AlertRule::MAX_MATCHES`], no two at the same place). Takes time linear in the
    /// item's text.
    pub fn matches(&self, subject: &Subject<'_>) -> Vec<AlertRule> {
        let reading = Reading::new(subject.item);
        let hits = self.hits(&reading);
        if hits.is_empty() {
            return Vec::new();
        }
        let in_scope = |rule: u32| self.rules[rule as usize].scope.holds(subject);
        let mut fired: Vec<(u32, Vec<u32>)> = Vec::new();
        for (rule, verdict) in self.verdicts(&hits, &reading, in_scope) {
            let Verdict::Fires(on) = verdict else { continue };
            match fired.last_mut().filter(|(last, _)| *last == rule) {
                Some((_, all)) => all.extend(on),
                None => fired.push((rule, on)),
            }
        }
        fired.into_iter().map(|(rule, on)| self.alert(rule, &on, &hits, &reading)).collect()
    }

    /// Runs each rule's own examples, whatever feeds the rule looks at: a problem, at the example's
    /// place, for each that does not come out as it should. `documents` are those compiled.
    pub fn check_examples(&self, documents: &[Document]) -> Vec<Problem> {
        examples::check(self, documents)
    }

    /// What a careful reader of `documents`, those compiled, would ask about; see [`Lint`]. With
    /// `feeds`, those of the config with their tags, rules that look at none of them are told, too.
    pub fn lint(
        &self,
        documents: &[Document],
        feeds: Option<&[(FeedId, Vec<String>)]>,
    ) -> Findings {
        lint::lint(documents, feeds)
    }

    /// Runs each rule's own examples and tells of all of them, in the order of the files.
    pub fn run_examples(&self) -> Vec<ExampleRun<'_>> {
        examples::run(self)
    }

    /// Says why each rule fires on an item or does not.
    pub fn explainer(&self) -> Explainer<'_> {
        Explainer::new(self)
    }

    /// All terms that stand in the item, by term and place.
    fn hits(&self, reading: &Reading<'_>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (field, folded, before) in reading.fields() {
            self.finder.find(folded, |found| {
                if hits.len() == MAX_HITS {
                    return;
                }
                hits.push(Hit {
                    term: found.term,
                    field,
                    first: before.saturating_add(found.first),
                    last: before.saturating_add(found.last),
                });
            });
        }
        for field in Field::ALL {
            self.patterns.find(reading.text(field), |term, span| {
                if let Some((first, last)) = reading.touched(field, &span) {
                    hits.push(Hit { term, field, first, last });
                }
            });
        }
        hits.sort_unstable_by_key(|hit| (hit.term, hit.first, hit.last));
        hits
    }

    /// What came of each way to fire that has a hit and looks at items of that language, for the
    /// rules wanted, in their order.
    fn verdicts(
        &self,
        hits: &[Hit],
        reading: &Reading<'_>,
        wanted: impl Fn(u32) -> bool,
    ) -> Vec<(u32, Verdict)> {
        let mut ways: Vec<u32> = hits
            .chunk_by(|one, two| one.term == two.term)
            .flat_map(|hits| &self.terms[hits[0].term as usize].ways)
            .copied()
            .collect();
        ways.sort_unstable();
        ways.dedup();
        ways.into_iter()
            .map(|way| &self.ways[way as usize])
            .filter(|way| wanted(way.rule) && reading.is_in(&way.languages))
            .map(|way| (way.rule, decide::decide(way, hits, &roles(way, hits))))
            .collect()
    }

    fn alert(&self, rule: u32, on: &[u32], hits: &[Hit], reading: &Reading<'_>) -> AlertRule {
        let mut found: Vec<&Hit> = on.iter().map(|hit| &hits[*hit as usize]).collect();
        found.sort_unstable_by_key(|hit| (hit.field, hit.first, Reverse(hit.last), hit.term));
        found.dedup_by_key(|hit| (hit.field, hit.first, hit.last));
        let matches = found
            .into_iter()
            .take(AlertRule::MAX_MATCHES)
            .map(|hit| self.as_match(reading, hit))
            .collect();
        let rule = &self.rules[rule as usize];
        AlertRule {
            id: rule.id.clone(),
            title: rule.title.clone(),
            level: rule.level,
            tags: rule.tags.clone(),
            matches,
        }
    }

    fn as_match(&self, reading: &Reading<'_>, hit: &Hit) -> Match {
        let words = (hit.first, hit.last);
        let text = reading.text(hit.field);
        let span = self
            .patterns
            .places(hit.term, text)
            .and_then(|mut places| {
                places.find(|place| reading.touched(hit.field, place) == Some(words))
            })
            .unwrap_or_else(|| reading.place(hit.field, hit.first, hit.last).0);
        Match {
            term: self.terms[hit.term as usize].text.clone(),
            field: hit.field,
            text: text.get(span.clone()).unwrap_or_default().to_owned(),
            start: span.start,
            end: span.end,
        }
    }
}

/// The hits of the terms of `way`, each with the term's role.
fn roles(way: &Way, hits: &[Hit]) -> Vec<(Role, u32)> {
    let mut roles = Vec::new();
    for (role, terms) in &way.terms {
        for term in terms.iter() {
            let from = hits.partition_point(|hit| hit.term < *term);
            let of_term = hits[from..].iter().take_while(|hit| hit.term == *term);
            let numbers = (from..).zip(of_term).take(MAX_HITS_OF_TERM);
            roles.extend(numbers.filter_map(|(at, _)| Some((*role, u32::try_from(at).ok()?))));
        }
    }
    roles
}

#[cfg(test)]
mod tests;
