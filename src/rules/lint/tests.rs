use super::*;
use crate::rules::RuleSet;

/// What is found, as `lint line:column message / hint`.
fn found_in(files: &[&str], feeds: Option<&[(FeedId, Vec<String>)]>) -> Vec<String> {
    let documents: Vec<Document> = (1..)
        .zip(files)
        .map(|(number, text)| Document::new(format!("{number}.toml"), *text))
        .collect();
    let problems = Problems::default();
    let rules = RuleSet::compile(&documents, &problems);
    let told: Vec<String> = problems.into_vec().iter().map(ToString::to_string).collect();
    assert_eq!(told, Vec::<String>::new());
    let show = |finding: &Finding| {
        let Problem { place, message, hint } = &finding.problem;
        format!("{} {place} {message} / {}", finding.lint.as_str(), hint.as_deref().unwrap())
    };
    rules.unwrap().lint(&documents, feeds).told.iter().map(show).collect()
}

/// What is found in a rule of these keys, but that it has no examples.
fn found(keys: &str) -> Vec<String> {
    let mut found = found_in(&[&format!("[[rule]]\nid = \"r\"\n{keys}")], None);
    found.retain(|line| !line.starts_with("no-examples"));
    found
}

#[track_caller]
fn is_told(keys: &str, wanted: &[&str]) {
    let told = found(keys);
    let fits = told.len() == wanted.len()
        && told.iter().zip(wanted).all(|(told, wanted)| told.contains(wanted));
    assert!(fits, "{keys}\nwanted {wanted:#?}\nfound {told:#?}");
}

#[test]
fn a_term_that_others_find_already_adds_nothing() {
    for (keys, wanted) in [
        (
            r#"any = ["Odesa oblast", "Odesa"]"#,
            &[
                "swallowed 1.toml:3:8 `Odesa oblast` adds nothing: `Odesa` finds it already / take `Odesa oblast` out",
            ][..],
        ),
        (
            r#"any = ["harbour*", "harbours", "harbour wall*"]"#,
            &["`harbours` adds", "`harbour wall*` adds"],
        ),
        (r#"any = ["Žbogar", "Zbogar"]"#, &["3:18 `Zbogar` is `Žbogar` again"]),
        (r#"any = ["Odesa", "Odesa"]"#, &["`Odesa` is here twice"]),
        (r#"any = ["=Odesa", "Odesa"]"#, &["3:8 `=Odesa` adds nothing: `Odesa` finds"]),
        (r#"any = ["harbour{,s}", "harbours"]"#, &["`harbours` adds nothing: `harbour{,s}`"]),
        (r#"any = ["harbour{,s}", "harbour", "harbours"]"#, &["`harbour` adds", "`harbours` adds"]),
        (
            r#"any = ["harbour", "harbours", "harbour{,s}"]"#,
            &["`harbour{,s}` adds nothing: `harbour` and `harbours` find it"],
        ),
        (r#"any = ["cease-fire", "ceasefire"]"#, &["`ceasefire` adds nothing"]),
        (r#"any = ["the U.N. council", "U.N."]"#, &["`the U.N. council` adds nothing"]),
        (r#"all = ["gauge*", ["metre", "metre rule"]]"#, &["`metre rule` adds"]),
        ("any = [\"gauge\"]\nwith = [\"metre\", \"Metre\"]", &["`Metre` is `metre` again"]),
        ("any = [\"gauge\"]\nnone = [\"a game\", \"game\"]", &["`a game` adds nothing"]),
        (
            "any = [\"gauge*\"]\nexcept = [\"rain gauge*\", \"rain gauges\"]",
            &["`rain gauges` adds"],
        ),
        // What finds more, other or nearer is not idle.
        (r#"any = ["=Odesa", "Odessa", "Odes"]"#, &[]),
        (r#"any = ["=harbour*", "Harbours"]"#, &[]),
        (r#"any = ["harbours", "harbour"]"#, &[]),
        (r#"any = ["Київ", "Киів"]"#, &[]),
        (r#"any = ["North Korea", "Korea North"]"#, &[]),
        (r#"any = ["a.b", "a/b"]"#, &[]),
        ("any = [\"gauge\"]\nexcept = [\"rain gauge\", \"rain gauge of Rome\"]", &[]),
        ("any = [\"Weir\", \"Bob Weir\"]\nexcept = [\"Weir Street\"]", &[]),
        ("any = [\"weir\", \"weir of Rome\"]\nwith = [\"flood\"]\nwithin = 3", &[]),
        (
            "any = [\"weir\", \"weir of Rome\"]\nwith = [\"flood\"]\nwithin = 30",
            &["`weir of Rome` adds"],
        ),
    ] {
        is_told(keys, wanted);
    }
}

#[test]
fn whoever_takes_out_all_that_is_told_loses_nothing() {
    let told = found(r#"any = ["{one,two}", "{two,three}", "{three,one}"]"#);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("`{three,one}` adds nothing: `{two,three}` and `{one,two}` find"));
}

#[test]
fn lists_are_looked_at_in_themselves_and_beside_each_other() {
    let told = found_in(
        &[r#"
[list]
all = ["@rivers", "@towns", "Danube"]
rivers = ["Danube", "Danube bend", "Tisza"]
towns = ["Ruse", "Tisza"]
[[rule]]
id = "a"
any = ["@rivers", "Tisza lake", "@towns", "@towns"]
[[rule]]
id = "b"
any = ["flood"]
with = ["@all", "@rivers"]
[[rule]]
id = "c"
any = ["@rivers"]
"#],
        None,
    );
    let told: Vec<&String> = told.iter().filter(|line| line.starts_with("swallowed")).collect();
    assert_eq!(told.len(), 6, "{told:#?}");
    for (told, wanted) in told.iter().zip([
        "3:29 `Danube` is in `@rivers` already",
        "4:21 `Danube bend` adds nothing: `Danube` finds it already",
        "5:18 `Tisza` is in `@rivers` already",
        "8:19 `Tisza lake` adds nothing: `Tisza` (in `@rivers`) finds it already",
        "8:43 `@towns` is here twice",
        "12:17 `@rivers` adds nothing: `@all` holds it already",
    ]) {
        assert!(told.contains(wanted), "{wanted}\n{told}");
    }
}

#[test]
fn a_list_of_regular_expressions_is_not_said_to_add_nothing() {
    let told = found_in(
        &[
            "[list]\nguns = [\"/d-?30/\"]\nweirs = [\"weir\", \"dam\"]\nboth = [\"@guns\", \"@weirs\"]\n\
           [[rule]]\nid = \"a\"\nany = [\"@guns\", \"@weirs\"]\n\
           [[rule]]\nid = \"b\"\nany = [\"@weirs\", \"@both\"]\n",
        ],
        None,
    );
    let told: Vec<&String> = told.iter().filter(|line| line.starts_with("swallowed")).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("`@weirs` adds nothing: `@both` holds it already"), "{told:#?}");
}

#[test]
fn what_can_never_do_its_work_is_told() {
    for (keys, wanted) in [
        (
            "any = [\"Trump\"]\nexcept = [\"Judd Trump\", \"snooker player\"]",
            &["dead 1.toml:4:25 `snooker player` can never hide anything"][..],
        ),
        (
            "any = [\"weir\"]\nwith = [\"flood*\"]\nexcept = [\"flood of letters\", \"flo* of letters\"]",
            &["`flood of letters` adds"],
        ),
        (
            "any = [\"weir*\"]\nexcept = [\"we* men\", \"wee men\"]",
            &["`wee men` adds", "`wee men` can never hide"],
        ),
        (
            "any = [\"Trump\"]\nnone = [\"Trump\", \"golf\"]",
            &["3:8 this can never fire: `Trump` in `none` is found wherever `any` has a hit"],
        ),
        (
            "any = [\"Trump\", \"Donald Trump\"]\nnone = [\"trump*\"]",
            &["this can never fire: `trump*`", "`Donald Trump` adds"],
        ),
        (
            "any = [\"Trump\", \"Vance\"]\nnone = [\"trump*\"]",
            &["`Trump` can never count: `trump*` in `none` rules it out"],
        ),
        ("any = [\"Trump\"]\nexcept = [\"Trump\"]", &["this can never fire: `Trump` in `except`"]),
        (
            "all = [\"gauge\", [\"metre\", \"feet\"]]\nnone = [\"feet\", \"metre\"]",
            &["this can never fire: `metre` in `none` is found wherever `all` has a hit"],
        ),
        (
            "any = [\"weir\"]\nwith = [\"flood\"]\nnone = [\"flood\"]",
            &["this can never fire: `flood` in `none` is found wherever `with`"],
        ),
        ("any = [\"=Trump\"]\nexcept = [\"trump card\"]", &[]),
        ("any = [\"Trump\"]\nexcept = [\"Trump Tower\"]\nnone = [\"golf\"]", &[]),
        ("any = [\"Trump\"]\nnone = [\"=Trump\"]", &[]),
        (
            r#"any = ["AT&amp;T"]"#,
            &["`AT&amp;T` can never match: items are plain text, without `&amp;` / write `AT&T`"],
        ),
        (r#"any = ["AT&T"]"#, &[]),
    ] {
        let told = found(keys);
        let told: Vec<&String> = told.iter().filter(|line| !line.starts_with("homonym")).collect();
        let fits = told.len() == wanted.len()
            && told.iter().zip(wanted).all(|(told, wanted)| told.contains(wanted));
        assert!(fits, "{keys}\nwanted {wanted:#?}\nfound {told:#?}");
    }
}

#[test]
fn letters_of_another_script_are_named_with_their_place_and_mended() {
    for (term, wanted) in [
        (
            "Хaрків",
            "4:4 `Хaрків` mixes scripts: `a` (U+0061) is a Latin letter among Cyrillic ones / write `Харків`, with а U+0430",
        ),
        ("Сумy", "`y` (U+0079) is a Latin letter among Cyrillic ones / write `Суму`"),
        (
            "Sumу",
            "`у` (U+0443) is a Cyrillic letter among Latin ones / write `Sumy`, with y U+0079",
        ),
        (
            "Харк{iв,ова}",
            "4:8 `Харк{iв,ова}` mixes scripts: `i` (U+0069) is a Latin letter among Cyrillic ones / write `Харк{ів,ова}`",
        ),
        (
            "Αthens",
            "`Α` (U+0391) is a Greek letter among Latin ones / write `Athens`, with A U+0041",
        ),
        ("місто CYMИ", "`C` (U+0043) is a Latin letter among Cyrillic ones / write `місто СУМИ`"),
        (
            "область HATO",
            "`H` (U+0048) is a Latin letter among Cyrillic ones / write `область НАТО`",
        ),
        ("Xарків", "write `Харків`, with Х U+0425"),
        ("Україна та Украïна", "write `Україна та Україна`, with ї U+0457"),
        ("Ви́ставка Нaтo", "write `Ви́ставка Нато`, with а U+0430, о U+043E"),
        ("paypaӏ", "write `paypal`, with l U+006C"),
        ("область hato", ""),
        ("Kyivщина", "is a Latin letter among Cyrillic ones / write each word in one script"),
        ("{Kyiv,Київ}", ""),
        ("Zelensk{y,yy}", ""),
        ("ракета HP", ""),
        ("=Žbogar", ""),
        ("Київ Kyiv", ""),
        ("Ха\u{301}рків", ""),
    ] {
        let told = found(
            &format!("all = [\n  {term:?},\n]")
                .replace("\\u{301}", "\u{301}")
                .replace("  \"", " \""),
        );
        match wanted {
            "" => assert_eq!(told, Vec::<String>::new(), "{term}"),
            _ => assert!(told.len() == 1 && told[0].contains(wanted), "{wanted}\n{told:#?}"),
        }
    }
}

#[test]
fn a_homonym_needs_a_capital_or_company() {
    for (keys, wanted) in [
        (
            r#"any = ["Sumy"]"#,
            &[
                "homonym 1.toml:3:8 `Sumy` is also another word (in pl: sums of money), and rule `r` asks for nothing beside it / write `=Sumy`, where capitals count, name in `with`",
            ][..],
        ),
        (r#"any = ["truce{,s}"]"#, &["in it: grim"]),
        (r#"any = ["Суми"]"#, &["a capital does not tell them apart: name in `with`"]),
        (r#"any = ["=Суми"]"#, &["a capital does not tell them apart"]),
        ("any = [\"=Суми\"]\nexcept = [\"=Суми штрафів\"]", &[]),
        (r#"any = ["trump*"]"#, &["in en: to outdo; a card"]),
        (r#"any = ["=Sumy"]"#, &[]),
        (r#"any = ["=WHO"]"#, &[]),
        (r#"any = ["Sumy oblast"]"#, &[]),
        ("any = [\"Sumy\"]\nwith = [\"oblast\"]", &[]),
        ("any = [\"Sumy\"]\nlanguages = [\"en\", \"de-AT\"]", &[]),
        ("any = [\"Sumy\"]\nlanguages = [\"en\", \"pl\"]", &["in pl: sums"]),
        (r#"all = ["Sumy", "oblast"]"#, &[]),
        (r#"any = ["Kharkiv", "Харків"]"#, &[]),
    ] {
        is_told(keys, wanted);
    }
}

#[test]
fn odd_terms_and_rules_are_told() {
    for (keys, wanted) in [
        (
            r#"any = ["Су*"]"#,
            &[
                "short-stem 1.toml:3:8 `Су*` finds every word that begins with `су`, in any language / list the endings that you mean: `су{,\u{430},…}`",
            ][..],
        ),
        ("any = [\"Су*\"]\nwith = [\"oblast\"]", &[]),
        (
            r#"any = ["=перемир'я"]"#,
            &[
                "idle-sign 1.toml:3:8 `=` changes nothing in `=перемир'я`: it has no capital / write `перемир'я`",
            ],
        ),
        (r#"any = ["=1918"]"#, &["idle-sign"]),
        (r#"any = ["=café", "=ЗСУ"]"#, &[]),
        (
            "any = [\"weir\"]\nwith = [\"flood\"]\nwithin = 5000",
            &["wide-within 1.toml:4:9 `within = 5000` is more words"],
        ),
        (
            "any = [\"weir\"]\nwith = [\"flood\"]\n[[rule.or]]\nany = [\"weir\"]\nwith = [\"flood\"]",
            &["same-way 1.toml:6:8 this `[[rule.or]]` is the same as rule `r` itself"],
        ),
        (
            "any = [\"weir\"]\n[[rule.or]]\nany = [\"weir of Rome\"]\nwith = [\"flood\"]",
            &["same-way 1.toml:5:8 this way of rule `r` adds nothing"],
        ),
        (
            "any = [\"weir\"]\nfields = [\"title\"]\n[[rule.or]]\nany = [\"weir of Rome\"]\nwith = [\"flood\"]",
            &[],
        ),
        ("any = [\"weir of Rome\"]\n[[rule.or]]\nany = [\"weir\"]\nwith = [\"flood\"]", &[]),
    ] {
        is_told(keys, wanted);
    }
}

#[test]
fn a_rule_is_asked_for_examples_and_a_list_for_its_use() {
    let told = found_in(
        &[
            "[list]\none = [\"one\", \"@two\"]\ntwo = [\"two\"]\nidle = [\"@idler\"]\nidler = [\"x\"]\n",
            r#"
[[rule]]
id = "bare"
any = ["@one"]
[[rule]]
id = "half"
any = ["weir"]
examples = { ignore = ["word"] }
[[rule]]
id = "whole"
any = ["weir"]
examples = { match = ["A weir"] }
"#,
        ],
        None,
    );
    assert_eq!(told.len(), 4, "{told:#?}");
    for (told, wanted) in told.iter().zip([
        "unused-list 1.toml:4:8 no rule uses the list `idle`",
        "unused-list 1.toml:5:9 no rule uses the list `idler`",
        "no-examples 2.toml:3:6 rule `bare` has no examples",
        "no-examples 2.toml:6:6 rule `half` has no example that should match",
    ]) {
        assert!(told.starts_with(wanted), "{wanted}\n{told}");
    }
}

#[test]
fn a_scope_that_no_feed_fits_is_told_where_the_feeds_are_known() {
    let rules = r#"
[[rule]]
id = "a"
any = ["weir"]
feeds = ["bbc-*", "cnn-*"]
feed_tags = ["lang:en", "lang:uk"]
examples = { match = ["A weir"] }
[[rule]]
id = "b"
any = ["weir"]
feeds = ["bbc-*"]
feed_tags = ["paper"]
examples = { match = ["A weir"] }
"#;
    assert_eq!(found_in(&[rules], None), Vec::<String>::new());
    let feed = |id: &str, tag: &str| (FeedId::new(id), vec![tag.to_owned()]);
    let told = found_in(&[rules], Some(&[feed("bbc-world", "lang:en"), feed("dnes", "paper")]));
    assert_eq!(told.len(), 3, "{told:#?}");
    for (told, wanted) in told.iter().zip([
        "no-feed 1.toml:5:19 no feed of the config fits `cnn-*`",
        "no-feed 1.toml:6:25 no feed of the config has the tag `lang:uk` / did you mean `lang:en`?",
        "no-feed 1.toml:11:9 no feed of the config fits both `feeds` and `feed_tags`",
    ]) {
        assert!(told.starts_with(wanted), "{wanted}\n{told}");
    }
}

#[test]
fn a_comment_switches_off_the_lints_that_it_names_and_no_other() {
    for (line, told) in [
        ("any = [\"Sumy\", \"Sumy oblast\"]", "homonym swallowed"),
        (
            "any = [\"Sumy\", \"Sumy oblast\"] # lint-ok: homonym, the desk wants all of it",
            "swallowed",
        ),
        ("# lint-ok: swallowed homonym\nany = [\"Sumy\", \"Sumy oblast\"]", ""),
        ("any = [\"Sumy\", \"Sumy oblast\"]\n# lint-ok: swallowed", "homonym swallowed"),
        (
            "tags = [\"a\"] # lint-ok: homonym\nany = [\"Sumy\", \"Sumy oblast\"]",
            "homonym swallowed",
        ),
        ("# lint-ok: no homonym\nany = [\"Sumy\", \"Sumy oblast\"]", "homonym swallowed"),
    ] {
        let mut found: Vec<String> =
            found(line).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        found.sort();
        assert_eq!(found.join(" "), told, "{line}");
    }
}

#[test]
fn of_very_many_findings_the_first_are_told_and_the_rest_counted() {
    use std::fmt::Write;
    let mut text = String::from("[list]\nmany = [");
    for number in 0..200 {
        write!(text, "\"word{number}\", ").unwrap();
    }
    text.push_str("]\n");
    for number in 0..3_000 {
        write!(text, "[[rule]]\nid = \"r{number}\"\nany = [\"name{number}\", \"name{number} x\"]\nwith = [\"@many\"]\n").unwrap();
    }
    let document = [Document::new("1.toml", text)];
    let rules = RuleSet::compile(&document, &Problems::default()).unwrap();
    let findings = rules.lint(&document, None);
    assert_eq!(findings.told.len(), 2 * Findings::MOST);
    assert_eq!(findings.len(), 6_000);
}

#[test]
fn every_lint_has_its_place_in_the_manual() {
    let manual = include_str!("../../../docs/lints.md");
    for lint in Lint::ALL {
        let row = format!("| `{}` |", lint.as_str());
        assert_eq!(manual.matches(&row).count(), 1, "{row}");
    }
}

mod properties {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Item, Place};
    use crate::rules::Subject;

    fn rules(lists: [&[String]; 3]) -> (RuleSet, Document) {
        let [any, none, except] = lists;
        let mut text = format!("[[rule]]\nid = \"r\"\nany = {any:?}\n");
        for (key, terms) in [("none", none), ("except", except)] {
            if !terms.is_empty() {
                text.push_str(&format!("{key} = {terms:?}\n"));
            }
        }
        let document = Document::new("r.toml", text);
        let rules = RuleSet::compile(std::slice::from_ref(&document), &Problems::default());
        (rules.unwrap(), document)
    }

    fn fires(rules: &RuleSet, title: &str) -> bool {
        let item = Item { title: title.to_owned(), ..Item::default() };
        let feed = FeedId::new("f");
        !rules.matches(&Subject { item: &item, feed: &feed, feed_tags: &[] }).is_empty()
    }

    fn terms(most: usize) -> impl Strategy<Value = Vec<String>> {
        let term = "(ab|abc|Ab|ba|=ab|=Ab|ab\\*|aba\\*|\\{ab,ba\\}|ab-ba|\\{,ab \\}ba|áb)\
                    ( (ab|ba|abc|ba\\*)){0,2}";
        vec(term, 0..most)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whoever takes out all the terms that are told to add nothing changes nothing.
        #[test]
        fn terms_that_add_nothing_add_nothing(
            any in terms(6),
            none in terms(3),
            except in terms(4),
            texts in vec("((ab|Ab|AB|abc|ba|abba|abab|áb|x)[ -]){0,8}", 20),
        ) {
            prop_assume!(!any.is_empty());
            let (whole, document) = rules([&any, &none, &except]);
            let told = whole.lint(&[document], None).told;
            let mut rest = [any, none, except];
            for Finding { lint, problem } in told.iter().rev() {
                if let (Lint::Swallowed, Place::Span { column, text, .. }) = (lint, &problem.place) {
                    let key = text.split(' ').next().unwrap();
                    let list = ["any", "none", "except"].iter().position(|known| *known == key);
                    let list = &mut rest[list.unwrap()];
                    // The number of the entry that begins at that column.
                    let begin = key.len() + " = [".len() + 1;
                    let starts = list.iter().scan(begin, |at, term| {
                        let start = *at;
                        *at += term.chars().count() + "\"\", ".len();
                        Some(start)
                    });
                    let at = starts.collect::<Vec<_>>().iter().position(|start| start == column);
                    list.remove(at.unwrap());
                }
            }
            let (reduced, _) = rules([&rest[0], &rest[1], &rest[2]]);
            for text in texts {
                prop_assert_eq!(fires(&whole, &text), fires(&reduced, &text), "{} {:?}", text, rest);
            }
        }
    }
}
