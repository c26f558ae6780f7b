//! The program in a folder of its own: its log is read, and it is ended by a signal.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;
use std::{fs, thread};

use serde_json::Value;
use tempfile::TempDir;
use wirewatch::model::{Clock, Mono};

/// Nothing that a test waits for takes so long, on a busy machine either.
pub const DEADLINE: Duration = Duration::from_secs(60);

pub fn now() -> Mono {
    Clock::System.now().mono
}

/// A folder with a config; store and alerts come to lie there.
pub struct Home {
    folder: TempDir,
}

impl Home {
    pub fn new(config: &str, rules: &str) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        home.write("wirewatch.toml", config);
        home.write("rules.toml", rules);
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wirewatch"));
        command.args([verb, "--config"]).arg(self.path("wirewatch.toml"));
        command.env_clear().env("RUST_LOG", "wirewatch=debug").stdin(Stdio::null());
        command
    }

    /// Runs a verb to its end, which must be a good one; what it prints.
    pub fn verb(&self, verb: &str) -> String {
        let output = self.command(verb).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert!(output.status.success(), "{}", text(output.stderr));
        text(output.stdout)
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
}

impl Daemon {
    /// Starts `command`, whose log goes to stdout.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = sync_channel(100_000);
        thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines, log: Vec::new(), raw: Vec::new() }
    }

    /// Reads what has been logged by now.
    pub fn listen(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            self.take(line);
        }
    }

    fn take(&mut self, line: String) {
        self.log.push(serde_json::from_str(&line).expect(&line));
        self.raw.push(line);
    }

    /// The most memory that it had, in MiB; 0 where that cannot be read.
    pub fn peak(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let Ok(status) = fs::read_to_string(path) else { return 0 };
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// Asks it to end, sees that it does so in order, and reads its log to the end.
    pub fn stop(mut self) -> Self {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let until = now().plus(DEADLINE);
        // Its stdout is closed when it ends.
        while let Ok(line) = self.lines.recv_timeout(until.since(now())) {
            self.take(line);
        }
        assert!(!until.since(now()).is_zero(), "it does not end");
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{:?}", self.raw.last());
        self
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
