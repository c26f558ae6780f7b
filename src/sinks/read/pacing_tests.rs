use super::*;
use crate::document::Document;
use crate::model::{Problems, Timestamp};

fn kind(shape: Shape) -> Kind {
    Kind { name: "probe", summary: "", example: "", shape, read: |_, _| None }
}

const MESSAGES: Shape = Shape::Messages { per_minute: Some(20) };

fn read(text: &str, shape: Shape, local: bool) -> (Pacing, Vec<String>) {
    let document = Document::new("w.toml", text);
    let problems = Problems::default();
    let mut root = document.root(&problems);
    let read = pacing(&mut root, &kind(shape), local);
    root.finish();
    (read, problems.into_vec().iter().map(ToString::to_string).collect())
}

#[test]
fn defaults_are_those_of_the_kind() {
    let (read_, problems) = read("", MESSAGES, false);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(read_, Pacing { max_per_minute: Some(20), ..Pacing::default() });
    let (read_, _) = read("", Shape::Messages { per_minute: None }, false);
    assert_eq!((read_.concurrency, read_.max_per_minute), (1, None));
    assert_eq!(read_.give_up_after, Some(Duration::from_secs(24 * 3600)));
    let (read_, _) = read("", Shape::Lines, true);
    assert_eq!(read_, Pacing { give_up_after: None, ..Pacing::default() });
}

#[test]
fn every_key_is_read() {
    let text = "concurrency = 4\nmax_per_minute = 7\ngroup_for = \"2m\"\nretry_max = \"10m\"\n\
                give_up_after = \"never\"\n[quiet]\nfrom = \"22:00\"\nto = \"07:00\"\n\
                zone = \"Europe/Kyiv\"\ndays = [\"sat\", \"sun\"]\nthrough = [\"high\", \"critical\"]\n";
    let (pacing, problems) = read(text, MESSAGES, false);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!((pacing.concurrency, pacing.max_per_minute), (4, Some(7)));
    assert_eq!(pacing.group_for, Some(Duration::from_secs(120)));
    assert_eq!(pacing.retry_max, Some(Duration::from_secs(600)));
    assert_eq!(pacing.give_up_after, None);
    let quiet = pacing.quiet.unwrap();
    assert_eq!((quiet.from.to_string(), quiet.to.to_string()), ("22:00".into(), "07:00".into()));
    assert_eq!(quiet.zone.iana_name(), Some("Europe/Kyiv"));
    assert_eq!(quiet.days, Days::NONE.with("sat").unwrap().with("sun").unwrap());
    assert_eq!(quiet.through, [Level::High, Level::Critical]);
}

#[test]
fn quiet_hours_let_critical_alerts_through_on_every_day_unless_they_say_more() {
    let (pacing, problems) = read("[quiet]\nfrom = \"22:00\"\nto = \"07:00\"\n", MESSAGES, false);
    assert_eq!(problems, Vec::<String>::new());
    let quiet = pacing.quiet.unwrap();
    assert_eq!((quiet.days, quiet.through.as_slice()), (Days::ALL, &[Level::Critical][..]));
    let text = "[quiet]\nfrom = \"22:00\"\nto = \"07:00\"\nthrough = []\nzone = \"UTC\"\n";
    let quiet = read(text, MESSAGES, false).0.quiet.unwrap();
    assert!(quiet.through.is_empty());
    assert!(quiet.until(Timestamp::parse("2026-11-27T23:00:00Z").unwrap()).is_some());
}

#[test]
fn what_gathers_is_refused_where_each_alert_goes_by_itself() {
    let text = "concurrency = 2\ngroup_for = \"2m\"\nmax_per_minute = 4\nretry_max = \"5s\"\n\
                [quiet]\nfrom = \"22:00\"\nto = \"07:00\"\n";
    let (pacing, problems) = read(text, Shape::Lines, true);
    assert!(!pacing.gathers());
    assert_eq!(pacing.retry_max, Some(Duration::from_secs(5)));
    assert_eq!(problems.len(), 4, "{problems:#?}");
    for problem in problems {
        assert!(problem.contains("does nothing here: a sink of kind \"probe\" takes each alert"));
        assert!(problem.contains("\nhint: leave it out"), "{problem}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_hint() {
    let whole = |keys: &str| format!("[quiet]\nfrom = \"00:00\"\nto = \"24:00\"\n{keys}\n");
    let quiet = |keys: &str| format!("[quiet]\nfrom = \"22:00\"\nto = \"07:00\"\n{keys}\n");
    let cases = [
        ("concurrency = 0".to_owned(), "w.toml:1:15: `concurrency` is out of bounds", "1 to 64"),
        ("concurrency = 65".into(), "`concurrency` is out of bounds", "1 to 64"),
        ("max_per_minute = 0".into(), "`max_per_minute` is out of bounds", "1 to 6000"),
        ("max_per_minute = -1".into(), "`max_per_minute` is out of bounds", "1 to 6000"),
        ("concurrency = 5000000000".into(), "`concurrency` is out of bounds", "1 to 64"),
        ("concurrency = \"4\"".into(), "`concurrency`: expected a whole number", "1 to 64"),
        ("group_for = \"0s\"".into(), "`group_for` is out of bounds", "\"1s\" to \"24h\""),
        ("retry_max = \"25h\"".into(), "`retry_max` is out of bounds", "\"1s\" to \"24h\""),
        ("give_up_after = \"1s\"".into(), "\"1s\" is no such time", "or \"never\""),
        ("give_up_after = \"nevr\"".into(), "\"nevr\" is no such time", "or \"never\""),
        ("[quiet]\nfrom = \"22:00\"".into(), "[quiet] has no `to`", "add `to = …`"),
        (quiet("zone = \"Kyiv\""), "w.toml:4:8: `zone`: there is no time zone \"Kyiv\"", "Europe"),
        (quiet("zone = \"../../etc/passwd\""), "there is no time zone", "Europe/Kyiv"),
        (quiet("days = [\"sun\", \"mno\"]"), "w.toml:4:16: `days`: \"mno\" is no day", "\"mon\"?"),
        (quiet("days = []"), "`days`: the list is empty", "every day"),
        (quiet("through = [\"loud\"]"), "no level \"loud\"", ""),
        (quiet("thrugh = []"), "unknown key `thrugh` in [quiet]", "did you mean `through`?"),
        ("[quiet]\nfrom = \"7:00\"\nto = \"08:00\"".into(), "\"7:00\" is no time", "\"07:00\""),
        ("[quiet]\nfrom = \"07:00\"\nto = \"07:00\"".into(), "`to` is the same", "at most six"),
        ("[quiet]\nfrom = \"24:00\"\nto = \"00:00\"".into(), "`to` is the same", "at most six"),
        (whole(""), "w.toml:3:6: these quiet hours never end", "`days = [\"sat\", \"sun\"]`"),
        (whole(&format!("days = {:?}", Days::NAMES)), "these quiet hours never end", "leave"),
        ("quiet = 5".into(), "`quiet`: expected a table", ""),
    ];
    for (text, expected, hint) in cases {
        let (_, problems) = read(&text, MESSAGES, false);
        assert!(!problems.is_empty(), "{text}");
        assert!(problems[0].contains(expected) && problems[0].contains(hint), "{problems:#?}");
        let most = if text == "quiet = 5" { 3 } else { 1 };
        assert!(problems.len() <= most, "{problems:#?}");
    }
    let (pacing, problems) = read(&whole("days = [\"sat\", \"sun\"]"), MESSAGES, false);
    assert!(pacing.quiet.is_some() && problems.is_empty(), "{problems:#?}");
}
