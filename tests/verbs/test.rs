//! The verb `test`.

use std::fs;

use quick_xml::events::Event;
use serde_json::json;

use crate::support::House;

/// Two rules, four examples, of which two fail.
const MIXED: &str = "[[rule]]\nid = \"sumy\"\nany = [\"=Sumy\"]\n[rule.examples]\n\
    match = [\"In Sumy\", \"Duże sumy\"]\nignore = [\n  \"Odesa\",\n  { title = \"a\", content = \"SUMY\" },\n]\n\
    [[rule]]\nid = \"bare\"\nany = [\"x\"]\n";

#[test]
fn what_fails_is_told_with_place_text_and_nearest_miss() {
    let house = House::new();
    house.write("mixed.toml", MIXED);
    let ran = house.run(&["test", "mixed.toml"]).expect(1);
    assert_eq!(ran.stderr, "");
    assert_eq!(
        ran.stdout,
        "mixed.toml:5:21: rule `sumy`: this example should match, but nothing hit; `=Sumy` found in \
         the title at byte 6, but cased: the text has \"sumy\"\n  \
         5 | match = [\"In Sumy\", \"Duże sumy\"]\n    \
         |                     ^^^^^^^^^^^\n\
         hint: add a term for it, or move the example to `ignore`\n\
         title: Duże sumy\n\n\
         mixed.toml:8:3: rule `sumy`: this example should be ignored, but `=Sumy` hit \"SUMY\" in \
         the content at byte 0\n  \
         8 |   { title = \"a\", content = \"SUMY\" },\n    \
         |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n\
         hint: narrow that term, name the phrase in `except`, or move the example to `match`\n\
         title: a\n\
         content: SUMY\n\n\
         mixed.toml:11:6: note: rule `bare` has no examples\n\n\
         mixed.toml: 2 rules, 4 examples: 2 ok, 2 failed\n"
    );
    let ran = house.run(&["test", "--rule", "bare", "mixed.toml"]).expect(0);
    assert!(ran.stdout.ends_with("mixed.toml: 1 rule, 0 examples: 0 ok, 0 failed\n"));
    house.run(&["test", "--rule", "nosuch", "mixed.toml"]).expect(2).says(&["no rule \"nosuch\""]);
}

#[test]
fn files_folders_globs_and_the_config_name_rules() {
    let house = House::new();
    house.write("w.toml", "rules = [\"rules.toml\"]\n[[feed]]\nurl = \"http://127.0.0.1:1/a\"\n");
    house.write("r/a.toml", "[list]\nplaces = [\"Kyiv\"]\n");
    house.write("r/b.toml", MIXED);
    house.write(
        "r/c.toml",
        "[[rule]]\nid = \"c\"\nany = [\"@places\"]\n[rule.examples]\nmatch = [\"Kyiv\"]\n",
    );
    house.write("r/notes.txt", "not TOML");
    let ran = house.run(&["test", "--config", "w.toml"]).expect(0);
    assert!(ran.stdout.ends_with("rules.toml: 2 rules, 1 example: 1 ok, 0 failed\n"), "{ran:?}");
    let summary = "r/b.toml: 2 rules, 4 examples: 2 ok, 2 failed\n\
        r/c.toml: 1 rule, 1 example: 1 ok, 0 failed\n\
        2 files: 3 rules, 5 examples: 3 ok, 2 failed\n";
    for named in [&["r"][..], &["r/"], &["r/*.toml"], &["r/a.toml", "r/c.toml", "r/b.toml", "r"]] {
        let ran = house.run(&[&["test"], named].concat()).expect(1);
        let lines: String = summary.lines().filter(|line| !ran.stdout.contains(*line)).collect();
        assert_eq!(lines, "", "{named:?}: {}", ran.stdout);
    }
}

#[test]
fn rules_that_do_not_load_are_told_as_check_tells_them() {
    let house = House::new();
    house.write(
        "bad.toml",
        "[[rule]]\nid = \"a\"\nany = [\"x\", \"\"]\n[rule.examples]\nmach = [\"y\"]\n",
    );
    house.write("w.toml", "rules = [\"bad.toml\"]\n[[feed]]\nurl = \"http://127.0.0.1:1/a\"\n");
    let checked = house.run(&["check", "--config", "w.toml"]).expect(78);
    let of_config = house.run(&["test", "--config", "w.toml"]).expect(78);
    assert_eq!(
        (of_config.stdout.as_str(), of_config.stderr.as_str()),
        ("", checked.stderr.as_str())
    );
    let named = house.run(&["test", "bad.toml"]).expect(2);
    assert_eq!(named.stdout, "");
    named.says(&["bad.toml:3:14: term \"\"", "bad.toml:5:1: unknown key `mach`", "2 problems"]);
    fs::create_dir(house.path("empty")).unwrap();
    house.write("latin.toml", b"# \xff\n");
    for (args, words) in [
        ("nosuch.toml", "nosuch.toml: cannot be read"),
        ("empty", "empty: has no *.toml in it"),
        ("no*.toml", "no*.toml: names no file"),
        ("latin.toml", "is not UTF-8"),
    ] {
        let ran = house.run(&["test", "rules.toml", args]).expect(2).says(&[words]);
        assert_eq!(ran.stdout, "", "nothing of it is run");
    }
    house.run(&["test", "--config", "nosuch.toml"]).expect(78);
}

#[test]
fn json_is_one_object_that_tells_of_every_example() {
    let house = House::new();
    house.write("mixed.toml", MIXED);
    let ran = house.run(&["test", "--format", "json", "mixed.toml"]).expect(1);
    let [told] = ran.json().try_into().unwrap();
    assert_eq!((&told["passed"], &told["untested"]), (&json!(false), &json!(["bare"])));
    let count = json!({"path": "mixed.toml", "rules": 2, "examples": 4, "ok": 2, "failed": 2});
    assert_eq!(told["files"], json!([count]));
    assert_eq!((&told["examples"], &told["failed"]), (&json!(4), &json!(2)));
    let results = told["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    assert_eq!(
        results[0],
        json!({"rule": "sumy", "file": "mixed.toml", "line": 5, "column": 10, "expects": "match",
            "title": "In Sumy", "ok": true})
    );
    assert_eq!(results[3]["expects"], "ignore");
    assert_eq!(results[3]["content"], "SUMY");
    assert!(results[3]["message"].as_str().unwrap().starts_with("this example should be ignored"));
}

/// The texts and attributes of an XML document, read strictly.
fn read_xml(text: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut found = Vec::new();
    let mut open: Vec<String> = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        if let Event::Start(element) | Event::Empty(element) = &event {
            let name = element.name().as_ref().to_owned();
            let attributes = element.attributes().map(|attribute| {
                let attribute = attribute.unwrap();
                let key = attribute.key.as_ref().to_owned();
                format!("{key}={}", quick_xml::escape::unescape(&attribute.value).unwrap())
            });
            found.push(format!("{name} {}", attributes.collect::<Vec<_>>().join(" ")));
        }
        match event {
            Event::Start(element) => open.push(element.name().as_ref().to_owned()),
            Event::End(element) => {
                assert_eq!(open.pop().unwrap(), element.name().as_ref());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
    found
}

#[test]
fn junit_has_a_suite_a_file_and_a_case_an_example() {
    let house = House::new();
    house.write("mixed.toml", MIXED);
    let ran = house.run(&["test", "--format", "junit", "mixed.toml", "rules.toml"]).expect(1);
    let found = read_xml(&ran.stdout);
    let starts: Vec<&str> = found.iter().map(|line| &line[..line.len().min(60)]).collect();
    assert_eq!(
        found[0], "testsuites name=wirewatch test tests=5 failures=2 errors=0",
        "{starts:#?}"
    );
    assert_eq!(found[1], "testsuite name=mixed.toml tests=4 failures=2 errors=0");
    assert_eq!(
        found[2],
        "testcase classname=sumy name=match at 5:10: In Sumy file=mixed.toml line=5"
    );
    assert!(found[4].starts_with("failure message=rule `sumy`: this example should match"));
    assert_eq!(found[8], "system-out ");
    assert_eq!(found[9], "testsuite name=rules.toml tests=1 failures=0 errors=0");
    assert_eq!(found.len(), 12, "{starts:#?}");
    house.run(&["test", "--format", "junit", "rules.toml"]).expect(0);
}

#[test]
fn hostile_examples_reach_neither_the_terminal_nor_the_xml() {
    let house = House::new();
    let evil =
        "\\u001b[2J\\u0000\\u009b\\u202e]]> </failure><x a=\\\"b\\\"> &amp; \\uFFFE\\uFFFF\\n\\r";
    house.write(
        "evil.toml",
        format!(
            "[[rule]]\nid = \"a\"\ntitle = \"{evil}\"\nany = [\"Sumy\"]\n[rule.examples]\n\
             match = [\"{evil}\", {{ title = \"x\", summary = \"{evil}\" }}]\n\
             ignore = [\"Sumy \\u001b[31m Sumy\"]\n"
        ),
    );
    for format in ["text", "json", "junit"] {
        let ran = house.run(&["test", "--format", format, "evil.toml"]).expect(1);
        let raw = |c: char| c != '\n' && wirewatch::model::is_unprintable(c);
        assert_eq!(ran.stdout.chars().find(|c| raw(*c)), None, "{format}: {}", ran.stdout);
        if format == "junit" {
            assert_eq!(read_xml(&ran.stdout).len(), 8, "{}", ran.stdout);
            assert!(!ran.stdout.contains(['\u{fffe}', '\u{ffff}']));
        }
    }
}
