use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value as Json;

use super::*;
use crate::model::Timestamp;

/// An output that keeps all it was given.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options(kept: &Kept, filter: Option<&str>) -> Options {
    Options {
        output: Output::Writer(Box::new(kept.clone())),
        style: None,
        color: None,
        filter: filter.map(str::to_owned),
        clock: Clock::manual(Timestamp::parse("2026-11-23T22:14:05.5Z").unwrap()),
        limits: Limits::default(),
    }
}

/// The lines that `what` logs under `filter`.
pub(super) fn logged(filter: Option<&str>, what: impl FnOnce()) -> Vec<Json> {
    let kept = Kept::default();
    let (subscriber, stream) = subscriber(options(&kept, filter)).unwrap();
    tracing::subscriber::with_default(subscriber, what);
    assert!(stream.close(Duration::from_secs(10)));
    let bytes = kept.0.lock().unwrap().clone();
    String::from_utf8(bytes)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn own_events_are_named_and_others_keep_their_text() {
    let lines = logged(Some("trace"), || {
        tracing::info!(name: "poll_ok", feed = "bbc", message = "free text");
        tracing::info!(feed = "bbc", bytes = 5_u64, "poll_ok");
        tracing::warn!(target: "hyper::proto", id = 7_i64, "connection {}", "closed");
    });
    let ts = "2026-11-23T22:14:05.500Z";
    let expected = [
        serde_json::json!({"ts": ts, "level": "info", "event": "poll_ok", "feed": "bbc", "message": "free text"}),
        serde_json::json!({"ts": ts, "level": "info", "event": "poll_ok", "feed": "bbc", "bytes": 5}),
        serde_json::json!({"ts": ts, "level": "warn", "event": "log", "target": "hyper::proto", "message": "connection closed", "id": 7}),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_default_is_info_for_us_and_warnings_for_the_rest() {
    let what = || {
        tracing::debug!("poll_ok");
        tracing::info!("ready");
        tracing::info!(target: "hyper", "chatter");
        tracing::warn!(target: "hyper", "trouble");
    };
    let names = |filter| {
        let lines = logged(filter, what);
        lines.iter().map(|line| line["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(None), ["ready", "log"]);
    assert_eq!(names(Some(" ")), ["ready", "log"]);
    assert_eq!(names(Some("wirewatch=debug")), ["poll_ok", "ready"]);
    assert_eq!(names(Some("off")), [""; 0]);
}

#[test]
fn a_filter_that_cannot_be_read_is_refused() {
    let refused = subscriber(options(&Kept::default(), Some("wirewatch=loud"))).err().unwrap();
    assert!(refused.to_string().starts_with("RUST_LOG=\"wirewatch=loud\" cannot be read"));
    assert_eq!(refused.reason(), Reason::Input);
}

#[test]
fn causes_are_told_with_an_error() {
    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);
    let error = Outer(io::Error::other("inner\nline"));
    let lines = logged(None, || {
        tracing::error!(name: "x", error = &error as &dyn std::error::Error);
    });
    assert_eq!(lines[0]["error"], "outer: inner\nline");
}
