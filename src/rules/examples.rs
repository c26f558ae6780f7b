//! A rule's own examples, run.

use crate::document::Document;
use crate::model::{Item, Problem};

use super::RuleSet;
use super::decide::Verdict;
use super::file::Example;
use super::reading::Reading;

/// A problem for each example that does not come out as it should.
pub(super) fn check(rules: &RuleSet, documents: &[Document]) -> Vec<Problem> {
    let told = rules.examples.iter().filter_map(|example| {
        let told = check_one(rules, example)?;
        let place = documents.get(example.document)?.problem(&example.source, told.message);
        Some(place.hint(told.hint))
    });
    told.collect()
}

struct Told {
    message: String,
    hint: &'static str,
}

fn check_one(rules: &RuleSet, example: &Example) -> Option<Told> {
    let reading = Reading::new(&example.item);
    let hits = rules.hits(&reading);
    let verdicts = rules.verdicts(&hits, |rule| rule == example.rule);
    let say = |hit: u32| rules.say(&reading, &hits[hit as usize]);
    let fired = verdicts.iter().find_map(|(_, verdict)| match verdict {
        Verdict::Fires(on) => on.first().copied(),
        _ => None,
    });
    let id = &rules.rules.get(example.rule as usize)?.id;
    match (example.fires, fired) {
        (true, Some(_)) | (false, None) => None,
        (false, Some(hit)) => {
            let message = format!("rule `{id}`: this example should be ignored, but {}", say(hit));
            let hint = "narrow that term, name the phrase in `except`, or move the example to \
                        `match`";
            Some(Told { message, hint })
        }
        (true, None) => {
            let why = why_silent(&verdicts, say);
            let message = format!("rule `{id}`: this example should match, but {why}");
            Some(Told { message, hint: silent_hint(&example.item) })
        }
    }
}

/// Why no way fired; a way that had a hit at all says more than one that had none.
fn why_silent(verdicts: &[(u32, Verdict)], say: impl Fn(u32) -> String) -> String {
    let telling = verdicts
        .iter()
        .map(|(_, verdict)| verdict)
        .find(|verdict| !matches!(verdict, Verdict::Lacks(None)));
    match telling {
        Some(Verdict::Excepted(hit)) => format!("{}, inside a phrase of `except`", say(*hit)),
        Some(Verdict::Alone(hit)) => {
            format!("{}, with none of `with` near enough", say(*hit))
        }
        Some(Verdict::Vetoed(hit)) => format!("{}, which is in `none`", say(*hit)),
        Some(Verdict::Lacks(Some(entry))) => {
            format!("entry {} of `all` is nowhere in it", entry + 1)
        }
        _ => "nothing hit".to_owned(),
    }
}

fn silent_hint(item: &Item) -> &'static str {
    if item.title.is_empty() && item.summary.is_empty() && item.content.is_empty() {
        "the example is empty"
    } else {
        "add a term for it, or move the example to `ignore`"
    }
}
