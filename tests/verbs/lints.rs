//! `wirewatch check` as a duty editor meets it: with nothing but rule files at hand.

use super::support::House;

const ODD: &str = r#"[[rule]]
id = "sumy"
any = ["Sumy", "Sumy oblast", "Хaрків"]
except = ["snooker"]
"#;

#[test]
fn check_warns_of_odd_rules_with_place_and_way_out() {
    let house = House::new();
    house.write("odd.toml", ODD);
    let ran = house.run(&["check", "odd.toml"]).expect(0);
    assert_eq!(ran.stderr, "");
    for part in [
        "warning[no-examples]: odd.toml:2:6: rule `sumy` has no examples\n",
        "warning[homonym]: odd.toml:3:8: `Sumy` is also another word (in pl: sums of money)",
        "warning[swallowed]: odd.toml:3:16: `Sumy oblast` adds nothing: `Sumy` finds it already\n  \
         3 | any = [\"Sumy\", \"Sumy oblast\", \"Хaрків\"]\n    |                ^^^^^^^^^^^^^\n\
         hint: take `Sumy oblast` out\n",
        "warning[mixed-script]: odd.toml:3:33: `Хaрків` mixes scripts: `a` (U+0061) is a Latin \
         letter among Cyrillic ones\n",
        "hint: write `Харків`, with а U+0430\n",
        "warning[dead]: odd.toml:4:11: `snooker` can never hide anything",
        "\nodd.toml: ok: 1 rules\n",
    ] {
        assert!(ran.stdout.contains(part), "no {part:?} in\n{}", ran.stdout);
    }
    assert_eq!(house.run(&["check", "--rules", "odd.toml"]).expect(0).stdout, ran.stdout);
    assert_eq!(house.run(&["check", "--strict", "odd.toml"]).expect(1).stdout, ran.stdout);
    let quiet = format!(
        "{}[rule.examples]\nmatch = [\"In Sumy\"]\n",
        ODD.replace("\"Sumy oblast\", \"Хaрків\"", "").replace("except = [\"snooker\"]\n", "")
    );
    house.write("odd.toml", quiet.replace("any", "# lint-ok: homonym\nany"));
    let ran = house.run(&["check", "--deny-warnings", "odd.toml"]).expect(0);
    assert_eq!(ran.stdout, "odd.toml: ok: 1 rules\n");
}

#[test]
fn check_prints_problems_and_warnings_as_json_too() {
    let house = House::watching(&[("a", "http://127.0.0.1:1/a")]);
    house.write("odd.toml", ODD);
    let ran = house.run(&["check", "--format", "json", "odd.toml"]).expect(0);
    let told = ran.json();
    let lints: Vec<&str> = told.iter().map(|line| line["lint"].as_str().unwrap()).collect();
    assert_eq!(lints, ["no-examples", "homonym", "swallowed", "mixed-script", "dead"]);
    assert_eq!(
        told[2],
        serde_json::json!({"severity": "warning", "lint": "swallowed", "path": "odd.toml",
            "line": 3, "column": 16, "message": "`Sumy oblast` adds nothing: `Sumy` finds it already",
            "hint": "take `Sumy oblast` out"})
    );
    house.write("bad.toml", "[[rule]]\nid = \"a\"\nany = [\"{a\"]\n");
    let ran = house.run(&["check", "--format", "json", "odd.toml", "bad.toml"]).expect(78);
    let told = ran.json();
    assert_eq!((told.len(), &told[0]["severity"]), (1, &"error".into()));
    assert_eq!((&told[0]["path"], &told[0]["line"]), (&"bad.toml".into(), &3.into()));
    let ran = house
        .run(&["check", "bad.toml"])
        .expect(78)
        .says(&["bad.toml:3:", "1 problem in the rules"]);
    assert_eq!(ran.stdout, "");

    // With a config its feeds are known.
    house.write("own.toml", "[[rule]]\nid = \"a\"\nany = [\"weir\"]\nfeeds = [\"b\"]\n");
    let alone = house.run(&["check", "own.toml"]).expect(0).stdout;
    let beside = house.run(&["check", "own.toml", "--config", "w.toml"]).expect(0).stdout;
    assert!(!alone.contains("no-feed"), "{alone}");
    assert!(beside.contains("own.toml:4:10: no feed of the config fits `b`"), "{beside}");
}

#[test]
fn check_warns_beside_examples_that_fail_too() {
    let house = House::new();
    house.write("odd.toml", format!("{ODD}[rule.examples]\nmatch = [\"In Kyiv\"]\n"));
    let ran = house.run(&["check", "--strict", "odd.toml"]).expect(78);
    let ran = ran.says(&["odd.toml:6:10: rule `sumy`: this example", "1 problem in the rules"]);
    assert!(ran.stdout.contains("warning[homonym]: odd.toml:3:8:"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(": ok:"), "{}", ran.stdout);
    let told = house.run(&["check", "--format", "json", "odd.toml"]).expect(78).json();
    let severities: Vec<&str> =
        told.iter().map(|line| line["severity"].as_str().unwrap()).collect();
    assert_eq!(severities, ["error", "warning", "warning", "warning", "warning"]);
}

#[test]
fn check_says_how_many_warnings_it_leaves_out() {
    let house = House::new();
    let terms = vec!["\"weir\""; 121].join(", ");
    house.write("odd.toml", format!("[[rule]]\nid = \"a\"\nany = [{terms}]\n"));
    let ran = house.run(&["check", "odd.toml"]).expect(0);
    assert!(ran.stdout.contains("warning: 20 further warnings are not shown\n"), "{}", ran.stdout);
    let told = house.run(&["check", "--format", "json", "odd.toml"]).expect(0).json();
    assert_eq!(
        told.last().unwrap(),
        &serde_json::json!({"severity": "warning", "more": 20,
            "message": "20 further warnings are not shown"})
    );
}
