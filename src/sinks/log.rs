//! Alerts in the daemon's own log.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;

use super::{BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::document::Table;
use crate::model::{Alert, Attempt, Batch, Outcome, Reason, SinkName, Timestamp};
use crate::observe::{Event, LogFormat, LogStream, Value};
use crate::render;
use crate::retry::{self, Backoff};

/// Writes each alert to the daemon's log: the event `alert`, described in `docs/events.md`, or
/// some readable lines where the log is text. `RUST_LOG` does not hide it. Delivered means that
/// the line has left the process. After a crash a line may come a second time, with the same
/// `alert.id`.
///
/// It has no keys of its own.
#[derive(Clone, Copy, Debug)]
pub struct LogConfig;

pub(super) const KIND: Kind = Kind {
    name: "log",
    summary: "writes alerts to the daemon's log",
    example: "[[sink]]\nkind = \"log\"\n",
    shape: Shape::Lines,
    read,
};

fn read(_: &mut Table<'_>, _: &Reading<'_>) -> Option<KindSpec> {
    Some(Arc::new(LogConfig))
}

impl Config for LogConfig {
    fn build(&self, _: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        Ok(Box::new(Log { stream: context.log.clone() }))
    }

    fn is_local(&self) -> bool {
        true
    }
}

struct Log {
    stream: LogStream,
}

#[async_trait]
impl Sink for Log {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        let mut outcomes = Vec::with_capacity(batch.len());
        for delivery in &batch.deliveries {
            let line = self.line(&delivery.alert);
            match self.stream.write_acked(line).await {
                Ok(()) => outcomes.push(Outcome::Delivered),
                Err(error) => {
                    // What failed for this line would fail for the next, each after its full wait.
                    outcomes.resize(batch.len(), failed(&error));
                    break;
                }
            }
        }
        Attempt { outcomes, ..Attempt::default() }
    }

    fn max_batch(&self) -> usize {
        64
    }

    fn backoff(&self) -> Backoff {
        retry::LOCAL
    }
}

fn failed(error: &io::Error) -> Outcome {
    let reason = match error.kind() {
        io::ErrorKind::TimedOut => Reason::Timeout,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Reason::DiskFull,
        _ => Reason::Write,
    };
    Outcome::Retry { reason, message: format!("the log: {error}"), after: None }
}

impl Log {
    fn line(&self, alert: &Alert) -> String {
        match self.stream.format() {
            format @ LogFormat::Json => event(alert, self.stream.clock().now().wall).line(format),
            LogFormat::Text { color } => render::alert(alert, color),
        }
    }
}

/// No list in the event is longer.
const MAX_LIST: usize = 20;

fn event(alert: &Alert, now: Timestamp) -> Event {
    let item = &alert.item;
    let rules = || alert.rules.iter();
    let hits = || rules().flat_map(|rule| &rule.matches);
    let time = |at: Timestamp| Value::Text(at.to_string());
    let text = |text: &str| (!text.is_empty()).then(|| text.into());
    let health = alert.health.as_ref();
    let fields: [(&'static str, Option<Value>); 21] = [
        ("alert.id", text(alert.id.as_str())),
        ("alert.level", text(alert.level.as_str())),
        ("alert.raised_at", Some(time(alert.raised_at))),
        ("rules", list(rules().map(|rule| rule.id.as_str()), ",")),
        ("tags", list(rules().flat_map(|rule| &rule.tags).map(String::as_str), ",")),
        ("terms", list(hits().map(|hit| hit.term.as_str()), "; ")),
        ("matches", list(hits().map(|hit| hit.text.as_str()), "; ")),
        ("feed.id", text(alert.feed.id.as_str())),
        ("feed.title", text(&alert.feed.title)),
        ("item.id", text(&item.id)),
        ("item.title", text(&item.title)),
        ("item.link", item.link.as_deref().and_then(text)),
        ("item.authors", list(item.authors.iter().map(String::as_str), "; ")),
        ("item.published", item.published.map(time)),
        ("item.updated", item.updated.map(time)),
        ("item.first_seen", Some(time(item.first_seen))),
        ("item.language", item.language.as_deref().and_then(text)),
        ("item.text", text(&item.text)),
        ("health.state", health.and_then(|health| text(health.state.as_str()))),
        ("health.before", health.and_then(|health| text(health.before.as_str()))),
        ("health.reason", health.and_then(|health| text(health.reason?.as_str()))),
    ];
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
    Event { ts: now, level: tracing::Level::INFO, name: "alert".into(), fields: fields.collect() }
}

/// The first values of a list, each once.
fn list<'a>(values: impl Iterator<Item = &'a str>, between: &str) -> Option<Value> {
    let mut kept: Vec<&str> = Vec::new();
    for value in values {
        if kept.len() == MAX_LIST {
            break;
        }
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    (!kept.is_empty()).then(|| Value::Text(kept.join(between)))
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
