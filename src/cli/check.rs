//! `check`: everything that is wrong with a config, or with rule files, at once.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::out::{Out, Whose, complain_of, tell_problems};
use super::{ConfigArgs, Exit};
use crate::document::Document;
use crate::engine::plan::{Plan, RuleFiles, read_rules};
use crate::model::{Clock, FeedId, Place, Problem, json_line, visible};
use crate::observe::{Limits, LogStream, Output};
use crate::rules::{self, Finding, Findings, RuleSet};
use crate::sinks::BuildContext;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 it can be run, with warnings perhaps; 1 there are warnings, and \
    --strict was given; 78 something is wrong.\n\n\
    Warnings name their lint in brackets. A comment switches one off on its own line, or from the \
    line before: # lint-ok: homonym\n\n\
    --format json prints a line for each problem: severity (error or warning), lint (of a warning \
    about a rule), path, line, column, message, hint. If warnings are left out, a last line says how \
    many: severity, message, more."
)]
pub(super) struct CheckArgs {
    /// Rule files, folders (their *.toml) or globs to check, without a config unless one is given
    #[arg(value_name = "RULES")]
    files: Vec<PathBuf>,
    /// The same, one at a time (may be repeated)
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Exit with 1 if there is a warning
    #[arg(long, alias = "deny-warnings")]
    strict: bool,
    /// How to print what is found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Print all that a term of a rule stands for, one a line, and look at no config: 'Харків~'
    #[arg(long, value_name = "TERM")]
    forms: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What a check came to.
#[derive(Default)]
struct Checked {
    /// The examples that fail.
    failed: Vec<Problem>,
    warnings: Vec<Problem>,
    findings: Findings,
    /// What was checked, in one line.
    summary: String,
}

/// What cannot be loaded: whose problems, and which.
type Refused = (Whose, Vec<Problem>);

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    if let Some(term) = &args.forms {
        return forms(term);
    }
    let named: Vec<PathBuf> = args.files.iter().chain(&args.rules).cloned().collect();
    let whose = if named.is_empty() { Whose::Config } else { Whose::Rules };
    match check(&named, args) {
        Ok(checked) => tell(&checked, whose, args),
        Err((whose, problems)) => {
            let mut out = Out::new();
            tell_errors(&problems, whose, args, &mut out)?;
            out.flush()?;
            Ok(Exit::BadConfig)
        }
    }
}

fn check(named: &[PathBuf], args: &CheckArgs) -> Result<Checked, Refused> {
    let plan = || args.config.plan_or_problems().map_err(|problems| (Whose::Config, problems));
    match read_rules(named) {
        Ok(Some(own)) if args.config.is_given() => Ok(check_rules(named, &own, Some(&plan()?))),
        Ok(Some(own)) => Ok(check_rules(named, &own, None)),
        Ok(None) => Ok(check_plan(&plan()?)),
        Err(problems) => Err((Whose::Rules, problems)),
    }
}

fn check_rules(named: &[PathBuf], own: &RuleFiles, plan: Option<&Plan>) -> Checked {
    let names: Vec<String> = named.iter().map(|path| path.display().to_string()).collect();
    let RuleFiles { rules, files } = own;
    Checked {
        summary: format!("{}: ok: {} rules", names.join(" "), rules.rules().count()),
        ..look_at(rules, files, plan)
    }
}

fn check_plan(plan: &Plan) -> Checked {
    let disabled = plan.feeds.iter().filter(|feed| !feed.enabled).count();
    Checked {
        warnings: plan.warnings.iter().cloned().chain(try_sinks(plan)).collect(),
        summary: format!(
            "{}: ok: {} feeds ({disabled} of them disabled), {} rules, {} sinks; state in {}",
            plan.path.display(),
            plan.feeds.len(),
            plan.rules.rules().count(),
            plan.sinks.len(),
            plan.store_path.display(),
        ),
        ..look_at(&plan.rules, &plan.rule_files, Some(plan))
    }
}

/// The examples that fail, and what the lints find.
fn look_at(rules: &RuleSet, files: &[Document], plan: Option<&Plan>) -> Checked {
    let feeds: Option<Vec<(FeedId, Vec<String>)>> = plan
        .map(|plan| plan.feeds.iter().map(|feed| (feed.id.clone(), feed.tags.clone())).collect());
    Checked {
        failed: rules.check_examples(files),
        findings: rules.lint(files, feeds.as_deref()),
        ..Checked::default()
    }
}

fn tell_errors(
    problems: &[Problem],
    whose: Whose,
    args: &CheckArgs,
    out: &mut Out,
) -> anyhow::Result<()> {
    match args.format {
        Format::Text => tell_problems(problems, whose),
        Format::Json => {
            for problem in problems {
                out.line(&json_line(&Line::new("error", None, problem))?)?;
            }
        }
    }
    Ok(())
}

fn tell(checked: &Checked, whose: Whose, args: &CheckArgs) -> anyhow::Result<Exit> {
    let Checked { failed, warnings, findings, summary } = checked;
    let mut out = Out::new();
    if !failed.is_empty() {
        tell_errors(failed, whose, args, &mut out)?;
    }
    let more =
        (findings.more > 0).then(|| format!("{} further warnings are not shown", findings.more));
    match args.format {
        Format::Text => {
            for warning in warnings {
                out.line(&format!("warning: {warning}\n"))?;
            }
            for Finding { lint, problem } in &findings.told {
                out.line(&format!("warning[{}]: {problem}\n\n", lint.as_str()))?;
            }
            if let Some(more) = more {
                out.line(&format!("warning: {more}"))?;
            }
            if failed.is_empty() {
                out.line(&visible(summary))?;
            }
        }
        Format::Json => {
            for warning in warnings {
                out.line(&json_line(&Line::new("warning", None, warning))?)?;
            }
            for Finding { lint, problem } in &findings.told {
                out.line(&json_line(&Line::new("warning", Some(lint.as_str()), problem))?)?;
            }
            if let Some(message) = more {
                let (severity, more) = ("warning", findings.more);
                out.line(&json_line(&Rest { severity, message, more })?)?;
            }
        }
    }
    out.flush()?;
    let warned = !warnings.is_empty() || !findings.is_empty();
    Ok(match failed.is_empty() {
        false => Exit::BadConfig,
        true if args.strict && warned => Exit::No,
        true => Exit::Ok,
    })
}

/// That there are further warnings, as JSON.
#[derive(Serialize)]
struct Rest {
    severity: &'static str,
    message: String,
    /// How many.
    more: usize,
}

/// A problem as JSON.
#[derive(Serialize)]
struct Line<'a> {
    severity: &'static str,
    lint: Option<&'static str>,
    path: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    hint: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn new(severity: &'static str, lint: Option<&'static str>, problem: &'a Problem) -> Self {
        let (path, place) = match &problem.place {
            Place::Span { path, line, column, .. } => (Some(path), Some((*line, *column))),
            Place::File(path) => (Some(path), None),
            Place::Env(_) | Place::Flag(_) => (None, None),
        };
        Self {
            severity,
            lint,
            path: path.map(|path| path.display().to_string()),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            message: &problem.message,
            hint: problem.hint.as_deref(),
        }
    }
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
fn try_sinks(plan: &Plan) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let nowhere = Output::Writer(Box::new(std::io::sink()));
    let log = match LogStream::start(nowhere, None, None, Clock::System, Limits::default()) {
        Ok(log) => log,
        Err(error) => {
            let message = format!("the sinks could not be tried: {error}");
            return vec![Problem::new(Place::File(plan.path.clone()), message)];
        }
    };
    for spec in &plan.sinks {
        let user_agent = plan.poll.user_agent();
        let clock = Clock::System;
        let context = BuildContext { log: log.clone(), bookmark: None, user_agent, clock };
        if let Err(error) = spec.build(&context) {
            let place = Place::File(plan.path.clone());
            let problem = Problem::new(place, error.to_string());
            warnings.push(match &error.source {
                Some(cause) => problem.hint(format!("for the user who runs this check: {cause}")),
                None => problem,
            });
        }
    }
    warnings
}
