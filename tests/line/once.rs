//! Every matching item once: in the log, in the file, in the store.

use std::fs;

use super::home::{Home, config};
use super::news::{Newsroom, Page};
use super::story;

#[test]
fn a_first_poll_tells_what_the_config_asks_for() {
    let room = Newsroom::open();
    let stories = vec![
        story("new", "A flood this morning", 1),
        story("old", "A flood the other day", 20),
        story("other", "Chess", 1),
    ];
    room.put("/a", Page::Feed(stories));
    let told = |first_poll: &str| {
        let home = Home::new(&config(&room, first_poll, &["/a"]));
        let (code, out, error) = home.verb("poll");
        assert_eq!(code, Some(0), "{out}{error}");
        assert!(out.starts_with("1 feeds polled: 1 well, 0 failed; 3 new items;"), "{out}");
        let alerts = home.file("alerts.jsonl");
        alerts.iter().map(|alert| alert.item.title.clone()).collect::<Vec<_>>()
    };
    assert!(told("baseline").is_empty());
    assert_eq!(told("12h"), ["A flood this morning"]);
    let mut all = told("alert");
    all.sort();
    assert_eq!(all, ["A flood the other day", "A flood this morning"]);
}

#[test]
fn nothing_is_told_twice_and_a_new_item_once() {
    let room = Newsroom::open();
    for path in ["/a", "/b", "/c"] {
        let stories = vec![story("1", "A flood", 2), story("2", "Chess", 2)];
        room.put(path, Page::Feed(stories));
    }
    let home = Home::new(&config(&room, "alert", &["/a", "/b", "/c"]));
    let mut daemon = home.run();
    for _ in 0..3 {
        daemon.expect("alert", &[]);
    }
    for path in ["/a", "/b", "/c"] {
        room.wait_answered(path, 304, 1);
    }
    daemon.kill();
    let first = home.ids();
    assert_eq!(first.len(), 3);

    let mut daemon = home.run();
    let before = room.desk().asked.len();
    for path in ["/a", "/b", "/c"] {
        room.wait_answered(path, 304, 1);
    }
    assert!(room.desk().asked[before..].iter().all(|asked| asked.conditional));

    room.publish("/b", story("3", "Flooding in the north", 0));
    let alert = daemon.expect("alert", &[("feed.id", "b")]);
    let id = alert["alert.id"].as_str().unwrap().to_owned();
    daemon.see("delivered", &[("sink", "file")]);

    // Another headline for a known item; then the item goes and comes back.
    room.put("/b", Page::Feed(vec![story("3", "Flooding: what we know", 0)]));
    daemon.expect("poll_ok", &[("feed", "b"), ("status", "200"), ("items", "1"), ("new", "0")]);
    room.put("/b", Page::Feed(vec![story("2", "Chess", 2)]));
    daemon.expect("poll_ok", &[("feed", "b"), ("status", "200"), ("items", "1"), ("new", "0")]);
    room.put("/b", Page::Feed(vec![story("3", "Flood", 0), story("1", "A flood", 2)]));
    daemon.expect("poll_ok", &[("feed", "b"), ("status", "200"), ("items", "2"), ("new", "0")]);
    room.wait_answered("/b", 304, 1);

    let daemon = daemon.stop();
    assert_eq!(daemon.count("alert", &[]), 1);
    let mut all = first;
    all.push(id);
    all.sort();
    assert_eq!(home.ids(), all);
    assert_eq!(home.stored(), all);
}

#[test]
fn a_torn_last_line_is_cut_and_its_alert_written() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1), story("2", "Floods", 1)]));
    let home = Home::new(&config(&room, "alert", &["/a"]));
    assert_eq!(home.verb("poll").0, Some(0));
    let whole = fs::read_to_string(home.path("alerts.jsonl")).unwrap();
    // As after a power failure in the middle of a write.
    home.write("alerts.jsonl", &format!("{whole}{}", &whole[..60]));
    room.publish("/a", story("3", "A third flood", 1));
    let mut daemon = home.run();
    daemon.expect("delivered", &[("sink", "file")]);
    let _ = daemon.stop();
    let now = fs::read_to_string(home.path("alerts.jsonl")).unwrap();
    assert!(now.starts_with(&whole));
    assert_eq!(home.file("alerts.jsonl")[2].item.title, "A third flood");
    assert_eq!(home.ids().len(), 3);
    assert_eq!(home.ids(), home.stored());
}

#[test]
fn a_file_that_is_renamed_away_is_followed_by_a_new_one() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1)]));
    let home = Home::new(&config(&room, "alert", &["/a"]));
    let mut daemon = home.run();
    daemon.expect("delivered", &[("sink", "file")]);
    fs::rename(home.path("alerts.jsonl"), home.path("alerts.old")).unwrap();
    room.publish("/a", story("2", "Another flood", 0));
    daemon.expect("delivered", &[("sink", "file")]);
    // As logrotate does it with `create`.
    fs::rename(home.path("alerts.jsonl"), home.path("alerts.older")).unwrap();
    home.write("alerts.jsonl", "");
    room.publish("/a", story("3", "A third flood", 0));
    daemon.expect("delivered", &[("sink", "file")]);
    let _ = daemon.stop();
    let titles =
        |name| home.file(name).into_iter().map(|alert| alert.item.title).collect::<Vec<_>>();
    assert_eq!(titles("alerts.old"), ["A flood"]);
    assert_eq!(titles("alerts.older"), ["Another flood"]);
    assert_eq!(titles("alerts.jsonl"), ["A third flood"]);
}

#[test]
fn hostile_headlines_reach_neither_log_nor_file_as_they_are() {
    let room = Newsroom::open();
    let title = "Flood \\u001b[31m\\u0007red\\r\\nfake line \\u202etxt\\u2028\\u0000\\u009b2J";
    let body = format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"{title}\",\"items\":[\
         {{\"id\":\"1\",\"title\":\"{title}\",\"content_text\":\"{title}\"}}]}}"
    );
    room.put("/a", Page::Raw("application/feed+json", body));
    // A status that carries words of strangers into the log as well.
    room.put("/b", Page::Raw("text/html", "<html>\u{1b}[31m\u{202e}</html>".into()));
    let home = Home::new(&config(&room, "alert", &["/a", "/b"]));
    let mut daemon = home.run();
    daemon.expect("delivered", &[("sink", "file")]);
    room.wait_answered("/a", 304, 1);
    let daemon = daemon.stop();
    let file = fs::read_to_string(home.path("alerts.jsonl")).unwrap();
    assert_eq!(home.file("alerts.jsonl").len(), 1);
    // For people, too: `poll` logs to stderr what it delivers.
    let other = Home::new(&config(&room, "alert", &["/a", "/b"]));
    let mut command = other.command("poll");
    let output = command.args(["--log-format", "text"]).output().unwrap();
    let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(told.contains("Flood"), "{told}");
    let output = home.command("alerts").args(["--format", "text"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("Flood"), "{text}");
    let log = daemon.raw.iter().map(String::as_str);
    for raw in log.chain(file.lines()).chain(told.lines()).chain(text.lines()) {
        let bad = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{2028}' | '\u{2029}');
        assert!(!raw.contains(bad), "{raw:?}");
    }
    assert_eq!(daemon.count("poll_failed", &[("feed", "b"), ("reason", "html")]), 1);
}
