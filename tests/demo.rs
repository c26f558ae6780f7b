//! The demonstration against the shipped rules: each item matches the rules that it is written for.

use wirewatch::demo::{FEEDS, LENGTH, document};
use wirewatch::document::Document;
use wirewatch::model::{FeedId, Problems, Timestamp};
use wirewatch::parse::{Input, parse};
use wirewatch::rules::{RuleSet, Subject};

#[test]
fn every_demo_item_matches_the_shipped_rules_that_it_names_and_no_others() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/rules/ukraine.toml");
    let documents = [Document::new(path, std::fs::read_to_string(path).unwrap())];
    let problems = Problems::default();
    let rules = RuleSet::compile(&documents, &problems).unwrap();
    let started = Timestamp::parse("2026-11-23T22:00:00Z").unwrap();
    for feed in FEEDS {
        let bytes = document(feed, started, LENGTH);
        let content_type = Some(feed.content_type());
        let parsed = parse(&Input { bytes: &bytes, content_type, url: None }).unwrap();
        assert_eq!(parsed.items.len(), feed.items.len(), "{}", feed.id);
        for (item, written) in parsed.items.iter().zip(feed.items.iter().rev()) {
            let subject = Subject { item, feed: &FeedId::new(feed.id), feed_tags: &[] };
            let mut fired: Vec<_> =
                rules.matches(&subject).iter().map(|rule| rule.id.to_string()).collect();
            let mut named: Vec<_> = written.rules.iter().map(ToString::to_string).collect();
            fired.sort();
            named.sort();
            assert_eq!(fired, named, "{}", item.title);
        }
    }
}
