//! `outbox list`.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;

use super::{held, is_known};
use crate::cli::daemon::store_exit;
use crate::cli::out::Out;
use crate::cli::{AlertFormat, ConfigArgs, Exit};
use crate::engine::plan::Plan;
use crate::model::{Clock, Level, Reason, SinkName, Timestamp, json_line, visible};
use crate::render;
use crate::store::{OpenMode, OutboxCount, OutboxQuery, OutboxRow, SqliteStore, Store, StoreError};

/// How many rows are read, and set in one table.
const PAGE: usize = 500;

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only what is for this sink
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
    /// Only dead letters: what a sink refused, and what was given up
    #[arg(long)]
    dead: bool,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: AlertFormat,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Waiting,
    Dead,
    /// It waits for a sink that the config does not have; kept until retention.
    SinkRemoved,
}

impl State {
    fn words(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Dead => "dead",
            Self::SinkRemoved => "sink removed",
        }
    }
}

/// A row as JSON.
#[derive(Serialize)]
struct Facts<'a> {
    row: i64,
    sink: &'a str,
    state: State,
    attempts: u32,
    first_failed: Option<Timestamp>,
    due: Option<Timestamp>,
    reason: Option<Reason>,
    message: Option<&'a str>,
    key: Option<&'a str>,
    alert: &'a str,
    raised_at: Timestamp,
    level: Level,
    title: &'a str,
}

pub(super) async fn run(args: ListArgs) -> anyhow::Result<Exit> {
    let Some(plan) = args.config.plan_of_operator() else { return Ok(Exit::BadConfig) };
    let store = match SqliteStore::open(&plan.store_path, OpenMode::Reader) {
        Ok(store) => store,
        Err(error) => return Ok(store_exit(&error)),
    };
    let sink = args.sink.map(SinkName::new);
    if let Some(sink) = &sink {
        match is_known(&store, &plan, sink).await {
            Ok(true) => {}
            Ok(false) => return Ok(Exit::No),
            Err(error) => return Ok(store_exit(&error)),
        }
    }
    let mut out = Out::new();
    let mut fresh = BTreeSet::new();
    let mut query = OutboxQuery { sink, dead_only: args.dead, after: None, limit: PAGE };
    loop {
        let page = match store.outbox_rows(query.clone()).await {
            Ok(page) => page,
            Err(error) => return Ok(store_exit(&error)),
        };
        query.after = page.last().map(|row| row.row);
        let now = Clock::System.now().wall;
        fresh
            .extend(page.iter().filter(|row| held::is_fresh(row, now)).map(|row| row.sink.clone()));
        match args.format {
            AlertFormat::Jsonl => {
                for row in &page {
                    out.line(&json_line(&facts(row, &plan))?)?;
                }
            }
            AlertFormat::Text if page.is_empty() => {}
            AlertFormat::Text => {
                let rows: Vec<_> = page.iter().map(|row| cells(row, &plan, now)).collect();
                out.line(&render::table(&HEADER, &rows))?;
            }
        }
        if page.len() < PAGE {
            break;
        }
    }
    if args.format == AlertFormat::Text {
        match counts(&store, &query).await {
            Ok(counts) => out.line(&counts)?,
            Err(error) => return Ok(store_exit(&error)),
        }
        let now = Clock::System.now().wall;
        let paced = plan.sinks.iter().filter(|spec| fresh.contains(&spec.name));
        for words in paced.filter_map(|spec| held::why(&spec.pacing, now, spec.name.as_str())) {
            out.line(&words)?;
        }
    }
    out.flush()?;
    Ok(Exit::Ok)
}

fn state(row: &OutboxRow, plan: &Plan) -> State {
    match row.dead {
        true => State::Dead,
        false if plan.sinks.iter().any(|sink| sink.name == row.sink) => State::Waiting,
        false => State::SinkRemoved,
    }
}

fn facts<'a>(row: &'a OutboxRow, plan: &Plan) -> Facts<'a> {
    Facts {
        row: row.row,
        sink: row.sink.as_str(),
        state: state(row, plan),
        attempts: row.attempts,
        first_failed: row.first_failed,
        due: later(row),
        reason: row.reason,
        message: row.message.as_deref(),
        key: row.key.as_ref().map(|key| key.as_str()),
        alert: row.alert.as_str(),
        raised_at: row.raised_at,
        level: row.level,
        title: &row.title,
    }
}

/// When it falls due, if it is put off.
fn later(row: &OutboxRow) -> Option<Timestamp> {
    (!row.dead && row.due > Timestamp::from_millis(0)).then_some(row.due)
}

const HEADER: [&str; 9] =
    ["row", "sink", "state", "attempts", "due", "reason", "level", "alert", "headline"];

fn cells(row: &OutboxRow, plan: &Plan, now: Timestamp) -> Vec<String> {
    let none = || "-".to_owned();
    let reason = match (row.reason, &row.message) {
        (Some(reason), Some(message)) => format!("{reason}: {}", visible(message)),
        (Some(reason), None) => reason.to_string(),
        (None, _) => none(),
    };
    let due = match later(row) {
        _ if row.dead => none(),
        Some(due) if due > now => due.to_string(),
        _ => "now".to_owned(),
    };
    vec![
        row.row.to_string(),
        visible(row.sink.as_str()).into_owned(),
        state(row, plan).words().to_owned(),
        row.attempts.to_string(),
        due,
        reason.chars().take(80).collect(),
        row.level.to_string(),
        row.alert.to_string(),
        visible(&row.title).into_owned(),
    ]
}

/// How much there is of what was asked for.
async fn counts(store: &SqliteStore, query: &OutboxQuery) -> Result<String, StoreError> {
    let counts = store.outbox().await?;
    let asked: Vec<&OutboxCount> = counts
        .iter()
        .filter(|count| query.sink.as_ref().is_none_or(|sink| *sink == count.sink))
        .filter(|count| count.dead > 0 || !query.dead_only)
        .collect();
    let sum = |of: fn(&OutboxCount) -> u64| asked.iter().map(|count| of(count)).sum::<u64>();
    let words = |waiting: u64, dead: u64| {
        let dead = format!("{dead} dead {}", if dead == 1 { "letter" } else { "letters" });
        if query.dead_only { dead } else { format!("{waiting} waiting, {dead}") }
    };
    let mut text = words(sum(|count| count.waiting), sum(|count| count.dead));
    if asked.len() > 1 {
        for count in &asked {
            let sink = visible(count.sink.as_str());
            text.push_str(&format!("\n  {sink}: {}", words(count.waiting, count.dead)));
        }
    }
    Ok(text)
}
