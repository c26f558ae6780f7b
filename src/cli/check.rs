//! `check`: everything that is wrong with a config, at once.

use clap::Args;

use super::out::{Out, tell_problems};
use super::{ConfigArgs, Exit};

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let Some(plan) = args.config.plan() else { return Ok(Exit::BadConfig) };
    let failed = plan.check_examples();
    if !failed.is_empty() {
        tell_problems(&failed);
        return Ok(Exit::BadConfig);
    }
    let mut out = Out::new();
    for warning in &plan.warnings {
        out.line(&format!("warning: {warning}\n"))?;
    }
    let disabled = plan.feeds.iter().filter(|feed| !feed.enabled).count();
    out.line(&format!(
        "{}: ok: {} feeds ({disabled} of them disabled), {} rules, {} sinks; state in {}",
        plan.path.display(),
        plan.feeds.len(),
        plan.rules.rules().count(),
        plan.sinks.len(),
        plan.store_path.display(),
    ))?;
    out.flush()?;
    Ok(Exit::Ok)
}
