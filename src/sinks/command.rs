//! Alerts to a program of one's own.

mod program;

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::program::{Ended, Run};
use super::blotter::Blotter;
use super::webhook::json_of;
use super::{Around, BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::config::SecretSource;
use crate::document::{At, Node, Table};
use crate::model::{Attempt, Batch, Level, Outcome, Reason, Secret, SinkName, visible};
use crate::observe::events::SinkAnswered;

/// Starts a program for each message. It gets the message as one line of JSON on its standard
/// input (`docs/message.schema.json`): a single alert as it is (`docs/alert.schema.json`), several
/// as `schema`, `form`, `key`, `count` and `alerts`.
///
/// No shell is involved: `program` is started as it is, with `args` as they are. It runs in the
/// folder of the config file, with nothing in its environment but `PATH`, `HOME` and `LANG` as
/// wirewatch has them, what `env` adds, and
///
/// - `WIREWATCH_KEY`: what the message is known by; the same if it comes a second time,
/// - `WIREWATCH_FORM`: `single`, `group`, `digest` or `catch_up`,
/// - `WIREWATCH_LEVEL`: the highest level among its alerts.
///
/// Delivered means that it ended with status 0. A status among `refuse_codes` means that it will
/// never take this message; after any other, and after a signal, it is started again later. What
/// it says on its standard error, or if that is nothing, on its standard output, stands in the log
/// then, the last 300 characters. It need not read its input. After 64 MiB of output it is killed.
///
/// When it has ended, or is killed, all processes of its group are: what is to go on must be
/// started by `setsid`, or by a service manager. The same happens when wirewatch is told to end
/// before it; what a crash of wirewatch leaves running, systemd ends with the unit.
#[derive(Clone, Debug)]
pub struct CommandConfig {
    /// `program`: the program file. A relative path starts at the folder of the config file; `PATH`
    /// is not searched. Required.
    pub program: PathBuf,
    /// `args`: its arguments. Others on this machine can see them while it runs: a secret belongs
    /// into `env`. Default: none.
    pub args: Vec<String>,
    /// `env`: a table of variables for its environment: a string, or `{ file = "…" }` to read it
    /// from a file, or from a credential of systemd (`{ file = "credential:NAME" }`).
    pub env: Vec<(String, Secret)>,
    /// `timeout`: it is killed after this time, and started again later. 100ms to 1h. Default 30s.
    pub timeout: Duration,
    /// `refuse_codes`: statuses, 1 to 255, by which it says that it will never take this message.
    /// Default: `[65]`, `EX_DATAERR` of `sysexits.h`.
    pub refuse_codes: Vec<u32>,
    /// The folder that it runs in.
    folder: PathBuf,
    /// What it has of our own environment.
    inherited: Vec<(String, OsString)>,
}

pub(super) const KIND: Kind = Kind {
    name: "command",
    summary: "starts a program that gets the alerts as JSON on its standard input",
    example: "\
[[sink]]
kind = \"command\"
program = \"/usr/bin/tee\"
args = [\"-a\", \"alerts.txt\"]
env = { DESK = \"night\" }
timeout = \"30s\"
refuse_codes = [65]
",
    shape: Shape::Messages { per_minute: None },
    read,
};

/// Variables that are passed on.
pub const INHERITED: [&str; 3] = ["PATH", "HOME", "LANG"];

/// Where programs are looked for if our own environment does not say.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Alerts in one message.
const MAX_ALERTS: usize = 100;

fn read(table: &mut Table<'_>, around: &Reading<'_>) -> Option<KindSpec> {
    let folder = absolute(table, around.base());
    let program = folder.as_ref().and_then(|folder| read_program(table, around, folder));
    let args = read_args(table);
    let env = read_env(table, around);
    let timeout = read_timeout(table);
    let refuse_codes = read_codes(table);
    let mut inherited = around.environment.clone();
    inherited.retain(|(name, _)| INHERITED.contains(&name.as_str()));
    Some(Arc::new(CommandConfig {
        program: program?,
        args: args?,
        env,
        timeout,
        refuse_codes,
        folder: folder?,
        inherited,
    }))
}

/// `base`, wherever it is looked up from: a program starts in another folder than ours. `None` if
/// there is no telling; that is noted.
fn absolute(table: &Table<'_>, base: &Path) -> Option<PathBuf> {
    let note = |error| {
        let message = format!("there is no telling which folder the config lies in: {error}");
        table.note(table.document().problem(table.source(), message));
    };
    std::path::absolute(base.join(".")).map_err(note).ok()
}

fn read_program(table: &mut Table<'_>, around: &Around, folder: &Path) -> Option<PathBuf> {
    let At { value, source } = table.required::<String>("program")?;
    let problem = |message: &str| table.document().problem(&source, message);
    if value.is_empty() || value.contains('\0') {
        table.note(problem("`program`: expected a program's file"));
        return None;
    }
    let path: PathBuf = folder.join(&value).components().collect();
    if !value.contains('/') && !path.exists() {
        let problem = problem("`program`: there is no such file beside the config");
        let found =
            around.environment.iter().find(|(name, _)| name == "PATH").and_then(|(_, all)| {
                std::env::split_paths(all)
                    .map(|folder| folder.join(&value))
                    .find(|file| file.is_file())
            });
        let example = found.unwrap_or_else(|| Path::new("/usr/bin").join(&value));
        let hint = format!("PATH is not searched; write \"{}\"", example.display());
        table.note(problem.hint(hint));
        return None;
    }
    Some(path)
}

fn read_args(table: &mut Table<'_>) -> Option<Vec<String>> {
    let there = table.has("args");
    let args = table.get::<Vec<At<String>>>("args");
    if there && args.is_none() {
        return None;
    }
    let args = args.unwrap_or_default();
    if let Some(bad) = args.iter().find(|arg| arg.value.contains('\0')) {
        let message = "`args`: no argument can hold a NUL character";
        table.note(table.document().problem(&bad.source, message));
        return None;
    }
    Some(args.into_iter().map(|arg| arg.value).collect())
}

fn read_env(table: &mut Table<'_>, around: &Around) -> Vec<(String, Secret)> {
    let mut env = Vec::new();
    let Some(node) = table.get::<Node>("env") else { return env };
    let Some(pairs) = node.as_table() else {
        let message = format!("`env`: expected a table, found {}", node.kind());
        let problem = table.document().problem(node.source(), message).starred();
        table.note(problem.hint("env = { TOKEN = { file = \"secrets/token\" } }"));
        return env;
    };
    for (name, value) in pairs {
        let problem = |message: String| table.document().problem(value.source(), message).starred();
        if name.is_empty() || name.contains(['=', '\0']) || name.starts_with("WIREWATCH_") {
            let message = format!("`env`: \"{}\" cannot be set", visible(name));
            table.note(problem(message).hint("WIREWATCH_… are set for each message"));
            continue;
        }
        let file = value.as_table().and_then(|mut pairs| match (pairs.next(), pairs.next()) {
            (Some(("file", path)), None) => path.as_text(),
            _ => None,
        });
        let source = match (value.as_text(), file) {
            (Some(text), _) => SecretSource::Inline(Secret::new(text)),
            (None, Some(path)) => {
                SecretSource::File { path: path.into(), place: problem(String::new()).place }
            }
            (None, None) => {
                let problem = problem(format!("`env`: the value of {name} is {}", value.kind()));
                table.note(problem.hint("a string, or { file = \"…\" }"));
                continue;
            }
        };
        match around.vault.read(&source) {
            Ok(secret) if secret.expose().contains('\0') => {
                table.note(problem(format!("`env`: the value of {name} has a NUL character")));
            }
            Ok(secret) => env.push((name.to_owned(), secret)),
            Err(problem) => table.note(problem),
        }
    }
    env
}

fn read_timeout(table: &mut Table<'_>) -> Duration {
    const DEFAULT: Duration = Duration::from_secs(30);
    let Some(At { value, source }) = table.get_at::<Duration>("timeout") else { return DEFAULT };
    if value < Duration::from_millis(100) || value > Duration::from_secs(3600) {
        let problem = table.document().problem(&source, "`timeout` is out of bounds");
        table.note(problem.hint("it may be 100ms to 1h"));
    }
    value
}

fn read_codes(table: &mut Table<'_>) -> Vec<u32> {
    const DEFAULT: u32 = 65;
    let Some(codes) = table.get::<Vec<At<u32>>>("refuse_codes") else { return vec![DEFAULT] };
    if let Some(bad) = codes.iter().find(|code| !(1..=255).contains(&code.value)) {
        let message = format!("`refuse_codes`: {} is none; expected 1 to 255", bad.value);
        table.note(table.document().problem(&bad.source, message));
    }
    codes.into_iter().map(|code| code.value).collect()
}

impl Config for CommandConfig {
    fn build(&self, name: &SinkName, _: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        probe(&self.program).map_err(|error| SinkError {
            sink: name.clone(),
            reason: Reason::Program,
            message: format!("cannot run {}", self.program.display()),
            source: Some(error),
        })?;
        Ok(Box::new(Command { config: self.clone() }))
    }
}

/// Whether `program` looks like one.
fn probe(program: &Path) -> io::Result<()> {
    let about = fs::metadata(program)?;
    if !about.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a file"));
    }
    if about.permissions().mode() & 0o111 == 0 {
        let message = "it is not executable (chmod +x)";
        return Err(io::Error::new(ErrorKind::PermissionDenied, message));
    }
    Ok(())
}

struct Command {
    config: CommandConfig,
}

#[async_trait]
impl Sink for Command {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        if batch.is_empty() {
            return Attempt::all(Outcome::Delivered, 0);
        }
        let outcome = match json_of(batch) {
            Ok(input) => self.judge(program::run(self.run(batch, input + "\n")).await),
            Err(error) => {
                Outcome::Retry { reason: Reason::Internal, message: error.to_string(), after: None }
            }
        };
        Attempt::all(outcome, batch.len())
    }

    fn max_batch(&self) -> usize {
        MAX_ALERTS
    }
}

impl Command {
    fn run(&self, batch: &Batch, input: String) -> Run {
        let config = &self.config;
        let mut command = tokio::process::Command::new(&config.program);
        command.args(&config.args).current_dir(&config.folder).env_clear();
        command.env("PATH", PATH).envs(config.inherited.iter().map(|(name, value)| (name, value)));
        command.envs(config.env.iter().map(|(name, value)| (name, value.expose())));
        let level = batch.deliveries.iter().map(|delivery| delivery.alert.level).max();
        command.env("WIREWATCH_KEY", batch.key.as_str());
        command.env("WIREWATCH_FORM", batch.form.as_str());
        command.env("WIREWATCH_LEVEL", level.unwrap_or(Level::Medium).as_str());
        Run { command, input: input.into_bytes(), timeout: config.timeout }
    }

    fn judge(&self, ended: io::Result<Ended>) -> Outcome {
        let retry = |reason, message| Outcome::Retry { reason, message, after: None };
        let (words, what) = match ended {
            Err(error) => return retry(Reason::Program, self.cannot_run(&error)),
            Ok(Ended::Late { words }) => {
                (words, (Reason::Timeout, format!("killed after {:?}", self.config.timeout)))
            }
            Ok(Ended::Loud) => {
                let message = format!("killed after {} MiB of output", program::MAX_OUTPUT >> 20);
                return retry(Reason::TooLarge, message);
            }
            Ok(Ended::ByItself { status, words }) if status.success() => {
                let from = self.config.program.display().to_string();
                let message = self.with_words("exit status 0".to_owned(), &words);
                SinkAnswered { from: &from, message: &message }.log();
                return Outcome::Delivered;
            }
            Ok(Ended::ByItself { status, words }) => {
                let code = status.code().and_then(|code| u32::try_from(code).ok());
                if let Some(code) = code.filter(|code| self.config.refuse_codes.contains(code)) {
                    let message = self.with_words(format!("exit status {code}"), &words);
                    return Outcome::Refused { reason: Reason::Refused, message };
                }
                let message = match code {
                    Some(code) => format!("exit status {code}"),
                    None => status.to_string(),
                };
                (words, (Reason::Program, message))
            }
        };
        retry(what.0, self.with_words(what.1, &words))
    }

    fn cannot_run(&self, error: &io::Error) -> String {
        let program = self.config.program.display();
        // Of a script whose first line names no program the system says the same.
        let hint = match error.kind() {
            ErrorKind::NotFound if self.config.program.exists() => {
                ": the interpreter or folder that it needs"
            }
            _ => "",
        };
        format!("cannot run {program}: {error}{hint}")
    }

    /// `message`, and the end of what the program said, in which no secret stands.
    fn with_words(&self, message: String, words: &[u8]) -> String {
        let secrets = self.config.env.iter().map(|(_, secret)| secret.expose());
        let blotter = Blotter::new(secrets, MIN_SECRET);
        let words = blotter.clean(&String::from_utf8_lossy(words));
        if words.is_empty() {
            return message;
        }
        let count = words.chars().count();
        let end: String = words.chars().skip(count.saturating_sub(MAX_WORDS)).collect();
        let cut = if count > MAX_WORDS { "…" } else { "" };
        format!("{message}: {cut}{end}")
    }
}

/// What is told of a program's last words, in characters.
const MAX_WORDS: usize = 300;

/// A shorter value of `env` is no secret; starring it would garble the words.
const MIN_SECRET: usize = 4;

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
