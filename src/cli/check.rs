//! `check`: everything that is wrong with a config, at once.

use clap::Args;

use super::out::{Out, complain_of, tell_problems};
use super::{ConfigArgs, Exit};
use crate::engine::plan::Plan;
use crate::model::{Clock, Place, Problem};
use crate::observe::{Limits, LogStream, Output};
use crate::rules;
use crate::sinks::BuildContext;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print all that a term of a rule stands for, one a line, and look at no config: 'Харків~'
    #[arg(long, value_name = "TERM")]
    forms: Option<String>,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    if let Some(term) = &args.forms {
        return forms(term);
    }
    let Some(plan) = args.config.plan_to_look_at() else { return Ok(Exit::BadConfig) };
    let failed = plan.check_examples();
    if !failed.is_empty() {
        tell_problems(&failed);
        return Ok(Exit::BadConfig);
    }
    let mut out = Out::new();
    for warning in plan.warnings.iter().chain(&try_sinks(&plan)?) {
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

fn forms(term: &str) -> anyhow::Result<Exit> {
    let forms = match rules::forms(term) {
        Ok(forms) => forms,
        Err(problem) => {
            complain_of(&problem);
            return Ok(Exit::Trouble);
        }
    };
    let mut out = Out::new();
    for form in forms {
        out.line(&form)?;
    }
    out.flush()?;
    Ok(Exit::Ok)
}

/// Builds every sink and throws it away: what cannot be written from here may well be writable for
/// the service, so it is a warning.
fn try_sinks(plan: &Plan) -> anyhow::Result<Vec<Problem>> {
    let nowhere = Output::Writer(Box::new(std::io::sink()));
    let log = LogStream::start(nowhere, None, None, Clock::System, Limits::default())?;
    let mut warnings = Vec::new();
    for spec in &plan.sinks {
        if let Err(error) = spec.build(&BuildContext { log: log.clone(), bookmark: None }) {
            let place = Place::File(plan.path.clone());
            let problem = Problem::new(place, error.to_string());
            warnings.push(match &error.source {
                Some(cause) => problem.hint(format!("for the user who runs this check: {cause}")),
                None => problem,
            });
        }
    }
    Ok(warnings)
}
