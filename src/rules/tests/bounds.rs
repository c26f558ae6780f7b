//! What many hits, long texts and large rule sets do: nothing is lost up to a bound.

use super::*;

#[test]
fn no_more_hits_are_kept_than_an_alert_may_hold() {
    let rules = compile(&["[[rule]]\nid = \"a\"\nany = [\"Sumy\"]"]).unwrap();
    let found = matches(&rules, &item(&"Sumy ".repeat(100_000), "", ""));
    assert_eq!(found[0].matches.len(), AlertRule::MAX_MATCHES);
    assert_eq!(found[0].matches[1].start, 5);
}

#[test]
fn a_term_that_stands_there_a_thousand_times_counts_at_each_place() {
    let rules = compile(&[r#"
[[rule]]
id = "near"
any = ["Rubio"]
with = ["Ukraine"]
within = 5
[[rule]]
id = "trump"
any = ["Trump"]
except = ["Judd Trump"]
"#])
    .unwrap();
    for (content, want) in [
        ("Ukraine ".repeat(1_001) + "a b c d e f Rubio in Ukraine", "near"),
        ("Ukraine ".repeat(1_001) + "a b c d e f Rubio", ""),
        ("Judd Trump ".repeat(1_000) + "Donald Trump spoke", "trump"),
        ("Judd Trump ".repeat(1_001), ""),
    ] {
        let found = matches(&rules, &item("", "", &content));
        let ids: Vec<&str> = found.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids.join(" "), want, "{:?}", &content[content.len() - 40..]);
    }
}

#[test]
fn in_a_long_report_a_pattern_counts_at_each_place() {
    let rules = compile(&[r#"
[[rule]]
id = "near"
any = ["Rubio"]
with = ['/Ukrain\w+/']
within = 5
"#])
    .unwrap();
    let report = "Ukraine was, as so often, the matter. ".repeat(300);
    let found = matches(&rules, &item("", "", &(report + "a b c d e f Rubio in Ukraine")));
    assert_eq!(found.len(), 1);
}

#[test]
fn a_flood_of_one_term_hides_no_other() {
    let rules = compile(&[r#"
[[rule]]
id = "near"
any = ["Trump"]
with = ["Kyiv"]
within = 1
[[rule]]
id = "vetoed"
any = ["Trump"]
none = ["opera"]
[[rule]]
id = "quake"
any = ["earthquake"]
[[rule]]
id = "pattern"
any = ['/earth\wuake/']
[[rule]]
id = "town"
any = ["=Sumy"]
"#])
    .unwrap();
    let flood = "Trump sumy ".repeat(60_000) + "earthquake, opera, Sumy";
    let found = matches(&rules, &item("Trump: Kyiv", "", &flood));
    let ids: Vec<&str> = found.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["near", "quake", "pattern", "town"]);
    let flood = "Trump Kyiv ".repeat(60_000) + "earthquake, Sumy";
    assert_eq!(matches(&rules, &item("", "", &flood)).len(), 5);
}

#[test]
fn what_an_item_took_that_folds_to_many_times_its_length_is_given_back() {
    let rules = compile(&["[[rule]]\nid = \"a\"\nany = [\"Sumy\"]"]).unwrap();
    let mut scratch = Scratch::default();
    let mut held = |item: &Item| {
        let subject = Subject { item, feed: &FeedId::new("a"), feed_tags: &[] };
        assert_eq!(rules.matches_with(&subject, &mut scratch).len(), 1);
        scratch.capacity()
    };
    let small = held(&item("Sumy", "", ""));
    let large = held(&item("Sumy", "", &"\u{fdfa}".repeat(300_000)));
    let after = held(&item("Sumy", "", ""));
    assert!(large > 10 * 900_000 && after <= small, "{small} {large} {after}");
    let plain = held(&item("Sumy", "", &"seldom ".repeat(140_000)));
    assert_eq!(held(&item("Sumy", "", "")), plain, "room for an item of 1 MiB is kept");
}

#[test]
fn many_rules_that_share_a_common_word_cost_no_more_than_their_hits() {
    use std::fmt::Write;
    let mut text = String::new();
    for number in 0..500 {
        writeln!(text, "[[rule]]\nid = \"r{number}\"\nany = [\"name{number}\"]\nwith = [\"the\"]")
            .unwrap();
    }
    let rules = compile(&[&text]).unwrap();
    let found = matches(&rules, &item("name7 name9", "", &"the ".repeat(100_000)));
    assert_eq!(found.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["r7", "r9"]);
}

#[test]
fn lists_inside_lists_end_somewhere() {
    let chain = |length: usize| {
        let mut text = "[[rule]]\nid = \"a\"\nany = [\"@l0\"]\n[list]\n".to_owned();
        for number in 0..length {
            text.push_str(&format!("l{number} = [\"@l{}\"]\n", number + 1));
        }
        text.push_str(&format!("l{length} = [\"Sumy\"]\n"));
        compile(&[&text])
    };
    assert_eq!(fire(&chain(63).unwrap(), "Sumy"), ["a"]);
    let told = chain(20_000).unwrap_err();
    assert!(told[0].contains("lists inside lists, 64 deep"), "{}", told[0]);
}

#[test]
fn a_list_named_again_and_again_is_dealt_once() {
    let text = "[list]\na = [\"weir\"]\nb = [\"@a\", \"@a\"]\n[[rule]]\nid = \"r\"\n\
                any = [\"@b\", \"@b\", \"dam\", \"@b\"]\n";
    let rules = RuleSet::compile(&[Document::new("r.toml", text)], &Problems::default()).unwrap();
    assert_eq!(rules.ways[0].terms.len(), 2, "{:?}", rules.ways[0].terms);
}

#[test]
fn a_rule_set_has_only_so_many_regular_expressions() {
    let compile = |count: usize| {
        let terms: Vec<String> = (0..count).map(|number| format!("/x{number}y/")).collect();
        let text = format!("[[rule]]\nid = \"r\"\nany = {terms:?}\n");
        let problems = Problems::default();
        RuleSet::compile(&[Document::new("r.toml", text)], &problems);
        problems.into_vec()
    };
    assert_eq!(compile(500).len(), 0);
    let told = compile(501);
    assert_eq!(told.len(), 1);
    let column =
        "any = [\"".len() + (0..500).map(|n| format!("/x{n}y/\", \"").len()).sum::<usize>();
    assert_eq!(told[0].place.to_string(), format!("r.toml:3:{}", column + 1));
    assert!(told[0].message.contains("more than 500 regular expressions"), "{}", told[0].message);
    assert!(told[0].hint.as_ref().unwrap().contains("`/one|two/`"));
}

#[test]
fn a_hundred_excepted_matches_of_a_regular_expression_hide_no_other() {
    let text = "[[rule]]\nid = \"r\"\nany = [\"/Trump/\"]\nexcept = [\"Judd Trump\"]\n";
    let rules = RuleSet::compile(&[Document::new("r.toml", text)], &Problems::default()).unwrap();
    let feed = FeedId::new("f");
    for (end, fires) in [("Donald Trump", true), ("", false)] {
        let title = "Judd Trump, ".repeat(500) + end;
        let item = Item { title, ..Item::default() };
        let fired = rules.matches(&Subject { item: &item, feed: &feed, feed_tags: &[] });
        assert_eq!(!fired.is_empty(), fires, "{end}");
    }
}
