//! Where alerts go. A kind of sink is one file, with its config type (whose doc comments are its
//! manual), its example (which is its test), its reader and its builder, and one line in
//! `KINDS`.

mod blotter;
mod command;
mod discord;
mod disk;
mod email;
mod feed;
mod file;
mod http;
mod log;
mod matrix;
mod message;
mod ntfy;
mod read;
mod slack;
mod syslog;
mod telegram;
mod template;
mod webhook;

use std::ffi::OsString;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use crate::document::{At, Source, Table};
use crate::files::Vault;
use crate::model::{
    Alert, Attempt, Batch, Bookmark, Clock, Level, Proxy, Reason, RuleId, SinkName, Status,
};
use crate::observe::LogStream;
use crate::pace::Pacing;
use crate::retry::{self, Backoff};

pub use command::{CommandConfig, INHERITED};
pub use discord::DiscordConfig;
pub use email::{EmailConfig, MailTls};
pub use feed::FeedConfig;
pub use file::FileConfig;
pub use log::LogConfig;
pub use matrix::MatrixConfig;
pub use ntfy::NtfyConfig;
pub use slack::SlackConfig;
pub use syslog::SyslogConfig;
pub use telegram::TelegramConfig;
pub use webhook::WebhookConfig;

/// All kinds of sink.
pub const KINDS: &[Kind] = &[
    log::KIND,
    file::KIND,
    feed::KIND,
    command::KIND,
    webhook::KIND,
    slack::KIND,
    discord::KIND,
    telegram::KIND,
    matrix::KIND,
    ntfy::KIND,
    email::KIND,
    syslog::KIND,
];

/// A kind of sink, described by itself.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What a config calls it.
    pub name: &'static str,
    /// What it does, in one clause.
    pub summary: &'static str,
    /// A whole `[[sink]]` of this kind with every key of its own.
    pub example: &'static str,
    /// How it takes alerts.
    pub shape: Shape,
    /// Reads its own keys; what is wrong is noted in the table. `None` if it cannot be used.
    read: fn(&mut Table<'_>, &Reading<'_>) -> Option<KindSpec>,
}

/// How a kind of sink takes alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each by itself, many at once: a batch has [`Form::Lines`](crate::model::Form::Lines) and an
    /// outcome for each. What paces and gathers messages has no meaning here.
    Lines,
    /// As messages to people or programs: a batch is one message, of one alert or of several, and
    /// has one outcome.
    Messages {
        /// How many the service bears in a minute, if that is known: the default of
        /// `max_per_minute`.
        per_minute: Option<u32>,
    },
}

/// What the keys of a sink are read with.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Where secrets lie; its folder is that of the config file, from which relative paths start.
    pub vault: Vault,
    /// `$LOGS_DIRECTORY`, if systemd gives one: where a file goes whose path is not given.
    pub logs: Option<PathBuf>,
    /// Variables of our own environment that a program gets too: [`INHERITED`], as far as they are
    /// set.
    pub environment: Vec<(String, OsString)>,
    /// What requests go through that have no `proxy` of their own.
    pub proxy: Option<Proxy>,
}

impl Around {
    /// The folder from which relative paths start.
    pub fn base(&self) -> &Path {
        &self.vault.folder
    }
}

/// What the keys of one sink are read with.
struct Reading<'a> {
    around: &'a Around,
    /// Which alerts about feeds it takes: its templates are tried on no others.
    health: HealthAlerts,
}

impl Deref for Reading<'_> {
    type Target = Around;

    fn deref(&self) -> &Around {
        self.around
    }
}

/// The config of a sink of some kind, checked.
pub type KindSpec = Arc<dyn Config>;

/// What each kind's config can do.
pub trait Config: fmt::Debug + Send + Sync {
    /// A sink that is ready to deliver. Changes nothing outside: that is left to the first
    /// delivery.
    ///
    /// # Errors
    /// What keeps it from ever delivering, as far as can be seen without trying.
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError>;

    /// The file that it writes, if it does.
    fn writes(&self) -> Option<&Path> {
        None
    }

    /// Whether it writes on this machine only. What fails then is a full disk or the like, and no
    /// reason to give an alert up.
    fn is_local(&self) -> bool {
        self.writes().is_some()
    }

    /// What no two sinks may share, such as a file's path, in words.
    fn claim(&self) -> Option<String> {
        None
    }
}

/// A place that alerts are delivered to.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Delivers in order. An outcome is durable when it says Delivered. May be cancelled, and the
    /// same batch may come again, after a restart too. A sink of [`Shape::Lines`] is called for one
    /// batch at a time; one of [`Shape::Messages`] for as many as `concurrency` says.
    ///
    /// It bounds its own time: a receiver that never answers is a failure after the sink's timeout.
    async fn deliver(&self, batch: &Batch) -> Attempt;

    /// The most deliveries that one call takes; at least one. Of messages: so many that each alert
    /// has at least its headline in it, whatever the service's limits.
    fn max_batch(&self) -> usize;

    /// How long to wait after failures.
    fn backoff(&self) -> Backoff {
        retry::DELIVERY
    }
}

/// What a sink is built with.
#[derive(Clone, Debug)]
pub struct BuildContext {
    /// The daemon's log.
    pub log: LogStream,
    /// The last bookmark that was settled for this sink.
    pub bookmark: Option<Bookmark>,
    /// What wirewatch calls itself to servers.
    pub user_agent: String,
    /// The time, as it is told to others: for signatures and HTTP dates.
    pub clock: Clock,
}

/// Why a sink cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("sink \"{sink}\": {message}")]
pub struct SinkError {
    /// Which.
    pub sink: SinkName,
    /// Its class.
    pub reason: Reason,
    /// What is wrong, as a clause.
    pub message: String,
    /// Why.
    #[source]
    pub source: Option<std::io::Error>,
}

impl SinkError {
    /// Its class.
    pub fn reason(&self) -> Reason {
        self.reason
    }
}

/// A `[[sink]]` of a config.
#[derive(Clone, Debug)]
pub struct SinkSpec {
    /// `name`: what logs, metrics and `wirewatch outbox` call it, and what its deliveries are kept
    /// under: with another name it is another sink. 1 to 64 letters, digits, `-`, `_` or `.`; no
    /// two sinks may have the same. Default: the kind.
    pub name: SinkName,
    /// Which alerts it takes.
    pub filter: Filter,
    /// Its kind's own config.
    pub kind: KindSpec,
    /// `kind`: one of the kinds below. Required.
    pub kind_name: &'static str,
    /// How the kind takes alerts.
    pub shape: Shape,
    /// When it is sent what.
    pub pacing: Pacing,
    /// Where it stands, for problems that show later.
    pub source: Source,
}

/// Which alerts a sink takes: those whose level is among `levels` and of whose rules at least one
/// is among `rules`, has one of `tags` and one of the `status`. What is empty asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// `rules`: only alerts of these rules: a list of ids, which must exist.
    pub rules: Vec<At<RuleId>>,
    /// `levels`: only alerts of these levels: a list of `informational`, `low`, `medium`, `high`,
    /// `critical`.
    pub levels: Vec<Level>,
    /// `tags`: only alerts of rules that have one of these tags.
    pub tags: Vec<At<String>>,
    /// `status`: only alerts of rules with one of these statuses: a list of `stable`, `test`,
    /// `experimental`, `deprecated`.
    pub status: Vec<Status>,
    /// `health`: `"also"`: alerts about the health of feeds too, which no rule raises; `"only"`: no
    /// others. Default: none of them.
    pub health: HealthAlerts,
}

/// Whether a sink takes alerts about the health of feeds, which no rule raises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HealthAlerts {
    /// It does not.
    #[default]
    Never,
    /// All of them, beside those of its rules.
    Also,
    /// All of them, and nothing else.
    Only,
}

impl Filter {
    /// Whether it lets `alert` through.
    pub fn takes(&self, alert: &Alert) -> bool {
        match (alert.health.is_some(), self.health) {
            (true, health) => return health != HealthAlerts::Never,
            (false, HealthAlerts::Only) => return false,
            (false, _) => {}
        }
        let level = self.levels.is_empty() || self.levels.contains(&alert.level);
        level && alert.rules.iter().any(|rule| self.fits(&rule.id, &rule.tags, rule.status))
    }

    /// Whether a rule with this id, these tags and this status passes, whatever its level.
    pub fn fits(&self, id: &RuleId, tags: &[String], status: Status) -> bool {
        (self.rules.is_empty() || self.rules.iter().any(|at| at.value == *id))
            && (self.tags.is_empty() || self.tags.iter().any(|at| tags.contains(&at.value)))
            && (self.status.is_empty() || self.status.contains(&status))
    }
}

impl SinkSpec {
    /// Reads one `[[sink]]` table to its end. What is wrong is noted in it; `None` if it cannot be
    /// used.
    pub fn read(table: Table<'_>, around: &Around) -> Option<Self> {
        read::sink(table, around)
    }

    /// Reads all `[[sink]]` tables of `root`. No two may have the same name or write to the same
    /// place.
    pub fn read_all(root: &mut Table<'_>, around: &Around) -> Vec<Self> {
        read::sinks(root, around)
    }

    /// Whether this sink takes `alert`.
    pub fn takes(&self, alert: &Alert) -> bool {
        self.filter.takes(alert)
    }

    /// The sink, ready to deliver. Changes nothing outside.
    ///
    /// # Errors
    /// What keeps it from ever delivering, as far as can be seen without trying.
    pub fn build(&self, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        self.kind.build(&self.name, context)
    }
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
#[path = "manual_tests.rs"]
mod manual;
#[cfg(test)]
mod tests;
