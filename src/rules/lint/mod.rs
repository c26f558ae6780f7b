//! What a careful reader of rule files would ask about: nothing that keeps rules from running, but
//! most likely not what was meant.
//!
//! A term is compared with others by the words that it may be spelt with (`words`), so that the
//! whole takes time near-linear in the rules. A lint that is wrong at one place is switched off
//! there by a comment on the same line or on a line of its own before it: `# lint-ok: homonym`.

mod book;
mod dead;
mod homonym;
mod scope;
mod script;
mod shape;
mod swallow;
mod words;

use std::collections::BTreeMap;

use crate::document::{Document, Source};
use crate::model::{FeedId, Problem, Problems};

use super::file::{self, Entry};
use book::Book;

/// A kind of oddity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lint {
    /// A term that others make idle.
    Swallowed,
    /// A term or a rule that can never do what it stands there for.
    Dead,
    /// Terms that bring the company themselves that `with` asks for.
    IdleWith,
    /// A word in letters of two scripts.
    MixedScript,
    /// Terms in other letters than the languages that are looked at.
    OtherScript,
    /// A common word of some language, looked for without context.
    Homonym,
    /// A few letters and `*`.
    ShortStem,
    /// `=` where capitals and accents tell nothing apart.
    IdleSign,
    /// A rule that is never tested.
    NoExamples,
    /// A list that no rule names.
    UnusedList,
    /// `within` that is hardly a limit.
    WideWithin,
    /// Two ways to fire of one rule of which one would do.
    SameWay,
    /// A scope that no feed of the config fits.
    NoFeed,
}

impl Lint {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Swallowed,
        Self::Dead,
        Self::IdleWith,
        Self::MixedScript,
        Self::OtherScript,
        Self::Homonym,
        Self::ShortStem,
        Self::IdleSign,
        Self::NoExamples,
        Self::UnusedList,
        Self::WideWithin,
        Self::SameWay,
        Self::NoFeed,
    ];

    /// Its name in reports, and behind `# lint-ok:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Swallowed => "swallowed",
            Self::Dead => "dead",
            Self::IdleWith => "idle-with",
            Self::MixedScript => "mixed-script",
            Self::OtherScript => "other-script",
            Self::Homonym => "homonym",
            Self::ShortStem => "short-stem",
            Self::IdleSign => "idle-sign",
            Self::NoExamples => "no-examples",
            Self::UnusedList => "unused-list",
            Self::WideWithin => "wide-within",
            Self::SameWay => "same-way",
            Self::NoFeed => "no-feed",
        }
    }
}

/// One thing that a lint found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which lint.
    pub lint: Lint,
    /// Where, what, and what to do about it.
    pub problem: Problem,
}

/// What the lints found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// In the order of the files and their lines; of each lint no more than [`Findings::MOST`].
    pub told: Vec<Finding>,
    /// How many there are beyond those.
    pub more: usize,
}

impl Findings {
    /// Of each lint no more than this many findings are told.
    pub const MOST: usize = 100;

    /// How many there are in all.
    pub fn len(&self) -> usize {
        self.told.len() + self.more
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }
}

/// A finding before its line and column are counted.
struct Note<'a> {
    lint: Lint,
    document: &'a Document,
    source: Source,
    message: String,
    hint: String,
}

impl<'a> Note<'a> {
    /// At a term.
    fn at(entry: &Entry<'a>, lint: Lint, message: String, hint: impl Into<String>) -> Self {
        let source = entry.source.clone();
        Self { lint, document: entry.document, source, message, hint: hint.into() }
    }

    fn start(&self) -> usize {
        match &self.source {
            Source::Span(span) => span.start,
            Source::Env(_) | Source::Flag(_) => 0,
        }
    }
}

/// Looks at the rules of `documents`, which were compiled before without a problem. With `feeds`,
/// those of the config with their tags, at what they are looked for in too.
pub(super) fn lint(documents: &[Document], feeds: Option<&[(FeedId, Vec<String>)]>) -> Findings {
    let compiled = Problems::default();
    let (mut lists, mut drafts) = (Vec::new(), Vec::new());
    for (number, document) in documents.iter().enumerate() {
        file::read(document, number, &compiled, &mut lists, &mut drafts);
    }
    let mut notes = Vec::new();
    {
        let mut book = Book::new(&lists);
        let ways: Vec<Vec<_>> = drafts
            .iter()
            .map(|draft| draft.ways.iter().map(|way| book.way(way)).collect())
            .collect();
        let mut homonyms = homonym::Known::default();
        for (draft, ways) in drafts.iter().zip(&ways) {
            for way in ways {
                swallow::in_way(way, &mut notes);
                dead::in_way(way, &mut notes);
                shape::in_way(way, &mut notes);
            }
            homonym::in_rule(draft, ways, &mut homonyms, &mut notes);
            shape::in_rule(draft, ways, &mut notes);
        }
        let all: Vec<_> = ways.into_iter().flatten().collect();
        swallow::in_lists(&book, &all, &mut notes);
        shape::in_lists(&book, &all, &mut notes);
        shape::in_terms(&book, &all, &mut notes);
    }
    for document in documents {
        scope::lint(document, feeds, &mut notes);
    }
    told(documents, notes)
}

/// The notes that are not switched off, in order, each once.
fn told(documents: &[Document], mut notes: Vec<Note<'_>>) -> Findings {
    let number = |note: &Note<'_>| {
        documents.iter().position(|document| std::ptr::eq(document, note.document))
    };
    notes.sort_by_cached_key(|note| (number(note), note.start(), note.lint));
    notes.dedup_by(|one, two| {
        (one.lint, &one.message) == (two.lint, &two.message)
            && one.start() == two.start()
            && std::ptr::eq(one.document, two.document)
    });
    let mut findings = Findings::default();
    let mut counts: BTreeMap<Lint, usize> = BTreeMap::new();
    for document in documents {
        let here = notes.iter().filter(|note| std::ptr::eq(note.document, document));
        let mut silenced = Silenced::new(document.text());
        for note in here.filter(|note| !silenced.holds(note.lint, note.start())) {
            let count = counts.entry(note.lint).or_default();
            *count += 1;
            if *count > Findings::MOST {
                findings.more += 1;
                continue;
            }
            let problem = document.problem(&note.source, note.message.as_str());
            let problem = problem.hint(note.hint.as_str());
            findings.told.push(Finding { lint: note.lint, problem });
        }
    }
    findings
}

/// What the comments of a file switch off; asked with rising places.
struct Silenced<'t> {
    text: &'t str,
    /// Where the line begins that was asked for last, and what it and the one before say.
    line: usize,
    before: &'t str,
    here: &'t str,
}

impl<'t> Silenced<'t> {
    fn new(text: &'t str) -> Self {
        let here = text.split('\n').next().unwrap_or_default();
        Self { text, line: 0, before: "", here }
    }

    fn holds(&mut self, lint: Lint, at: usize) -> bool {
        while self.line + self.here.len() < at {
            self.line += self.here.len() + 1;
            self.before = self.here;
            let rest = self.text.get(self.line..).unwrap_or_default();
            self.here = rest.split('\n').next().unwrap_or_default();
        }
        let above = self.before.trim_start().starts_with('#').then_some(self.before);
        above
            .into_iter()
            .chain([self.here])
            .any(|line| names(line).any(|name| name == lint.as_str()))
    }
}

/// The lints named behind `# lint-ok:` in a line, up to the first word that is none.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let listed = line.split_once("# lint-ok:").map_or("", |(_, listed)| listed);
    let words = listed.split([' ', ',', '\t', '\r']).filter(|word| !word.is_empty());
    words.take_while(|word| Lint::ALL.iter().any(|lint| lint.as_str() == *word))
}

#[cfg(test)]
mod tests;
