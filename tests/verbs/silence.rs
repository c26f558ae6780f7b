//! `silence add`, `list` and `expire`, with and without a daemon on the store.

use serde_json::{Value, json};

use crate::support::{Answer, House, Ran, Server, alerts, rss};

/// A house with a store.
fn house() -> (House, Server, String) {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&["Elsewhere"])));
    let house = House::watching(&[("a", &url)]);
    house.run(&["poll", "--config", "w.toml", "--quiet"]).expect(0);
    (house, server, url)
}

fn silence(house: &House, args: &[&str]) -> Ran {
    let (verb, rest) = args.split_first().unwrap();
    house.run(&[&["silence", verb, "--config", "w.toml"], rest].concat())
}

fn listed(house: &House, more: &[&str]) -> Vec<Value> {
    silence(house, &[&["list", "--format", "jsonl"], more].concat()).expect(0).json()
}

#[test]
fn a_silence_is_added_listed_and_ended() {
    let (house, _server, _) = house();
    let ran = silence(&house, &["add", "--rule", "khar", "--for", "2h", "--author", "nina"]);
    let ran = ran.expect(0);
    assert_eq!(ran.stdout, "1\n");
    ran.says(&["silence 1 mutes rule khar until 20"]);
    let ran = silence(
        &house,
        &[
            "add",
            "--tag",
            "no\u{1b}[2Jsuch*",
            "--feed",
            "a",
            "--text",
            "Харків~",
            "--until",
            "2026-12-31T23:00:00+01:00",
            "--author",
            " Олег ",
            "--comment",
            "drill\u{202e}",
        ],
    );
    // The far end of the year may lie beyond what a silence may last, or in the past.
    let added = ran.code == Some(0);
    if added {
        assert_eq!(ran.stdout, "2\n");
        assert!(ran.stderr.contains("the config has no rule with the tag"), "{}", ran.stderr);
        let second = &listed(&house, &[])[1];
        assert_eq!(second["expires_at"], "2026-12-31T22:00:00Z");
        assert_eq!((&second["author"], &second["text"]), (&json!("Олег"), &json!("Харків~")));
    }
    let first = &listed(&house, &[])[0];
    assert_eq!(
        (&first["id"], &first["state"], &first["muted"]),
        (&json!(1), &json!("active"), &json!(0))
    );
    assert_eq!(
        (&first["rule"], &first["feed"], &first["alerts"]),
        (&json!("khar"), &Value::Null, &json!([]))
    );
    let text = silence(&house, &["list"]).expect(0).stdout;
    assert!(text.starts_with("id  state   until"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");

    let ran = silence(&house, &["expire", "1", "99"]).expect(1);
    assert_eq!(ran.stdout, "silence 1 has ended\n");
    ran.says(&["there is no silence 99"]);
    let ran = silence(&house, &["expire", "1"]).expect(0);
    assert!(ran.stdout.starts_with("silence 1 had ended already, at 20"), "{}", ran.stdout);
    assert!(listed(&house, &[]).iter().all(|silence| silence["id"] != 1));
    assert_eq!(listed(&house, &["--all"])[0]["state"], "expired");
}

#[test]
fn what_a_silence_needs_is_asked_for() {
    let (house, _server, _) = house();
    let long = "x".repeat(300);
    let whole = ["add", "--rule", "khar", "--for", "2h", "--author", "nina"];
    let with = |flag: &str, value: &str| {
        let mut args: Vec<String> = whole.map(str::to_owned).to_vec();
        match args.iter().position(|arg| arg == flag) {
            Some(at) => args[at + 1] = value.to_owned(),
            None => args.extend([flag.to_owned(), value.to_owned()]),
        }
        args
    };
    let without = |flag: &str| {
        let mut args: Vec<String> = whole.map(str::to_owned).to_vec();
        let at = args.iter().position(|arg| arg == flag).unwrap();
        args.drain(at..at + 2);
        args
    };
    let cases = [
        (without("--rule"), "--rule <ID>|--feed <ID>|--tag <TAG>|--text <TERM>"),
        (without("--for"), "--for <TIME>|--until <TIME>"),
        (without("--author"), "--author <NAME>"),
        (with("--until", "2099-01-01T00:00:00Z"), "cannot be used with"),
        (with("--author", "  "), "--author: say who"),
        (with("--author", &long), "--author: say who, in 1 to 256 bytes"),
        (with("--comment", &"x".repeat(2001)), "--comment: at most 2000 bytes"),
        (with("--for", "0s"), "it would end at "),
        (with("--for", "2 y"), "at most 366 days"),
        (with("--for", "soon"), "invalid value 'soon'"),
        (with("--rule", ""), "--rule: a name has 1 to 256 bytes"),
        (with("--feed", &long), "--feed: a name has"),
        (with("--tag", "a*b"), "--tag \"a*b\": `*` stands only at the end"),
        (with("--text", "@towns"), "--text:1:1: `@towns` is a list"),
        (with("--text", "мер Zelenskyy~"), "--text:1:"),
    ];
    for (args, words) in cases {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = silence(&house, &args).expect(2);
        assert_eq!(ran.stdout, "", "{args:?}");
        assert!(ran.stderr.contains(words), "{args:?}: no {words:?} in {}", ran.stderr);
    }
    let past = ["add", "--rule", "khar", "--until", "2020-01-01T00:00:00Z", "--author", "nina"];
    silence(&house, &past).expect(2).says(&["it would end at 2020-01-01T00:00:00Z, and it is 20"]);
    let today = ["add", "--rule", "khar", "--until", "tomorrow", "--author", "nina"];
    silence(&house, &today).expect(2).says(&["RFC 3339"]);
    assert!(listed(&house, &["--all"]).is_empty());
}

#[test]
fn what_was_muted_is_shown_with_the_silence_and_with_the_alert() {
    let (house, server, _url) = house();
    silence(&house, &["add", "--rule", "khar", "--for", "2h", "--author", "nina"]).expect(0);
    server.put("/a", Answer::rss(rss(&["Elsewhere", "In Kharkiv"])));
    house.run(&["poll", "--config", "w.toml", "--quiet"]).expect(0);
    assert!(!house.path("alerts.jsonl").exists() || house.read("alerts.jsonl").is_empty());
    let shown = &listed(&house, &[])[0];
    assert_eq!((&shown["muted"], shown["alerts"].as_array().unwrap().len()), (&json!(1), 1));
    let muted = &shown["alerts"][0];
    assert_eq!((&muted["sink"], &muted["title"]), (&json!("file"), &json!("In Kharkiv")));
    let stored = alerts(&house.run(&["alerts", "--config", "w.toml"]).expect(0).stdout);
    assert_eq!(stored[0]["id"], muted["alert"]);
    assert_eq!(
        (&stored[0]["muted"][0]["sink"], &stored[0]["muted"][0]["silence"]),
        (&json!("file"), &json!(1))
    );
    let text = house.run(&["alerts", "--config", "w.toml", "--format", "text"]).expect(0).stdout;
    assert!(text.contains("\n  muted for file at 20"), "{text}");
    assert!(text.ends_with(" by silence 1\n"), "{text}");
}

#[test]
fn a_silence_is_added_beside_a_running_daemon() {
    let (house, _server, _) = house();
    let daemon = house.start(&["run", "--config", "w.toml"]);
    daemon.wait_for(|line| line.contains("\"event\":\"ready\""));
    silence(&house, &["add", "--feed", "a", "--for", "2h", "--author", "nina"]).expect(0);
    assert_eq!(silence(&house, &["expire", "1"]).expect(0).stdout, "silence 1 has ended\n");
    let (code, _) = daemon.stop();
    assert_eq!(code, Some(0));
    assert_eq!(listed(&house, &["--all"]).len(), 1);
}
