//! `outbox`: what waits for the sinks, and what they would not take.

mod held;
mod list;

use std::collections::BTreeSet;

use clap::{Args, Subcommand};

use super::daemon::store_exit;
use super::out::{Out, complain};
use super::sink::not_there;
use super::{ConfigArgs, Exit};
use crate::engine::plan::Plan;
use crate::model::{SinkName, visible};
use crate::store::{
    OpenMode, OutboxQuery, OutboxRow, Rows, Selection, SqliteStore, Store, StoreError,
};

#[derive(Debug, Args)]
pub(super) struct OutboxArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print what waits for the sinks, and the dead letters
    List(list::ListArgs),
    /// Make deliveries due at once, dead letters too
    #[command(after_help = RETRY_HELP)]
    Retry(RetryArgs),
    /// Delete deliveries, so that they are never made; the alerts stay
    #[command(after_help = DROP_HELP)]
    Drop(DropArgs),
}

const RETRY_HELP: &str = "A daemon that runs looks within some seconds, also where it waits after \
    failures; without one they go out at the next start. Attempts count anew, so a delivery that was \
    given up has all its time again. A delivery that goes out in one message with others takes them \
    along, and the message keeps its id, so that a receiver which had it knows.\n\n\
    Exit codes: 0 done; 1 a row that was named is not there, or nothing is; 75 try again later.";

const DROP_HELP: &str = "A delivery that is being made at this moment may be made still.\n\n\
    Exit codes: 0 done; 1 a row that was named is not there, or nothing is; 75 try again later.";

#[derive(Debug, Args)]
struct RetryArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    which: Retried,
    /// Only dead letters
    #[arg(long)]
    dead: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Retried {
    /// The numbers that `outbox list` prints
    #[arg(value_name = "ROW", value_parser = clap::value_parser!(i64).range(1..))]
    rows: Vec<i64>,
    /// All of this sink
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
    /// All of every sink
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct DropArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    which: Dropped,
    /// Only dead letters
    #[arg(long)]
    dead: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Dropped {
    /// The numbers that `outbox list` prints
    #[arg(value_name = "ROW", value_parser = clap::value_parser!(i64).range(1..))]
    rows: Vec<i64>,
    /// All of this sink
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
}

/// What is done to deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Retry,
    Drop,
}

pub(super) async fn run(args: OutboxArgs) -> anyhow::Result<Exit> {
    match args.verb {
        Verb::List(args) => list::run(args).await,
        Verb::Retry(RetryArgs { config, which: Retried { rows, sink, all }, dead }) => {
            let rows = if all { Rows::All } else { selected(rows, sink) };
            change(&config, Selection { rows, dead_only: dead }, Deed::Retry).await
        }
        Verb::Drop(DropArgs { config, which: Dropped { rows, sink }, dead }) => {
            let rows = selected(rows, sink);
            change(&config, Selection { rows, dead_only: dead }, Deed::Drop).await
        }
    }
}

fn selected(rows: Vec<i64>, sink: Option<String>) -> Rows {
    match sink {
        Some(sink) => Rows::Of(SinkName::new(sink)),
        None => Rows::Numbers(rows),
    }
}

async fn change(config: &ConfigArgs, selection: Selection, deed: Deed) -> anyhow::Result<Exit> {
    let Some(plan) = config.plan_of_operator() else { return Ok(Exit::BadConfig) };
    let changed = async {
        let store = SqliteStore::open(&plan.store_path, OpenMode::Operator)?;
        if let Rows::Of(sink) = &selection.rows
            && !is_known(&store, &plan, sink).await?
        {
            return Ok(None);
        }
        let named = named(&store, &selection).await?;
        let count = match deed {
            Deed::Retry => store.outbox_retry(selection.clone()).await?,
            Deed::Drop => store.outbox_drop(selection.clone()).await?,
        };
        Ok(Some((named, count)))
    };
    let (Named { missing, sinks }, count) = match changed.await {
        Ok(Some(changed)) => changed,
        Ok(None) => return Ok(Exit::No),
        Err(error) => return Ok(store_exit(&error)),
    };
    for row in &missing {
        complain(&if selection.dead_only {
            format!("row {row} is no dead letter in the outbox")
        } else {
            format!("there is no row {row} in the outbox")
        });
    }
    let is_gone = |sink: &&SinkName| plan.sinks.iter().all(|spec| spec.name != **sink);
    for sink in sinks.iter().filter(is_gone).filter(|_| deed == Deed::Retry && count > 0) {
        let sink = visible(sink.as_str());
        complain(&format!("the config has no sink \"{sink}\"; they wait until it has"));
    }
    let what = match (selection.dead_only, count) {
        (true, 1) => "dead letter",
        (true, _) => "dead letters",
        (false, 1) => "delivery",
        (false, _) => "deliveries",
    };
    let done = match deed {
        Deed::Retry if count == 1 => "is due at once",
        Deed::Retry => "are due at once",
        Deed::Drop => "dropped",
    };
    let mut out = Out::new();
    out.line(&format!("{count} {what} {done}"))?;
    out.flush()?;
    Ok(if count == 0 || !missing.is_empty() { Exit::No } else { Exit::Ok })
}

/// Whether the config or the outbox knows a sink of that name; if neither does, that is told.
async fn is_known(store: &SqliteStore, plan: &Plan, sink: &SinkName) -> Result<bool, StoreError> {
    let counts = store.outbox().await?;
    let ours = plan.sinks.iter().map(|spec| spec.name.as_str());
    let known: BTreeSet<&str> =
        ours.chain(counts.iter().map(|count| count.sink.as_str())).collect();
    let is_known = known.contains(sink.as_str());
    if !is_known {
        not_there("sink", sink.as_str(), &known.into_iter().collect::<Vec<_>>());
    }
    Ok(is_known)
}

/// What a selection names.
#[derive(Debug, Default)]
struct Named {
    /// Rows that are not there.
    missing: Vec<i64>,
    /// Whose the others are.
    sinks: BTreeSet<SinkName>,
}

async fn named(store: &SqliteStore, selection: &Selection) -> Result<Named, StoreError> {
    let mut named = Named::default();
    let numbers = match &selection.rows {
        Rows::Numbers(numbers) => numbers,
        Rows::Of(sink) => {
            named.sinks.insert(sink.clone());
            return Ok(named);
        }
        Rows::All => {
            let counts = store.outbox().await?.into_iter();
            let meant = counts.filter(|count| count.dead > 0 || !selection.dead_only);
            named.sinks.extend(meant.map(|count| count.sink));
            return Ok(named);
        }
    };
    for row in numbers {
        let next = OutboxQuery { after: Some(row - 1), limit: 1, ..OutboxQuery::default() };
        let is_it = |found: &OutboxRow| found.row == *row && (found.dead || !selection.dead_only);
        match store.outbox_rows(next).await?.into_iter().find(is_it) {
            Some(found) => {
                named.sinks.insert(found.sink);
            }
            None => named.missing.push(*row),
        }
    }
    Ok(named)
}
