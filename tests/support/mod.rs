//! The program as its users start it: in a folder of its own, with its own configs, on documents of
//! a server on this machine. Nothing waits longer than [`LIMIT`].

mod server;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

pub use server::{Answer, Refused, Server};

/// How long anything may take until it counts as hanging, and is killed.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A rule file with two rules.
pub const RULES: &str = "[[rule]]\nid = \"khar\"\ntitle = \"Kharkiv\"\nlevel = \"high\"\n\
    any = [\"Kharkiv\", \"Харк{ів,ова,ові}\"]\n[rule.examples]\nmatch = [\"In Kharkiv\"]\n\n\
    [[rule]]\nid = \"truce\"\nany = [\"cease-fire\"]\n";

/// How the program ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The same, if it ended with `code`; else the test fails and shows everything.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The same, if stderr holds each of `words`.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in stderr:\n{}", self.stderr);
        }
        self
    }

    /// The lines of stdout, each a JSON object.
    #[track_caller]
    pub fn json(&self) -> Vec<serde_json::Value> {
        json_lines(&self.stdout)
    }
}

#[track_caller]
pub fn json_lines(text: &str) -> Vec<serde_json::Value> {
    let parse = |line: &str| match serde_json::from_str(line) {
        Ok(value) => value,
        Err(error) => panic!("{error}: {line}"),
    };
    text.lines().map(parse).collect()
}

/// A folder with configs, rules and documents, in which the program is run.
pub struct House {
    folder: TempDir,
}

impl House {
    /// A folder with the file `rules.toml`.
    pub fn new() -> Self {
        let house = Self { folder: TempDir::new().unwrap() };
        house.write("rules.toml", RULES);
        house
    }

    /// A folder with `rules.toml` and a config `w.toml`: a fast poller of `feeds` (id and URL) and
    /// a file sink.
    pub fn watching(feeds: &[(&str, &str)]) -> Self {
        let house = Self::new();
        house.write("w.toml", config(feeds));
        house
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and folders above it.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// `program` in this folder, in an environment with nothing in it but where programs are.
    pub fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_wirewatch"));
        command.args(args);
        command
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Ran {
        run(self.command(args))
    }

    /// The same with `input` on its standard input.
    #[track_caller]
    pub fn run_on(&self, args: &[&str], input: &[u8]) -> Ran {
        self.write(".input", input);
        let mut command = self.command(args);
        command.stdin(fs::File::open(self.path(".input")).unwrap());
        run(command)
    }

    /// Starts the program and reads its stdout line by line.
    #[track_caller]
    pub fn start(&self, args: &[&str]) -> Running {
        let mut command = self.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::sync_channel(1000);
        thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Running { child: Some(child), lines }
    }
}

/// A config that polls `feeds` (id and URL) on this machine and alerts on all that matches.
pub fn config(feeds: &[(&str, &str)]) -> String {
    let feeds = feeds.iter().map(|(id, url)| format!("[[feed]]\nid = \"{id}\"\nurl = \"{url}\"\n"));
    format!(
        "rules = [\"rules.toml\"]\n[poll]\nfirst_poll = \"alert\"\nper_host_spacing = \"0s\"\n\
         timeout = \"20s\"\n[net]\nallow = [\"127.0.0.1\"]\n[[sink]]\nkind = \"file\"\n{}",
        feeds.collect::<String>()
    )
}

/// An RSS document with items of these titles; what stands in them must be escaped.
pub fn rss(titles: &[&str]) -> String {
    let items = titles
        .iter()
        .enumerate()
        .map(|(at, title)| format!("<item><title>{title}</title><guid>{at}-{title}</guid></item>"));
    let items: String = items.collect();
    format!("<rss version=\"2.0\"><channel><title>Wire</title>{items}</channel></rss>")
}

/// Runs `command` to its end; if that does not come, kills it and fails.
#[track_caller]
pub fn run(mut command: Command) -> Ran {
    let shown = format!("{command:?}");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = ended.recv_timeout(LIMIT) else {
        signal(pid, "KILL");
        panic!("no end after {LIMIT:?}: {shown}");
    };
    let Output { status, stdout, stderr } = output.unwrap();
    Ran {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

fn signal(pid: u32, name: &str) {
    let script = format!("kill -{name} {pid}");
    Command::new("sh").args(["-c", &script]).status().unwrap();
}

/// The program while it runs. It is killed when this is dropped.
pub struct Running {
    child: Option<Child>,
    lines: mpsc::Receiver<String>,
}

impl Running {
    /// The next line that `wanted` likes.
    #[track_caller]
    pub fn wait_for(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) if wanted(&line) => return line,
                Ok(line) => seen.push(line),
                Err(error) => panic!("{error}; until then:\n{}", seen.join("\n")),
            }
        }
    }

    /// Asks it to end by SIGTERM. Answers with its exit code and the lines left.
    #[track_caller]
    pub fn stop(mut self) -> (Option<i32>, Vec<String>) {
        let child = self.child.as_ref().unwrap();
        signal(child.id(), "TERM");
        let mut rest = Vec::new();
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => rest.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("SIGTERM does not end it"),
            }
        }
        let mut child = self.child.take().unwrap();
        (child.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Says on the terminal, past the test's capture, what could not be tested here.
pub fn skip(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Fails unless every line of `text` is an alert as the schema wants it. Answers with them.
#[track_caller]
pub fn alerts(text: &str) -> Vec<serde_json::Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/alert.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let alerts = json_lines(text);
    for alert in &alerts {
        let errors: Vec<String> = schema.iter_errors(alert).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{alert}: {errors:?}");
    }
    alerts
}
