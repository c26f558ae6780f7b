//! An alert as a syslog message (RFC 5424). Pure.

use crate::model::{Alert, Level, visible};

/// What every message of a sink begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// 0 to 23 (RFC 5424 §6.2.1).
    pub facility: u8,
    /// Printable ASCII, at most 255; `-` if it is not known.
    pub hostname: String,
    /// Printable ASCII, 1 to 48.
    pub app_name: String,
    /// The process.
    pub process: u32,
    /// Of the structured data: `name@number`.
    pub sd_id: String,
    /// Bytes of a message.
    pub max_size: usize,
}

/// The facilities by name, in the order of their numbers (RFC 5424 §6.2.1).
pub(super) const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

/// Bytes of a value in the structured data.
const MAX_VALUE: usize = 1024;
/// Room that is left to the text of a message, whatever stands before it.
const ROOM: usize = 120;

/// The severity of a level (RFC 5424 §6.2.1).
pub(super) fn severity(level: Level) -> u8 {
    match level {
        Level::Critical => 2,
        Level::High => 3,
        Level::Medium => 4,
        Level::Low => 5,
        Level::Informational => 6,
    }
}

/// The message for `alert`: on one line, and no longer than `origin` says.
pub(super) fn record(alert: &Alert, origin: &Origin) -> String {
    let Origin { facility, hostname, app_name, process, sd_id, max_size } = origin;
    let priority = facility * 8 + severity(alert.level);
    let time = alert.raised_at;
    let mut text = format!("<{priority}>1 {time} {hostname} {app_name} {process} alert [{sd_id}");
    let room = max_size.saturating_sub(ROOM);
    for (name, value) in parameters(alert) {
        let parameter = format!(" {name}=\"{}\"", escape(&value));
        // One that is cut would tell something else.
        if !value.is_empty() && value.len() <= MAX_VALUE && text.len() + parameter.len() <= room {
            text.push_str(&parameter);
        }
    }
    // The mark says that what follows is UTF-8 (§6.4).
    text.push_str("] \u{feff}");
    let left = max_size.saturating_sub(text.len());
    text.push_str(cut(&words(alert), left).as_str());
    text
}

/// What machines go by, the most telling first.
fn parameters(alert: &Alert) -> [(&'static str, String); 5] {
    let mut rules: Vec<String> = Vec::new();
    for rule in &alert.rules {
        let id = line(rule.id.as_str());
        if rules.iter().map(String::len).sum::<usize>() + id.len() < MAX_VALUE / 2 {
            rules.push(id);
        }
    }
    let link = alert.item.link.as_deref().map(line).unwrap_or_default();
    [
        ("id", line(alert.id.as_str())),
        ("level", alert.level.to_string()),
        ("feed", line(alert.feed.id.as_str())),
        ("rules", rules.join(",")),
        ("link", link),
    ]
}

/// What people read.
fn words(alert: &Alert) -> String {
    let mut text = line(&alert.item.title);
    if text.is_empty() {
        text.push_str("(no headline)");
    }
    let feed = line(&alert.feed.title);
    if !feed.is_empty() && alert.health.is_none() {
        text = format!("{text} ({feed})");
    }
    let more = line(&alert.item.text);
    if more.is_empty() { text } else { format!("{text}: {more}") }
}

/// A stranger's text on one line, with nothing in it that acts.
fn line(text: &str) -> String {
    visible(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

/// A value in the structured data (§6.3.3).
fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '"' | '\\' | ']') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The beginning of `text` within `most` bytes, whole characters, with `…` if something is missing.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most.saturating_sub('…'.len_utf8()));
    format!("{}…", text[..end].trim_end())
}

#[cfg(test)]
#[path = "record_tests.rs"]
pub(in crate::sinks) mod tests;
