//! Looking at the daemon while it runs.

use std::net::TcpListener;

use super::home::{Home, config};
use super::news::{Newsroom, Page};
use super::{get, get_until, metric, story};

const WINDOW: &str = "[metrics]\nlisten = \"127.0.0.1:0\"\n";

#[test]
fn metrics_and_health_tell_what_is_going_on() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1), story("2", "Chess", 1)]));
    room.put("/bad", Page::Status(500));
    let home = Home::new(&(config(&room, "alert", &["/a", "/bad"]) + WINDOW));
    let mut daemon = home.run();
    let ready = daemon.expect("metrics_ready", &[]);
    let address = ready["address"].as_str().unwrap().to_owned();
    daemon.expect("delivered", &[("sink", "file")]);
    daemon.see("poll_failed", &[("feed", "bad")]);
    let page = get_until(&address, "/metrics", |page| {
        page.contains("wirewatch_outbox_waiting{sink=\"file\"} 0\n")
            && page.contains("wirewatch_outbox_waiting{sink=\"log\"} 0\n")
    });
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(page.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{page}");
    let sample = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {page}")).parse::<f64>().unwrap()
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(sample(&format!("wirewatch_build_info{{version=\"{version}\"}}")), 1.0);
    assert_eq!(sample("wirewatch_items_total"), 2.0);
    assert_eq!(sample("wirewatch_alerts_total"), 1.0);
    assert_eq!(sample("wirewatch_rules"), 1.0);
    assert_eq!(sample("wirewatch_feeds{state=\"ok\"}"), 1.0);
    assert_eq!(sample("wirewatch_feeds{state=\"failing\"}"), 1.0);
    assert!(sample("wirewatch_poll_failures_total{reason=\"server_error\"}") >= 1.0);
    assert!(sample("wirewatch_polls_total") >= 2.0);
    assert_eq!(sample("wirewatch_deliveries_total{sink=\"file\"}"), 1.0);
    assert_eq!(sample("wirewatch_sink_failing{sink=\"file\"}"), 0.0);
    assert!(sample("wirewatch_last_poll_time_seconds") > sample("wirewatch_start_time_seconds"));
    assert!(sample("wirewatch_store_free_bytes") > 0.0);
    assert!(sample("process_open_fds") > 3.0);
    // That a feed fails is no reason to be degraded.
    assert!(get(&address, "/health").ends_with("\r\n\r\nok\n"));

    // A reload that fails is told; one that moves the window is not held up by the old one.
    home.write("wirewatch.toml", "nonsense");
    daemon.signal("HUP");
    daemon.expect("reload_failed", &[]);
    assert_eq!(metric(&address, "wirewatch_config_last_reload_successful"), 0.0);
    home.write("wirewatch.toml", &config(&room, "alert", &["/a", "/bad"]));
    daemon.signal("HUP");
    daemon.expect("plan_loaded", &[]);
    TcpListener::bind(&address).expect("the window is closed");
    let _ = daemon.stop();
}

#[test]
fn an_address_that_is_taken_is_told_and_keeps_nobody_from_watching() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1)]));
    let address = taken.local_addr().unwrap().to_string();
    let window = WINDOW.replace("127.0.0.1:0", &address);
    let home = Home::new(&(config(&room, "alert", &["/a"]) + &window));
    let mut daemon = home.run();
    daemon.expect("metrics_failed", &[("address", &address)]);
    daemon.expect("delivered", &[("sink", "file")]);
    let daemon = daemon.stop();
    assert_eq!(daemon.count("metrics_failed", &[]), 1);
}
