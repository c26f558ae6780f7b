//! Rules: which items are worth an alert, and where that is written in them.
//!
//! A rule file is TOML: `[[rule]]` tables and a `[list]` of shared terms (`file`, `compile`). The
//! texts of an item are folded (`fold`, `letters`), the terms that can make a rule fire are found in
//! one pass over them (`finder`), all others only where one of these is (`search`), and from the hits
//! each rule decides (`decide`). How a term is written is said in `term`.

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
mod lone;
mod measure;
mod near;
mod patterns;
mod places;
mod reading;
mod scope;
mod search;
mod shout;
mod term;
mod tongues;
mod twins;
mod variants;

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::ops::Range;

use crate::document::{Document, Source};
use crate::model::{AlertRule, FeedId, Item, Level, Match, Problem, Problems, RuleId, Status};

pub use backtest::{Backtest, Counts, Day, Replayed, RuleReplayed, Sample};
use decide::{Hit, Role, Spans, Verdict, Way};
pub use examples::{ExampleFailed, ExampleRun};
pub use explain::{Company, Evidence, Explainer, Explanation, Heed, Miss, Near};
use languages::Language;
pub use lint::{Finding, Findings, Lint};
pub use lone::{LoneTerm, forms};
pub use near::Nearness;
use reading::Reading;
pub use scope::Barrier;
use scope::Scope;

use search::Finders;
pub use search::Scratch;
use shout::Shouts;

/// A rule, as it is listed.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Unique over all rule files.
    pub id: RuleId,
    /// Shown in alerts; the id if the file gives none.
    pub title: String,
    /// How much a match matters.
    pub level: Level,
    /// How far it can be trusted.
    pub status: Status,
    /// Free words.
    pub tags: Vec<String>,
    /// What the rule is for, in prose.
    pub description: Option<String>,
    /// Where more is to be read about it.
    pub references: Vec<String>,
    scope: Scope,
}

impl Rule {
    fn looks_at(&self, subject: &Subject<'_>) -> bool {
        self.status != Status::Deprecated && self.scope.holds(subject)
    }
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

/// Rules, ready to match.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    /// In the order of their rules.
    ways: Vec<Way>,
    terms: Vec<Term>,
    /// The terms that can make a rule fire: looked for in every item.
    first: Finders,
    /// All others: looked for where one of the first is.
    rest: Finders,
    examples: Vec<file::Example>,
    /// Where each rule stands: the number of the document, and its id or its table.
    places: Vec<(usize, Source)>,
}

/// A term, and which ways to fire may begin with it.
#[derive(Debug)]
struct Term {
    text: String,
    ways: Vec<u32>,
    /// Whether capitals are all that tells it from other words.
    capitals: bool,
}

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
        self.matches_with(subject, &mut Scratch::default())
    }

    /// As [`Self::matches`], with buffers to use again: for many items, one after the other.
    pub fn matches_with(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> Vec<AlertRule> {
        scratch.read(subject.item);
        self.find_first(subject.item, scratch);
        let in_scope = |way: u32| {
            let rule = self.ways[way as usize].rule;
            self.rules[rule as usize].looks_at(subject)
        };
        self.ways_of(&scratch.hits, &mut scratch.ways);
        scratch.ways.retain(|way| in_scope(*way));
        if scratch.ways.is_empty() {
            return Vec::new();
        }
        self.find_rest(subject.item, scratch);
        let language = OnceCell::new();
        let shouts = Shouts::new(subject.item);
        let mut fired: Vec<(u32, Vec<u32>)> = Vec::new();
        for way in &scratch.ways {
            let way = &self.ways[*way as usize];
            if !way.languages.is_all()
                && !way.languages.admit(language.get_or_init(|| Language::of(subject.item)))
            {
                continue;
            }
            scratch.roles.clear();
            add_roles(way, &scratch.hits, &mut scratch.roles);
            let except = &mut scratch.desk.except;
            self.hush(way, &scratch.hits, &mut scratch.roles, &shouts, except);
            let verdict = scratch.desk.decide(way, &scratch.hits, &scratch.roles);
            let Verdict::Fires(mut on) = verdict else { continue };
            match fired.last_mut().filter(|(last, _)| *last == way.rule) {
                Some((_, all)) => {
                    all.append(&mut on);
                    leave_shown(all, &scratch.hits);
                }
                None => {
                    leave_shown(&mut on, &scratch.hits);
                    fired.push((way.rule, on));
                }
            }
        }
        let on = fired.iter().flat_map(|(_, on)| on).copied();
        scratch.map_hits(on, subject.item);
        fired.into_iter().map(|(rule, on)| self.alert(rule, &on, subject.item, scratch)).collect()
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
        self.search(reading).hits
    }

    /// The item searched for all terms.
    fn search(&self, reading: &Reading<'_>) -> Scratch {
        let mut scratch = Scratch::default();
        scratch.read(reading.item());
        self.find_first(reading.item(), &mut scratch);
        self.find_rest(reading.item(), &mut scratch);
        scratch
    }

    /// The hits of the terms that can make a rule fire, in an item that was just read. What other
    /// finders find, in the text as it is written, belongs here too.
    fn find_first(&self, item: &Item, scratch: &mut Scratch) {
        scratch.find(&self.first, item);
        scratch.hits.sort_unstable_by_key(|hit| (hit.term, hit.first, hit.last));
    }

    /// Adds the hits of all other terms; from then on they are by term and place.
    fn find_rest(&self, item: &Item, scratch: &mut Scratch) {
        scratch.find(&self.rest, item);
        scratch.hits.sort_unstable_by_key(|hit| (hit.term, hit.first, hit.last));
        // A term may have two spellings that stand at one place.
        scratch.hits.dedup();
    }

    /// What came of each way to fire that has a hit and looks at items of that language, for the
    /// rules wanted, in their order.
    fn verdicts(
        &self,
        hits: &[Hit],
        reading: &Reading<'_>,
        wanted: impl Fn(u32) -> bool,
    ) -> Vec<(u32, Verdict)> {
        let mut ways = Vec::new();
        self.ways_of(hits, &mut ways);
        ways.into_iter()
            .map(|way| &self.ways[way as usize])
            .filter(|way| wanted(way.rule) && reading.is_in(&way.languages))
            .map(|way| (way.rule, decide::decide(way, hits, &self.heard(way, hits, reading))))
            .collect()
    }

    /// The hits of the terms of `way` that count, each with the term's role.
    fn heard(&self, way: &Way, hits: &[Hit], reading: &Reading<'_>) -> Vec<(Role, u32)> {
        let mut roles = roles(way, hits);
        self.hush(way, hits, &mut roles, reading.shouts(), &mut Spans::default());
        roles
    }

    /// The ways to fire that one of the hits, which are by term, may make fire.
    fn ways_of(&self, hits: &[Hit], ways: &mut Vec<u32>) {
        ways.clear();
        let terms = hits.chunk_by(|one, two| one.term == two.term);
        ways.extend(terms.flat_map(|hits| &self.terms[hits[0].term as usize].ways).copied());
        ways.sort_unstable();
        ways.dedup();
    }

    fn alert(&self, rule: u32, on: &[u32], item: &Item, scratch: &mut Scratch) -> AlertRule {
        let matches = on
            .iter()
            .map(|hit| {
                let hit = scratch.hits[*hit as usize];
                let text = item.field(hit.field);
                let span = self
                    .pattern_span(&hit, text, |span| scratch.touched(hit.field, span, item))
                    .unwrap_or_else(|| scratch.span(&hit, item));
                self.as_match(&hit, span, text)
            })
            .collect();
        let rule = &self.rules[rule as usize];
        AlertRule {
            id: rule.id.clone(),
            title: rule.title.clone(),
            level: rule.level,
            status: rule.status,
            tags: rule.tags.clone(),
            matches,
        }
    }

    /// A hit among `hits(reading)`, as it is shown.
    fn match_in(&self, reading: &Reading<'_>, hit: &Hit) -> Match {
        let text = reading.text(hit.field);
        let touched = |span: &Range<usize>| reading.touched(hit.field, span);
        let span = self
            .pattern_span(hit, text, touched)
            .unwrap_or_else(|| reading.place(hit.field, hit.first, hit.last).0);
        self.as_match(hit, span, text)
    }

    /// Where the pattern of `hit` matches in `text`; nothing if its term is words. `touched` tells
    /// the words of some bytes.
    fn pattern_span(
        &self,
        hit: &Hit,
        text: &str,
        mut touched: impl FnMut(&Range<usize>) -> Option<(u32, u32)>,
    ) -> Option<Range<usize>> {
        let first = self.first.patterns.places(hit.term, text);
        let mut places = first.or_else(|| self.rest.patterns.places(hit.term, text))?;
        places.find(|place| touched(place) == Some((hit.first, hit.last)))
    }

    fn as_match(&self, hit: &Hit, span: Range<usize>, text: &str) -> Match {
        Match {
            term: self.terms[hit.term as usize].text.clone(),
            field: hit.field,
            text: text.get(span.clone()).unwrap_or_default().to_owned(),
            start: span.start,
            end: span.end,
        }
    }
}

/// Leaves of the hits of a rule, `on`, those that an alert shows, in reading order.
fn leave_shown(on: &mut Vec<u32>, hits: &[Hit]) {
    let hit = |number: u32| &hits[number as usize];
    let place = |hit: &Hit| (hit.field, hit.first, Reverse(hit.last));
    on.sort_unstable_by_key(|number| (place(hit(*number)), hit(*number).term));
    on.dedup_by_key(|number| place(hit(*number)));
    on.truncate(AlertRule::MAX_MATCHES);
    on.shrink_to_fit();
}

/// The hits of the terms of `way`, each with the term's role.
fn roles(way: &Way, hits: &[Hit]) -> Vec<(Role, u32)> {
    let mut roles = Vec::new();
    add_roles(way, hits, &mut roles);
    roles
}

/// Adds them to `roles`, which are then by role. It goes through the shorter of each list of terms
/// and the hits, both of which are by term.
fn add_roles(way: &Way, hits: &[Hit], roles: &mut Vec<(Role, u32)>) {
    let mut add = |role: Role, from: usize| {
        let Some(first) = hits.get(from) else { return };
        let of_term = hits[from..].iter().take_while(|hit| hit.term == first.term);
        let numbers = (from..).zip(of_term);
        roles.extend(numbers.filter_map(|(at, _)| Some((role, u32::try_from(at).ok()?))));
    };
    for (role, terms) in &way.terms {
        if terms.len() < hits.len() {
            for term in terms.iter() {
                let from = hits.partition_point(|hit| hit.term < *term);
                if hits.get(from).is_some_and(|hit| hit.term == *term) {
                    add(*role, from);
                }
            }
        } else {
            let mut from = 0;
            for of_term in hits.chunk_by(|one, two| one.term == two.term) {
                if terms.binary_search(&of_term[0].term).is_ok() {
                    add(*role, from);
                }
                from += of_term.len();
            }
        }
    }
    roles.sort_unstable();
}

#[cfg(test)]
mod tests;
