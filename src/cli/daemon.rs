//! `run` and `poll`.

use anyhow::Context;
use clap::Args;

use super::out::{Out, complain, no_color};
use super::{ConfigArgs, Exit, LogArgs};
use crate::app::App;
use crate::engine::Pass;
use crate::lifecycle::{Signals, Systemd};
use crate::model::{Clock, Reason, visible};
use crate::observe::{self, Output};
use crate::store::StoreError;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Debug, Args)]
pub(super) struct PollArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    log: LogArgs,
    /// Print no summary
    #[arg(long, short)]
    quiet: bool,
}

/// Why the daemon could not start, as an exit code and in words.
pub(super) fn store_exit(error: &StoreError) -> Exit {
    complain(&error.to_string());
    if error.may_pass() { Exit::Later } else { Exit::BadConfig }
}

fn log_options(output: Output, style: Option<observe::LogStyle>) -> observe::Options {
    observe::Options {
        output,
        style,
        color: no_color().then_some(false),
        filter: std::env::var("RUST_LOG").ok(),
        clock: Clock::System,
        limits: observe::Limits::default(),
    }
}

pub(super) async fn run(args: RunArgs) -> anyhow::Result<Exit> {
    let signals = Signals::listen().context("cannot listen to signals")?;
    let Some(plan) = args.config.plan() else { return Ok(Exit::BadConfig) };
    let log = observe::init(log_options(Output::Stdout, args.log.style(&plan)))?;
    let around = args.config.surroundings();
    match App::open(plan, around, Clock::System, log.clone(), Pass::Forever).await {
        Ok(app) => app.run(&signals, Systemd::from_env()).await,
        Err(error) => return Ok(store_exit(&error)),
    }
    Ok(if signals.hard.is_cancelled() { Exit::Killed } else { Exit::Ok })
}

pub(super) async fn poll(args: PollArgs) -> anyhow::Result<Exit> {
    let signals = Signals::listen().context("cannot listen to signals")?;
    let Some(plan) = args.config.plan() else { return Ok(Exit::BadConfig) };
    let log = observe::init(log_options(Output::Stderr, args.log.style(&plan)))?;
    let around = args.config.surroundings();
    let app = match App::open(plan, around, Clock::System, log.clone(), Pass::Once).await {
        Ok(app) => app,
        Err(error) => return Ok(store_exit(&error)),
    };
    let (report, summary) = app.run_once(&signals).await;
    let feeds = report.good + report.failed.len();
    if !args.quiet {
        let mut out = Out::new();
        let refused = match summary.dead {
            0 => String::new(),
            dead => format!(", {dead} refused"),
        };
        out.line(&format!(
            "{feeds} feeds polled: {} well, {} failed; {} new items; {} alerts; {} deliveries made, \
             {} waiting{refused}; {:.1} s",
            report.good,
            report.failed.len(),
            summary.items,
            summary.alerts,
            summary.delivered,
            summary.waiting,
            summary.took.as_secs_f64(),
        ))?;
        for (feed, reason, message) in &report.failed {
            out.line(&format!("failed: {feed}: {reason}: {}", visible(message)))?;
        }
        out.flush()?;
    }
    if report.failed.iter().any(|(_, reason, _)| *reason == Reason::DiskFull) {
        return Ok(Exit::Later);
    }
    let all_failed = report.good == 0 && feeds > 0;
    let undelivered = summary.waiting + summary.dead > 0;
    Ok(if all_failed || undelivered || report.cut_short { Exit::No } else { Exit::Ok })
}
