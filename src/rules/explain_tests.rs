use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::document::Document;
use crate::model::{FeedId, Item, Problems, RuleId};

fn compile(text: &str) -> RuleSet {
    let problems = Problems::default();
    let rules = RuleSet::compile(&[Document::new("r.toml", text)], &problems);
    assert!(problems.is_empty(), "{:#?}", problems.into_vec());
    rules.unwrap()
}

/// Explains one rule, given what stands in it beside its id.
fn explain_in(rule: &str, item: &Item, feed: &str, tags: &[&str]) -> Explanation {
    let rules = compile(&format!("[[rule]]\nid = \"r\"\n{rule}"));
    let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
    let subject = Subject { item, feed: &FeedId::new(feed), feed_tags: &tags };
    let told = rules.explainer().explain(&subject, Heed::Feed).remove(0);
    assert_eq!(told.fires, !rules.matches(&subject).is_empty(), "{told:#?}");
    told
}

fn explain(rule: &str, title: &str) -> Explanation {
    explain_in(rule, &Item { title: title.into(), ..Item::default() }, "bbc", &[])
}

/// The misses of a rule on a headline, in words.
fn misses(rule: &str, title: &str) -> Vec<String> {
    let told = explain(rule, title);
    assert!(!told.fires);
    told.misses.iter().map(ToString::to_string).collect()
}

#[test]
fn a_rule_that_fires_shows_each_hit_with_its_company() {
    let rule = "any = [\"Rubio\"]\nwith = [\"Lavrov\", \"talks\"]\nwithin = 5\nall = [\"Riad\"]";
    let told = explain(rule, "Lavrov: in Riad, Rubio opens new talks");
    assert!(told.fires && told.misses.is_empty());
    let [riad, rubio] = told.hits.as_slice() else { panic!("{told:#?}") };
    assert_eq!((riad.hit.term.as_str(), riad.with.as_ref()), ("Riad", None));
    assert_eq!((rubio.hit.start, rubio.hit.end), (17, 22));
    let with = rubio.with.as_ref().unwrap();
    assert_eq!((with.hit.term.as_str(), with.words), ("Lavrov", 3));
    assert_eq!(explain("any = [\"Rubio\"]", "Rubio").hits[0].with, None);
}

#[test]
fn each_miss_says_what_is_wrong() {
    let far = format!("Rubio {}Lavrov", "and ".repeat(40));
    let with = "any = [\"Rubio\"]\nwith = [\"Lavrov\", \"Haag\"]\nwithin = 30";
    for (rule, title, want) in [
        (
            with,
            far.as_str(),
            "`Rubio` hit \"Rubio\" in the title at byte 0, but none of `with` is within 30 words: \
             the nearest, `Lavrov` (\"Lavrov\" in the title at byte 166), is 41 words away",
        ),
        (
            with,
            "Rubio speaks",
            "`Rubio` hit \"Rubio\" in the title at byte 0, but none of `with` is in the item",
        ),
        (
            with,
            "Rubio meets Lavrovs",
            "`Rubio` hit \"Rubio\" in the title at byte 0, but none of `with` is in the item; \
             \"Lavrovs\" in the title at byte 12 begins like `Lavrov`; write `Lavrov~` to find it",
        ),
        (
            "any = [\"=Trump\"]\nexcept = [\"Judd Trump\"]",
            "Ton für Judd Trump",
            "`=Trump` hit \"Trump\" in the title at byte 14: hit dropped by except `Judd Trump`",
        ),
        (
            "any = [\"Sumy\"]\nnone = [\"opera\"]",
            "Opera in Sumy",
            "`Sumy` hit \"Sumy\" in the title at byte 9, but it is vetoed by none: `opera` hit \
             \"Opera\" in the title at byte 0",
        ),
        (
            "all = [\"Sumy\", [\"drone{,s}\", \"missile*\"]]",
            "Sumy by night",
            "`Sumy` hit \"Sumy\" in the title at byte 0, but entry 2 of `all` is missing: \
             `drone{,s}`, `missile*`",
        ),
        (
            "any = [\"drone\"]\nall = [\"Sumy\"]",
            "Sumy by night",
            "`Sumy` hit \"Sumy\" in the title at byte 0, but none of `any` is there: `drone`",
        ),
        (
            "any = [\"Sumy\"]\nfields = [\"summary\", \"content\"]",
            "In Sumy",
            "`Sumy` hit \"Sumy\" in the title at byte 3, but the rule looks in summary, content \
             only",
        ),
    ] {
        assert_eq!(misses(rule, title), [want], "{rule}");
    }
}

#[test]
fn what_comes_near_to_a_term_is_told() {
    for (term, title, want) in [
        (
            "=Sumy",
            "Wielkie sumy",
            "`=Sumy` found in the title at byte 8, but cased: the text has \"sumy\"",
        ),
        (
            "=Sumy",
            "Šumy lesa",
            "`=Sumy` found in the title at byte 0, but accented: the text has \"Šumy\"",
        ),
        (
            "Zelensky",
            "The Zelenskygate",
            "\"Zelenskygate\" in the title at byte 4 begins like `Zelensky`; write `Zelensky*` to find it",
        ),
        (
            "Харків",
            "до Харкову",
            "\"Харкову\" in the title at byte 5 has another ending than `Харків`; write `Харків~` to find it",
        ),
        (
            "Zelensky",
            "Mr Selensky",
            "\"Selensky\" in the title at byte 3 is one letter from `Zelensky`",
        ),
        (
            "Zelensk*",
            "Mr Selenskyj",
            "\"Selenskyj\" in the title at byte 3 is one letter from `Zelensk*`",
        ),
        (
            "Sumy oblast",
            "Sumy, oblast",
            "the words of `Sumy oblast` stand in the title at byte 0, but apart: the text has \
             \"Sumy, oblast\"",
        ),
        (
            "Sumy oblast",
            "the Sumy oblasts",
            "\"Sumy oblasts\" in the title at byte 4 begins like `Sumy oblast`; write `Sumy oblast*` to find it",
        ),
    ] {
        assert_eq!(misses(&format!("any = [\"{term}\"]"), title), [want]);
    }
    for (term, title) in [
        ("Sumy", "Odesa"),
        ("příměří*", "prime time"),
        ("Sumy oblast", "Sumy region"),
        ("Kyiv", ""),
    ] {
        assert_eq!(misses(&format!("any = [\"{term}\"]"), title), [""; 0], "{term}");
    }
}

#[test]
fn the_nearest_miss_of_all_ways_comes_first() {
    let rule = "any = [\"=Sumy\"]\n[[rule.or]]\nany = [\"duze\"]\nexcept = [\"duze sumy\"]\n\
        [[rule.or]]\nany = [\"Kharkiv\"]";
    let told = misses(rule, "Duże sumy");
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("hit dropped by except `duze sumy`"), "{told:#?}");
    assert!(told[1].contains("but cased"), "{told:#?}");
}

#[test]
fn a_veto_is_blamed_only_if_all_else_is_there() {
    let rule = "any = [\"Sumy\"]\nwith = [\"drone\"]\nnone = [\"opera\"]";
    assert!(misses(rule, "Opera in Sumy")[0].contains("none of `with` is in the item"));
}

#[test]
fn the_wrong_feed_is_told_and_what_would_fire() {
    let item = Item { title: "Sumy".into(), ..Item::default() };
    let rule = "any = [\"Sumy\"]\nfeeds = [\"agency-*\"]\nfeed_tags = [\"ua\"]";
    let told = explain_in(rule, &item, "bbc", &["uk"]);
    let barriers: Vec<String> = told.out_of_scope.iter().map(ToString::to_string).collect();
    assert_eq!(
        barriers,
        [
            "it looks at the feeds \"agency-*\" only, not at \"bbc\"",
            "it looks at feeds tagged \"ua\" only; this one has \"uk\""
        ]
    );
    assert!(!told.fires && told.hits.len() == 1);
    assert!(explain_in(rule, &item, "agency-1", &["ua"]).fires);
    let rules = compile(&format!("[[rule]]\nid = \"r\"\n{rule}"));
    let subject = Subject { item: &item, feed: &FeedId::new("x"), feed_tags: &[] };
    assert!(rules.explainer().explain(&subject, Heed::AnyFeed)[0].fires);
}

#[test]
fn the_wrong_language_is_told() {
    let told = |title: &str, language: Option<&str>| {
        let language = language.map(str::to_owned);
        let item = Item { title: title.into(), language, ..Item::default() };
        let rule = "any = [\"=Sumy\"]\nlanguages = [\"de\", \"pl\"]";
        let told = explain_in(rule, &item, "bbc", &[]);
        told.misses.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        told("In Sumy", Some("en-GB")),
        [
            "`=Sumy` hit \"Sumy\" in the title at byte 3, but the rule looks at items in de, pl only; \
          this one is declared as en-gb"
        ]
    );
    let of_two = told("Una tempesta colpisce la costa: Sumy", None).join("");
    assert!(of_two.ends_with("this one seems to be in es or it"), "{of_two}");
    assert_eq!(told("Les sumy", Some("fr")), [""; 0]);
    assert_eq!(told("Duże sumy", Some("pl")).len(), 1);
}

/// So that nobody is told another thing than what happens.
#[test]
fn what_fires_in_an_explanation_is_what_matches() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/rules/ukraine.toml");
    let rules = compile(&std::fs::read_to_string(path).unwrap());
    let explainer = rules.explainer();
    for example in rules.examples.iter().step_by(9) {
        let subject = Subject { item: &example.item, feed: &FeedId::new("x"), feed_tags: &[] };
        let told = explainer.explain(&subject, Heed::Feed);
        let fired = told.iter().filter(|told| told.fires);
        let fired: Vec<_> = fired
            .map(|told| (told.rule.clone(), told.hits.iter().map(|hit| hit.hit.clone()).collect()))
            .collect();
        let matched: Vec<(RuleId, Vec<Match>)> =
            rules.matches(&subject).into_iter().map(|rule| (rule.id, rule.matches)).collect();
        assert_eq!(fired, matched, "{:?}", example.item);
        assert!(told.iter().all(|told| told.hits.is_empty() || told.misses.is_empty()));
    }
}

#[test]
fn ten_thousand_rules_are_explained_on_a_long_text() {
    let rules: String = (0..10_000)
        .map(|n| format!("[[rule]]\nid = \"r{n}\"\nany = [\"=Wort{n}\", \"satz {n} ende\"]\n"))
        .collect();
    let rules = compile(&rules);
    let content: String = (0..2_000).map(|n| format!("wort{n}x Satz {n}, ende ")).collect();
    let item = Item { content, ..Item::default() };
    let subject = Subject { item: &item, feed: &FeedId::new("x"), feed_tags: &[] };
    let told = rules.explainer().explain(&subject, Heed::Feed);
    assert!(told.iter().take(50).all(|told| !told.misses.is_empty()));
    assert_eq!(told.len(), 10_000);
}

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    compile(
        "[[rule]]\nid = \"a\"\nany = [\"=Sumy\", \"=Žbogar*\"]\nwith = [\"Харків~\", \"e e\"]\nwithin = 2\n\
         except = [\"Sumy fire\"]\n[[rule]]\nid = \"b\"\nall = [\"cease-fire\", \"泽\"]\nnone = [\"Sumy\"]\n\
         [[rule]]\nid = \"c\"\nany = [\"Sumy oblast\", \"Харківськ*\"]\nfields = [\"title\"]\n",
    )
});

proptest! {
    /// Whatever the text is, an explanation speaks of places in it, and agrees with what matches.
    #[test]
    fn explanations_quote_the_text(
        title in "(Sumy|SUMY|sumy|Žbogar|zbogars|Харків|харкову|ceas|e|fire|泽|oblas[tz]|[ '’,\u{ad}\u{301}.—-]|\\PC){0,30}",
        content in "(Sumy|suma|Харків|cease fire|泽|oblast|[ ,]|\\PC){0,20}",
    ) {
        let item = Item { title, content, ..Item::default() };
        let subject = Subject { item: &item, feed: &FeedId::new("x"), feed_tags: &[] };
        let told = RULES.explainer().explain(&subject, Heed::Feed);
        let fired: Vec<&str> =
            told.iter().filter(|told| told.fires).map(|told| told.rule.as_str()).collect();
        let matched = RULES.matches(&subject);
        let matched: Vec<&str> = matched.iter().map(|rule| rule.id.as_str()).collect();
        prop_assert_eq!(fired, matched);
        let json = serde_json::to_value(&told).unwrap();
        let mut left = vec![&json];
        while let Some(value) = left.pop() {
            left.extend(value.as_array().into_iter().flatten());
            left.extend(value.as_object().into_iter().flat_map(|object| object.values()));
            let Some(text) = value.get("start").and_then(|_| value["text"].as_str()) else { continue };
            let field = if value["field"] == "title" { &item.title } else { &item.content };
            let at = |key: &str| usize::try_from(value[key].as_u64().unwrap()).unwrap();
            prop_assert_eq!(field.get(at("start")..at("end")), Some(text));
        }
    }
}

#[test]
fn that_hits_are_left_out_is_told() {
    let rules = compile("[[rule]]\nid = \"a\"\nany = ['/Sumy/', \"Kyiv\"]");
    for (count, left_out) in [(10_000, false), (10_001, true)] {
        let item = Item { title: "Sumy Kyiv ".repeat(count), ..Item::default() };
        assert_eq!(rules.explainer().leaves_out_hits(&item), left_out, "{count}");
    }
}
