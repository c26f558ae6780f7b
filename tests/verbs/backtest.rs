//! `wirewatch backtest` on a store that real polls have filled.

use super::support::{Answer, House, Server, config, rss};
use serde_json::{Value, json};

const NEW: &str = "[[rule]]\nid = \"khar\"\nany = [\"Kharkiv\"]\nexcept = [\"Kharkiv Street\"]\n\n\
    [[rule]]\nid = \"weir\"\nany = [\"weir*\"]\nfeed_tags = [\"water\"]\n";

/// A house whose store holds four items of two days and two feeds, of which the config has one.
fn house() -> House {
    let server = Server::start();
    let (a, b) = ("In Kharkiv", "A weir on Kharkiv Street");
    let one = server.put("/a", Answer::rss(rss(&[a, b])));
    let two = server.put("/b", Answer::rss(rss(&["Ceasefire", "The weir"])));
    let house = House::watching(&[("harbour", &one), ("hill", &two)]);
    house.run(&["poll", "--config", "w.toml"]).expect(0);
    let text = config(&[("harbour", &one)])
        .replace("id = \"harbour\"", "id = \"harbour\"\ntags = [\"water\"]");
    house.write("w.toml", text);
    house.write("new.toml", NEW);
    let db = rusqlite::Connection::open(house.path("wirewatch.db")).unwrap();
    let sql =
        "UPDATE item SET first_seen = ?1, body = json_set(body, '$.title', ?3) WHERE title = ?2";
    let day = 24 * 3_600_000_i64;
    let base = 1_790_000_000_000_i64 / day * day;
    let hostile = format!("{b}\u{1b}[2J\u{202e}.");
    for (title, at, now) in [
        (a, base, a),
        (b, base + day, hostile.as_str()),
        ("The weir", base + day + 1, "The weir"),
        ("Ceasefire", base + 2 * day - 1, "Ceasefire"),
    ] {
        assert_eq!(db.execute(sql, rusqlite::params![at, title, now]).unwrap(), 1, "{title}");
    }
    house
}

const SINCE: [&str; 4] = ["--since", "2026-09-01", "--until", "2026-09-23T00:00:00Z"];

fn backtest(house: &House, args: &[&str]) -> super::support::Ran {
    house.run(&[&["backtest", "--config", "w.toml", "--rules", "new.toml"], args].concat())
}

#[test]
fn backtest_tells_what_would_be_added_and_lost_by_rule_and_day() {
    let house = house();
    let ran = backtest(&house, &SINCE).expect(0);
    assert_eq!(ran.stderr, "");
    for part in [
        "new.toml against rules.toml\n",
        "4 items, first seen from 2026-09-21T00:00:00Z to 2026-09-22T23:59:59.999Z\n",
        "the store goes back to 2026-09-21T00:00:00Z only: 2.0 of the 22.0 days asked for\n",
        "2 items of feeds that the config no longer has, taken as without tags\n",
        "\n                  old      new    added     lost\n\
         alerts              3        2        0       -1\n\
         a day             1.5      1.0\n",
        "\nrule              old      new    added     lost   most in a day\n\
         khar                2        1        0       -1   1 on 2026-09-2",
        "\nweir (new)          0        1       +1        0   1 on 2026-09-22\n\
         truce (gone)        1        0        0       -1   1 on 2026-09-22\n",
        "\nday (UTC)       items      old      new    added     lost\n\
         2026-09-21          1        1        1        0        0\n\
         2026-09-22          3        2        1        0       -1\n",
        "\nkhar: lost 1 item, the last of them:\n  2026-09-22T00:00:00Z  harbour  A weir on Kharkiv \
         Street␛[2J\u{fffd}.\n    `Kharkiv` hit \"Kharkiv\" in the title (an alert by weir in \
         any case)\n",
        "\nweir: added 1 item, the last of them:\n",
        "\ntruce: lost 1 item, the last of them:\n  2026-09-22T23:59:59.999Z  hill  Ceasefire\n    \
         `cease-fire` hit \"Ceasefire\" in the title\n",
    ] {
        assert!(ran.stdout.contains(part), "no {part:?} in\n{}", ran.stdout);
    }
    assert!(
        !backtest(&house, &[&SINCE[..], &["--samples", "0"]].concat())
            .expect(0)
            .stdout
            .contains("hit")
    );

    let alone = backtest(&house, &[&SINCE[..], &["--against", "none"]].concat()).expect(0).stdout;
    for part in [
        "new.toml\n4 items",
        "\n               alerts\nalerts              2\na day             1.0\n",
        "weir: found 1 item",
    ] {
        assert!(alone.contains(part), "no {part:?} in\n{alone}");
    }
}

#[test]
fn backtest_prints_one_json_object_of_all_of_it() {
    let house = house();
    let told = |args: &[&str]| -> Value {
        let args = [&SINCE[..], &["--format", "json"], args].concat();
        let mut lines = backtest(&house, &args).expect(0).json();
        assert_eq!(lines.len(), 1);
        lines.remove(0)
    };
    let all = told(&[]);
    assert_eq!((&all["new"], &all["against"]), (&json!(["new.toml"]), &json!(["rules.toml"])));
    assert_eq!(all["reaches_to"], "2026-09-21T00:00:00Z");
    assert_eq!((&all["items"], &all["of_removed_feeds"]), (&json!(4), &json!(2)));
    assert_eq!(all["alerts"], json!({"old": 3, "new": 2, "added": 0, "lost": 1}));
    assert_eq!(all["per_day"], json!({"old": 1.5, "new": 1.0}));
    assert_eq!(
        all["days"][1],
        json!({"day": "2026-09-22", "items": 3, "old": 2, "new": 1, "added": 0, "lost": 1})
    );
    let rule = &all["rules"][0];
    assert_eq!((&rule["id"], &rule["fires"]["lost"]), (&json!("khar"), &json!(1)));
    let lost = &rule["lost"][0];
    assert_eq!((&lost["feed"], &lost["still"]), (&json!("harbour"), &json!(["weir"])));
    assert_eq!(lost["hits"][0]["term"], "Kharkiv");
    assert_eq!(told(&["--against", "none"])["against"], Value::Null);
    let same = told(&["--against", "new.toml"]);
    assert_eq!(same["alerts"], json!({"old": 2, "new": 2, "added": 0, "lost": 0}));
    assert_eq!(same["rules"][0]["lost"], json!([]));
}

#[test]
fn backtest_says_what_it_cannot_do() {
    let house = house();
    let ran = backtest(&house, &["--since", "2025-01-01", "--until", "2025-02-01"]).expect(1);
    assert!(
        ran.stdout.contains("no item was first seen from 2025-01-01T00:00:00Z to "),
        "{}",
        ran.stdout
    );
    let ran = backtest(&house, &["--since", "0s"]).expect(1);
    assert!(ran.stdout.contains("no item was first seen"), "{}", ran.stdout);
    backtest(&house, &["--since", "30d", "--until", "40d"])
        .expect(2)
        .says(&["is not before --until"]);
    backtest(&house, &["--since", "yesterday"]).expect(2).says(&["such as 12h or 30d"]);
    let own = ["backtest", "--config", "w.toml", "--rules", "rules.toml"];
    house
        .run(&own)
        .says(&["these are the config's own rules: name those before them by --against"]);
    house.write("bad.toml", "[[rule]]\nid = \"a\"\nany = [\"{a\"]\n");
    house
        .run(&["backtest", "--config=w.toml", "--rules=bad.toml", "--against=nosuch.toml"])
        .expect(2)
        .says(&["bad.toml:3:", "nosuch.toml: ", "2 problems"]);
    house.run(&["backtest", "--config", "w.toml"]).expect(2).says(&["--rules <NEW>"]);
    let elsewhere = [&own[..], &["--set", "store.path=nosuch.db"]].concat();
    house.run(&elsewhere).expect(78).says(&["nosuch.db"]);
    house.run(&["backtest", "--config=nosuch.toml", "--rules=new.toml"]).expect(78);
}

#[test]
fn backtest_reads_beside_a_running_daemon() {
    let server = Server::start();
    let url = server.put("/a", Answer::rss(rss(&["In Kharkiv"])));
    let house = House::watching(&[("harbour", &url)]);
    house.write("new.toml", NEW);
    let daemon = house.start(&["run", "--config", "w.toml", "--log-format", "json"]);
    daemon.wait_for(|line| line.contains("alert"));
    let ran = backtest(&house, &["--since", "1h"]).expect(0);
    assert!(ran.stdout.contains("1 item, first seen from "), "{}", ran.stdout);
    assert!(ran.stdout.contains("only: 0.0 of the 1.0 hours asked for"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("\na day"), "less than a day is covered: {}", ran.stdout);
    assert_eq!(daemon.stop().0, Some(0));
}
