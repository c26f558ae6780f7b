//! A rule's own examples, run.

use crate::document::{Document, Source};
use crate::model::{Item, Problem};

use super::decide::Verdict;
use super::explain::{Miss, say};
use super::file::Example;
use super::reading::Reading;
use super::{Explainer, Rule, RuleSet};

/// An example of a rule, and how it came out.
#[derive(Debug)]
pub struct ExampleRun<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Whether the rule should fire on it.
    pub should_fire: bool,
    /// The example's texts.
    pub item: &'a Item,
    /// The number of the document that it stands in, of those compiled.
    pub document: usize,
    /// Where in that it stands.
    pub source: &'a Source,
    /// What is wrong, if it did not come out as it should.
    pub failed: Option<ExampleFailed>,
}

/// Why an example did not come out as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFailed {
    /// What happened instead: one clause.
    pub message: String,
    /// How to mend it.
    pub hint: &'static str,
}

impl ExampleRun<'_> {
    /// The problem, at the example's place in the `documents` compiled, if there is one.
    pub fn problem(&self, documents: &[Document]) -> Option<Problem> {
        let failed = self.failed.as_ref()?;
        let message = format!("rule `{}`: {}", self.rule.id, failed.message);
        let problem = documents.get(self.document)?.problem(self.source, message);
        Some(problem.hint(failed.hint))
    }
}

/// Runs all examples, whatever feeds the rules look at.
pub(super) fn run(rules: &RuleSet) -> Vec<ExampleRun<'_>> {
    let mut explainer = None;
    let one = |example| run_one(rules, example, &mut explainer);
    rules.examples.iter().filter_map(one).collect()
}

/// What was made for the rule of that number last, or made now: examples stand with their rule, so
/// that it is made once for each.
fn kept<T>(last: &mut Option<(u32, T)>, rule: u32, make: impl FnOnce() -> T) -> &T {
    let kept = last.take().filter(|(of, _)| *of == rule);
    &last.insert(kept.unwrap_or_else(|| (rule, make()))).1
}

/// A problem for each example that does not come out as it should.
pub(super) fn check(rules: &RuleSet, documents: &[Document]) -> Vec<Problem> {
    run(rules).iter().filter_map(|run| run.problem(documents)).collect()
}

fn run_one<'a>(
    rules: &'a RuleSet,
    example: &'a Example,
    explainer: &mut Option<(u32, Explainer<'a>)>,
) -> Option<ExampleRun<'a>> {
    let Example { rule, fires, item, document, source } = example;
    let reading = Reading::new(item);
    let hits = rules.hits(&reading);
    let verdicts = rules.verdicts(&hits, &reading, |one| one == *rule);
    let fired = verdicts.iter().find_map(|(_, verdict)| match verdict {
        Verdict::Fires(on) => on.first(),
        _ => None,
    });
    let failed = match (fires, fired) {
        (true, Some(_)) | (false, None) => None,
        (false, Some(hit)) => {
            let hit = say::hit(&rules.match_in(&reading, &hits[*hit as usize]));
            Some(ExampleFailed {
                message: format!("this example should be ignored, but {hit}"),
                hint: "narrow that term, name the phrase in `except`, or move the example to \
                       `match`",
            })
        }
        (true, None) => {
            let explainer = kept(explainer, *rule, || Explainer::of_one(rules, *rule));
            let misses = explainer.misses(*rule, &reading);
            let why = match misses.first() {
                Some(miss @ Miss::Near { .. }) => format!("nothing hit; {miss}"),
                Some(miss) => miss.to_string(),
                None => "nothing hit".to_owned(),
            };
            let message = format!("this example should match, but {why}");
            Some(ExampleFailed { message, hint: way_out(item, misses.first()) })
        }
    };
    let rule = rules.rules.get(*rule as usize)?;
    Some(ExampleRun { rule, should_fire: *fires, item, document: *document, source, failed })
}

/// How to make a rule fire on an example.
fn way_out(item: &Item, miss: Option<&Miss>) -> &'static str {
    if item.title.is_empty() && item.summary.is_empty() && item.content.is_empty() {
        return "the example is empty";
    }
    match miss {
        Some(Miss::Vetoed { .. }) => "narrow that term of `none`, or move the example to `ignore`",
        Some(Miss::Excepted { .. }) => {
            "narrow that phrase of `except`, or move the example to `ignore`"
        }
        Some(Miss::Alone { nearest: Some(_), .. }) => {
            "raise `within`, add a nearer term to `with`, or move the example to `ignore`"
        }
        Some(Miss::Alone { nearest: None, .. }) => {
            "add a term to `with`, or move the example to `ignore`"
        }
        Some(Miss::Missing { entry: Some(_), .. }) => {
            "add a term to that entry of `all`, or move the example to `ignore`"
        }
        Some(Miss::Language { .. }) => {
            "add the language to `languages`, or move the example to `ignore`"
        }
        Some(Miss::Field { .. }) => "add the field to `fields`, or move the example to `ignore`",
        Some(Miss::Missing { entry: None, .. } | Miss::Shout { .. } | Miss::Near { .. }) | None => {
            "add a term for it, or move the example to `ignore`"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn what_explains_a_rule_is_made_once_for_all_its_examples() {
        let (mut last, mut made) = (None, Vec::new());
        for rule in [0, 0, 0, 1, 1, 2] {
            let of = *kept(&mut last, rule, || {
                made.push(rule);
                rule
            });
            assert_eq!(of, rule);
        }
        assert_eq!(made, [0, 1, 2]);
    }
}
