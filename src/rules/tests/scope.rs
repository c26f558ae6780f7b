//! Languages, status, and headlines all in capitals.

use super::*;

#[test]
fn a_rule_can_look_at_languages() {
    let rules = compile(&[r#"
[[rule]]
id = "names"
languages = ["uk", "ru"]
any = ["Sumy", "Суми"]
[[rule.or]]
languages = ["de"]
any = ["Trumps"]
[[rule.or]]
any = ["Tusk"]
"#])
    .unwrap();
    for (language, title, fires) in [
        (None, "Die Reise Trumps nach China ist zu Ende", true),
        (None, "She trumps the others in the final", false),
        (Some("de"), "Trumps", true),
        (Some("de-CH"), "Trumps", true),
        (Some("en"), "Trumps", false),
        (Some("en"), "Вибухи пролунали у місті Суми", true),
        (None, "Суми", true),
        (None, "Trumps", true),
        (Some("en"), "Sumy", false),
        (Some("ru"), "Tusk", false),
        (None, "Tusk: co to jest", false),
        (Some("deu"), "Trumps", true),
        (Some("und"), "Die Reise Trumps nach China ist zu Ende", true),
        (Some("uk"), "The Wall Street Journal, Axios: Суми", true),
        (None, "The Wall Street Journal, Axios: Суми", true),
    ] {
        let item = Item { language: language.map(str::to_owned), ..item(title, "", "") };
        assert_eq!(!matches(&rules, &item).is_empty(), fires, "{language:?} {title}");
    }
}

#[test]
fn a_deprecated_rule_is_tested_and_never_fires() {
    let text = r#"
[[rule]]
id = "old"
status = "deprecated"
any = ["Sumy"]
examples = { match = ["Sumy", "Odesa"] }
[[rule]]
id = "new"
status = "experimental"
any = ["Sumy"]
[[rule]]
id = "plain"
status = "stable"
any = ["Sumy"]
"#;
    let rules = compile(&[text]).unwrap();
    assert_eq!(fire(&rules, "Sumy"), ["new", "plain"]);
    let found = matches(&rules, &item("Sumy", "", ""));
    let json = |rule: &AlertRule| serde_json::to_value(rule).unwrap()["status"].clone();
    assert_eq!(json(&found[0]), "experimental");
    assert_eq!(json(&found[1]), serde_json::Value::Null);
    let told = rules.check_examples(&[Document::new("1.toml", text)]);
    assert_eq!(told.len(), 1, "{told:?}");
    let error = compile(&["[[rule]]\nid = \"a\"\nstatus = \"old\"\nany = [\"Sumy\"]"]).unwrap_err();
    assert!(
        error[0].starts_with("1.toml:3:10: `status`: no status \"old\"; expected one of stable"),
        "{error:?}"
    );
}

#[test]
fn in_a_headline_all_in_capitals_acronyms_need_company() {
    let rules = compile(&[r#"
[[rule]]
id = "usa"
any = ["=US", "=IT", "Washington"]
[[rule]]
id = "bessent"
any = ["=Bessent"]
[[rule]]
id = "sumy"
any = ["=sumy"]
[[rule]]
id = "rubio"
any = ["=Rubio"]
with = ["=US"]
[[rule]]
id = "near"
any = ["=US"]
with = ["sanction*"]
within = 3
"#])
    .unwrap();
    for (title, summary, want) in [
        ("US hits back", "", "usa"),
        ("tell us more", "", ""),
        ("TELL US MORE", "", ""),
        ("TELL US MORE ABOUT IT", "", ""),
        ("US", "", "usa"),
        ("US TELLS WASHINGTON", "", "usa"),
        ("US HITS BACK AT", "The US has answered.", "usa"),
        ("US HITS BACK AT", "They tell us more.", ""),
        ("BESSENT SAYS NO", "", "bessent"),
        ("SUMY POD OSTRZAŁEM", "", "sumy"),
        ("Sumy pod ostrzałem", "", "sumy"),
        ("RUBIO: US WILL ANSWER", "", "rubio"),
        ("NEW US SANCTIONS AHEAD", "", "near"),
        ("US WILL NOT LIFT ANY OF THE SANCTIONS", "", ""),
    ] {
        let found = matches(&rules, &item(title, summary, ""));
        let ids: Vec<&str> = found.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids.join(" "), want, "{title}");
    }
}

#[test]
fn in_such_a_headline_only_hits_that_count_are_company() {
    let rules = compile(&[r#"
[[rule]]
id = "title"
fields = ["title"]
any = ["=US", "Biden"]
[[rule]]
id = "except"
any = ["=US", "Trump"]
except = ["Judd Trump"]
"#])
    .unwrap();
    for (title, content, want) in [
        ("HE TOLD US ABOUT SNOOKER", "", ""),
        ("HE TOLD US ABOUT SNOOKER", "Biden was not there.", ""),
        ("BIDEN TOLD US ABOUT SNOOKER", "", "title"),
        ("HE TOLD US ABOUT SNOOKER", "Judd Trump has won.", ""),
        ("HE TOLD US ABOUT SNOOKER", "Trump likes Judd Trump.", "except"),
        ("He told the US of snooker", "Judd Trump has won.", "title except"),
    ] {
        let found = matches(&rules, &item(title, "", content));
        let ids: Vec<&str> = found.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids.join(" "), want, "{title} {content}");
    }
}
