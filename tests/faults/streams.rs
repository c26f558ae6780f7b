//! Whoever reads the log does not.

use std::fs::OpenOptions;
use std::io::pipe;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use super::home::{Home, config};
use super::news::{Newsroom, Page};
use super::{Voice, skip, spin, story};

/// Everything that can be logged, so that there is much of it.
const CHATTER: &str = "trace";

#[test]
fn a_log_that_nobody_reads_holds_up_nothing_and_what_is_missing_is_counted() {
    let room = Newsroom::open();
    let paths = ["/a", "/b", "/c", "/d"];
    for path in paths {
        room.put(path, Page::Feed(vec![story("1", &format!("A flood at {path}"), 1)]));
    }
    let home = Home::new(&config(&room, "alert", &paths));
    let (unread, stdout) = pipe().unwrap();
    let (mut voice, stderr) = Voice::new();
    let mut command = home.command("run");
    command.env("RUST_LOG", CHATTER).stdout(stdout).stderr(stderr);
    let mut child = command.spawn().unwrap();
    drop(command);
    voice.expect("wirewatch: the log is not taken: lines are dropped");
    // It polls on, and delivers to all but the log itself.
    room.publish("/a", story("2", "A second flood", 0));
    spin("the alerts", || home.ids().len() == 5);
    for path in paths {
        room.wait_answered(path, 304, 2);
    }
    let mut log = Voice::of(unread);
    let dropped = log.expect("\"event\":\"log_dropped\"");
    let dropped: serde_json::Value = serde_json::from_str(&dropped).unwrap();
    assert!(dropped["lines"].as_u64().unwrap() > 0, "{dropped}");
    voice.expect("wirewatch: the log is taken again");
    // The log's own alerts come now.
    log.expect("A second flood");
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    log.expect("\"event\":\"stopped\"");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    for line in &log.said {
        serde_json::from_str::<serde_json::Value>(line).expect(line);
    }
}

#[test]
fn a_log_on_a_full_disk_is_complained_of_and_no_more() {
    if !Path::new("/dev/full").exists() {
        return skip("a log on a full disk: there is no /dev/full here");
    }
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1)]));
    let home = Home::new(&config(&room, "alert", &["/a"]));
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (mut voice, stderr) = Voice::new();
    let mut command = home.command("run");
    let mut child = command.stdout(full).stderr(stderr).spawn().unwrap();
    drop(command);
    voice.expect("wirewatch: the log is not taken: lines are dropped");
    spin("the alert", || home.ids().len() == 1);
    room.publish("/a", story("2", "A second flood", 0));
    spin("the second alert", || home.ids().len() == 2);
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
