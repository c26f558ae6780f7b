//! From `tracing` to the stream.

use std::borrow::Cow;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event as TracingEvent, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::format::{Event, Value};
use super::stream::LogStream;
use crate::model::Clock;

/// Writes every event that the filter lets through to a [`LogStream`].
///
/// An event of this crate is called by its constant name: the `name:` given to the macro, or else
/// its message. An event of another crate is called `log` and keeps its text in `message` and
/// where it comes from in `target`.
#[derive(Debug)]
pub(super) struct StreamLayer {
    pub(super) stream: LogStream,
    pub(super) clock: Clock,
}

impl<S: Subscriber> Layer<S> for StreamLayer {
    fn on_event(&self, event: &TracingEvent<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut facts = Facts(Vec::with_capacity(metadata.fields().len() + 1));
        event.record(&mut facts);
        let mut fields = facts.0;
        let own = metadata.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"));
        // Without a `name:` the macro makes one of the source line: `event src/x.rs:7`.
        let named = !metadata.name().starts_with("event ");
        let name = match fields.iter().position(|(name, _)| name == "message") {
            _ if own && named => metadata.name().into(),
            Some(at) if own => match fields.remove(at).1 {
                Value::Text(text) => text.into(),
                _ => Cow::Borrowed("log"),
            },
            _ => {
                fields.insert(0, ("target".into(), metadata.target().into()));
                Cow::Borrowed("log")
            }
        };
        let event = Event { ts: self.clock.now().wall, level: *metadata.level(), name, fields };
        self.stream.write(event.line(self.stream.format()));
    }
}

struct Facts(Vec<(Cow<'static, str>, Value)>);

impl Facts {
    fn push(&mut self, field: &Field, value: Value) {
        self.0.push((field.name().into(), value));
    }
}

impl Visit for Facts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, Value::Text(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Value::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, Value::Uint(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Value::Bool(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, Value::Float(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        // A chain is short; a ring would have no end.
        for _ in 0..16 {
            let Some(error) = cause else { break };
            text = format!("{text}: {error}");
            cause = error.source();
        }
        self.push(field, Value::Text(text));
    }
}
