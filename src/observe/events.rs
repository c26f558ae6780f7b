//! What the daemon says of itself: one type for each event, its fields and their meaning, and
//! nowhere else a word of it. `docs/events.md` is written from this list.
//!
//! An event is logged by `PollFailed { feed: &id, … }.log()`. Names are constant. Field names carry
//! their unit. Texts from strangers may be given as they are: they are cleaned when written.

#[macro_use]
mod declare;
mod written;

use std::time::Duration;

use tracing::Level;

use super::fact::Fact as _;
use super::manual::Described;
use crate::model::{AlertId, FeedId, Health, Reason, Repair, SinkName, Timestamp};

pub use written::ALERT;
pub(super) use written::LOG_DROPPED;
use written::WRITTEN;

events! {
    /// The config has been read and work begins.
    INFO Started<'a> = "started" {
        /// The version of wirewatch.
        version: &'a str,
        /// Enabled feeds.
        feeds: usize,
        /// Rules.
        rules: usize,
        /// Sinks.
        sinks: usize,
        /// Where the state is kept.
        store: &'a str,
    }
    /// Both engines have made their first step.
    INFO Ready = "ready" {
        /// Time since the start.
        duration_ms: Duration,
    }
    /// No new poll or delivery is begun.
    INFO Stopping<'a> = "stopping" {
        /// What asked for it.
        signal: &'a str,
        /// How long what has begun may still take.
        grace_ms: Duration,
    }
    /// The last event of an orderly end.
    INFO Stopped = "stopped" {
        /// Polls made.
        polls: u64,
        /// Alerts raised.
        alerts: u64,
        /// Polls and deliveries that were cut off; they are made again at the next start.
        unfinished: u64,
        /// Time since the start.
        duration_ms: Duration,
    }
    /// The config was read again and is in force.
    INFO PlanLoaded<'a> = "plan_loaded" {
        /// The file.
        config: &'a str,
        /// Enabled feeds.
        feeds: usize,
        /// Rules.
        rules: usize,
        /// Sinks.
        sinks: usize,
    }
    /// The config was read again and has mistakes; the old one stays in force.
    ERROR ReloadFailed = "reload_failed" {
        /// How many; a `problem` each stands before.
        problems: usize,
    }
    /// Something odd in the config that can be run all the same.
    WARN Warning<'a> = "config_warning" {
        /// File, line and column.
        place: &'a str,
        /// What is odd.
        message: &'a str,
        /// How to mend it.
        hint: Option<&'a str>,
    }
    /// One mistake in the config.
    ERROR Problem<'a> = "problem" {
        /// File, line and column.
        place: &'a str,
        /// What is wrong.
        message: &'a str,
        /// How to mend it.
        hint: Option<&'a str>,
    }
    /// A poll went well.
    DEBUG PollOk<'a> = "poll_ok" {
        /// The feed.
        feed: &'a FeedId,
        /// The HTTP status.
        status: u16,
        /// Items in the document; absent if it had not changed.
        items: Option<usize>,
        /// Of these, not seen before.
        new: usize,
        /// Of the others, those with another headline than before.
        revised: usize,
        /// Alerts raised by the new ones.
        alerts: usize,
        /// Bytes received, before decompression.
        body_bytes: u64,
        /// From the request to the commit.
        duration_ms: Duration,
        /// What was mended to read the document, comma-separated.
        repairs: &'a [Repair],
    }
    /// A feed has begun to fail, or fails for another reason than before.
    WARN PollFailed<'a> = "poll_failed" {
        /// The feed.
        feed: &'a FeedId,
        /// The class of failure.
        reason: Reason,
        /// The same in words.
        message: &'a str,
        /// Failures in a row.
        errors: u32,
        /// When it is polled next.
        retry_at: Timestamp,
    }
    /// A feed that failed answers again.
    INFO FeedRecovered<'a> = "feed_recovered" {
        /// The feed.
        feed: &'a FeedId,
        /// Failures in a row before that.
        errors: u32,
    }
    /// The first document of a feed was read.
    INFO FeedFirstSeen<'a> = "feed_first_seen" {
        /// The feed.
        feed: &'a FeedId,
        /// Items in the document.
        items: usize,
        /// Alerts raised by them.
        alerts: usize,
    }
    /// A document has nothing in common with the one before: items that came and went in between
    /// were missed. As long as that goes on it is counted, not told again.
    WARN FeedGap<'a> = "feed_gap" {
        /// The feed.
        feed: &'a FeedId,
        /// Items in the document, all of them new.
        items: usize,
        /// When the feed was last polled well, before this.
        since: Option<Timestamp>,
    }
    /// A known item has another headline. It is no new item, and raises no alert.
    DEBUG ItemRevised<'a> = "item_revised" {
        /// The feed.
        feed: &'a FeedId,
        /// The item's identity within its feed.
        item: &'a str,
        /// The headline before, if it is still known.
        old_title: Option<&'a str>,
        /// The headline now.
        title: &'a str,
    }
    /// A feed has shown what an alert of another feed tells already, under a link to the same page.
    /// It is noted as a further source of that alert and raises none.
    INFO AlertTold<'a> = "alert_source" {
        /// The alert's id.
        alert: &'a AlertId,
        /// The further feed.
        feed: &'a FeedId,
        /// The link there.
        link: Option<&'a str>,
    }
    /// A feed's server says that it has moved for good; the config should follow.
    WARN FeedMoved<'a> = "feed_moved" {
        /// The feed.
        feed: &'a FeedId,
        /// The new URL, polled from now on.
        to: &'a str,
    }
    /// A feed's server says that it is gone for good; it is polled rarely from now on.
    WARN FeedGone<'a> = "feed_gone" {
        /// The feed.
        feed: &'a FeedId,
        /// Such answers in a row.
        errors: u32,
    }
    /// The state of a feed has changed. `feeds` shows the states of all.
    INFO FeedHealth<'a> = "feed_health" {
        /// The feed.
        feed: &'a FeedId,
        /// `ok`, `failing`, `blocked`, `gone`, `moved`, `silent`, `stuck` or `hollow`.
        state: Health,
        /// The state until now; `new` for one that was never polled well.
        before: Health,
        /// The class of failure, if something fails.
        reason: Option<Reason>,
        /// In words; empty where the state says it all.
        message: &'a str,
    }
    /// All polls fail: the network is down rather than each feed.
    WARN Offline = "offline" {
        /// Feeds that are polled.
        feeds: usize,
    }
    /// A feed answers again after `offline`.
    INFO Online = "online" {
        /// How long none did.
        duration_ms: Duration,
    }
    /// A sink has taken alerts.
    DEBUG Delivered<'a> = "delivered" {
        /// The sink.
        sink: &'a SinkName,
        /// How many.
        alerts: usize,
        /// How long it took.
        duration_ms: Duration,
    }
    /// A sink has begun to fail or to refuse whatever it is given, or fails for another reason than
    /// before.
    WARN DeliveryFailed<'a> = "delivery_failed" {
        /// The sink.
        sink: &'a SinkName,
        /// The class of failure.
        reason: Reason,
        /// The same in words.
        message: &'a str,
        /// Failures in a row.
        attempts: u32,
        /// When it is tried next.
        retry_at: Timestamp,
    }
    /// A sink will never take an alert; it is kept as a dead letter.
    ERROR DeliveryRefused<'a> = "delivery_refused" {
        /// The sink.
        sink: &'a SinkName,
        /// The alert's id.
        alert: &'a AlertId,
        /// The class of failure.
        reason: Reason,
        /// The same in words.
        message: &'a str,
    }
    /// A sink will not take a message of several alerts for what it holds; its halves go out now.
    WARN MessageSplit<'a> = "message_split" {
        /// The sink.
        sink: &'a SinkName,
        /// How many.
        alerts: usize,
        /// The class of failure.
        reason: Reason,
        /// The same in words.
        message: &'a str,
    }
    /// A receiver said yes to a message, in its own words. `wirewatch sink test` shows it.
    DEBUG SinkAnswered<'a> = "sink_answered" {
        /// Host and port, or the program.
        from: &'a str,
        /// Its words.
        message: &'a str,
    }
    /// A template of a sink failed for a message, though not for the samples of `check`. What is
    /// built in took its place. Told once of each message.
    WARN TemplateFailed<'a> = "template_failed" {
        /// The sink.
        sink: &'a SinkName,
        /// What the message is known by: the alert's id, if it is one alert.
        key: &'a str,
        /// The key of the sink that has the template, such as `body`.
        template: &'a str,
        /// What is wrong.
        message: &'a str,
    }
    /// Where a `feed` sink is to write lay a file that is none of its own; it was renamed.
    WARN FeedFileSetAside<'a> = "feed_file_set_aside" {
        /// The sink.
        sink: &'a SinkName,
        /// Where the file is now.
        kept: &'a str,
        /// Why it was in the way.
        message: &'a str,
    }
    /// An alert was tried in vain for as long as its sink's `give_up_after`; it is kept as a dead
    /// letter.
    ERROR DeliveryGivenUp<'a> = "delivery_given_up" {
        /// The sink.
        sink: &'a SinkName,
        /// The alert's id.
        alert: &'a AlertId,
        /// The class of failure of the last attempt.
        reason: Reason,
        /// The same in words.
        message: &'a str,
        /// Attempts that failed.
        attempts: u32,
    }
    /// A silence covers an alert: this sink does not get it. That is kept beside the alert.
    DEBUG DeliveryMuted<'a> = "delivery_muted" {
        /// The sink.
        sink: &'a SinkName,
        /// The alert's id.
        alert: &'a AlertId,
        /// The silence's number.
        silence: i64,
    }
    /// A sink that failed, or refused all that it was given, takes alerts again.
    INFO SinkRecovered<'a> = "sink_recovered" {
        /// The sink.
        sink: &'a SinkName,
        /// Failures in a row before that.
        attempts: u32,
    }
    /// The state cannot be read or written; polling waits.
    ERROR StoreFailed<'a> = "store_failed" {
        /// The class of failure.
        reason: Reason,
        /// The same in words.
        message: &'a str,
    }
    /// The state can be written again after `store_failed`.
    INFO StoreRecovered = "store_recovered" {
        /// How long it could not.
        duration_ms: Duration,
    }
    /// What is older than the config keeps has been removed.
    INFO Pruned = "pruned" {
        /// Items removed.
        items: u64,
        /// Alerts removed.
        alerts: u64,
        /// Deliveries that waited for sinks which are no longer configured, removed with these.
        unsent: u64,
    }
    /// Metrics and health are served.
    INFO MetricsReady<'a> = "metrics_ready" {
        /// Where.
        address: &'a str,
    }
    /// Metrics and health cannot be served at the address that the config gives; it is tried again
    /// from time to time.
    ERROR MetricsFailed<'a> = "metrics_failed" {
        /// The address.
        address: &'a str,
        /// Why.
        message: &'a str,
    }
    /// The wall clock was set, forwards or back. Polling goes by another clock and is not moved.
    WARN ClockJumped = "clock_jumped" {
        /// By how much; negative: back.
        seconds: i64,
    }
    /// A fault of wirewatch's own was contained. Worth a report.
    ERROR Fault<'a> = "fault" {
        /// What was being done.
        activity: &'a str,
        /// The feed it happened with.
        feed: Option<&'a FeedId>,
        /// What happened.
        message: &'a str,
    }
}

/// All events, in the order of the manual.
pub fn all() -> impl Iterator<Item = &'static Described> {
    LOGGED.iter().chain(WRITTEN)
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
