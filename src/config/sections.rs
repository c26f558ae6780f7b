//! The `[poll]`, `[net]`, `[store]` and `[log]` tables: keys, defaults, bounds.

use std::path::PathBuf;
use std::time::Duration;

use super::route::{ProxyChoice, read_proxy};
use crate::document::{At, Bytes, FromNode, Table};
use crate::guard::AllowEntry;
use crate::model::{FirstPoll, Proxy};
use crate::observe::LogStyle;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// `[poll]`: how feeds are polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollSection {
    /// Time between two polls of a feed.
    pub interval: Duration,
    /// No feed is polled more often, but for one whose own `interval` says so.
    pub min_interval: Duration,
    /// No feed is polled more seldom, whatever its server asks for.
    pub max_interval: Duration,
    /// Polls at a time.
    pub concurrency: u32,
    /// Polls at a time of one host and port.
    pub per_host: u32,
    /// Time between the starts of two polls of one host and port.
    pub per_host_spacing: Duration,
    /// For a whole answer: all redirects and the body.
    pub timeout: Duration,
    /// To connect, TLS included.
    pub connect_timeout: Duration,
    /// Between two pieces of an answer.
    pub read_timeout: Duration,
    /// Bytes of a body on the wire.
    pub max_body: u64,
    /// Bytes of a body after its content coding is undone.
    pub max_decoded: u64,
    /// Redirects in one poll.
    pub max_redirects: u32,
    /// The longest wait after failures.
    pub backoff_max: Duration,
    /// The longest wait that a feed's own `ttl` or `updatePeriod` may ask for. Zero: these are not
    /// heeded, nor are `skipHours` and `skipDays`.
    pub wishes_max: Duration,
    /// Permanent redirects in a row to one place until that is asked first. `None`:
    /// [`PollSection::MOVED_TIMES`], over at least a day.
    pub permanent_redirect_after: Option<u32>,
    /// Answers "gone" in a row until the feed counts as gone. `None`:
    /// [`PollSection::GONE_TIMES`], over at least a day.
    pub gone_after: Option<u32>,
    /// What a feed shows when it is first seen.
    pub first_poll: FirstPoll,
    /// Where a publisher can reach whoever runs this: a URL or a mail address, for the User-Agent.
    pub contact: Option<String>,
}

impl PollSection {
    /// See [`PollSection::permanent_redirect_after`].
    pub const MOVED_TIMES: u32 = 5;
    /// See [`PollSection::gone_after`].
    pub const GONE_TIMES: u32 = 3;

    /// What wirewatch calls itself to servers.
    pub fn user_agent(&self) -> String {
        let product = concat!("wirewatch/", env!("CARGO_PKG_VERSION"));
        match &self.contact {
            Some(contact) => format!("{product} (+{contact})"),
            None => product.to_owned(),
        }
    }
}

impl Default for PollSection {
    fn default() -> Self {
        Self {
            interval: 15 * MINUTE,
            min_interval: MINUTE,
            max_interval: DAY,
            concurrency: 64,
            per_host: 2,
            per_host_spacing: SECOND,
            timeout: 30 * SECOND,
            connect_timeout: 10 * SECOND,
            read_timeout: 15 * SECOND,
            max_body: 10 << 20,
            max_decoded: 20 << 20,
            max_redirects: 10,
            backoff_max: 6 * HOUR,
            wishes_max: HOUR,
            permanent_redirect_after: None,
            gone_after: None,
            first_poll: FirstPoll::Baseline,
            contact: None,
        }
    }
}

/// Reads a key, or takes the default; refuses what is below `least` or above `most`.
fn bounded<T: FromNode + PartialOrd + Copy>(
    table: &mut Table<'_>,
    key: &'static str,
    default: T,
    (least, most): (T, T),
    written: &str,
) -> T {
    let Some(At { value, source }) = table.get_at::<T>(key) else { return default };
    if value < least || value > most {
        let problem = table.document().problem(&source, format!("`{key}` is out of bounds"));
        table.note(problem.hint(format!("it may be {written}")));
        return default;
    }
    value
}

impl PollSection {
    /// Reads the table; problems are noted.
    pub fn read(mut table: Table<'_>) -> Self {
        let t = &mut table;
        let d = Self::default();
        let year = (Duration::ZERO, 366 * DAY);
        let waits = (Duration::from_millis(1), HOUR);
        let polled = (Duration::from_millis(100), 366 * DAY);
        let section = Self {
            interval: bounded(t, "interval", d.interval, polled, "100ms to 366d"),
            min_interval: bounded(t, "min_interval", Duration::MAX, year, "0s to 366d"),
            max_interval: bounded(t, "max_interval", d.max_interval, polled, "100ms to 366d"),
            concurrency: bounded(t, "concurrency", d.concurrency, (1, 4096), "1 to 4096"),
            per_host: bounded(t, "per_host", d.per_host, (1, 4096), "1 to 4096"),
            per_host_spacing: bounded(
                t,
                "per_host_spacing",
                d.per_host_spacing,
                (Duration::ZERO, HOUR),
                "0s to 1h",
            ),
            timeout: bounded(t, "timeout", d.timeout, waits, "1ms to 1h"),
            connect_timeout: bounded(t, "connect_timeout", d.connect_timeout, waits, "1ms to 1h"),
            read_timeout: bounded(t, "read_timeout", d.read_timeout, waits, "1ms to 1h"),
            max_body: bytes(t, "max_body", d.max_body),
            max_decoded: bytes(t, "max_decoded", d.max_decoded),
            max_redirects: bounded(t, "max_redirects", d.max_redirects, (0, 100), "0 to 100"),
            backoff_max: bounded(t, "backoff_max", d.backoff_max, polled, "100ms to 366d"),
            wishes_max: bounded(t, "wishes_max", d.wishes_max, year, "0s to 366d"),
            permanent_redirect_after: count(t, "permanent_redirect_after"),
            gone_after: count(t, "gone_after"),
            first_poll: first_poll(t).unwrap_or(d.first_poll),
            contact: contact(t),
        };
        let section = section.agree(t, &d);
        table.finish();
        section
    }

    /// Makes the three intervals agree: one that is absent gives way, two that are there and
    /// contradict each other are a problem.
    fn agree(mut self, table: &Table<'_>, default: &Self) -> Self {
        if self.min_interval == Duration::MAX {
            self.min_interval = default.min_interval.min(self.interval);
        }
        for (low, low_name, high, high_name) in [
            (self.min_interval, "min_interval", self.interval, "interval"),
            (self.interval, "interval", self.max_interval, "max_interval"),
        ] {
            if low > high {
                let message = format!("`{low_name}` is longer than `{high_name}` in [poll]");
                let problem = table.document().problem(table.source(), message);
                table.note(problem.hint("min_interval ≤ interval ≤ max_interval"));
            }
        }
        self
    }
}

/// A count that has no default of its own.
fn count(table: &mut Table<'_>, key: &'static str) -> Option<u32> {
    let there = table.has(key);
    let count = bounded(table, key, 1, (1, 100_000), "1 to 100000");
    there.then_some(count)
}

fn bytes(table: &mut Table<'_>, key: &'static str, default: u64) -> u64 {
    let bounds = (Bytes(1024), Bytes(1 << 30));
    bounded(table, key, Bytes(default), bounds, "1KiB to 1GiB").0
}

fn first_poll(table: &mut Table<'_>) -> Option<FirstPoll> {
    let At { value, source } = table.get_at::<String>("first_poll")?;
    match value.as_str() {
        "baseline" => Some(FirstPoll::Baseline),
        "alert" => Some(FirstPoll::Alert),
        span => match humantime::parse_duration(span) {
            Ok(span) => Some(FirstPoll::Within(span)),
            Err(_) => {
                let message = format!("`first_poll`: \"{value}\" is not known");
                let problem = table.document().problem(&source, message);
                table.note(problem.hint("\"baseline\", \"alert\", or a time such as \"12h\""));
                None
            }
        },
    }
}

fn contact(table: &mut Table<'_>) -> Option<String> {
    let At { value, source } = table.get_at::<String>("contact")?;
    let contact = value.trim();
    if contact.chars().any(|c| !c.is_ascii_graphic() || matches!(c, '(' | ')' | '\\')) {
        let problem = table.document().problem(&source, "`contact` cannot stand in a User-Agent");
        table.note(problem.hint("a URL or a mail address: no spaces, no parentheses, ASCII only"));
        return None;
    }
    (!contact.is_empty()).then(|| contact.to_owned())
}

/// `[net]`: what may be connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetSection {
    /// Addresses beyond the public internet.
    pub allow: Vec<AllowEntry>,
    /// What feeds go through that have no `proxy` of their own.
    pub proxy: Option<Proxy>,
}

impl NetSection {
    /// Reads the table; problems are noted.
    pub fn read(mut table: Table<'_>) -> Self {
        let entries: Vec<At<String>> = table.get("allow").unwrap_or_default();
        let mut allow = Vec::with_capacity(entries.len());
        for At { value, source } in entries {
            match AllowEntry::parse(&value) {
                Some(entry) => allow.push(entry),
                None => {
                    let message = format!("`allow`: \"{value}\" names no address");
                    let problem = table.document().problem(&source, message);
                    table.note(problem.hint(AllowEntry::EXPECTED));
                }
            }
        }
        let proxy = match read_proxy(&mut table) {
            Some(ProxyChoice::Through(proxy)) => Some(proxy),
            Some(ProxyChoice::Straight) | None => None,
        };
        table.finish();
        Self { allow, proxy }
    }
}

/// `[store]`: where state is kept, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSection {
    /// The database file, as written; `None` means the default place.
    pub path: Option<PathBuf>,
    /// How long items and alerts are kept.
    pub retention: Duration,
}

impl StoreSection {
    /// Reads the table; problems are noted.
    pub fn read(mut table: Table<'_>) -> Self {
        let bounds = (HOUR, 36_600 * DAY);
        let section = Self {
            path: table.get::<String>("path").map(PathBuf::from),
            retention: bounded(&mut table, "retention", 90 * DAY, bounds, "1h to 100 years"),
        };
        table.finish();
        section
    }
}

/// `[log]`: the daemon's own log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSection {
    /// `None`: text on a terminal, else JSON.
    pub format: Option<LogStyle>,
}

impl LogSection {
    /// Reads the table; problems are noted.
    pub fn read(mut table: Table<'_>) -> Self {
        let format = table.get_at::<String>("format").and_then(|At { value, source }| match value
            .as_str()
        {
            "json" => Some(LogStyle::Json),
            "text" => Some(LogStyle::Text),
            "auto" => None,
            _ => {
                let message = format!("`format`: \"{value}\" is not known");
                let problem = table.document().problem(&source, message);
                table.note(problem.hint("\"auto\", \"json\" or \"text\""));
                None
            }
        });
        table.finish();
        Self { format }
    }
}
