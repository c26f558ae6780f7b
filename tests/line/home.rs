//! The program in a folder of its own, seen from outside: signals in, log and files out.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;
use wirewatch::model::{Alert, Clock, Mono};

use super::news::{DEADLINE, Newsroom};

pub const RULES: &str = "[[rule]]\nid = \"floods\"\ntitle = \"Floods\"\nany = [\"flood*\"]\n";

/// A folder with a config and rules; store and alerts come to lie there.
pub struct Home {
    folder: TempDir,
}

/// A config for feeds of `room`, each named after its path. Polls come as fast as they may.
pub fn config(room: &Newsroom, first_poll: &str, paths: &[&str]) -> String {
    let mut text = format!(
        "rules = [\"rules.toml\"]\n\
         [poll]\ninterval = \"100ms\"\nbackoff_max = \"200ms\"\nper_host = 8\n\
         per_host_spacing = \"0s\"\nfirst_poll = \"{first_poll}\"\n\
         [net]\nallow = [\"{}\"]\n\
         [[sink]]\nkind = \"log\"\n[[sink]]\nkind = \"file\"\n",
        room.address()
    );
    for path in paths {
        text += &feed(room, path);
    }
    text
}

pub fn feed(room: &Newsroom, path: &str) -> String {
    format!("[[feed]]\nid = \"{}\"\nurl = \"{}\"\n", &path[1..], room.url(path))
}

impl Home {
    pub fn new(config: &str) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        home.write("wirewatch.toml", config);
        home.write("rules.toml", RULES);
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The alerts in a file: every line must be whole and be one.
    pub fn file(&self, name: &str) -> Vec<Alert> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with('\n'), "torn: {text:?}");
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// The ids of the alerts in the file, sorted.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> =
            self.file("alerts.jsonl").iter().map(|alert| alert.id.to_string()).collect();
        ids.sort();
        ids
    }

    pub fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wirewatch"));
        command.args([verb, "--config"]).arg(self.path("wirewatch.toml"));
        command.env_clear().env("RUST_LOG", "wirewatch=debug").stdin(Stdio::null());
        command
    }

    /// Runs a verb to its end: exit code, stdout, stderr.
    pub fn verb(&self, verb: &str) -> (Option<i32>, String, String) {
        let output = self.command(verb).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// The ids of the stored alerts, as `alerts` prints them, sorted.
    pub fn stored(&self) -> Vec<String> {
        let (code, out, error) = self.verb("alerts");
        assert_eq!(code, Some(0), "{error}");
        let id = |line| serde_json::from_str::<Alert>(line).unwrap().id.to_string();
        let mut ids: Vec<String> = out.lines().map(id).collect();
        ids.sort();
        ids
    }

    pub fn run(&self) -> Daemon {
        Daemon::start(&mut self.command("run"))
    }
}

/// A running daemon. Killed if the test ends before it.
pub struct Daemon {
    child: Child,
    lines: Receiver<String>,
    /// All that was read of the log so far.
    pub log: Vec<Value>,
    /// The same, as it came.
    pub raw: Vec<String>,
    /// What [`Daemon::expect`] has passed.
    passed: usize,
    json: bool,
}

impl Daemon {
    /// Starts `command`, whose log goes to stdout.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = sync_channel(100_000);
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, log: Vec::new(), raw: Vec::new(), passed: 0, json: true }
    }

    /// Starts `command`, which prints text for people; its log is not read.
    pub fn start_plain(command: &mut Command) -> Self {
        let mut daemon = Self::start(command.stderr(Stdio::null()));
        daemon.json = false;
        daemon
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for an event after the last one that was waited for, with fields as given.
    pub fn expect(&mut self, event: &str, fields: &[(&str, &str)]) -> Value {
        let until = after(DEADLINE);
        loop {
            while let Some(line) = self.log.get(self.passed) {
                self.passed += 1;
                if is(line, event, fields) {
                    return line.clone();
                }
            }
            let left = until.since(now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("no {event} {fields:?} in {:#?}", self.raw.iter().rev().take(9));
            };
            self.take(line);
        }
    }

    /// Waits for an event, be it that it was logged before.
    pub fn see(&mut self, event: &str, fields: &[(&str, &str)]) {
        if self.count(event, fields) == 0 {
            self.expect(event, fields);
        }
    }

    fn take(&mut self, line: String) {
        if self.json {
            self.log.push(serde_json::from_str(&line).expect(&line));
        }
        self.raw.push(line);
    }

    /// How often an event was logged, up to now.
    pub fn count(&self, event: &str, fields: &[(&str, &str)]) -> usize {
        self.log.iter().filter(|line| is(line, event, fields)).count()
    }

    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end; the exit code. What it had logged is read to the end.
    pub fn end(&mut self) -> Option<i32> {
        let until = after(DEADLINE);
        // Its stdout is closed when it ends.
        while let Ok(line) = self.lines.recv_timeout(until.since(now())) {
            self.take(line);
        }
        assert!(until.since(now()) > std::time::Duration::ZERO, "it does not end");
        self.child.wait().unwrap().code()
    }

    /// Asks it to end, and sees that it does so in order.
    pub fn stop(mut self) -> Self {
        self.signal("TERM");
        assert_eq!(self.end(), Some(0));
        assert!(is(self.log.last().unwrap(), "stopped", &[]), "{:?}", self.log.last());
        self
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is(line: &Value, event: &str, fields: &[(&str, &str)]) -> bool {
    line["event"] == event
        && fields.iter().all(|(name, value)| match &line[*name] {
            Value::String(text) => text == value,
            Value::Number(number) => Some(number.to_string()).as_deref() == Some(*value),
            _ => false,
        })
}

pub fn now() -> Mono {
    Clock::System.now().mono
}

pub fn after(wait: std::time::Duration) -> Mono {
    now().plus(wait)
}
