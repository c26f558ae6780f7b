//! A term by itself, in no rule.

use std::sync::Arc;

use super::{RuleSet, Subject, term};
use crate::document::{Document, Source};
use crate::model::{FeedId, Item, Problem, Problems};

/// All that a term stands for: each a term in which nothing is left to choose, so only `=` and `*`
/// keep their meaning. In the order of alternatives and cases. A problem, at the column, if the
/// term is refused; it is taken for the value of a flag.
pub fn forms(term: &str) -> Result<Vec<String>, Problem> {
    forms_of("--forms", term)
}

fn forms_of(flag: &str, term: &str) -> Result<Vec<String>, Problem> {
    term::forms(term).map_err(|refused| {
        let text = Document::new(flag, term);
        let rest = term.get(refused.at..).unwrap_or_default();
        let end = refused.at + rest.chars().next().map_or(0, char::len_utf8);
        text.problem(&Source::Span(refused.at..end), refused.message).hint(refused.hint)
    })
}

/// A term that is looked for in texts as that of a rule would be.
#[derive(Clone, Debug)]
pub struct LoneTerm(Arc<RuleSet>);

impl LoneTerm {
    /// Reads a term.
    ///
    /// # Errors
    /// A problem, at the column, if the term is refused; it is taken for the value of `flag`.
    pub fn new(flag: &str, term: &str) -> Result<Self, Problem> {
        forms_of(flag, term)?;
        let rule = format!("[[rule]]\nid = \"term\"\nany = [\"{}\"]\n", escaped(term));
        let document = Document::new(flag, rule);
        let problems = Problems::default();
        let rules = RuleSet::compile(std::slice::from_ref(&document), &problems);
        let refused = || {
            let told = problems.into_vec().into_iter().next();
            told.unwrap_or_else(|| document.problem(&Source::Span(0..0), "no term"))
        };
        rules.map(|rules| Self(Arc::new(rules))).ok_or_else(refused)
    }

    /// Whether it stands in a headline or a text.
    pub fn is_in(&self, title: &str, text: &str) -> bool {
        let item = Item { title: title.to_owned(), summary: text.to_owned(), ..Item::default() };
        let subject = Subject { item: &item, feed: &FeedId::new(""), feed_tags: &[] };
        !self.0.matches(&subject).is_empty()
    }
}

/// As it stands between the quotes of a TOML string.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\\') || c.is_control() {
            out.push_str(&format!("\\u{:04X}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}
