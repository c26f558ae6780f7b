//! Under a service manager: reload, and what systemd is told.

use std::os::unix::net::UnixDatagram;

use super::home::{Daemon, Home, RULES, config, feed};
use super::news::{DEADLINE, Newsroom, Page};
use super::story;

#[test]
fn a_reload_takes_over_new_feeds_and_rules_and_a_broken_file_changes_nothing() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1), story("2", "A storm", 1)]));
    room.put("/b", Page::Feed(vec![story("1", "Storms", 1)]));
    let first = config(&room, "alert", &["/a"]);
    let home = Home::new(&first);
    let mut daemon = home.run();
    daemon.expect("delivered", &[("sink", "file")]);
    assert_eq!(home.ids().len(), 1);

    home.write("wirewatch.toml", "[poll]\nintervall = \"5m\"\nconcurrency = \"many\"\n");
    daemon.signal("HUP");
    let failed = daemon.expect("reload_failed", &[]);
    let problems = daemon.count("problem", &[]);
    assert!(problems >= 2);
    assert_eq!(failed["problems"], problems);
    // The old plan goes on.
    room.publish("/a", story("3", "Flooding", 0));
    daemon.expect("delivered", &[("sink", "file")]);
    assert_eq!(home.ids().len(), 2);

    home.write("wirewatch.toml", &first);
    let broken = "[[rule]]\nid = \"x\"\nany = [\"x-ray\"]\n[rule.examples]\nmatch = [\"y\"]\n";
    home.write("rules.toml", broken);
    daemon.signal("HUP");
    let failed = daemon.expect("reload_failed", &[]);
    assert_eq!(failed["problems"], 1, "a rule that fails its own example is not taken over");

    home.write("wirewatch.toml", &(first + &feed(&room, "/b")));
    let storms = "[[rule]]\nid = \"storms\"\ntitle = \"Storms\"\nany = [\"storm*\"]\n";
    home.write("rules.toml", &format!("{RULES}{storms}"));
    daemon.signal("HUP");
    daemon.expect("plan_loaded", &[("feeds", "2"), ("rules", "2")]);
    daemon.expect("alert", &[("feed.id", "b"), ("rules", "storms")]);
    room.publish("/a", story("4", "A storm and a flood", 0));
    daemon.expect("alert", &[("feed.id", "a"), ("rules", "floods,storms")]);
    let daemon = daemon.stop();
    // What was seen before the rule was there is not raked up.
    assert_eq!(daemon.count("alert", &[]), 4);
    assert_eq!(home.ids(), home.stored());
}

#[test]
fn a_start_warns_of_a_rule_that_fails_its_own_example_and_watches() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1)]));
    let home = Home::new(&config(&room, "alert", &["/a"]));
    home.write("rules.toml", &format!("{RULES}\n[rule.examples]\nmatch = [\"drought\"]\n"));
    let mut daemon = home.run();
    let warning = daemon.expect("config_warning", &[]);
    assert!(warning["message"].as_str().unwrap().contains("this example should match"));
    daemon.expect("delivered", &[("sink", "file")]);
    assert_eq!(home.ids().len(), 1);
}

#[test]
fn a_reload_that_takes_a_sink_away_says_what_waits_for_it() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1)]));
    let text = config(&room, "alert", &["/a"]);
    let home = Home::new(&text);
    // A folder in the place of the file.
    std::fs::create_dir(home.path("alerts.jsonl")).unwrap();
    let mut daemon = home.run();
    daemon.expect("alert", &[("feed.id", "a")]);
    let other = "kind = \"file\"\nname = \"desk\"\npath = \"desk.jsonl\"\n";
    home.write("wirewatch.toml", &text.replace("kind = \"file\"\n", other));
    daemon.signal("HUP");
    daemon.expect("plan_loaded", &[]);
    let warning = daemon.expect("config_warning", &[]);
    let message = warning["message"].as_str().unwrap();
    assert_eq!(message, "1 alert waits for a sink \"file\"");
}

#[test]
fn a_reload_while_a_poll_hangs_loses_neither() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(Vec::new()));
    room.put("/mute", Page::Silence);
    let first = config(&room, "alert", &["/mute"]);
    let home = Home::new(&first);
    let mut daemon = home.run();
    room.wait("a poll that hangs", |desk| !desk.waiting.is_empty());
    home.write("wirewatch.toml", &(first + &feed(&room, "/a")));
    daemon.signal("HUP");
    daemon.expect("plan_loaded", &[("feeds", "2")]);
    room.put("/mute", Page::Feed(vec![story("1", "A flood", 1)]));
    daemon.expect("alert", &[("feed.id", "mute")]);
    let _ = daemon.stop();
    assert_eq!(home.ids().len(), 1);
}

/// Reads what systemd is told until a message has a line that begins so.
fn heard(socket: &UnixDatagram, beginning: &str) -> String {
    let mut buffer = [0; 4096];
    for _ in 0..10_000 {
        let length = socket.recv(&mut buffer).expect(beginning);
        let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
        if text.lines().any(|line| line.starts_with(beginning)) {
            return text;
        }
    }
    panic!("{beginning} is not said")
}

#[test]
fn systemd_is_told_of_start_reload_life_and_end() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(Vec::new()));
    let home = Home::new(&config(&room, "alert", &["/a"]));
    let path = home.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut command = home.command("run");
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "600000");
    let mut daemon = Daemon::start(&mut command);
    let ready = heard(&socket, "READY=1");
    assert!(ready.contains("STATUS=polling 1 feeds"), "{ready}");
    daemon.expect("ready", &[]);
    for _ in 0..3 {
        heard(&socket, "WATCHDOG=1");
    }
    daemon.signal("HUP");
    let reloading = heard(&socket, "RELOADING=1");
    let since = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
    assert!(since.unwrap().parse::<u64>().unwrap() > 0);
    heard(&socket, "READY=1");
    home.write("wirewatch.toml", "nonsense");
    daemon.signal("HUP");
    heard(&socket, "RELOADING=1");
    // A reload that fails is over too.
    heard(&socket, "READY=1");
    daemon.expect("reload_failed", &[]);
    daemon.signal("TERM");
    heard(&socket, "STOPPING=1");
    assert_eq!(daemon.end(), Some(0));
}

/// The daemon gives memory back after large documents because it starts itself once more, as the
/// same process, with a setting of the C library.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn it_is_the_same_process_with_the_setting_that_keeps_memory_small() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1)]));
    let home = Home::new(&config(&room, "alert", &["/a"]));
    let mut daemon = home.run();
    daemon.expect("ready", &[]);
    let of_process = |name: &str| {
        let bytes = std::fs::read(format!("/proc/{}/{name}", daemon.id())).unwrap();
        String::from_utf8_lossy(&bytes).split('\0').map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(of_process("environ").contains(&"MALLOC_TRIM_THRESHOLD_=131072".to_owned()));
    assert_eq!(of_process("cmdline")[0], env!("CARGO_BIN_EXE_wirewatch"));
    assert!(of_process("cmdline").contains(&"run".to_owned()));
    assert_eq!(of_process("comm"), ["wirewatch\n"], "what `top` and `pgrep` call it");
    daemon.stop();
}
