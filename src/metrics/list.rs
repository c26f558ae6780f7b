//! The metrics: one constant for each, its kind, labels and meaning. `docs/metrics.md` is written
//! from this list.

use std::fmt::Write as _;

/// What kind of number it is (Prometheus, "Metric types").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, and begins at zero with each start.
    Counter,
    /// Goes up and down.
    Gauge,
}

impl Kind {
    /// The word for it in the text format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

/// A metric as it is documented.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The constant name.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it means; one sentence.
    pub meaning: &'static str,
}

macro_rules! metrics {
    ($(
        #[doc = $doc:literal]
        $kind:ident $constant:ident = $name:literal [$($label:literal),*];
    )+) => {
        $(
            #[doc = $doc]
            pub(super) const $constant: Described = Described {
                name: $name,
                kind: Kind::$kind,
                labels: &[$($label),*],
                meaning: $doc.trim_ascii(),
            };
        )+

        /// All metrics, in the order in which they are shown.
        pub fn all() -> &'static [Described] {
            &[$($constant),+]
        }
    };
}

metrics! {
    /// 1, with the version of wirewatch.
    Gauge BUILD_INFO = "wirewatch_build_info" ["version"];
    /// When the daemon was started, in seconds since 1970.
    Gauge STARTED = "wirewatch_start_time_seconds" [];
    /// 1 if the engines do all that they should; 0 if `/health` tells why not.
    Gauge HEALTHY = "wirewatch_healthy" [];
    /// When the config in force was read, in seconds since 1970.
    Gauge PLAN_READ = "wirewatch_config_read_time_seconds" [];
    /// 1 if the last reload took; 0 if it had mistakes and the config before is in force.
    Gauge RELOADED_WELL = "wirewatch_config_last_reload_successful" [];
    /// Rules in force.
    Gauge RULES = "wirewatch_rules" [];
    /// Enabled feeds by state; `wirewatch feeds` shows which.
    Gauge FEEDS = "wirewatch_feeds" ["state"];
    /// Polls that run at this moment.
    Gauge POLLING = "wirewatch_polls_running" [];
    /// Polls that have ended, well or not.
    Counter POLLS = "wirewatch_polls_total" [];
    /// Polls that failed, by class of failure.
    Counter POLL_FAILURES = "wirewatch_poll_failures_total" ["reason"];
    /// When the last poll ended, well or not, in seconds since 1970; 0 before the first.
    Gauge LAST_POLL = "wirewatch_last_poll_time_seconds" [];
    /// 1 while no host at all can be reached.
    Gauge OFFLINE = "wirewatch_offline" [];
    /// Items that were new.
    Counter ITEMS = "wirewatch_items_total" [];
    /// Alerts raised.
    Counter ALERTS = "wirewatch_alerts_total" [];
    /// Alerts that the sink has taken.
    Counter DELIVERIES = "wirewatch_deliveries_total" ["sink"];
    /// Attempts to deliver that failed.
    Counter DELIVERY_FAILURES = "wirewatch_delivery_failures_total" ["sink"];
    /// Messages, or batches of lines, that the sink was given, failed attempts included.
    Counter MESSAGES = "wirewatch_messages_total" ["sink"];
    /// Deliveries that silences kept back.
    Counter MUTED = "wirewatch_muted_total" ["sink"];
    /// 1 while the sink takes nothing.
    Gauge SINK_FAILING = "wirewatch_sink_failing" ["sink"];
    /// Deliveries that wait, those of sinks that the config no longer has among them.
    Gauge OUTBOX_WAITING = "wirewatch_outbox_waiting" ["sink"];
    /// Dead letters: deliveries that were given up, and are kept.
    Gauge OUTBOX_DEAD = "wirewatch_outbox_dead" ["sink"];
    /// How long ago the alert of the oldest waiting delivery was raised; 0 if none waits.
    Gauge OUTBOX_OLDEST = "wirewatch_outbox_oldest_seconds" ["sink"];
    /// 1 while the state cannot be written (a full disk, for example); polling waits meanwhile.
    Gauge STORE_FAILING = "wirewatch_store_failing" [];
    /// How often the state could not be written or read.
    Counter STORE_FAILURES = "wirewatch_store_failures_total" [];
    /// Room left on the file system of the state.
    Gauge STORE_FREE = "wirewatch_store_free_bytes" [];
    /// Lines of the log that were lost because its reader stalled or its output failed.
    Counter LOG_DROPPED = "wirewatch_log_lines_dropped_total" [];
    /// Processor time of the process.
    Counter CPU = "process_cpu_seconds_total" [];
    /// Memory of the process that is in use.
    Gauge RESIDENT = "process_resident_memory_bytes" [];
    /// Files and connections that the process has open.
    Gauge OPEN_FDS = "process_open_fds" [];
    /// How many it may have open.
    Gauge MAX_FDS = "process_max_fds" [];
}

/// `docs/metrics.md`.
pub fn manual() -> String {
    let mut text = String::from(INTRODUCTION);
    for metric in all() {
        let labels = match metric.labels {
            [] => "–".to_owned(),
            labels => labels.iter().map(|l| format!("`{l}`")).collect::<Vec<_>>().join(", "),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {labels} | {} |",
            metric.name,
            metric.kind.as_str(),
            metric.meaning
        );
    }
    text + ENDING
}

const INTRODUCTION: &str = "\
# Metrics and health

Off unless the config says where to listen:

```toml
[metrics]
listen = \"127.0.0.1:9464\"
```

Then `http://127.0.0.1:9464/metrics` answers in Prometheus' text format (0.0.4), and `/health` with \
200 and `ok`, or with 503 and a line for each thing that keeps wirewatch from doing all that it \
should: the state cannot be written (a full disk) or read, there is no network, a sink takes nothing, \
whatever reads the log has stalled, or the engines do not answer within five seconds. That feeds \
fail is everyday and shows in the metrics only.

`/health` is there to be watched. It is no reason to restart: wirewatch goes on by itself, and the \
service manager's watchdog restarts it if it hangs.

There is no password and no TLS. Leave it on the loopback address, or on one that only the \
collector can reach. Nothing secret is told: no URL, no headline, no token; but the names of sinks \
are. At most 16 connections are served at a time, each one request of at most 16 KiB within ten \
seconds.

What waits and the dead letters are left out while they cannot be counted. \
Counters begin at zero with each start. Labels take few values: states of feeds, reasons (a closed \
set, as in the log) and names of sinks. Names do not change their meaning; new ones may be added.

| metric | kind | labels | meaning |
| --- | --- | --- | --- |
";

const ENDING: &str = "
## What to be woken by

```yaml
groups:
  - name: wirewatch
    rules:
      - alert: WirewatchDown
        expr: up{job=\"wirewatch\"} == 0
        for: 5m
      - alert: WirewatchStoreFails
        expr: wirewatch_store_failing == 1
        for: 1m
      - alert: WirewatchDoesNotPoll
        expr: time() - wirewatch_last_poll_time_seconds > 1800
      - alert: WirewatchSinkBehind
        expr: wirewatch_outbox_oldest_seconds > 600
      - alert: WirewatchDeadLetters
        expr: delta(wirewatch_outbox_dead[1h]) > 0
      - alert: WirewatchDiskNearlyFull
        expr: wirewatch_store_free_bytes < 100e6
```
";
