//! The facts in words: Prometheus' text format, and the answer to `/health`.

use std::fmt::Write as _;

use super::Facts;
use super::list::{self, Described};

/// The media type of [`metrics`] (Prometheus, "Exposition formats", version 0.0.4).
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics, as Prometheus reads them.
pub fn metrics(facts: &Facts) -> String {
    let mut page = Page::default();
    page.of_daemon(facts);
    page.of_polling(facts);
    page.of_sinks(facts);
    page.of_store(facts);
    page.of_process(facts);
    page.text
}

/// Whether all is well, and what is said to `/health`.
pub fn health(facts: &Facts) -> (bool, String) {
    let troubles = facts.troubles();
    if troubles.is_empty() {
        return (true, "ok\n".to_owned());
    }
    let lines = troubles.iter().map(|trouble| format!("- {trouble}\n"));
    (false, format!("degraded\n{}", lines.collect::<String>()))
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn of_daemon(&mut self, facts: &Facts) {
        self.with(&list::BUILD_INFO, [([facts.version], 1.0)]);
        self.one(&list::STARTED, seconds(facts.started.as_millis()));
        self.one(&list::HEALTHY, flag(facts.troubles().is_empty()));
        self.one(&list::PLAN_READ, seconds(facts.plan_read.as_millis()));
        self.one(&list::RELOADED_WELL, flag(facts.reloaded_well));
        self.one(&list::RULES, number(facts.rules));
    }

    fn of_polling(&mut self, facts: &Facts) {
        let states = facts.feeds.iter().map(|(state, feeds)| ([state.as_str()], number(*feeds)));
        self.with(&list::FEEDS, states);
        self.one(&list::POLLING, number(facts.polling));
        self.one(&list::POLLS, number(facts.polls));
        let failures = facts.poll_failures.iter();
        let failures = failures.map(|(reason, polls)| ([reason.as_str()], number(*polls)));
        self.with(&list::POLL_FAILURES, failures);
        let last = facts.last_poll.map_or(0.0, |last| seconds(last.as_millis()));
        self.one(&list::LAST_POLL, last);
        self.one(&list::OFFLINE, flag(facts.offline));
        self.one(&list::ITEMS, number(facts.items));
        self.one(&list::ALERTS, number(facts.alerts));
    }

    fn of_sinks(&mut self, facts: &Facts) {
        let sinks: Vec<_> = facts.shown_sinks().collect();
        let ours = || sinks.iter().filter(|sink| sink.configured);
        let name = |sink: &super::SinkFacts| [sink.name.to_string()];
        let delivered = ours().map(|sink| (name(sink), number(sink.delivered)));
        self.with(&list::DELIVERIES, delivered);
        let failures = ours().map(|sink| (name(sink), number(sink.failures)));
        self.with(&list::DELIVERY_FAILURES, failures);
        let messages = ours().map(|sink| (name(sink), number(sink.messages)));
        self.with(&list::MESSAGES, messages);
        let muted = ours().map(|sink| (name(sink), number(sink.muted)));
        self.with(&list::MUTED, muted);
        let failing = ours().map(|sink| (name(sink), flag(sink.failing.is_some())));
        self.with(&list::SINK_FAILING, failing);
        if facts.outbox_unread.is_some() {
            return;
        }
        let waiting = sinks.iter().map(|sink| (name(sink), number(sink.waiting)));
        self.with(&list::OUTBOX_WAITING, waiting);
        let dead = sinks.iter().map(|sink| (name(sink), number(sink.dead)));
        self.with(&list::OUTBOX_DEAD, dead);
        let oldest = |sink: &super::SinkFacts| sink.oldest.unwrap_or_default().as_secs_f64();
        self.with(&list::OUTBOX_OLDEST, sinks.iter().map(|sink| (name(sink), oldest(sink))));
    }

    fn of_store(&mut self, facts: &Facts) {
        self.one(&list::STORE_FAILING, flag(facts.store.is_some()));
        self.one(&list::STORE_FAILURES, number(facts.store_failures));
        if let Some(free) = facts.store_free_bytes {
            self.one(&list::STORE_FREE, number(free));
        }
        self.one(&list::LOG_DROPPED, number(facts.log_dropped));
    }

    fn of_process(&mut self, facts: &Facts) {
        let Some(process) = &facts.process else { return };
        self.one(&list::CPU, process.cpu.as_secs_f64());
        self.one(&list::RESIDENT, number(process.resident_bytes));
        self.one(&list::OPEN_FDS, number(process.open_fds));
        if let Some(most) = process.max_fds {
            self.one(&list::MAX_FDS, number(most));
        }
    }

    fn one(&mut self, metric: &Described, value: f64) {
        self.with::<&str, 0>(metric, [([], value)]);
    }

    /// A metric with a sample for each set of label values; nothing if there is none.
    fn with<L: AsRef<str>, const N: usize>(
        &mut self,
        metric: &Described,
        samples: impl IntoIterator<Item = ([L; N], f64)>,
    ) {
        let mut begun = false;
        for (values, value) in samples {
            // Writing to a String cannot fail.
            if !std::mem::replace(&mut begun, true) {
                let (name, kind) = (metric.name, metric.kind.as_str());
                let _ = writeln!(self.text, "# HELP {name} {}", metric.meaning);
                let _ = writeln!(self.text, "# TYPE {name} {kind}");
            }
            self.text.push_str(metric.name);
            for (at, (label, value)) in metric.labels.iter().zip(&values).enumerate() {
                let open = if at == 0 { '{' } else { ',' };
                let _ = write!(self.text, "{open}{label}=\"{}\"", escaped(value.as_ref()));
            }
            if N > 0 {
                self.text.push('}');
            }
            let _ = writeln!(self.text, " {value}");
        }
    }
}

/// A label's value: backslash, quote and line feed are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Prometheus counts in floating point; what is lost beyond 2^53 nobody misses.
fn number(value: u64) -> f64 {
    value as f64
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}
