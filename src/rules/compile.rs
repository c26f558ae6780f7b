//! Drafts into a rule set: lists looked up, terms read, roles dealt out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use regex::Regex;

use crate::document::Document;
use crate::model::{Place, Problems, nearest};

use super::decide::{Role, Way, With};
use super::file::{self, Draft, Entry, List, WayDraft};
use super::finder::Finder;
use super::patterns::{self, MAX_PATTERNS, Patterns};
use super::search::Finders;
use super::shout;
use super::term::{Refused, Spelling, refuse, spellings};
use super::{RuleSet, Term};

pub(super) fn compile(documents: &[Document], problems: &Problems) -> Option<RuleSet> {
    let noted = Problems::default();
    let (mut lists, mut drafts) = (Vec::new(), Vec::new());
    for (number, document) in documents.iter().enumerate() {
        file::read(document, number, &noted, &mut lists, &mut drafts);
    }
    let mut compiler = Compiler::new(&noted);
    compiler.refuse_twins(&lists, &drafts);
    compiler.read_lists(&lists);
    let mut rules = Vec::new();
    let (mut examples, mut places) = (Vec::new(), Vec::new());
    for (number, draft) in (0..).zip(drafts) {
        for way in &draft.ways {
            compiler.way(number, way);
        }
        rules.push(draft.rule);
        let own = documents.iter().position(|document| std::ptr::eq(document, draft.document));
        places.push((own.unwrap_or_default(), draft.source));
        let of_rule = |example| file::Example { rule: number, ..example };
        examples.extend(draft.examples.into_iter().map(of_rule));
    }
    let Compiler { terms, spelt, patterns, ways, .. } = compiler;
    let mut told = noted.into_vec();
    told.sort_by_key(|problem| by_place(documents, &problem.place));
    let sound = told.is_empty();
    for problem in told {
        problems.push(problem);
    }
    sound.then(|| {
        let fires = |term: u32| !terms[term as usize].ways.is_empty();
        let (first, rest): (Vec<_>, Vec<_>) = spelt.iter().partition(|(term, _)| fires(*term));
        let (first_patterns, rest_patterns) = patterns.part(fires);
        let words = |spelt: Vec<&(u32, Spelling)>| {
            Finder::new(spelt.into_iter().map(|(term, spelling)| (*term, spelling)))
        };
        RuleSet {
            first: Finders { words: words(first), patterns: first_patterns },
            rest: Finders { words: words(rest), patterns: rest_patterns },
            rules,
            ways,
            terms,
            examples,
            places,
        }
    })
}

/// Problems are told in the order of the files and their lines.
fn by_place(documents: &[Document], place: &Place) -> (usize, usize, usize) {
    let (path, line, column) = match place {
        Place::Span { path, line, column, .. } => (path, *line, *column),
        Place::File(path) => (path, 0, 0),
        Place::Env(_) | Place::Flag(_) => return (0, 0, 0),
    };
    let number = documents.iter().position(|document| document.path() == path);
    (number.unwrap_or(documents.len()), line, column)
}

/// Lists may name lists no deeper than this.
const MAX_NESTED: usize = 64;
/// The terms of a rule set stand for no more spellings than this.
const MAX_SPELLINGS: usize = 2_000_000;

struct Compiler<'p> {
    problems: &'p Problems,
    terms: Vec<Term>,
    spelt: Vec<(u32, Spelling)>,
    patterns: Patterns,
    /// The number of each term; `None` if it was refused.
    numbers: HashMap<String, Option<u32>>,
    /// The terms of each list, lists inside it resolved.
    lists: BTreeMap<String, Arc<[u32]>>,
    ways: Vec<Way>,
}

impl<'p> Compiler<'p> {
    fn new(problems: &'p Problems) -> Self {
        Self {
            problems,
            terms: Vec::new(),
            spelt: Vec::new(),
            patterns: Patterns::default(),
            numbers: HashMap::new(),
            lists: BTreeMap::new(),
            ways: Vec::new(),
        }
    }

    fn refuse_twins(&self, lists: &[List<'_>], drafts: &[Draft<'_>]) {
        let mut seen: HashMap<&str, &List<'_>> = HashMap::new();
        for list in lists {
            if let Some(first) = seen.insert(&list.name, list) {
                let first = first.document.problem(&first.source, "").place;
                let message = format!("a second list `{}`", list.name);
                let problem = list.document.problem(&list.source, message);
                self.problems.push(problem.hint(format!("the first is at {first}; rename one")));
            }
        }
        let mut seen: HashMap<&str, &Draft<'_>> = HashMap::new();
        for draft in drafts.iter().filter(|draft| !draft.rule.id.as_str().is_empty()) {
            if let Some(first) = seen.insert(draft.rule.id.as_str(), draft) {
                let first = first.document.problem(&first.source, "").place;
                let message = format!("a second rule `{}`", draft.rule.id);
                let problem = draft.document.problem(&draft.source, message);
                self.problems.push(problem.hint(format!("the first is at {first}; rename one")));
            }
        }
    }

    /// Reads every list, named by a rule or not.
    fn read_lists(&mut self, lists: &[List<'_>]) {
        let names: BTreeMap<&str, &List<'_>> =
            lists.iter().map(|list| (list.name.as_str(), list)).collect();
        for list in lists {
            self.read_list(list, &names, &mut Vec::new());
        }
    }

    fn read_list<'l>(
        &mut self,
        list: &'l List<'_>,
        names: &BTreeMap<&'l str, &'l List<'_>>,
        path: &mut Vec<&'l str>,
    ) {
        if self.lists.contains_key(&list.name) {
            return;
        }
        path.push(&list.name);
        let mut terms = Vec::new();
        let mut taken = HashSet::new();
        for entry in &list.entries {
            let Some(name) = entry.text.strip_prefix('@') else {
                terms.extend(self.term(entry));
                continue;
            };
            match names.get(name) {
                None => self.unknown_list(entry, name, names.keys().copied()),
                Some(_) if path.len() == MAX_NESTED => {
                    let problem = entry.problem(format!("lists inside lists, {MAX_NESTED} deep"));
                    self.problems.push(problem.hint("put the terms of the last ones here"));
                }
                Some(_) if path.contains(&name) => {
                    let problem = entry.problem(format!("the list `{name}` holds itself"));
                    self.problems.push(problem.hint("take `@…` out of one of the lists"));
                }
                Some(_) if !taken.insert(name) => {}
                Some(inner) => {
                    self.read_list(inner, names, path);
                    terms.extend(self.lists.get(name).iter().flat_map(|terms| terms.iter()));
                }
            }
        }
        path.pop();
        terms.sort_unstable();
        terms.dedup();
        self.lists.insert(list.name.clone(), terms.into());
    }

    fn unknown_list<'n>(
        &self,
        entry: &Entry<'_>,
        name: &str,
        known: impl Iterator<Item = &'n str> + Clone,
    ) {
        let near = nearest(name, known.clone());
        let here = known.map(|name| format!("@{name}")).collect::<Vec<_>>().join(", ");
        let hint = match (near, here.as_str()) {
            (Some(near), _) => format!("did you mean `@{near}`? lists here: {here}"),
            (None, "") => format!("no lists here; add `[list]` with `{name} = [\"…\"]`"),
            (None, _) => format!("lists here: {here}"),
        };
        self.problems.push(entry.problem(format!("no list `@{name}`")).hint(hint));
    }

    /// The number of a term; `None` if it is refused, which is noted once for each text.
    fn term(&mut self, entry: &Entry<'_>) -> Option<u32> {
        if let Some(number) = self.numbers.get(&entry.text) {
            return *number;
        }
        let number = u32::try_from(self.terms.len()).ok()?;
        let read = match patterns::is_pattern(&entry.text) {
            true => self.pattern(&entry.text).map(|regex| {
                self.patterns.push(number, regex);
                false
            }),
            false => self.spellings(&entry.text).map(|spellings| {
                let capitals = shout::is_in_capitals(&spellings);
                self.spelt.extend(spellings.into_iter().map(|spelling| (number, spelling)));
                capitals
            }),
        };
        let number = match read {
            Ok(capitals) => {
                self.terms.push(Term { text: entry.text.clone(), ways: Vec::new(), capitals });
                Some(number)
            }
            Err(refused) => {
                self.problems.push(entry.refused(&refused));
                None
            }
        };
        self.numbers.insert(entry.text.clone(), number);
        number
    }

    fn pattern(&self, term: &str) -> Result<Regex, Refused> {
        if self.patterns.len() == MAX_PATTERNS {
            return refuse(
                term.find('/').unwrap_or_default(),
                format!("the rules have more than {MAX_PATTERNS} regular expressions"),
                "use plain terms where they do, or put several into one: `/one|two/`",
            );
        }
        patterns::read(term)
    }

    fn spellings(&self, term: &str) -> Result<Vec<Spelling>, Refused> {
        let spellings = spellings(term)?;
        if self.spelt.len() + spellings.len() > MAX_SPELLINGS {
            return refuse(
                0,
                format!("the rules stand for more than {MAX_SPELLINGS} spellings, all together"),
                "use fewer `{…}` and `~` in one term, or fewer rules",
            );
        }
        Ok(spellings)
    }

    fn way(&mut self, rule: u32, draft: &WayDraft<'_>) {
        let Ok(way) = u32::try_from(self.ways.len()) else { return };
        let all = u32::try_from(draft.all.len()).unwrap_or(u32::MAX);
        self.ways.push(Way {
            rule,
            fields: draft.fields,
            languages: draft.languages.clone(),
            has_any: !draft.any.is_empty(),
            all,
            with: match draft.within {
                _ if draft.with.is_empty() => With::NotNeeded,
                None => With::Anywhere,
                Some(words) => With::Within(words),
            },
            terms: Vec::new(),
        });
        self.deal(way, Role::Any, &draft.any);
        for (entry, alternatives) in (0..all).zip(&draft.all) {
            self.deal(way, Role::All(entry), alternatives);
        }
        self.deal(way, Role::With, &draft.with);
        self.deal(way, Role::None, &draft.none);
        self.deal(way, Role::Except, &draft.except);
    }

    /// Gives the terms of `entries` their role in `way`. Lists are shared, not copied, and each is
    /// dealt once.
    fn deal(&mut self, way: u32, role: Role, entries: &[Entry<'_>]) {
        let mut dealt: Vec<Arc<[u32]>> = Vec::new();
        let mut own = Vec::new();
        let mut taken = HashSet::new();
        for entry in entries {
            match entry.text.strip_prefix('@') {
                None => own.extend(self.term(entry)),
                Some(name) => match self.lists.get(name) {
                    Some(terms) if taken.insert(name) => dealt.push(Arc::clone(terms)),
                    Some(_) => {}
                    None => self.unknown_list(entry, name, self.lists.keys().map(String::as_str)),
                },
            }
        }
        own.sort_unstable();
        own.dedup();
        dealt.push(own.into());
        for terms in dealt.into_iter().filter(|terms| !terms.is_empty()) {
            if matches!(role, Role::Any | Role::All(_)) {
                for term in terms.iter() {
                    let ways = &mut self.terms[*term as usize].ways;
                    if ways.last() != Some(&way) {
                        ways.push(way);
                    }
                }
            }
            self.ways[way as usize].terms.push((role, terms));
        }
    }
}
