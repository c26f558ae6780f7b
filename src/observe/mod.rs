//! The daemon's log: what happened, as lines that machines and people can read.
//!
//! `events` words what the daemon says of itself, `Event::line` writes it down, `LogStream`
//! brings it out without ever holding up the daemon.

pub mod events;
mod fact;
mod format;
mod layer;
mod manual;
mod stream;

use std::io;

use tracing::Subscriber;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use crate::model::{Clock, Reason};
use layer::StreamLayer;

pub use format::{Event, LogFormat, LogStyle, MAX_TEXT, Value};
pub use manual::{Described, manual};
pub use stream::{Limits, LogStream, Output};

/// What is logged where nothing else is asked for. What the resolver warns of is odd packets from
/// anybody; that a look-up failed is told of its feed.
pub const DEFAULT_FILTER: &str = "warn,wirewatch=info,hickory_net=error,hickory_resolver=error";

/// How the log is to be written.
#[derive(Debug)]
pub struct Options {
    /// Where to.
    pub output: Output,
    /// `--log-format`; `None`: text to a terminal, JSON to all else.
    pub style: Option<LogStyle>,
    /// Whether text has colours; `None`: on a terminal.
    pub color: Option<bool>,
    /// The value of `RUST_LOG`: comma-separated `level` and `target=level`. `None`, or empty:
    /// [`DEFAULT_FILTER`].
    pub filter: Option<String>,
    /// The time written.
    pub clock: Clock,
    /// How much may wait for the output.
    pub limits: Limits,
}

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// `RUST_LOG` cannot be read.
    #[error(
        "RUST_LOG=\"{0}\" cannot be read; expected for example \"info\" or \"{DEFAULT_FILTER}\""
    )]
    Filter(String, #[source] tracing_subscriber::filter::ParseError),
    /// The output or its thread could not be had.
    #[error("the log cannot be written")]
    Output(#[source] io::Error),
    /// The process has a log already.
    #[error("the log is set up already")]
    Twice(#[source] tracing::subscriber::SetGlobalDefaultError),
}

impl ObserveError {
    /// Its class.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Filter(..) => Reason::Input,
            Self::Output(_) => Reason::Write,
            Self::Twice(_) => Reason::Internal,
        }
    }
}

/// A log that is not yet the process's: for tests and for [`init`].
///
/// # Errors
/// See [`ObserveError`].
pub fn subscriber(
    options: Options,
) -> Result<(impl Subscriber + Send + Sync, LogStream), ObserveError> {
    let text = options.filter.filter(|text| !text.trim().is_empty());
    let filter = match text {
        None => EnvFilter::new(DEFAULT_FILTER),
        Some(text) => EnvFilter::builder()
            .parse(&text)
            .map_err(|error| ObserveError::Filter(crate::model::visible(&text).into(), error))?,
    };
    let Options { output, style, color, clock, limits, .. } = options;
    let stream = LogStream::start(output, style, color, clock.clone(), limits)
        .map_err(ObserveError::Output)?;
    let layer = StreamLayer { stream: stream.clone(), clock };
    Ok((Registry::default().with(filter).with(layer), stream))
}

/// Makes this the process's log. Whoever ends the process calls [`LogStream::close`] on the
/// answer, or the last lines may be missing.
///
/// # Errors
/// See [`ObserveError`].
pub fn init(options: Options) -> Result<LogStream, ObserveError> {
    let (subscriber, stream) = subscriber(options)?;
    tracing::subscriber::set_global_default(subscriber).map_err(ObserveError::Twice)?;
    Ok(stream)
}

#[cfg(test)]
mod tests;
