//! An event as one line: JSON for machines, text for a person at a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::str::FromStr;

use serde::ser::{Serialize, SerializeMap, Serializer};
use tracing::Level;

use crate::model::{Timestamp, json_line, visible};

/// The longest text value in a log line, in bytes; the rest is cut off and marked with `…`.
pub const MAX_TEXT: usize = 4096;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For reading.
    Text {
        /// With ANSI colours.
        color: bool,
    },
}

/// What `--log-format` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStyle {
    /// `json`
    Json,
    /// `text`
    Text,
}

impl FromStr for LogStyle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(format!("no log format \"{}\"; expected json or text", visible(text))),
        }
    }
}

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text, perhaps from a stranger.
    Text(String),
    /// A signed number.
    Int(i64),
    /// An unsigned number.
    Uint(u64),
    /// True or false.
    Bool(bool),
    /// A number with a fraction; JSON has `null` for what is not finite.
    Float(f64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(&bounded(text)),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Uint(number) => serializer.serialize_u64(*number),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Float(number) => serializer.serialize_f64(*number),
        }
    }
}

/// Something that happened, ready to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub ts: Timestamp,
    /// How much it matters to whoever runs the daemon.
    pub level: Level,
    /// The constant name.
    pub name: Cow<'static, str>,
    /// The facts. A name that the line uses itself (`ts`, `level`, `event`) gets `field.` before it.
    pub fields: Vec<(Cow<'static, str>, Value)>,
}

impl Event {
    /// The event as one line, with its line end. No unprintable character of a value reaches it
    /// raw, in either format (see [`visible`]).
    pub fn line(&self, format: LogFormat) -> String {
        let mut line = match format {
            // Maps with text keys and plain values cannot fail to serialise.
            LogFormat::Json => json_line(self).unwrap_or_default(),
            LogFormat::Text { color } => self.text(color),
        };
        line.push('\n');
        line
    }

    fn text(&self, color: bool) -> String {
        let (level, paint) = match self.level {
            Level::ERROR => ("ERROR", "\x1b[1;31m"),
            Level::WARN => (" WARN", "\x1b[33m"),
            Level::INFO => (" INFO", "\x1b[32m"),
            Level::DEBUG => ("DEBUG", "\x1b[34m"),
            _ => ("TRACE", "\x1b[35m"),
        };
        let on = |code: &'static str| if color { code } else { "" };
        let (dim, bold, off) = (on("\x1b[2m"), on("\x1b[1m"), on("\x1b[0m"));
        let paint = on(paint);
        let ts = self.ts;
        let mut line =
            format!("{dim}{ts}{off} {paint}{level}{off} {bold}{}{off}", visible(&self.name));
        for (name, value) in &self.fields {
            // Writing to a String cannot fail.
            let _ = write!(line, " {dim}{}={off}", visible(name));
            let _ = match value {
                Value::Text(text) => write!(line, "{}", quoted(&visible(&bounded(text)))),
                Value::Int(number) => write!(line, "{number}"),
                Value::Uint(number) => write!(line, "{number}"),
                Value::Bool(value) => write!(line, "{value}"),
                Value::Float(number) => write!(line, "{number}"),
            };
        }
        line
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3 + self.fields.len()))?;
        map.serialize_entry("ts", &self.ts)?;
        map.serialize_entry("level", &self.level.as_str().to_ascii_lowercase())?;
        map.serialize_entry("event", &self.name)?;
        for (name, value) in &self.fields {
            if matches!(name.as_ref(), "ts" | "level" | "event") {
                map.serialize_entry(&format!("field.{name}"), value)?;
            } else {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

fn bounded(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_TEXT {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(MAX_TEXT)]))
}

fn quoted(text: &str) -> Cow<'_, str> {
    let plain =
        !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "\"=\\".contains(c));
    if plain {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::is_unprintable;

    fn event(fields: Vec<(&'static str, Value)>) -> Event {
        Event {
            ts: Timestamp::parse("2026-11-23T22:14:05Z").unwrap(),
            level: Level::INFO,
            name: "poll_failed".into(),
            fields: fields.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        }
    }

    const PLAIN: LogFormat = LogFormat::Text { color: false };
    const COLOR: LogFormat = LogFormat::Text { color: true };

    #[test]
    fn an_event_is_one_line_in_either_format() {
        let event = event(vec![
            ("feed", "bbc".into()),
            ("message", "it said \"no\"".into()),
            ("errors", Value::Uint(3)),
            ("seconds", Value::Int(-5)),
            ("share", Value::Float(0.5)),
            ("late", Value::Bool(true)),
            ("empty", "".into()),
        ]);
        assert_eq!(
            event.line(LogFormat::Json),
            "{\"ts\":\"2026-11-23T22:14:05Z\",\"level\":\"info\",\"event\":\"poll_failed\",\
             \"feed\":\"bbc\",\"message\":\"it said \\\"no\\\"\",\"errors\":3,\"seconds\":-5,\
             \"share\":0.5,\"late\":true,\"empty\":\"\"}\n"
        );
        assert_eq!(
            event.line(PLAIN),
            "2026-11-23T22:14:05Z  INFO poll_failed feed=bbc message=\"it said \\\"no\\\"\" \
             errors=3 seconds=-5 share=0.5 late=true empty=\"\"\n"
        );
        assert!(event.line(COLOR).starts_with("\x1b[2m2026-11-23T22:14:05Z\x1b[0m \x1b[32m INFO"));
    }

    #[test]
    fn no_value_can_forge_a_line_or_drive_the_terminal() {
        let evil = [
            "\u{1b}]0;title\u{7}\u{1b}[2J",
            "x\n2026-11-23T22:14:05Z ERROR forged",
            "x\r\n{\"event\":\"forged\"}",
            "\u{9b}31m \u{85} \u{7f} \u{0}",
            "\u{2028}\u{2029}",
            "\u{202e}txt.exe\u{202c} \u{2066}\u{2069}\u{61c}\u{200f}",
        ];
        for text in evil {
            let event = event(vec![("message", text.into()), ("item\n.title", text.into())]);
            for format in [LogFormat::Json, PLAIN] {
                let line = event.line(format);
                let inside = line.strip_suffix('\n').unwrap();
                assert_eq!(inside.chars().find(|c| is_unprintable(*c)), None, "{line:?}");
            }
            let json: serde_json::Value =
                serde_json::from_str(&event.line(LogFormat::Json)).unwrap();
            assert_eq!(json["message"], text, "nothing is lost in JSON");
            let escapes = event.line(COLOR).matches('\x1b').count();
            assert_eq!(escapes, 10, "only our own colours");
        }
    }

    #[test]
    fn long_texts_are_cut_and_own_names_are_kept_apart() {
        let event = event(vec![("level", "ї".repeat(MAX_TEXT).as_str().into())]);
        for format in [LogFormat::Json, PLAIN] {
            let line = event.line(format);
            assert!(line.len() < MAX_TEXT + 200 && line.contains("ї…"), "{}", line.len());
        }
        let json: serde_json::Value = serde_json::from_str(&event.line(LogFormat::Json)).unwrap();
        assert_eq!(json["level"], "info");
        assert!(json["field.level"].is_string());
        assert_eq!(event.line(LogFormat::Json).matches("\"level\"").count(), 1);
    }
}
