//! Any text as a rule file. It never panics, a set with a problem never loads, every problem has a
//! place in the file, and what loads can be linted and run: on its own examples, and on the text
//! itself, which is explained as it is matched.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wirewatch::document::Document;
use wirewatch::model::{FeedId, Field, Item, Place, Problem, Problems};
use wirewatch::rules::{Heed, RuleSet, Subject, forms};

fuzz_target!(|text: &str| {
    let documents = [Document::new("rules.toml", text)];
    let problems = Problems::default();
    let rules = RuleSet::compile(&documents, &problems);
    let problems = problems.into_vec();
    assert_eq!(rules.is_some(), problems.is_empty());
    problems.iter().for_each(|problem| check_place(problem, text));
    if let Some(rules) = rules {
        rules.check_examples(&documents).iter().for_each(|problem| check_place(problem, text));
        let item = Item { title: text.to_owned(), summary: text.to_owned(), ..Item::default() };
        let feed = FeedId::new("feed");
        let findings = rules.lint(&documents, Some(&[(feed.clone(), Vec::new())]));
        findings.told.iter().for_each(|finding| check_place(&finding.problem, text));
        let subject = Subject { item: &item, feed: &feed, feed_tags: &[] };
        let fires = rules.matches(&subject);
        // Both know the same rules to fire.
        let explained = rules.explainer().explain(&subject, Heed::Feed);
        let explained = explained.iter().filter(|rule| rule.fires).map(|rule| &rule.rule);
        assert!(explained.eq(fires.iter().map(|rule| &rule.id)));
        for rule in fires {
            assert!(!rule.matches.is_empty());
            for hit in rule.matches {
                assert!(hit.field != Field::Content && !hit.text.is_empty());
                assert_eq!(item.field(hit.field).get(hit.start..hit.end), Some(hit.text.as_str()));
            }
        }
    }
    for term in text.split(['"', '\'', '\n']).take(16) {
        match forms(term) {
            Ok(all) => all.iter().take(64).for_each(|form| assert!(forms(form).is_ok(), "{form}")),
            Err(problem) => check_place(&problem, term),
        }
    }
});

fn check_place(problem: &Problem, text: &str) {
    assert!(!problem.message.is_empty());
    match &problem.place {
        Place::File(_) => {}
        Place::Span { line, column, text: shown, .. } => {
            // Of a long line what is near the place is shown.
            let written = text.split('\n').nth(line - 1).unwrap().chars().count();
            assert!(shown.chars().count() <= written.min(200) + 2);
            assert!((1..=written + 1).contains(column));
        }
        other => panic!("{other}"),
    }
}
