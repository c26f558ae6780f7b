//! A state that cannot be written, and a full disk.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::home::{Daemon, Home, config, now};
use super::news::{DEADLINE, Newsroom, Page};
use super::{Voice, get, get_until, metric, skip, spin, story};

/// How soon trouble must be told.
const SOON: Duration = Duration::from_secs(5);

/// Lets files of the process grow to so many bytes; `None`: without a bound.
fn bound_files(id: u32, bytes: Option<u64>) {
    let id = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    let bound = Rlimit { current: bytes, maximum: None };
    prlimit(Some(id), Resource::Fsize, bound).unwrap();
}

/// Reads what systemd is told until it holds `part`.
fn heard(socket: &UnixDatagram, part: &str) -> String {
    let mut buffer = [0; 4096];
    for _ in 0..100_000 {
        let length = socket.recv(&mut buffer).expect(part);
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.contains(part) {
            return text;
        }
    }
    panic!("{part} is not said")
}

/// A state that cannot grow is the same to the daemon as a full disk, and anybody can make it: the
/// system says "file too large", after a signal that kills whoever is not prepared.
#[test]
fn a_state_that_cannot_be_written_is_told_everywhere_and_caught_up_with_by_itself() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1)]));
    let window = "[metrics]\nlisten = \"127.0.0.1:0\"\n";
    let home = Home::new(&(config(&room, "alert", &["/a"]) + window));
    let socket = UnixDatagram::bind(home.path("notify")).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let (mut voice, stderr) = Voice::new();
    let mut command = home.command("run");
    command.env("NOTIFY_SOCKET", home.path("notify")).stderr(stderr);
    let mut daemon = Daemon::start(&mut command);
    let address = daemon.expect("metrics_ready", &[])["address"].as_str().unwrap().to_owned();
    daemon.expect("delivered", &[("sink", "file")]);

    bound_files(daemon.id(), Some(0));
    let from = now();
    for n in 2..5 {
        room.publish("/a", story(&n.to_string(), &format!("Flood number {n}"), 0));
    }
    voice.expect("wirewatch: the store cannot be written (");
    heard(&socket, "STATUS=degraded: the store cannot be written");
    let health = get(&address, "/health");
    assert!(health.starts_with("HTTP/1.1 503"), "{health}");
    assert!(health.contains("\n- the store cannot be written ("), "{health}");
    assert_eq!(metric(&address, "wirewatch_store_failing"), 1.0);
    assert!(metric(&address, "wirewatch_store_failures_total") >= 1.0);
    assert!(now().since(from) < SOON, "{:?}", now().since(from));
    daemon.expect("store_failed", &[]);
    // What it has, it keeps, and what it is asked, it answers.
    assert_eq!(home.ids().len(), 1);
    assert_eq!(home.stored().len(), 1);

    bound_files(daemon.id(), None);
    voice.expect("wirewatch: the store can be written again");
    daemon.expect("store_recovered", &[]);
    spin("four alerts", || home.ids().len() == 4);
    get_until(&address, "/health", |health| health.starts_with("HTTP/1.1 200"));
    assert_eq!(metric(&address, "wirewatch_store_failing"), 0.0);
    let daemon = daemon.stop();
    assert_eq!(daemon.count("store_failed", &[]), 1);
    assert_eq!(daemon.count("fault", &[]), 0);
    assert_eq!(home.ids(), home.stored());
}

/// A command that runs wirewatch where `small`, with its state, its alerts and its log, is a disk
/// of four megabytes. Nothing, if this machine lets nobody mount one.
fn on_a_small_disk(home: &Home) -> Option<Command> {
    fs::create_dir(home.path("small")).unwrap();
    let root = rustix::process::geteuid().is_root();
    let within = |script: &str| {
        let mut command = Command::new("unshare");
        command.arg(if root { "-m" } else { "-Urm" }).args(["sh", "-c"]);
        command.arg(format!("mount -t tmpfs -o size=4m tmpfs small || exit 1\n{script}"));
        command.arg("sh").arg(env!("CARGO_BIN_EXE_wirewatch"));
        command.current_dir(home.path("")).stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    if within("exit 42").status().ok().and_then(|status| status.code()) == Some(42) {
        let script = "exec $1 run --config wirewatch.toml --log-format json > small/log";
        return Some(within(script));
    }
    skip("a full disk: no small disk can be mounted here");
    None
}

#[test]
fn where_state_alerts_and_log_share_a_full_disk_stderr_tells_and_nothing_is_lost() {
    let room = Newsroom::open();
    room.put("/a", Page::Feed(vec![story("1", "A flood", 1)]));
    let text = config(&room, "alert", &["/a"])
        .replace("kind = \"file\"\n", "kind = \"file\"\npath = \"small/alerts.jsonl\"\n");
    let home = Home::new(&(text + "[store]\npath = \"small/w.db\"\n"));
    let Some(mut command) = on_a_small_disk(&home) else { return };
    let (mut voice, stderr) = Voice::new();
    let mut child = command.env("RUST_LOG", "wirewatch=debug").stderr(stderr).spawn().unwrap();
    drop(command);
    // The disk as the process sees it.
    let at = |name: &str| {
        let seen = home.path("small").join(name);
        PathBuf::from(format!("/proc/{}/root{}", child.id(), seen.display()))
    };
    let lines = || fs::read_to_string(at("alerts.jsonl")).unwrap_or_default();
    spin("the first alert", || lines().lines().count() == 1);

    let from = now();
    assert!(fs::write(at("ballast"), vec![0; 8 << 20]).is_err(), "the disk is full");
    for n in 2..40 {
        let title = format!("Flood number {n}, {}", "and its waters rose higher ".repeat(40));
        room.publish("/a", story(&n.to_string(), &title, 0));
    }
    voice.expect("wirewatch: the store cannot be written (disk_full)");
    assert!(now().since(from) < SOON, "{:?}", now().since(from));

    fs::remove_file(at("ballast")).unwrap();
    voice.expect("wirewatch: the store can be written again");
    spin("the other alerts", || lines().lines().count() == 39);
    let mut ids: Vec<String> = lines()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 39);
    let check = rusqlite::Connection::open(at("w.db")).unwrap();
    let sound: String = check.query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    drop(check);
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
