//! `feeds`: how each feed is doing.

use std::collections::HashMap;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::daemon::store_exit;
use super::out::Out;
use super::{ConfigArgs, Exit};
use crate::model::{Clock, Feed, FeedId, Health, Reason, Repair, Timestamp, json_line};
use crate::render;
use crate::store::{FeedReport, OpenMode, SqliteStore, Store};

#[derive(Debug, Args)]
pub(super) struct FeedsArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table.
    Text,
    /// One JSON object a line.
    Json,
}

/// A feed as JSON.
#[derive(Serialize)]
struct Facts<'a> {
    id: &'a str,
    url: String,
    title: Option<&'a str>,
    state: &'static str,
    since: Option<Timestamp>,
    reason: Option<Reason>,
    message: Option<&'a str>,
    errors: u32,
    last_poll: Option<Timestamp>,
    last_success: Option<Timestamp>,
    next_poll: Option<Timestamp>,
    moved_to: Option<&'a str>,
    last_news: Option<Timestamp>,
    items_per_day: f64,
    gaps: u64,
    repairs: &'a [Repair],
}

pub(super) async fn run(args: FeedsArgs) -> anyhow::Result<Exit> {
    let Some(plan) = args.config.plan_of_service() else { return Ok(Exit::BadConfig) };
    let store = match SqliteStore::open(&plan.store_path, OpenMode::Reader) {
        Ok(store) => store,
        Err(error) => return Ok(store_exit(&error)),
    };
    let now = Clock::System.now().wall;
    let reports: HashMap<FeedId, FeedReport> = store
        .feed_reports(now)
        .await?
        .into_iter()
        .map(|report| (report.id.clone(), report))
        .collect();
    let feeds = || plan.feeds.iter().map(|feed| (feed, reports.get(&feed.id)));
    let mut out = Out::new();
    match args.format {
        Format::Text => {
            let rows: Vec<_> = feeds().map(|(feed, report)| row(feed, report, now)).collect();
            out.line(&render::table(&HEADER, &rows))?;
        }
        Format::Json => {
            for (feed, report) in feeds() {
                out.line(&json_line(&facts(feed, report))?)?;
            }
        }
    }
    out.flush()?;
    Ok(Exit::Ok)
}

fn facts<'a>(feed: &'a Feed, report: Option<&'a FeedReport>) -> Facts<'a> {
    let schedule = report.map(|report| &report.schedule);
    let condition = schedule.map(|schedule| &schedule.condition);
    let own_title = report.and_then(|report| report.title.as_deref());
    Facts {
        id: feed.id.as_str(),
        url: feed.url.to_string(),
        title: feed.title.as_deref().or(own_title),
        state: state(feed, report),
        since: condition.and_then(|condition| condition.since),
        reason: schedule.and_then(|schedule| schedule.last_reason),
        message: schedule.and_then(|schedule| schedule.last_message.as_deref()),
        errors: schedule.map_or(0, |schedule| schedule.errors),
        last_poll: schedule.and_then(|schedule| schedule.last_poll),
        last_success: schedule.and_then(|schedule| schedule.last_success),
        next_poll: schedule.and_then(|schedule| schedule.next_poll),
        moved_to: report.and_then(|report| report.moved_to.as_deref()),
        last_news: condition.and_then(|condition| condition.habit.last_news),
        items_per_day: report.map_or(0.0, FeedReport::items_per_day),
        gaps: report.map_or(0, |report| report.gaps),
        repairs: condition.map_or(&[], |condition| &condition.repairs),
    }
}

const HEADER: [&str; 9] = [
    "feed",
    "state",
    "last success",
    "next poll",
    "items/day",
    "errors",
    "last reason",
    "in this state",
    "repairs",
];

fn row(feed: &Feed, report: Option<&FeedReport>, now: Timestamp) -> Vec<String> {
    let none = || "-".to_owned();
    let ago = |at| format!("{} ago", rounded(now.since(at)));
    let mut cells = vec![feed.id.to_string(), state(feed, report).to_owned()];
    let Some(report) = report else {
        cells.resize_with(HEADER.len(), none);
        return cells;
    };
    let schedule = &report.schedule;
    let reason = match (schedule.last_reason, &schedule.last_message) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (Some(reason), None) => reason.to_string(),
        (None, _) => report.moved_to.as_ref().map_or_else(none, |to| format!("moved to {to}")),
    };
    let condition = &schedule.condition;
    let repairs = &condition.repairs;
    cells.extend([
        schedule.last_success.map_or_else(none, ago),
        match schedule.next_poll {
            Some(at) if at > now => format!("in {}", rounded(at.since(now))),
            Some(_) => "due".to_owned(),
            None => none(),
        },
        format!("{:.1}", report.items_per_day()),
        schedule.errors.to_string(),
        reason.chars().take(80).collect(),
        condition.since.map_or_else(none, |at| format!("for {}", rounded(now.since(at)))),
        if repairs.is_empty() { none() } else { repairs.join(",") },
    ]);
    cells
}

/// The word for how a feed is doing.
fn state(feed: &Feed, report: Option<&FeedReport>) -> &'static str {
    let Some(schedule) = report.map(|report| &report.schedule) else {
        return if feed.enabled { "new" } else { "disabled" };
    };
    match schedule.condition.health {
        _ if !feed.enabled => "disabled",
        Health::Gone => Health::Gone.as_str(),
        Health::Blocked if schedule.errors > 0 => Health::Blocked.as_str(),
        Health::Blocked => Health::Ok.as_str(),
        // The first failure is none of the feed's state yet if it may be the network's.
        _ if schedule.errors > 0 => Health::Failing.as_str(),
        // Nor is the first good poll; but nothing fails.
        Health::Failing => Health::Ok.as_str(),
        health => health.as_str(),
    }
}

/// A time span in its largest unit.
fn rounded(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_shown_in_their_largest_unit() {
        let cases =
            [(0, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (200_000, "2d")];
        for (seconds, shown) in cases {
            assert_eq!(rounded(Duration::from_secs(seconds)), shown);
        }
    }
}
