use super::*;
use crate::document::Document;
use crate::model::Problems;

fn rules(text: &str) -> RuleSet {
    let problems = Problems::default();
    let rules = RuleSet::compile(&[Document::new("r.toml", text)], &problems);
    rules.unwrap_or_else(|| panic!("{:?}", problems.into_vec()))
}

fn rule(id: &str, terms: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\nany = [{terms}]\n")
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Items on three days, the last two of the same feed.
const ITEMS: [(&str, &str, &str); 5] = [
    ("2026-11-01T00:00:00Z", "coast", "A flood on the coast"),
    ("2026-11-01T23:59:59.999Z", "coast", "A weir and a flood"),
    ("2026-11-02T00:00:00Z", "hill", "A weir"),
    ("2026-11-04T12:00:00Z", "hill", "A flood of letters"),
    ("2026-11-04T12:00:01Z", "hill", "Nothing"),
];

fn replay(new: &str, old: Option<&str>, samples: usize) -> Replayed {
    let (new, old) = (rules(new), old.map(rules));
    let mut backtest = Backtest::new(&new, old.as_ref(), samples);
    for (seen, feed, title) in ITEMS {
        let item = Item { id: title.into(), title: title.into(), ..Item::default() };
        backtest.add(&item, &FeedId::new(feed), &[feed.to_owned()], at(seen));
    }
    backtest.finish()
}

fn counts(counts: Counts) -> [u64; 4] {
    [counts.old, counts.new, counts.added, counts.lost]
}

#[test]
fn two_rule_sets_are_compared_by_alert_rule_and_day() {
    let old = rule("flood", "\"flood\"") + &rule("gone", "\"letters\"");
    let new = "[[rule]]\nid = \"flood\"\nany = [\"flood\"]\nexcept = [\"flood of letters\"]\n\
               [[rule]]\nid = \"weir\"\nany = [\"weir\"]\n";
    let told = replay(new, Some(&old), 2);
    assert_eq!(
        (told.items, told.first, told.last),
        (5, Some(at(ITEMS[0].0)), Some(at(ITEMS[4].0)))
    );
    assert_eq!(counts(told.alerts), [3, 3, 1, 1]);
    let days: Vec<(&str, u64, [u64; 4])> =
        told.days.iter().map(|day| (day.day.as_str(), day.items, counts(day.counts))).collect();
    assert_eq!(
        days,
        [
            ("2026-11-01", 2, [2, 2, 0, 0]),
            ("2026-11-02", 1, [0, 1, 1, 0]),
            ("2026-11-04", 2, [1, 0, 0, 1]),
        ]
    );
    let told_rules: Vec<(&str, bool, bool, [u64; 4])> = told
        .rules
        .iter()
        .map(|rule| (rule.id.as_str(), rule.in_old, rule.in_new, counts(rule.fires)))
        .collect();
    assert_eq!(
        told_rules,
        [
            ("flood", true, true, [3, 2, 0, 1]),
            ("weir", false, true, [0, 2, 2, 0]),
            ("gone", true, false, [1, 0, 0, 1]),
        ]
    );
    let weir = &told.rules[1];
    let titles: Vec<&str> = weir.added.iter().map(|sample| sample.title.as_str()).collect();
    assert_eq!(titles, ["A weir", "A weir and a flood"], "the latest first");
    assert_eq!(weir.added[1].still, [RuleId::new("flood")]);
    assert_eq!(weir.added[0].still, []);
    assert_eq!(
        (weir.added[0].feed.as_str(), weir.added[0].hits[0].text.as_str()),
        ("hill", "weir")
    );
    assert_eq!(weir.days.len(), 2);
    assert_eq!(told.rules[0].lost[0].title, "A flood of letters");
}

#[test]
fn without_old_rules_all_is_added_and_samples_are_bounded() {
    let told = replay(&rule("flood", "\"flood\""), None, 1);
    assert_eq!(counts(told.alerts), [0, 3, 3, 0]);
    let samples = &told.rules[0].added;
    assert_eq!(samples.len(), 1);
    assert_eq!(samples[0].title, "A flood of letters");
    assert!(replay(&rule("flood", "\"flood\""), None, 0).rules[0].added.is_empty());
    let same = replay(&rule("a", "\"flood\""), Some(&rule("a", "\"flood\", \"flood on\"")), 5);
    assert_eq!(counts(same.alerts), [3, 3, 0, 0]);
    assert!(same.rules[0].added.is_empty() && same.rules[0].lost.is_empty());
}

#[test]
fn feeds_and_their_tags_count_as_when_items_come() {
    let told = replay(&(rule("a", "\"weir\"") + "feeds = [\"hill\"]\n"), None, 9);
    assert_eq!(counts(told.alerts), [0, 1, 1, 0]);
    let told = replay(&(rule("a", "\"weir\"") + "feed_tags = [\"coast\"]\n"), None, 9);
    assert_eq!(told.rules[0].added[0].title, "A weir and a flood");
}

#[test]
fn a_deprecated_rule_does_not_fire() {
    let old = rule("flood", "\"flood\"");
    let told = replay(&(old.clone() + "status = \"deprecated\"\n"), Some(&old), 9);
    assert_eq!(counts(told.alerts), [3, 0, 0, 3]);
    assert_eq!(told.rules[0].status, Status::Deprecated);
}
