//! What becomes of broken documents on their way from a server to an alert.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

#[expect(dead_code, unused_imports, reason = "of the shared helpers, these tests need some")]
mod support;

use serde_json::Value;
use support::{Answer, House, Server, alerts, json_lines};

const HEAD: &str = "<rss version=\"2.0\"><channel><title>F</title>";
const FIRST: &str = "<item><guid>1</guid><title>Calm</title></item>";
const SECOND: &str =
    "<item><guid>2</guid><title>Night</title><description>Sirens in Kharkiv</description></item>";

fn titles(lines: &[Value]) -> Vec<String> {
    let title = |line: &Value| line["item"]["title"].as_str().map(str::to_owned);
    lines.iter().filter_map(title).collect()
}

/// The second item comes cut off first, and whole later: were it seen by then, its text would be
/// lost.
#[test]
fn an_item_that_was_cut_off_alerts_when_it_comes_whole() {
    let server = Server::start();
    let url = server.put("/feed", Answer::rss(format!("{HEAD}{FIRST}{}", &SECOND[..60])));
    let house = House::watching(&[("f", &url)]);
    let shown = house.run(&["items", &url]).expect(0);
    assert_eq!(titles(&json_lines(&shown.stdout)), ["Calm", "Night"]);
    house.run(&["scan", "--rules", "rules.toml", &url]).expect(1);
    let poll = || {
        house.run(&["poll", "--config", "w.toml"]).expect(0);
        let kept = house.run(&["alerts", "--config", "w.toml"]).expect(0);
        titles(&alerts(&kept.stdout))
    };
    assert_eq!(poll(), Vec::<String>::new());
    server.put("/feed", Answer::rss(format!("{HEAD}{FIRST}{SECOND}</channel></rss>")));
    assert_eq!(poll(), ["Night"]);
}

/// Items that a document lists twice are shown twice, and make one alert.
#[test]
fn an_item_that_is_listed_twice_alerts_once() {
    let server = Server::start();
    let url =
        server.put("/feed", Answer::rss(format!("{HEAD}{SECOND}{FIRST}{SECOND}</channel></rss>")));
    let house = House::watching(&[("f", &url)]);
    let shown = house.run(&["items", &url]).expect(0);
    assert_eq!(titles(&json_lines(&shown.stdout)), ["Night", "Calm", "Night"]);
    let scanned = house.run(&["scan", "--rules", "rules.toml", &url]).expect(0);
    assert_eq!(alerts(&scanned.stdout).len(), 1);
    house.run(&["poll", "--config", "w.toml"]).expect(0);
    let kept = house.run(&["alerts", "--config", "w.toml"]).expect(0);
    assert_eq!(titles(&alerts(&kept.stdout)), ["Night"]);
}

/// A bridge's report of its own failure ends the poll as a failure, and is told in its words.
#[test]
fn a_bridge_that_reports_its_failure_is_no_feed() {
    let house = House::new();
    let report = "<item><title>Bridge returned error 503! (20461)</title></item>";
    house.write("bridge.xml", format!("{HEAD}{report}</channel></rss>"));
    let shown = house.run(&["items", "bridge.xml"]).expect(1);
    let lines = json_lines(&shown.stdout);
    assert_eq!(lines[0]["error"]["reason"], "bridge");
    assert!(lines[0]["error"]["message"].as_str().unwrap().contains("Bridge returned error 503!"));
}
