//! Two thousand feeds on one server, one pass.

use std::collections::HashMap;
use std::fs;

use super::home::{Daemon, Home, config};
use super::news::{Newsroom, Page};
use super::story;

const FEEDS: usize = 2000;
/// For 2,000 feeds of eight items, polled eight at a time; of a build without optimisation.
const MEMORY_KIB: u64 = 64 * 1024;

fn summary(daemon: &mut Daemon) -> String {
    assert_eq!(daemon.end(), Some(0), "{:?}", daemon.raw.last());
    daemon.raw.last().unwrap().clone()
}

#[test]
fn two_thousand_feeds_are_each_asked_once_and_never_nine_at_a_time() {
    let room = Newsroom::open();
    let paths: Vec<String> = (0..FEEDS).map(|n| format!("/{n}")).collect();
    for path in &paths {
        let items = (0..8).map(|n| {
            let what = if n == 0 { "A flood" } else { "Nothing" };
            story(&n.to_string(), &format!("{what} at {path}, as was said on the day"), 1)
        });
        room.put(path, Page::Feed(items.collect()));
    }
    // Eight must come at once; and the one that is held back shows the process before its end.
    room.desk().party = 8;
    room.put("/1999", Page::Silence);
    let all: Vec<&str> = paths.iter().map(String::as_str).collect();
    let home = Home::new(&config(&room, "alert", &all));
    let mut command = home.command("poll");
    let mut daemon = Daemon::start_plain(command.env("RUST_LOG", "warn"));
    room.wait("all but one", |desk| desk.asked.len() == FEEDS - 1);
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("peak resident memory: {} MiB", peak / 1024);
    assert!(peak < MEMORY_KIB, "{peak} KiB");
    room.put("/1999", Page::Feed(vec![story("0", "A flood, late", 1)]));
    let told = summary(&mut daemon);
    let expected = "2000 feeds polled: 2000 well, 0 failed; 15993 new items; 2000 alerts; \
                    4000 deliveries made, 0 waiting;";
    assert!(told.starts_with(expected), "{told}");
    assert_eq!(room.desk().most, 8);
    let mut times: HashMap<String, usize> = HashMap::new();
    for asked in &room.desk().asked {
        *times.entry(asked.path.clone()).or_default() += 1;
    }
    assert!(times.len() == FEEDS && times.values().all(|times| *times == 1));
    assert_eq!(home.ids().len(), FEEDS);

    let mut daemon = Daemon::start_plain(home.command("poll").env("RUST_LOG", "warn"));
    let told = summary(&mut daemon);
    assert!(told.contains("2000 well, 0 failed; 0 new items; 0 alerts; 0 deliveries"), "{told}");
    let desk = room.desk();
    let second = &desk.asked[FEEDS..];
    assert_eq!(second.len(), FEEDS);
    assert!(second.iter().all(|asked| asked.conditional && asked.status == 304));
    assert_eq!(desk.most, 8);
    drop(desk);
    assert_eq!(home.ids().len(), FEEDS);
}
