mod bounds;
mod scope;

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::model::Field;
use crate::model::Place;

fn compile(texts: &[&str]) -> Result<RuleSet, Vec<String>> {
    let documents: Vec<Document> = (1..)
        .zip(texts)
        .map(|(number, text)| Document::new(format!("{number}.toml"), *text))
        .collect();
    let problems = Problems::default();
    let rules = RuleSet::compile(&documents, &problems);
    let told: Vec<String> = problems.into_vec().iter().map(ToString::to_string).collect();
    assert_eq!(rules.is_some(), told.is_empty(), "{told:#?}");
    rules.ok_or(told)
}

fn item(title: &str, summary: &str, content: &str) -> Item {
    Item {
        title: title.into(),
        summary: summary.into(),
        content: content.into(),
        ..Item::default()
    }
}

fn matches(rules: &RuleSet, item: &Item) -> Vec<AlertRule> {
    let feed = FeedId::new("bbc-world");
    rules.matches(&Subject { item, feed: &feed, feed_tags: &["uk".to_owned()] })
}

/// The ids of the rules that fire on a headline.
fn fire(rules: &RuleSet, title: &str) -> Vec<String> {
    matches(rules, &item(title, "", "")).iter().map(|rule| rule.id.to_string()).collect()
}

#[test]
fn the_shipped_pack_loads_and_keeps_its_word() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/rules/ukraine.toml");
    let document = Document::new(path, std::fs::read_to_string(path).unwrap());
    let problems = Problems::default();
    let rules = RuleSet::compile(std::slice::from_ref(&document), &problems);
    let told: Vec<String> = problems.into_vec().iter().map(ToString::to_string).collect();
    assert_eq!(told, Vec::<String>::new());
    let rules = rules.unwrap();
    let failed: Vec<String> =
        rules.check_examples(&[document]).iter().map(ToString::to_string).collect();
    assert_eq!(failed, Vec::<String>::new());
    let ids: Vec<&str> = rules.rules().map(|rule| rule.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "kharkiv",
            "sumy",
            "ceasefire",
            "barrot",
            "witkoff",
            "trump",
            "terekhov",
            "zelenskyy",
            "zbogar",
            "rubio",
            "lavrov",
            "bessent",
        ]
    );
    for number in 0..12 {
        for fires in [true, false] {
            let of_rule =
                |example: &&file::Example| (example.rule, example.fires) == (number, fires);
            assert!(rules.examples.iter().filter(of_rule).count() >= 4, "{number} {fires}");
        }
    }
}

#[test]
fn hits_say_what_stood_where_in_reading_order() {
    let rules = compile(&[
        "[[rule]]\nid = \"b\"\nany = [\"drone*\", \"Sumy\", \"Sumy oblast\"]\nlevel = \"high\"\ntags = [\"x\"]\n[[rule]]\nid = \"a\"\ntitle = \"Towns\"\nany = [\"=Sumy\", \"sumy\"]",
    ])
    .unwrap();
    let item = item("Дрони: S\u{ad}umy", "Drones over Sumy oblast", "drone");
    let found = matches(&rules, &item);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].title.as_str(), found[0].level), ("b", Level::High));
    assert_eq!((found[1].title.as_str(), found[1].level), ("Towns", Level::Medium));
    let hits = |rule: &AlertRule| -> Vec<(String, Field, String)> {
        let hit = |hit: &Match| (hit.term.clone(), hit.field, hit.text.clone());
        rule.matches.iter().map(hit).collect()
    };
    let hit = |term: &str, field, text: &str| (term.to_owned(), field, text.to_owned());
    assert_eq!(
        hits(&found[0]),
        [
            hit("Sumy", Field::Title, "S\u{ad}umy"),
            hit("drone*", Field::Summary, "Drones"),
            hit("Sumy oblast", Field::Summary, "Sumy oblast"),
            hit("Sumy", Field::Summary, "Sumy"),
            hit("drone*", Field::Content, "drone"),
        ]
    );
    assert_eq!(hits(&found[1]).len(), 2, "two terms at one place are one hit");
    for rule in &found {
        for hit in &rule.matches {
            assert_eq!(&item.field(hit.field)[hit.start..hit.end], hit.text);
        }
    }
}

#[test]
fn the_words_of_a_rule_do_what_they_say() {
    let rules = compile(&[r#"
[list]
strike = ["attack*", "@drones"]
drones = ["drone{,s}"]
[[rule]]
id = "near"
any = ["Sumy"]
with = ["@strike"]
within = 2
except = ["Sumy Jo"]
[[rule.or]]
any = ["Sumy"]
with = ["oblast"]
[[rule]]
id = "both"
all = ["Sumy", ["Kharkiv", "Kharkov"]]
none = ["football"]
[[rule]]
id = "summary"
fields = ["summary"]
any = ["Sumy"]
[[rule]]
id = "elsewhere"
feeds = ["cnn-*"]
any = ["Sumy"]
[[rule]]
id = "here"
feeds = ["cnn", "bbc-*"]
feed_tags = ["uk", "us"]
any = ["nothing"]
[[rule.or]]
any = ["Odesa"]
"#])
    .unwrap();
    for (title, want) in [
        ("Drones near Sumy", "near"),
        ("Drones a b Sumy", ""),
        ("Sumy Jo: drones", ""),
        ("Sumy Jo, then Sumy drones", "near"),
        ("Sumy a b c d oblast", "near"),
        ("Sumy and Kharkov", "both"),
        ("Sumy and Kharkov football", ""),
        ("Sumy", ""),
        ("Odesa", "here"),
    ] {
        assert_eq!(fire(&rules, title).join(" "), want, "{title}");
    }
    let found = matches(&rules, &item("", "Sumy", ""));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id.as_str(), "summary");
    let across = matches(&rules, &item("Sumy", "attacked", ""));
    assert_eq!(across[0].id.as_str(), "near", "words are counted across fields");
    let cnn = FeedId::new("cnn-1");
    let sumy = item("Sumy", "", "");
    let subject = Subject { item: &sumy, feed: &cnn, feed_tags: &[] };
    assert_eq!(rules.matches(&subject)[0].id.as_str(), "elsewhere");
}

#[test]
fn a_pattern_is_a_term_like_any_other() {
    let rules = compile(&[r#"
[[rule]]
id = "near"
any = ['/\bSu-?\d\d/']
with = ["@jets"]
within = 2
except = ['/Su-\d\d museum/']
[[rule]]
id = "money"
any = ['/\$+/']
[list]
jets = ['=/Jet/', "bomber"]
"#])
    .unwrap();
    for (title, want) in [
        ("Jet SU-57 seen", "near"),
        ("jet SU-57 seen", ""),
        ("Su34 and a bomber", ""),
        ("Su34 a bomber", "near"),
        ("Jet: Su-27 museum", ""),
        ("Su-27 museum, Jet Su-34", "near"),
        ("pays $ now", "money"),
        ("pays $", "money"),
        ("$", ""),
    ] {
        assert_eq!(fire(&rules, title).join(" "), want, "{title}");
    }
    let found = matches(&rules, &item("Ein Jet", "XSu-57, Jet Su-571", ""));
    let hit = &found[0].matches[0];
    assert_eq!(
        (hit.field, hit.text.as_str(), hit.start..hit.end),
        (Field::Summary, "Su-57", 12..17)
    );
    assert_eq!(found[0].matches.len(), 1);
}

#[test]
fn lists_and_rules_are_read_over_all_files() {
    let rules = compile(&[
        "[[rule]]\nid = \"a\"\nany = [\"@towns\"]",
        "[list]\ntowns = [\"Sumy\"]\n[[rule]]\nid = \"b\"\nany = [\"Sumy\"]",
    ])
    .unwrap();
    assert_eq!(fire(&rules, "Sumy"), ["a", "b"]);
}

/// One of each.
const MISTAKES: &str = r#"
[list]
ukraine = ["Ukrain*", "Київ~", "Рубіо~"]
round = ["@around"]
around = ["@round"]
none = []
[[rule]]
id = "Big One"
lang = ["en"]
anny = ["Sumy"]
any = ["@ukrain", "{a"]
within = 3
level = "urgent"
fields = ["headline"]
[[rule]]
any = []
[[rule]]
id = "same"
[[rule]]
id = "same"
any = ["a"]
all = [1]
with = ["b"]
within = 0
feeds = ["[x"]
[rule.examples]
match = [1, { titel = "x" }, { title = 1 }, { title = "x", language = "in German" }]
mach = []
[[rule.or]]
fields = []
languages = ["uk", "ua"]
"#;

#[test]
fn every_mistake_is_told_with_its_place_and_a_way_out() {
    let told = compile(&[MISTAKES, "", "rules = 1"]).unwrap_err();
    for want in [
        "1.toml:3:33: term \"Рубіо~\": no declension is known of a name that ends as `Рубіо` does",
        "the list `around` holds itself",
        "`none` is an empty list",
        "`Big One` is not a rule id",
        "unknown key `anny` in [rule]",
        "unknown key `lang` in [rule]",
        "1.toml:27:71: no language tag: \"in German\"",
        "hint: did you mean `languages`?",
        "1.toml:31:20: no language \"ua\"",
        "hint: did you mean `uk`?",
        "1.toml:11:8: no list `@ukrain`",
        "hint: did you mean `@ukraine`? lists here: @around, @none, @round, @ukraine",
        "1.toml:11:20: term \"{a\": `{` without `}`",
        "`within` without `with`",
        "no level \"urgent\"",
        "no field \"headline\"",
        "[rule] has no `id`",
        "`any` is an empty list",
        "nothing to look for: no `any`",
        "a second rule `same`",
        "`all`: expected a term or a list of alternative terms",
        "`within` is 0 words",
        "\"[x\" is not a feed id",
        "an example is a text or a table, not an integer",
        "unknown key `titel` in an example",
        "`title`: expected a string, found an integer",
        "unknown key `mach` in [rule.examples]",
        "`fields` is an empty list",
        "2.toml:1:1: no [[rule]] in it",
        "3.toml:1:1: no [[rule]] in it",
        "unknown key `rules`",
    ] {
        assert!(told.iter().any(|told| told.contains(want)), "{want}\n{told:#?}");
    }
}

#[test]
fn an_example_that_fails_says_what_happened() {
    let text = r#"
[[rule]]
id = "a"
any = ["Sumy"]
with = ["drone"]
except = ["Sumy Jo"]
none = ["opera"]
[rule.examples]
match = ["Kharkiv", "Sumy", "Sumy Jo drone", "Sumy drone opera", "Sumy drone", { title = "Sumy", content = "drone" }]
ignore = ["SUMY drone", "Odesa"]
"#;
    let rules = compile(&[text]).unwrap();
    let documents = [Document::new("1.toml", text)];
    let told: Vec<String> =
        rules.check_examples(&documents).iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 5, "{told:#?}");
    for (told, (want, way_out)) in told.iter().zip([
        (
            "1.toml:9:10: rule `a`: this example should match, but nothing hit",
            "hint: add a term for it, or move",
        ),
        (
            "`Sumy` hit \"Sumy\" in the title at byte 0, but none of `with` is in the item",
            "hint: add a term to `with`, or move",
        ),
        (
            "`Sumy` hit \"Sumy\" in the title at byte 0: hit dropped by except `Sumy Jo`",
            "hint: narrow that phrase of `except`, or move",
        ),
        (
            "but it is vetoed by none: `opera` hit \"opera\" in the title at byte 11",
            "hint: narrow that term of `none`, or move",
        ),
        (
            "1.toml:10:11: rule `a`: this example should be ignored, but `Sumy` hit \"SUMY\"",
            "hint: narrow that term, name the phrase in `except`, or move",
        ),
    ]) {
        assert!(told.contains(want) && told.contains(way_out), "{want}\n{told}");
    }
}

static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    compile(&[r#"[[rule]]
        id = "a"
        any = ["Sum*", "Харк{ів,'ян}*", "cease-fire", "泽", "e e", "=Sumy"]"#])
    .unwrap()
});

/// Terms, or nearly so.
const TERM: &str =
    "([=/@~*{},\\[\\]() '’.-]|Sumy|Харків|ів|о|а|Trump|ский|US|\\\\d|\u{301}|泽|\\PC){0,12}";

proptest! {
    #[test]
    fn any_term_is_taken_or_refused_at_a_place_of_its_own(term in TERM) {
        match forms(&term) {
            Ok(forms) => {
                prop_assert!(!forms.is_empty());
                for form in forms.iter().take(50) {
                    prop_assert!(super::forms(form).is_ok(), "{form}");
                }
            }
            Err(problem) => {
                let Place::Span { line: 1, column, .. } = problem.place else {
                    return Err(TestCaseError::fail(problem.to_string()));
                };
                prop_assert!((1..=term.chars().count() + 1).contains(&column));
                prop_assert!(problem.hint.is_some());
            }
        }
    }

    #[test]
    fn a_rule_with_any_terms_loads_and_runs_or_has_problems(
        any in TERM, with in TERM, except in TERM, list in TERM, title in "(Sumy|Харків|US|THE|[ '-]|\\PC){0,20}",
    ) {
        let quoted = |term: &str| format!("[\"{}\"]", term.replace('\\', "\\\\").replace('"', "\\\""));
        let (any, with, except) = (quoted(&any), quoted(&with), quoted(&except));
        let text = format!(
            "[list]\nl = {}\n[[rule]]\nid = \"a\"\nany = {any}\nwith = {with}\nexcept = {except}\n",
            quoted(&list)
        );
        if let Ok(rules) = compile(&[&text]) {
            matches(&rules, &item(&title, &title, ""));
        }
    }

    #[test]
    fn hits_are_slices_of_any_text(text in "(Sumy|Харків|ceas|e|fire|泽|[ '’\u{ad}\u{301}.—-]|\\PC){0,40}") {
        let item = item(&text, &text, "");
        for rule in matches(&RULES, &item) {
            for hit in rule.matches {
                prop_assert_eq!(item.field(hit.field).get(hit.start..hit.end), Some(hit.text.as_str()));
                prop_assert!(!hit.text.is_empty());
            }
        }
    }
}
