//! `feeds`: how each feed is doing.

use std::time::Duration;

use clap::Args;

use super::daemon::store_exit;
use super::out::Out;
use super::{ConfigArgs, Exit};
use crate::model::{Clock, Feed, Timestamp};
use crate::render;
use crate::store::{FeedReport, OpenMode, SqliteStore, Store};

#[derive(Debug, Args)]
pub(super) struct FeedsArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) async fn run(args: FeedsArgs) -> anyhow::Result<Exit> {
    let Some(plan) = args.config.plan_of_service() else { return Ok(Exit::BadConfig) };
    let store = match SqliteStore::open(&plan.store_path, OpenMode::Reader) {
        Ok(store) => store,
        Err(error) => return Ok(store_exit(&error)),
    };
    let now = Clock::System.now().wall;
    let reports = store.feed_reports(now).await?;
    let header =
        ["feed", "state", "last success", "next poll", "items/day", "errors", "last reason"];
    let rows: Vec<Vec<String>> = plan
        .feeds
        .iter()
        .map(|feed| {
            let report = reports.iter().find(|report| report.id == feed.id);
            row(feed, report, plan.poll.gone_after, now)
        })
        .collect();
    let mut out = Out::new();
    out.line(&render::table(&header, &rows))?;
    out.flush()?;
    Ok(Exit::Ok)
}

fn row(feed: &Feed, report: Option<&FeedReport>, gone_after: u32, now: Timestamp) -> Vec<String> {
    let none = || "-".to_owned();
    let Some(report) = report else {
        return vec![
            feed.id.to_string(),
            state(feed, None, gone_after).to_owned(),
            none(),
            none(),
            none(),
            none(),
            none(),
        ];
    };
    let schedule = &report.schedule;
    let reason = match (schedule.last_reason, &schedule.last_message) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (Some(reason), None) => reason.to_string(),
        (None, _) => none(),
    };
    vec![
        feed.id.to_string(),
        state(feed, Some(report), gone_after).to_owned(),
        schedule.last_success.map_or_else(none, |at| format!("{} ago", rounded(now.since(at)))),
        match schedule.next_poll {
            Some(at) if at > now => format!("in {}", rounded(at.since(now))),
            Some(_) => "due".to_owned(),
            None => none(),
        },
        format!("{:.1}", report.items_per_day()),
        schedule.errors.to_string(),
        reason.chars().take(80).collect(),
    ]
}

/// The word for how a feed is doing.
fn state(feed: &Feed, report: Option<&FeedReport>, gone_after: u32) -> &'static str {
    match report.map(|report| (&report.schedule, &report.moved_to)) {
        _ if !feed.enabled => "disabled",
        None => "new",
        Some((schedule, _)) if schedule.gone >= gone_after => "gone",
        Some((schedule, _)) if schedule.errors > 0 => "failing",
        Some((schedule, _)) if schedule.last_poll.is_none() => "new",
        Some((_, Some(_))) => "moved",
        Some(_) => "ok",
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
