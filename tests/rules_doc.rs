//! docs/rules.md against the program: the term tables find what they say, and all verbs are there.
//! (That its rules compile and pass their examples is in `docs.rs`.)

use std::process::Command;

use wirewatch::document::Document;
use wirewatch::model::{FeedId, Item, Problems};
use wirewatch::rules::{Lint, RuleSet, Subject, forms};

const PAGE: &str = include_str!("../docs/rules.md");

/// The rows of the tables headed so, cell by cell.
fn rows(page: &str, head: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line == head {
            inside = true;
        } else if !line.starts_with('|') {
            inside = false;
        } else if inside && !line.starts_with("|---") {
            let cells = line.replace("\\|", "\u{1}");
            let cells = cells.trim_matches('|').split('|');
            rows.push(cells.map(|cell| cell.trim().replace('\u{1}', "|")).collect());
        }
    }
    rows
}

/// What stands in backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn finds(term: &str, text: &str) -> bool {
    let rule = format!("[[rule]]\nid = \"a\"\nany = ['''{term}''']");
    let problems = Problems::default();
    let rules = RuleSet::compile(&[Document::new("doc", rule)], &problems);
    let told: Vec<String> = problems.into_vec().iter().map(ToString::to_string).collect();
    let rules = rules.unwrap_or_else(|| panic!("{told:#?}"));
    let item = Item { title: text.to_owned(), ..Item::default() };
    let feed = FeedId::new("feed");
    !rules.matches(&Subject { item: &item, feed: &feed, feed_tags: &[] }).is_empty()
}

#[test]
fn terms_find_what_the_tables_say() {
    let rows = rows(PAGE, "| term | finds | does not find |");
    assert!(rows.len() >= 16, "{}", rows.len());
    for row in rows {
        let [term, found, not] = row.as_slice() else { panic!("{row:?}") };
        let term = term.trim_matches('`');
        assert!(!quoted(found).is_empty() && !quoted(not).is_empty(), "{row:?}");
        for text in quoted(found) {
            assert!(finds(term, text), "{term} does not find {text}");
        }
        for text in quoted(not) {
            assert!(!finds(term, text), "{term} finds {text}");
        }
    }
}

#[test]
fn what_the_page_says_of_case_forms_is_so() {
    assert!(forms("Trump~").unwrap().contains(&"Trumps".to_owned()));
    let refused = forms("Zelenskyy~").unwrap_err().to_string();
    assert!(refused.contains("no declension is known"), "{refused}");
    for listed in forms("=Trump{,a,owi,em,ie}").unwrap() {
        let form = listed.trim_start_matches('=').to_owned();
        assert!(forms("Trump~").unwrap().contains(&form), "{form}");
    }
}

#[test]
fn a_hit_in_which_a_term_of_with_stands_needs_no_other_company() {
    let rule = "[[rule]]\nid = \"a\"\nany = [\"flood\"]\nwith = [\"flood*\"]\nwithin = 3";
    let documents = [Document::new("doc", rule)];
    let rules = RuleSet::compile(&documents, &Problems::default()).unwrap();
    let item = Item { title: "A flood".to_owned(), ..Item::default() };
    let feed = FeedId::new("feed");
    let found = rules.matches(&Subject { item: &item, feed: &feed, feed_tags: &[] });
    assert_eq!(found.len(), 1);
    let told = rules.lint(&documents, None).told;
    assert!(told.iter().any(|finding| finding.lint == Lint::IdleWith), "{told:#?}");
}

#[test]
fn the_verbs_of_the_page_are_there() {
    let rows = rows(PAGE, "| to | run |");
    assert!(rows.len() >= 5, "{}", rows.len());
    for row in rows {
        let command = quoted(&row[1])[0];
        let mut words = command.split(' ').skip(1);
        let verb = words.next().unwrap();
        let ran = Command::new(env!("CARGO_BIN_EXE_wirewatch")).args([verb, "--help"]).output();
        let help = String::from_utf8(ran.unwrap().stdout).unwrap();
        assert!(help.contains(&format!("Usage: wirewatch {verb}")), "{command}: {help}");
        for flag in words.filter_map(|word| word.trim_start_matches('[').strip_prefix("--")) {
            assert!(help.contains(&format!("--{flag}")), "{command}: no --{flag}");
        }
    }
}
