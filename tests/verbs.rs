//! Each verb as its users meet it: what it prints, where, and how it ends.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

#[path = "verbs/backtest.rs"]
mod backtest;
#[path = "verbs/explain.rs"]
mod explain;
#[path = "verbs/fetch.rs"]
mod fetch;
#[path = "verbs/items.rs"]
mod items;
#[path = "verbs/lints.rs"]
mod lints;
#[path = "verbs/outbox.rs"]
mod outbox;
#[path = "verbs/scan.rs"]
mod scan;
#[path = "verbs/silence.rs"]
mod silence;
#[path = "verbs/sink.rs"]
mod sink;
mod support;
#[path = "verbs/test.rs"]
mod test;

use std::fs;

use serde_json::{Value, json};
use support::{Answer, House, RULES, Refused, Server, alerts, config, json_lines, rss, skip};

#[test]
fn every_verb_explains_itself() {
    let house = House::new();
    let verbs: [(&str, &[&str]); 14] = [
        ("run", &["--config <FILE>", "--set <KEY=VALUE>", "--log-format", "json, text"]),
        ("poll", &["--config <FILE>", "--set", "--log-format", "--quiet"]),
        ("scan", &["--rules <FILE>", "--config", "--format", "jsonl", "text", "<INPUT>..."]),
        ("items", &["--content-type <TYPE>", "--url <BASE>", "<INPUT>...", "standard input"]),
        (
            "check",
            &[
                "[RULES]...",
                "--strict",
                "--config <FILE>",
                "/etc/wirewatch/wirewatch.toml",
                "WIREWATCH_CONFIG",
            ],
        ),
        (
            "test",
            &["[RULES]...", "--config", "--rule <ID>", "text", "json", "junit", "Exit codes: 0"],
        ),
        ("explain", &["[INPUT]", "--text <TEXT>", "--feed <ID>", "--language", "Exit codes: 0"]),
        ("backtest", &["--rules <NEW>", "--against <OLD>", "--since <TIME>", "30d", "--samples"]),
        ("alerts", &["--since <TIME>", "--rule <ID>", "--follow", "--format", "24h"]),
        ("feeds", &["--config <FILE>"]),
        ("outbox", &["list", "retry", "drop"]),
        ("silence", &["add", "list", "expire"]),
        ("sink", &["test", "list", "kinds", "example"]),
        ("demo", &["--json"]),
    ];
    let all = house.run(&["--help"]).expect(0);
    for (verb, words) in verbs {
        let ran = house.run(&[verb, "--help"]).expect(0);
        assert_eq!(ran.stderr, "");
        for word in words {
            assert!(ran.stdout.contains(word), "{verb}: no {word:?} in\n{}", ran.stdout);
        }
        let summary = ran.stdout.lines().next().unwrap();
        assert!(all.stdout.contains(&format!("  {verb:<10}{summary}\n")), "{}", all.stdout);
    }
    for code in ["Exit codes: 0 ", "; 1 ", "; 2 ", "; 75 ", "78 "] {
        assert!(all.stdout.replace("\n", " ").contains(code), "{code}: {}", all.stdout);
    }
    let version = house.run(&["--version"]).expect(0);
    assert_eq!(version.stdout, format!("wirewatch {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn text_has_no_escapes_unless_a_terminal_reads_it() {
    let house = House::new();
    house.write("f.xml", rss(&["In Kharkiv"]));
    let scan = ["scan", "--rules", "rules.toml", "--format", "text", "f.xml"];
    let plain = house.run(&scan).expect(0).stdout;
    let (_, rest) = plain.split_once("  ").unwrap();
    assert_eq!(rest.trim_start(), "high  In Kharkiv\n  Wire\n  khar (Kharkiv)\n");
    let on_terminal = |no_color: Option<&str>| {
        let line = format!("'{}' {}", env!("CARGO_BIN_EXE_wirewatch"), scan.join(" "));
        let mut command = house.program("script");
        command.args(["-q", "-e", "-c", &line, "/dev/null"]);
        command.envs(no_color.map(|value| ("NO_COLOR", value)));
        support::run(command)
    };
    let there = house.program("script").arg("--version").output();
    if !there.is_ok_and(|ran| String::from_utf8_lossy(&ran.stdout).contains("util-linux")) {
        return skip("colours on a terminal: there is no script(1) of util-linux here");
    }
    for (no_color, colored) in [(None, true), (Some(""), true), (Some("1"), false)] {
        let shown = on_terminal(no_color).expect(0).stdout;
        assert!(shown.contains("Kharkiv"), "{shown:?}");
        assert_eq!(shown.contains("\x1b["), colored, "NO_COLOR={no_color:?}: {shown:?}");
    }
}

/// A document with markup, entities, several languages, relative links and all kinds of dates.
const RICH: &str = r#"<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Вісті &amp; more</title><language>uk</language>
<item><guid isPermaLink="false">one</guid><title>Обстріл: Харкова &amp;amp; Kharkiv</title>
<link>/news/1</link><dc:creator>О. Перо</dc:creator>
<pubDate>Mon, 23 Nov 2026 20:00:00 +0200</pubDate>
<description>&lt;p&gt;Ж &lt;b&gt;Khar&lt;/b&gt;kiv &amp;mdash; нова&lt;br/&gt;ceasefire&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>ї</p><p>Cease&#8209;fire in <i>Хар</i>кові.</p>]]></content:encoded></item>
<item><title>Nothing here</title><link>https://example.org/2</link>
<pubDate>Mon, 23 Nov 2026 21:00:00 +0200</pubDate><description>At all</description></item>
</channel></rss>"#;

#[track_caller]
fn assert_clean(what: &str, text: &str) {
    let acts =
        |c: &char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let found = text.split('\n').flat_map(str::chars).find(acts);
    assert_eq!(found, None, "{what}: {text:?}");
}

#[test]
fn titles_of_strangers_can_do_nothing_to_terminals_logs_and_files() {
    let evil = "Kharkiv \u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{2028}{\"event\":\"alert\"}\u{85}\
        \u{202e}live\u{2066}\n{\"event\":\"alert\",\"level\":\"info\"}\r\n2026-11-23 ERROR forged";
    let feed = json!({"version": "https://jsonfeed.org/version/1.1", "title": evil, "items": [{
        "id": evil, "title": evil, "content_html": evil, "summary": evil, "language": evil,
        "url": format!("https://example.org/{evil}"), "authors": [{"name": evil}]}]});
    let raw = evil.replace('"', "'");
    let page = format!("<html><head><title>{raw}</title></head></html>");
    let server = Server::start();
    let atom = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>{raw}</title><entry><id>{raw}</id>\
         <title type='html'>{raw} &amp;#x202e; &amp;#27;[2J</title><summary>{raw}</summary></entry></feed>"
    );
    let feeds = [
        ("json", server.put("/json", Answer::new("application/json", feed.to_string()))),
        ("rss", server.put("/rss", Answer::rss(rss(&[&raw]).replace("Wire", &raw)))),
        ("atom", server.put("/atom", Answer::new("application/atom+xml", atom))),
        ("page", server.put("/page", Answer::new("text/html", page))),
        ("words", server.put("/words", Answer::new("text/plain", raw.as_str()))),
    ];
    let feeds: Vec<(&str, &str)> = feeds.iter().map(|(id, url)| (*id, url.as_str())).collect();
    let house = House::watching(&feeds);
    house.write("w.toml", config(&feeds) + "[[sink]]\nkind = \"log\"\n");
    let ran = house.run(&["poll", "--config", "w.toml"]).expect(0);
    assert_clean("summary", &ran.stdout);
    assert_clean("JSON log", &ran.stderr);
    let events = json_lines(&ran.stderr);
    assert_eq!(events.iter().filter(|event| event["event"] == "alert").count(), 3);
    assert_clean("file", &house.read("alerts.jsonl"));
    assert_eq!(alerts(&house.read("alerts.jsonl")).len(), 3);

    fs::remove_file(house.path("wirewatch.db")).unwrap();
    fs::remove_file(house.path("wirewatch.db-wal")).unwrap();
    let ran = house.run(&["poll", "--config", "w.toml", "--log-format", "text"]).expect(0);
    assert_clean("text log", &ran.stderr);
    assert!(!ran.stderr.lines().any(|line| line.starts_with("2026-11-23 ERROR")));
    assert_eq!(ran.stderr.lines().filter(|line| line.contains("  high  Kharkiv ")).count(), 3);

    let urls: Vec<&str> = feeds.iter().map(|(_, url)| *url).collect();
    let scan = |format| {
        let args = ["scan", "--rules", "rules.toml", "--format", format];
        house.run(&[&args, &urls[..]].concat()).expect(2)
    };
    let items = house.run(&[&["items"], &urls[..]].concat()).expect(1);
    let (jsonl, text) = (scan("jsonl"), scan("text"));
    let stored = house.run(&["alerts", "--config", "w.toml"]).expect(0);
    let stored_text = house.run(&["alerts", "--config", "w.toml", "--format", "text"]).expect(0);
    let table = house.run(&["feeds", "--config", "w.toml"]).expect(0);
    assert_eq!(alerts(&jsonl.stdout).len(), 3);
    assert_eq!(alerts(&stored.stdout).len(), 3);
    assert_eq!(items.json().len(), 8);
    assert_eq!(table.stdout.lines().count(), 6);
    for ran in [items, jsonl, text, stored, stored_text, table] {
        assert_clean("stdout", &ran.stdout);
        assert_clean("stderr", &ran.stderr);
    }
    let ran = house.run(&["items", "no\u{1b}[2Jsuch\u{202e}"]).expect(1);
    assert_clean("source", &ran.stdout);
    let ran = house.run(&["scan", "--rules", "rules.toml", "no\u{1b}[2Jsuch"]).expect(2);
    assert_clean("source", &ran.stderr);
    house.write("e.opml", format!("<opml><body><outline xmlUrl='{raw}'/></body></opml>"));
    house.write("e.toml", "rules = [\"rules.toml\"]\nfeeds = [\"e.opml\"]\n");
    assert_clean("check", &house.run(&["check", "--config", "e.toml"]).expect(78).stderr);
}

#[test]
fn check_says_what_there_is_and_runs_the_examples() {
    let house = House::watching(&[("a", "http://127.0.0.1:1/a"), ("b", "http://127.0.0.1:1/b")]);
    let ran = house.run(&["check", "--config", "w.toml"]).expect(0);
    assert_eq!(ran.stderr, "");
    let (warning, summary) = ran.stdout.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(
        summary,
        "w.toml: ok: 2 feeds (0 of them disabled), 2 rules, 1 sinks; state in ./wirewatch.db",
    );
    let asked = "warning[no-examples]: rules.toml:10:6: rule `truce` has no examples\n";
    assert!(warning.starts_with(asked), "{warning}");
    let wrong = "[rule.examples]\nmatch = [\"War ends\"]\nignore = [\"A ceasefire\", \"Peace\"]\n";
    house.write("rules.toml", format!("{RULES}{wrong}"));
    let ran = house.run(&["check", "--config", "w.toml"]).expect(78);
    assert_eq!(ran.stdout, "");
    ran.says(&[
        "rules.toml:13:10: rule `truce`: this example should match, but nothing hit\n",
        "hint: add a term for it, or move the example to `ignore`",
        "rules.toml:14:11: rule `truce`: this example should be ignored, but",
        "wirewatch: 2 problems in the config\n",
    ]);
}

#[test]
fn check_prints_all_that_a_term_stands_for() {
    let house = House::new();
    for (term, want) in [
        ("Суми~", "Суми\nСум\nСумів\nСумам\nСумами\nСумах\n"),
        (
            "=cease-fire{,s}",
            "=cease-fire\n=cease fire\n=ceasefire\n=cease-fires\n=cease fires\n=ceasefires\n",
        ),
        ("flood* {a,b}", "flood* a\nflood* b\n"),
        ("/a+/", "/a+/\n"),
    ] {
        let ran = house.run(&["check", "--forms", term]).expect(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (want, ""), "{term}");
    }
    house.run(&["check", "--forms", "@towns"]).expect(2).says(&["`@towns` is a list"]);
    let ran = house.run(&["check", "--forms", "мер {Харків~,Zelenskyy~}"]).expect(2);
    assert_eq!(ran.stdout, "");
    ran.says(&[
        "--forms:1:14: no declension is known of a name that ends as `Zelenskyy` does\n",
        "hint: write it without `~`",
    ]);
}

#[test]
fn alerts_shows_what_was_found_and_follows_what_comes() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&["Ceasefire", "In Kharkiv"])));
    let house = House::watching(&[("a", &url)]);
    let poll = || house.run(&["poll", "--config", "w.toml"]).expect(0);
    let stored = |more: &[&str]| {
        let args = [&["alerts", "--config", "w.toml"], more].concat();
        alerts(&house.run(&args).expect(0).stdout)
    };
    poll();
    let both = stored(&[]);
    assert_eq!(both.len(), 2);
    assert_eq!(house.read("alerts.jsonl"), house.run(&["alerts", "--config", "w.toml"]).stdout);
    let truce = stored(&["--rule", "truce"]);
    assert_eq!(truce, both[1..]);
    assert_eq!(stored(&["--rule", "nosuch"]), [] as [Value; 0]);
    let text = house.run(&["alerts", "--config", "w.toml", "--format", "text"]).expect(0).stdout;
    assert!(text.contains("high  In Kharkiv\n  Wire\n  khar (Kharkiv)\n"), "{text}");

    let db = rusqlite::Connection::open(house.path("wirewatch.db")).unwrap();
    let hours = 3 * 3_600_000;
    let sql = format!("UPDATE alert SET raised_at = raised_at - {hours} WHERE seq = 1");
    assert_eq!(db.execute(&sql, []).unwrap(), 1);
    drop(db);
    assert_eq!(stored(&["--since", "2h"]), both[1..]);
    assert_eq!(stored(&["--since", "4h"]).len(), 2);

    let follower = house.start(&["alerts", "--config", "w.toml", "--since", "2h", "--follow"]);
    let first = follower.wait_for(|_| true);
    assert_eq!(alerts(&first), both[1..]);
    server.put("/a", Answer::rss(rss(&["In Kharkiv", "Ceasefire", "Харків"])));
    poll();
    let next = follower.wait_for(|_| true);
    assert_eq!(alerts(&next)[0]["item"]["title"], "Харків");
}

#[test]
fn alerts_shows_what_became_known_later() {
    let server = Server::start();
    let document = |title: &str, link: &str| {
        let item =
            format!("<item><title>{title}</title><guid>n-1</guid><link>{link}</link></item>");
        format!("<rss version=\"2.0\"><channel><title>Wire</title>{item}</channel></rss>")
    };
    let page = "https://news.example/1";
    let a = server.put("/a", Answer::rss(document("In Kharkiv", page)));
    let b = server.put("/b", Answer::rss(document("Chess", "https://news.example/2")));
    let house = House::watching(&[("a", &a), ("b", &b)]);
    let poll = || house.run(&["poll", "--config", "w.toml"]).expect(0).stdout;
    poll();
    let delivered = house.read("alerts.jsonl");
    server.put("/a", Answer::rss(document("What we know\u{202e}", page)));
    let copy = document("Kharkiv", "http://www.news.example/1?utm_source=x");
    server.put("/b", Answer::rss(copy.replace("n-1", "n-9")));
    assert!(poll().contains("1 new items; 0 alerts; 0 deliveries made, 0 waiting"));
    assert_eq!(house.read("alerts.jsonl"), delivered);
    let stored = alerts(&house.run(&["alerts", "--config", "w.toml"]).expect(0).stdout);
    assert_eq!(stored.len(), 1);
    let (sources, revisions) = (&stored[0]["sources"], &stored[0]["revisions"]);
    assert_eq!((&sources[0]["feed"], &sources[0]["item"]), (&"b".into(), &"n-9".into()));
    assert_eq!((&revisions[0]["title"], &revisions[1]), (&"What we know".into(), &Value::Null));
    let text = house.run(&["alerts", "--config", "w.toml", "--format", "text"]).expect(0).stdout;
    let at = revisions[0]["seen_at"].as_str().unwrap();
    assert!(text.ends_with(&format!("\n  also in b\n  since {at}: What we know\n")), "{text}");
}

#[test]
fn one_alert_is_the_same_in_scan_in_the_file_and_in_the_store() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(RICH));
    let house = House::watching(&[("a", &url)]);
    house.run(&["poll", "--config", "w.toml"]).expect(0);
    let scanned = house.run(&["scan", "--config", "w.toml", &url]).expect(0);
    let stored = house.run(&["alerts", "--config", "w.toml"]).expect(0);
    let timeless = |text: &str| {
        let mut found = alerts(text);
        assert_eq!(found.len(), 1);
        found[0]["raised_at"].take();
        found[0]["item"]["first_seen"].take();
        found.remove(0)
    };
    let file = timeless(&house.read("alerts.jsonl"));
    assert_eq!(file, timeless(&scanned.stdout));
    assert_eq!(file, timeless(&stored.stdout));
    assert_eq!(file["feed"], json!({"id": "a", "title": "Вісті & more", "url": url}));
}

#[test]
fn feeds_is_a_table_of_how_each_is_doing() {
    let server = Server::start();
    let nobody = Refused::new();
    let good = server.put("/a", Answer::rss(rss(&["One", "Two"])));
    let house = House::watching(&[("good", &good), ("bad", &nobody.url)]);
    house.run(&["poll", "--config", "w.toml"]).expect(0);
    let more = "[[feed]]\nid = \"off\"\nurl = \"http://127.0.0.1:1/o\"\nenabled = false\n\
        [[feed]]\nid = \"fresh\"\nurl = \"http://127.0.0.1:1/f\"\n";
    house.write("w.toml", house.read("w.toml") + more);
    let ran = house.run(&["feeds", "--config", "w.toml"]).expect(0);
    let rows: Vec<Vec<&str>> = ran
        .stdout
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    let header = [
        "feed",
        "state",
        "last success",
        "next poll",
        "items/day",
        "errors",
        "last reason",
        "in this state",
        "repairs",
    ];
    assert_eq!(rows[0], header);
    assert_eq!(rows[1][..2], ["good", "ok"]);
    assert!(rows[1][2].ends_with("s ago") && rows[1][3].starts_with("in 1"), "{:?}", rows[1]);
    assert_eq!(rows[1][5..7], ["0", "-"]);
    assert!(rows[1][7].starts_with("for ") && rows[1][8] == "-", "{:?}", rows[1]);
    assert_eq!(rows[2][..3], ["bad", "failing", "-"]);
    assert_eq!(rows[2][5], "1");
    assert!(rows[2][6].starts_with("connect: tcp connect error: Connection refused"));
    assert_eq!(rows[3], ["off", "disabled", "-", "-", "-", "-", "-", "-", "-"]);
    assert_eq!(rows[4], ["fresh", "new", "-", "-", "-", "-", "-", "-", "-"]);
    assert_eq!(rows.len(), 5);

    let ran = house.run(&["feeds", "--config", "w.toml", "--format", "json"]).expect(0);
    let feeds: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |key: &str| feeds.iter().map(|feed| feed[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("id"), ["good", "bad", "off", "fresh"]);
    assert_eq!(of("state"), ["ok", "failing", "disabled", "new"]);
    assert_eq!(feeds[1]["reason"], "connect");
    assert_eq!((&feeds[0]["gaps"], &feeds[0]["errors"]), (&0.into(), &0.into()));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let server = Server::start();
    let long = format!("Kharkiv {}", "x".repeat(500));
    let url = server.put("/a", Answer::rss(""));
    let house = House::watching(&[("a", &url)]);
    let titles: Vec<String> = (0..1000).map(|at| format!("{at} {long}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    server.put("/a", Answer::rss(rss(&titles)));
    house.write("f.xml", rss(&titles));
    house.run(&["poll", "--config", "w.toml"]).expect(0);
    for args in [
        &["items", "f.xml"][..],
        &["scan", "--config", "w.toml", "f.xml"],
        &["scan", "--config", "w.toml", "--format", "text", "f.xml"],
        &["alerts", "--config", "w.toml"],
        &["alerts", "--config", "w.toml", "--follow"],
    ] {
        let mut command = house.program("sh");
        command.args(["-c", "{ \"$@\"; echo code $? >&2; } | head -n 1", "sh"]);
        command.arg(env!("CARGO_BIN_EXE_wirewatch")).args(args);
        let ran = support::run(command).expect(0);
        assert_eq!(ran.stderr, "code 0\n", "{args:?}");
        assert_eq!(ran.stdout.lines().count(), 1);
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let house = House::watching(&[("a", "http://127.0.0.1:1/a")]);
    let text = house.read("w.toml").replace("[[sink]]", "[store]\npath = \"file.db\"\n[[sink]]");
    house.write("w.toml", text);
    let state = |env: &[(&str, &str)], flags: &[&str]| {
        let mut command = house.command(&["check"]);
        command.args(flags).envs(env.iter().copied());
        let ran = support::run(command).expect(0);
        ran.stdout.trim().rsplit_once("state in ./").unwrap().1.to_owned()
    };
    let config = ["--config", "w.toml"];
    let flag = [&config[..], &["--set", "store.path=flag.db"]].concat();
    let twice = [&flag[..], &["--set", "store.path=later.db"]].concat();
    let env = [("WIREWATCH_STORE_PATH", "env.db")];
    let other = [("WIREWATCH_CONFIG", "w.toml"), env[0]];
    assert_eq!(state(&[], &config), "file.db");
    assert_eq!(state(&env, &config), "env.db");
    assert_eq!(state(&other, &[]), "env.db");
    assert_eq!(state(&env, &flag), "flag.db");
    assert_eq!(state(&[], &twice), "later.db");
    house.write("other.toml", "nonsense = 1\n");
    let mut command = house.command(&["check", "--config", "w.toml"]);
    command.env("WIREWATCH_CONFIG", "other.toml");
    support::run(command).expect(0);

    let mut command = house.command(&["check", "--config", "w.toml"]);
    command.args(["--set", "poll.per_host=many", "--set", "nosuch=1"]);
    command.env("WIREWATCH_POLL_TIMEOUT", "soon").env("WIREWATCH_POLL_INTERVLA", "5m");
    support::run(command).expect(78).says(&[
        "flag --set poll.per_host: `per_host`: expected a whole number",
        "flag --set nosuch: unknown key `nosuch`",
        "environment variable WIREWATCH_POLL_TIMEOUT: `timeout`: \"soon\"",
        "environment variable WIREWATCH_POLL_INTERVLA: unknown key `intervla` in [poll]",
        "hint: did you mean `interval`?",
        "wirewatch: 4 problems in the config",
    ]);
}

#[test]
fn a_second_poll_adds_nothing_and_a_new_item_one_line() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&["In Kharkiv", "Elsewhere"])));
    let house = House::watching(&[("a", &url)]);
    let poll = || house.run(&["poll", "--config", "w.toml"]).expect(0).stdout;
    assert!(poll().starts_with("1 feeds polled: 1 well, 0 failed; 2 new items; 1 alerts;"));
    assert!(poll().contains("0 new items; 0 alerts; 0 deliveries made, 0 waiting"));
    server.put("/a", Answer::rss(rss(&["In Kharkiv", "Elsewhere", "Kharkiv again"])));
    assert!(poll().contains("1 new items; 1 alerts; 1 deliveries made"));
    assert_eq!(alerts(&house.read("alerts.jsonl")).len(), 2);
    let quiet = house.run(&["poll", "--config", "w.toml", "--quiet"]).expect(0);
    assert_eq!(quiet.stdout, "");
}

#[test]
fn a_poll_whose_alerts_are_refused_is_no_good_one() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&["In Kharkiv"])));
    let house = House::watching(&[("a", &url)]);
    let hook = url.replace("/a", "/nowhere");
    house.write(
        "w.toml",
        config(&[("a", &url)]) + "[[sink]]\nkind = \"webhook\"\nurl = \"" + &hook + "\"\n",
    );
    let ran = house.run(&["poll", "--config", "w.toml"]).expect(1);
    let told = "1 alerts; 1 deliveries made, 0 waiting, 1 refused; ";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    house.run(&["poll", "--config", "w.toml"]).expect(0);
}

#[test]
fn run_polls_delivers_and_ends_in_order_when_it_is_told_to() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&["In Kharkiv", "Elsewhere"])));
    let house = House::watching(&[("a", &url)]);
    house.write("w.toml", config(&[("a", &url)]) + "[[sink]]\nkind = \"log\"\n");
    let daemon = house.start(&["run", "--config", "w.toml"]);
    let event = |name: &str| {
        let mark = format!("\"event\":\"{name}\"");
        json_lines(&daemon.wait_for(|line| line.contains(&mark))).remove(0)
    };
    let started = event("started");
    assert_eq!(
        (&started["feeds"], &started["rules"], &started["sinks"]),
        (&json!(1), &json!(2), &json!(2))
    );
    assert_eq!(event("alert")["item.title"], "In Kharkiv");
    let (code, rest) = daemon.stop();
    let last = json_lines(rest.last().unwrap()).remove(0);
    assert_eq!((code, &last["event"]), (Some(0), &json!("stopped")), "{rest:#?}");
    assert_eq!(
        (&last["polls"], &last["alerts"], &last["unfinished"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(alerts(&house.read("alerts.jsonl")).len(), 1);
    let again = house.run(&["poll", "--config", "w.toml"]).expect(0);
    assert!(again.stdout.contains("0 new items; 0 alerts; 0 deliveries made, 0 waiting"));
}

/// Containers often come without any; that must not keep HTTP from working.
#[test]
fn without_certificates_of_authorities_http_works_and_https_says_what_is_missing() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&["One"])));
    let house = House::new();
    let ask = |url: &str| {
        let mut command = house.command(&["items", url]);
        command.envs([("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")]);
        support::run(command)
    };
    let ran = ask(&url).expect(0);
    assert!(ran.stdout.contains("\"title\":\"One\""), "{}", ran.stdout);
    // Before TLS begins, what listens there does not matter.
    let ran = ask(&url.replace("http:", "https:")).expect(1);
    assert!(ran.stdout.contains("\"reason\":\"tls\""), "{}", ran.stdout);
}
