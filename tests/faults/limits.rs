//! Limits that the system sets.

use std::collections::BTreeSet;
use std::process::Command;

use super::home::{Daemon, Home, config};
use super::news::{Newsroom, Page};
use super::{spin, story};

/// Runs the daemon by a shell that sets a limit first.
fn limited(home: &Home, limit: &str) -> Daemon {
    let program = home.command("run");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limit} && exec \"$@\""), "sh"]);
    command.arg(program.get_program()).args(program.get_args()).env_clear();
    command.env("RUST_LOG", "wirewatch=info").env("PATH", "/usr/bin:/bin");
    Daemon::start(&mut command)
}

#[test]
fn with_sixty_four_descriptors_every_alert_comes_once() {
    let room = Newsroom::open();
    let paths: Vec<String> = (0..200).map(|n| format!("/{n}")).collect();
    for path in &paths {
        room.put(path, Page::Feed(vec![story("1", &format!("A flood at {path}"), 1)]));
    }
    let all: Vec<&str> = paths.iter().map(String::as_str).collect();
    let text = config(&room, "alert", &all).replace("per_host = 8", "per_host = 200");
    // Once is enough for those that were polled well.
    let text = text.replace("interval = \"100ms\"\nbackoff_max", "interval = \"2s\"\nbackoff_max");
    let home = Home::new(&text);
    // More at once than there are descriptors for.
    room.desk().party = 30;
    let mut daemon = limited(&home, "ulimit -n 64");
    daemon.expect("ready", &[]);
    let lines = || std::fs::read(home.path("alerts.jsonl")).unwrap_or_default();
    let count = || lines().iter().filter(|byte| **byte == b'\n').count();
    spin("two hundred alerts", || count() == 200);
    let daemon = daemon.stop();
    assert_eq!(daemon.count("fault", &[]), 0);
    let ids: BTreeSet<String> = home.ids().into_iter().collect();
    assert_eq!(ids.len(), 200);
}

#[test]
fn documents_too_large_for_it_do_no_harm_within_a_gigabyte() {
    let room = Newsroom::open();
    let large: Vec<String> = (0..8).map(|n| format!("/large{n}")).collect();
    let filler = "<item><title>A flood</title></item>".repeat(400_000);
    for path in &large {
        room.put(path, Page::Raw("application/rss+xml", filler.clone()));
    }
    drop(filler);
    room.put("/good", Page::Feed(vec![story("1", "A flood", 1)]));
    let all: Vec<&str> = large.iter().map(String::as_str).chain(["/good"]).collect();
    let home = Home::new(&config(&room, "alert", &all));
    let mut daemon = limited(&home, "ulimit -v 1048576");
    for path in &large {
        daemon.see("poll_failed", &[("feed", &path[1..]), ("reason", "too_large")]);
    }
    room.publish("/good", story("2", "A second flood", 0));
    spin("both alerts", || home.ids().len() == 2);
    let daemon = daemon.stop();
    assert_eq!(daemon.count("fault", &[]), 0);
}
