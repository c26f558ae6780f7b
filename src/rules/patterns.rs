//! `/…/`: terms that are regular expressions, for what no other sign can say.
//!
//! A pattern is matched on the text as it stands: nothing is folded but case, and of that nothing
//! behind `=`. The engine has no look-around and no back-references, so that one search takes time
//! linear in the text. Each match costs a search, which reads on behind it as far as a longer one
//! might reach: [`most_matches`] bounds what all of them read.

use std::ops::Range;

use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::ast::ErrorKind;

use super::term::{Refused, refuse};

/// The patterns of a rule set.
#[derive(Debug, Default)]
pub(super) struct Patterns(Vec<Pattern>);

#[derive(Debug)]
struct Pattern {
    term: u32,
    regex: Regex,
    /// The bytes of its longest match; none if there is no limit.
    longest: Option<usize>,
}

/// A rule set has no more patterns than this: each text is searched for each, and each takes up to
/// [`MAX_SIZE`].
pub(super) const MAX_PATTERNS: usize = 500;
/// So many matches of one pattern are looked for in any field, however long.
const MIN_MATCHES: usize = 100;
/// And no more than this: each may be kept.
const MAX_MATCHES: usize = 10_000;
/// Between these, so many that the searches read no more bytes than this in a field.
const MAX_READ: usize = 16 << 20;
/// A pattern takes no more memory than this, compiled.
const MAX_SIZE: usize = 1 << 20;
const WHOLE: &str = "a pattern is the whole entry: `/…/`, or `=/…/` where capitals count";

/// Whether a term is meant as a pattern.
pub(super) fn is_pattern(term: &str) -> bool {
    let term = term.trim_start();
    term.starts_with('/') || term.starts_with("=/")
}

/// The pattern of a term that [`is_pattern`].
pub(super) fn read(term: &str) -> Result<Regex, Refused> {
    let begins = term.find('/').unwrap_or_default() + 1;
    let exact = term.trim_start().starts_with('=');
    let end = term.rfind('/').unwrap_or_default();
    if end < begins {
        return refuse(begins - 1, "`/` without a `/` at the end", WHOLE);
    }
    let behind = term[end + 1..].trim();
    if behind == "i" {
        return refuse(end + 1, "`i` behind the pattern", "leave it out: case does not matter");
    }
    if !behind.is_empty() {
        return refuse(end + 1, format!("`{behind}` behind the pattern"), WHOLE);
    }
    let pattern = &term[begins..end];
    let parsed = ParserBuilder::new().case_insensitive(!exact).build().parse(pattern);
    let least = match &parsed {
        Ok(hir) => hir.properties().minimum_len(),
        Err(error) => return refuse_syntax(begins, pattern, error),
    };
    match least {
        Some(0) => refuse(
            begins,
            "the pattern matches where nothing stands",
            "let it ask for one letter at least: `+` instead of `*` or `?`",
        ),
        None => refuse(begins, "nothing can match the pattern", "write what it should find"),
        Some(_) => RegexBuilder::new(pattern)
            .case_insensitive(!exact)
            .size_limit(MAX_SIZE)
            .dfa_size_limit(MAX_SIZE)
            .build()
            .or_else(|_| {
                refuse(
                    begins,
                    format!("the pattern takes more than {} KiB, compiled", MAX_SIZE >> 10),
                    "use smaller numbers in `{…}`, or `[a-z]` rather than `\\w`",
                )
            }),
    }
}

fn refuse_syntax<T>(
    begins: usize,
    pattern: &str,
    error: &regex_syntax::Error,
) -> Result<T, Refused> {
    let (span, message, hint) = match error {
        regex_syntax::Error::Parse(error) => {
            let hint = match error.kind() {
                ErrorKind::UnsupportedLookAround => {
                    "look-around is not linear in time; use `with`, `except` or `none` instead"
                }
                ErrorKind::UnsupportedBackreference => {
                    "back-references are not linear in time; write the words out"
                }
                _ => "a sign that stands for itself needs a `\\` before it",
            };
            (error.span(), error.kind().to_string(), hint)
        }
        regex_syntax::Error::Translate(error) => {
            (error.span(), error.kind().to_string(), "use another class of characters")
        }
        other => return refuse(begins, format!("pattern: {other}"), "write it more simply"),
    };
    let at = span.start.offset.min(pattern.len());
    refuse(begins + at, format!("pattern: {message}"), hint)
}

impl Patterns {
    /// Adds the pattern of the term of that number.
    pub(super) fn push(&mut self, term: u32, regex: Regex) {
        let parsed = regex_syntax::Parser::new().parse(regex.as_str());
        // In another case a letter has at most three times the bytes.
        let longest = parsed.ok().and_then(|hir| hir.properties().maximum_len());
        self.0.push(Pattern { term, regex, longest: longest.map(|bytes| bytes.saturating_mul(3)) });
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those whose term is wanted, and the others.
    pub(super) fn part(self, wanted: impl Fn(u32) -> bool) -> (Self, Self) {
        let (one, other) = self.0.into_iter().partition(|pattern| wanted(pattern.term));
        (Self(one), Self(other))
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls `found` with each match in `text`: the number of its term, and its bytes, at least one.
    /// Returns whether that is all: of no pattern are there more than [`most_matches`].
    pub(super) fn find(&self, text: &str, mut found: impl FnMut(u32, Range<usize>)) -> bool {
        let mut is_all = true;
        for pattern in &self.0 {
            let (mut last, mut count) = (0, 0);
            for place in pattern.places(text) {
                (last, count) = (place.end, count + 1);
                found(pattern.term, place);
            }
            is_all &= count < pattern.most(text) || pattern.regex.find_at(text, last).is_none();
        }
        is_all
    }

    /// The matches of the term of that number in `text`; `None` if it is no pattern.
    pub(super) fn places<'t>(
        &'t self,
        term: u32,
        text: &'t str,
    ) -> Option<impl Iterator<Item = Range<usize>>> {
        let at = self.0.binary_search_by_key(&term, |pattern| pattern.term).ok()?;
        Some(self.0[at].places(text))
    }
}

impl Pattern {
    fn places<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> {
        self.regex.find_iter(text).take(self.most(text)).map(|found| found.range())
    }

    fn most(&self, text: &str) -> usize {
        most_matches(self.longest, text.len())
    }
}

/// How many matches of at most `longest` bytes are looked for in a text of so many.
fn most_matches(longest: Option<usize>, text: usize) -> usize {
    let reads = longest.unwrap_or(text).min(text).max(1);
    (MAX_READ / reads).clamp(MIN_MATCHES, MAX_MATCHES)
}

#[cfg(test)]
#[path = "patterns_tests.rs"]
mod tests;
