//! `alerts`: what was found, from the store.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::daemon::store_exit;
use super::out::{Out, complain};
use super::{AlertFormat, ConfigArgs, Exit};
use crate::model::{
    Alert, AlertMuted, AlertSource, Clock, Revision, RuleId, Sequel, json_line, visible,
};
use crate::render;
use crate::store::{AlertQuery, OpenMode, SqliteStore, Store};

/// How many are read at once.
const PAGE: usize = 500;
/// How often a follower looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(super) struct AlertsArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How far back to go, such as 90m, 24h or 7d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = humantime::parse_duration)]
    since: Duration,
    /// Only alerts that this rule matched
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Go on printing as new ones come
    #[arg(long, short)]
    follow: bool,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    format: AlertFormat,
}

/// An alert as it was delivered, and what became known of it since.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    alert: &'a Alert,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    sources: &'a [AlertSource],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    revisions: &'a [Revision],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    muted: &'a [AlertMuted],
}

impl<'a> Line<'a> {
    fn of(alert: &'a Alert, sequel: &'a Sequel) -> Self {
        let Sequel { sources, revisions, muted } = sequel;
        Self { alert, sources, revisions, muted }
    }
}

/// The same for people.
fn later(sequel: &Sequel) -> Vec<String> {
    let mut lines = Vec::new();
    if !sequel.sources.is_empty() {
        let feeds: Vec<&str> = sequel.sources.iter().map(|source| source.feed.as_str()).collect();
        lines.push(format!("  also in {}", visible(&feeds.join(", "))));
    }
    for Revision { seen_at, title } in &sequel.revisions {
        lines.push(format!("  since {seen_at}: {}", visible(title)));
    }
    for AlertMuted { sink, silence, at } in &sequel.muted {
        let sink = visible(sink.as_str());
        lines.push(format!("  muted for {sink} at {at} by silence {silence}"));
    }
    lines
}

pub(super) async fn run(args: AlertsArgs) -> anyhow::Result<Exit> {
    let Some(plan) = args.config.plan_of_operator() else { return Ok(Exit::BadConfig) };
    let store = match SqliteStore::open(&plan.store_path, OpenMode::Reader) {
        Ok(store) => store,
        Err(error) => return Ok(store_exit(&error)),
    };
    if let Some(rule) = &args.rule
        && !plan.rules.rules().any(|known| known.id.as_str() == rule)
    {
        complain(&format!("the config has no rule \"{rule}\"; older alerts may name it still"));
    }
    let mut out = Out::new();
    let mut query = AlertQuery {
        since: Some(Clock::System.now().wall.minus(args.since)),
        rule: args.rule.map(RuleId::new),
        limit: PAGE,
        ..AlertQuery::default()
    };
    loop {
        let page = store.alerts(query.clone()).await?;
        let sequels = store.sequels(page.iter().map(|(sequence, _)| *sequence).collect()).await?;
        for ((sequence, alert), sequel) in page.iter().zip(&sequels) {
            query.after = Some(*sequence);
            match args.format {
                AlertFormat::Jsonl => out.line(&json_line(&Line::of(alert, sequel))?)?,
                AlertFormat::Text => {
                    let text = render::alert(alert, out.color);
                    out.line(&text)?;
                    for line in later(sequel) {
                        out.line(&line)?;
                    }
                }
            }
        }
        out.flush()?;
        if page.len() < PAGE {
            if !args.follow {
                return Ok(Exit::Ok);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
