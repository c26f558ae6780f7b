//! `check`: everything that is wrong with a config, or with rule files, at once.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::out::{Out, complain_of, tell_problems};
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
    about a rule), path, line, column, message, hint."
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
    warnings: Vec<Problem>,
    findings: Findings,
    /// What was checked, in one line.
    summary: String,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    if let Some(term) = &args.forms {
        return forms(term);
    }
    let named: Vec<PathBuf> = args.files.iter().chain(&args.rules).cloned().collect();
    let checked = match read_rules(&named) {
        Ok(Some(own)) if args.config.is_given() => {
            args.config.plan_or_problems().and_then(|plan| check_rules(&named, &own, Some(&plan)))
        }
        Ok(Some(own)) => check_rules(&named, &own, None),
        Ok(None) => args.config.plan_or_problems().and_then(|plan| check_plan(&plan)),
        Err(problems) => Err(problems),
    };
    match checked {
        Ok(checked) => tell(&checked, args),
        Err(problems) => {
            match args.format {
                Format::Text => tell_problems(&problems),
                Format::Json => {
                    let mut out = Out::new();
                    for problem in &problems {
                        out.line(&json_line(&Line::new("error", None, problem))?)?;
                    }
                    out.flush()?;
                }
            }
            Ok(Exit::BadConfig)
        }
    }
}

fn check_rules(
    named: &[PathBuf],
    own: &RuleFiles,
    plan: Option<&Plan>,
) -> Result<Checked, Vec<Problem>> {
    let names: Vec<String> = named.iter().map(|path| path.display().to_string()).collect();
    let RuleFiles { rules, files } = own;
    Ok(Checked {
        findings: look_at(rules, files, plan)?,
        summary: format!("{}: ok: {} rules", names.join(" "), rules.rules().count()),
        ..Checked::default()
    })
}

fn check_plan(plan: &Plan) -> Result<Checked, Vec<Problem>> {
    let findings = look_at(&plan.rules, &plan.rule_files, Some(plan))?;
    let disabled = plan.feeds.iter().filter(|feed| !feed.enabled).count();
    Ok(Checked {
        warnings: plan.warnings.iter().cloned().chain(try_sinks(plan)).collect(),
        findings,
        summary: format!(
            "{}: ok: {} feeds ({disabled} of them disabled), {} rules, {} sinks; state in {}",
            plan.path.display(),
            plan.feeds.len(),
            plan.rules.rules().count(),
            plan.sinks.len(),
            plan.store_path.display(),
        ),
    })
}

/// What the lints find, or the examples that fail.
fn look_at(
    rules: &RuleSet,
    files: &[Document],
    plan: Option<&Plan>,
) -> Result<Findings, Vec<Problem>> {
    let failed = rules.check_examples(files);
    if !failed.is_empty() {
        return Err(failed);
    }
    let feeds: Option<Vec<(FeedId, Vec<String>)>> = plan
        .map(|plan| plan.feeds.iter().map(|feed| (feed.id.clone(), feed.tags.clone())).collect());
    Ok(rules.lint(files, feeds.as_deref()))
}

fn tell(checked: &Checked, args: &CheckArgs) -> anyhow::Result<Exit> {
    let Checked { warnings, findings, summary } = checked;
    let mut out = Out::new();
    match args.format {
        Format::Text => {
            for warning in warnings {
                out.line(&format!("warning: {warning}\n"))?;
            }
            for Finding { lint, problem } in &findings.told {
                out.line(&format!("warning[{}]: {problem}\n\n", lint.as_str()))?;
            }
            if findings.more > 0 {
                out.line(&format!("warning: {} further warnings are not shown", findings.more))?;
            }
            out.line(&visible(summary))?;
        }
        Format::Json => {
            for warning in warnings {
                out.line(&json_line(&Line::new("warning", None, warning))?)?;
            }
            for Finding { lint, problem } in &findings.told {
                out.line(&json_line(&Line::new("warning", Some(lint.as_str()), problem))?)?;
            }
        }
    }
    out.flush()?;
    let warned = !warnings.is_empty() || !findings.is_empty();
    Ok(if args.strict && warned { Exit::No } else { Exit::Ok })
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
        if let Err(error) = spec.build(&BuildContext { log: log.clone(), bookmark: None }) {
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
