//! `outbox list`, `retry` and `drop`, with and without a daemon on the store.

use std::fs;
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::support::{Answer, House, Running, Server, config, json_lines, rss};

/// A house whose file sink `file` cannot write: alerts of three items wait for it.
struct Stuck {
    house: House,
    /// Feeds the polls; kept as long as the house.
    _server: Server,
}

impl Stuck {
    fn new() -> Self {
        let server = Server::start();
        let evil = "Kharkiv \u{1b}[2J\u{202e}three";
        let url = server.put("/a", Answer::rss(rss(&[evil, "Kharkiv two", "Kharkiv one"])));
        let house = House::watching(&[("a", &url)]);
        let text = config(&[("a", &url)]);
        house.write(
            "w.toml",
            text.replace("kind = \"file\"\n", "kind = \"file\"\npath = \"out/alerts.jsonl\"\n"),
        );
        // A folder in the place of the file.
        fs::create_dir_all(house.path("out/alerts.jsonl")).unwrap();
        house.run(&["poll", "--config", "w.toml", "--quiet"]).expect(1);
        Self { house, _server: server }
    }

    fn rows(&self, more: &[&str]) -> Vec<Value> {
        let args = [&["outbox", "list", "--config", "w.toml", "--format", "jsonl"], more].concat();
        self.house.run(&args).expect(0).json()
    }

    fn numbers(&self) -> Vec<String> {
        self.rows(&[]).iter().map(|row| row["row"].to_string()).collect()
    }

    /// Makes dead letters of the first so many rows, as a sink that refuses them would.
    fn bury(&self, count: u32) {
        let db = rusqlite::Connection::open(self.house.path("wirewatch.db")).unwrap();
        let sql = "UPDATE outbox SET dead = 1, reason = 'refused', message = 'HTTP 400'
            WHERE row IN (SELECT row FROM outbox ORDER BY row LIMIT ?1)";
        assert_eq!(db.execute(sql, [count]).unwrap(), count as usize);
    }

    fn outbox(&self, args: &[&str]) -> crate::support::Ran {
        let (verb, rest) = args.split_first().unwrap();
        self.house.run(&[&["outbox", verb, "--config", "w.toml"], rest].concat())
    }
}

#[test]
fn list_shows_each_delivery_and_counts_them() {
    let stuck = Stuck::new();
    let rows = stuck.rows(&[]);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0]["title"], "Kharkiv one");
    for row in &rows {
        assert_eq!((&row["sink"], &row["state"]), (&json!("file"), &json!("waiting")));
        assert_eq!((&row["level"], &row["key"]), (&json!("high"), &Value::Null));
        assert_eq!(row["alert"].as_str().unwrap().len(), 32);
    }
    stuck.bury(1);
    let text = stuck.outbox(&["list"]).expect(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("row  sink  state    attempts  "), "{text}");
    assert!(lines[1].contains("dead") && lines[1].contains("refused: HTTP 400"), "{text}");
    assert!(lines[1].ends_with("Kharkiv one"), "{text}");
    assert_eq!(lines[4..], ["2 waiting, 1 dead letter"], "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    let dead = stuck.outbox(&["list", "--dead"]).expect(0).stdout;
    assert!(dead.ends_with("\n1 dead letter\n") && dead.lines().count() == 3, "{dead}");
    assert_eq!(stuck.rows(&["--dead"])[0]["state"], "dead");
}

#[test]
fn a_sink_that_neither_config_nor_outbox_knows_is_no_empty_one() {
    let stuck = Stuck::new();
    let other = "[[sink]]\nname = \"desk\"\nkind = \"log\"\n[[sink]]\nname = \"other\"";
    stuck.house.write("w.toml", stuck.house.read("w.toml").replace("[[sink]]", other));
    for verb in ["list", "retry", "drop"] {
        let ran = stuck.outbox(&[verb, "--sink", "flie"]).expect(1);
        assert_eq!(ran.stdout, "");
        ran.says(&[
            "there is no sink \"flie\"",
            "hint: did you mean \"file\"? there are: desk, file, other",
        ]);
    }
    let none = stuck.outbox(&["list", "--sink", "desk"]).expect(0).stdout;
    assert_eq!(none, "0 waiting, 0 dead letters\n");
    let numbers = stuck.numbers();
    for which in [&["--sink", "file"][..], &["--all"], &[&numbers[0]]] {
        let ran = stuck.outbox(&[&["retry"], which].concat()).expect(0);
        ran.says(&["the config has no sink \"file\"; they wait until it has"]);
    }
    let ran = stuck.outbox(&["drop", "--sink", "file"]).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("3 deliveries dropped\n", ""));
}

#[test]
fn operators_need_no_secrets() {
    let stuck = Stuck::new();
    let feed = "username = \"u\"\npassword_file = \"gone/feed\"\n\
        headers = { X-Key = { file = \"gone/key\" } }\n";
    let sinks = "[[sink]]\nkind = \"webhook\"\nurl_file = \"gone/url\"\ntoken_file = \"gone/token\"\n\
        [[sink]]\nkind = \"telegram\"\nchat_id = 1\ntoken_file = \"gone/telegram\"\n\
        [[sink]]\nkind = \"ntfy\"\ntopic_file = \"gone/topic\"\n\
        [[sink]]\nkind = \"command\"\nprogram = \"/bin/true\"\nenv = { A = { file = \"gone/a\" } }\n";
    stuck.house.write("w.toml", stuck.house.read("w.toml") + feed + sinks);
    let rows = stuck.numbers();
    for args in [
        &["outbox", "list"][..],
        &["outbox", "retry", &rows[0]],
        &["outbox", "drop", &rows[0]],
        &["silence", "add", "--rule", "khar", "--for", "1h", "--author", "n"],
        &["silence", "list"],
        &["silence", "expire", "1"],
        &["alerts"],
        &["feeds"],
        &["sink", "list"],
    ] {
        stuck.house.run(&[args, &["--config", "w.toml"]].concat()).expect(0);
    }
    // Who is to send, or to say whether all is well, tells what is missing.
    for args in [&["check"][..], &["sink", "test", "webhook"], &["poll"]] {
        let ran = stuck.house.run(&[args, &["--config", "w.toml"]].concat()).expect(78);
        ran.says(&["the secret file ./gone/feed cannot be read", "./gone/token", "./gone/a"]);
    }
}

#[test]
fn what_the_config_holds_back_is_not_taken_for_stuck() {
    let stuck = Stuck::new();
    // Always but on a day that is far off; 1970 began on a Thursday.
    let today = UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400 + 3;
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let days: Vec<&str> = (0..6).map(|n| names[((today + 5 + n) % 7) as usize]).collect();
    let sink = format!(
        "[[sink]]\nname = \"desk\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1/\"\n\
         [sink.quiet]\nfrom = \"00:00\"\nto = \"24:00\"\nzone = \"UTC\"\nthrough = []\n\
         days = {days:?}\n[[sink]]\n"
    );
    let text = stuck.house.read("w.toml").replace("[[sink]]\n", &sink);
    stuck.house.write("w.toml", text);
    fs::remove_file(stuck.house.path("wirewatch.db")).unwrap();
    let _ = fs::remove_file(stuck.house.path("wirewatch.db-wal"));
    stuck.house.run(&["poll", "--config", "w.toml", "--quiet"]).expect(1);
    let text = stuck.outbox(&["list"]).expect(0).stdout;
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("desk: quiet hours until "), "{text}");
    assert!(last.ends_with("; what is due waits till then"), "{text}");
    assert_eq!(text.matches("quiet hours").count(), 1, "{text}");
}

#[test]
fn what_waits_for_a_removed_sink_is_shown() {
    let stuck = Stuck::new();
    let text = stuck.house.read("w.toml").replace("[[sink]]", "[[sink]]\nname = \"other\"");
    stuck.house.write("w.toml", text);
    assert!(stuck.rows(&[]).iter().all(|row| row["state"] == "sink_removed"));
    let text = stuck.outbox(&["list"]).expect(0).stdout;
    assert_eq!(text.matches("  sink removed  ").count(), 3, "{text}");
}

#[test]
fn retry_and_drop_do_what_was_asked_and_say_how_much() {
    let stuck = Stuck::new();
    stuck.bury(2);
    let numbers = stuck.numbers();
    let ran = stuck.outbox(&["retry", "--sink", "file", "--dead"]).expect(0);
    assert_eq!(ran.stdout, "2 dead letters are due at once\n");
    assert!(stuck.rows(&[]).iter().all(|row| row["state"] == "waiting"));
    let ran = stuck.outbox(&["retry", "--all", "--dead"]).expect(1);
    assert_eq!(ran.stdout, "0 dead letters are due at once\n");
    let ran = stuck.outbox(&["retry", &numbers[0], "4711"]).expect(1);
    assert_eq!(ran.stdout, "1 delivery is due at once\n");
    ran.says(&["there is no row 4711 in the outbox"]);
    stuck.outbox(&["drop", &numbers[0], "--dead"]).expect(1).says(&["is no dead letter"]);
    let ran = stuck.outbox(&["drop", &numbers[0]]).expect(0);
    assert_eq!(ran.stdout, "1 delivery dropped\n");
    stuck.outbox(&["drop", &numbers[0]]).expect(1).says(&["there is no row"]);
    assert_eq!(stuck.numbers(), numbers[1..]);

    // Then there is room for the file.
    fs::remove_dir(stuck.house.path("out/alerts.jsonl")).unwrap();
    stuck.outbox(&["retry", "--all"]).expect(0);
    stuck.house.run(&["poll", "--config", "w.toml", "--quiet"]).expect(0);
    let delivered = json_lines(&stuck.house.read("out/alerts.jsonl"));
    let titles: Vec<&str> =
        delivered.iter().map(|a| a["item"]["title"].as_str().unwrap()).collect();
    assert_eq!((titles.len(), titles[0]), (2, "Kharkiv two"), "{titles:?}");
    let ran = stuck.outbox(&["list"]).expect(0);
    assert_eq!(ran.stdout, "0 waiting, 0 dead letters\n");
    let alerts = stuck.house.run(&["alerts", "--config", "w.toml"]).expect(0).json();
    assert_eq!(alerts.len(), 3, "what was dropped is an alert still");
}

#[test]
fn nothing_is_done_to_everything_by_mistake() {
    let stuck = Stuck::new();
    let cases: [&[&str]; 8] = [
        &["drop"],
        &["drop", "--dead"],
        &["drop", "--all"],
        &["drop", "--sink", "file", "3"],
        &["retry"],
        &["retry", "--all", "--sink", "file"],
        &["retry", "0"],
        &["drop", "one"],
    ];
    for case in cases {
        stuck.outbox(case).expect(2).says(&["error: "]);
    }
    assert_eq!(stuck.numbers().len(), 3);
    stuck.outbox(&["drop", "--sink", "nosuch"]).expect(1);
    assert_eq!(stuck.numbers().len(), 3);
    let ran = stuck.outbox(&["drop", "--sink", "file"]).expect(0);
    assert_eq!(ran.stdout, "3 deliveries dropped\n");
}

#[test]
fn operators_need_a_store_and_make_none() {
    let house = House::watching(&[("a", "http://127.0.0.1:1/a")]);
    for args in [
        &["outbox", "list"][..],
        &["outbox", "retry", "--all"],
        &["silence", "list"],
        &["outbox", "drop", "1"],
        &["silence", "expire", "1"],
        &["silence", "add", "--rule", "x", "--for", "1h", "--author", "n"],
    ] {
        let ran = house.run(&[args, &["--config", "w.toml"]].concat()).expect(78);
        ran.says(&["there is no database at ./wirewatch.db"]);
    }
    for file in ["wirewatch.db", "wirewatch.db-wal", "wirewatch.db.lock"] {
        assert!(!house.path(file).exists(), "{file}");
    }
}

/// The daemon, once it has made its first round.
fn daemon(house: &House) -> Running {
    let daemon = house.start(&["run", "--config", "w.toml"]);
    daemon.wait_for(|line| line.contains("\"event\":\"ready\""));
    daemon
}

#[test]
fn a_running_daemon_hears_of_what_an_operator_does() {
    let stuck = Stuck::new();
    stuck.bury(3);
    let daemon = daemon(&stuck.house);
    fs::remove_dir(stuck.house.path("out/alerts.jsonl")).unwrap();
    let numbers = stuck.numbers();
    let ran = stuck.outbox(&["drop", &numbers[1]]).expect(0);
    assert_eq!(ran.stdout, "1 delivery dropped\n");
    let ran = stuck.outbox(&["retry", "--sink", "file"]).expect(0);
    assert_eq!(ran.stdout, "2 deliveries are due at once\n");
    // It looks every few seconds.
    let empty = (0..2000).any(|_| stuck.rows(&[]).is_empty());
    assert!(empty, "{:#?}", stuck.rows(&[]));
    let (code, log) = daemon.stop();
    assert_eq!(code, Some(0), "{log:#?}");
    let delivered = json_lines(&stuck.house.read("out/alerts.jsonl"));
    assert_eq!(delivered.len(), 2);
}

#[test]
fn a_mistake_elsewhere_in_the_config_keeps_no_operator_from_the_store() {
    let stuck = Stuck::new();
    let house = &stuck.house;
    let sound = house.read("w.toml");
    let hook = "[[sink]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1/\"\n";
    let verbs: [&[&str]; 5] = [
        &["outbox", "list"],
        &["alerts"],
        &["silence", "add", "--rule", "khar", "--for", "1h", "--author", "me"],
        &["silence", "list"],
        &["outbox", "retry", "--all"],
    ];
    for (mistake, told) in [
        (sound.replace("rules.toml", "gone.toml"), "gone.toml"),
        (format!("{sound}{hook}body_file = \"gone.txt\"\n"), "gone.txt"),
        (format!("{sound}[[sink]]\nkind = \"fiel\"\n"), "did you mean"),
        (sound.replace("[poll]\n", "[poll]\nintervall = \"1m\"\n"), "did you mean `interval`"),
    ] {
        house.write("w.toml", &mistake);
        house.run(&["check", "--config", "w.toml"]).expect(78);
        for verb in verbs {
            house.run(&[verb, &["--config", "w.toml"]].concat()).expect(0).says(&[told]);
        }
    }
    for mistake in ["[store]\npth = \"x\"\n", "[store]\npath = 5\n", "[stroe]\n", "[store\n"] {
        house.write("w.toml", format!("{sound}{mistake}"));
        for verb in verbs {
            house.run(&[verb, &["--config", "w.toml"]].concat()).expect(78);
        }
    }
}
