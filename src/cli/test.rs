//! `test`: the rules' own examples, each with how it came out.

mod junit;
mod report;

use std::path::PathBuf;

use clap::Args;

use super::out::{Out, Whose, complain, tell_problems};
use super::{ConfigArgs, Exit};
use crate::document::Document;
use crate::engine::plan::{RuleFiles, read_rules};
use crate::model::json_line;
use crate::rules::RuleSet;
use report::Report;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 every example came out as written; 1 at least one did not; 2 \
    the files named cannot be loaded; 78 the config cannot be loaded.\n\n\
    A rule without examples is told, and is no failure.\n\n\
    --format json prints one object: passed, rules, examples, ok, failed; files (path, rules, \
    examples, ok, failed); results, one for each example (rule, file, line, column, expects \
    \"match\" or \"ignore\", title, summary, content, language, ok, and of a failure message and \
    hint); untested, the ids of rules without examples."
)]
pub(super) struct TestArgs {
    /// Rule files, folders (their *.toml) or globs; lists may be named across all of them [default:
    /// the config's rules]
    #[arg(value_name = "RULES")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Run the examples of this rule only (may be repeated)
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// How to print what came out
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// What failed, and a summary for each file.
    Text,
    /// One JSON object.
    Json,
    /// JUnit's XML: a test suite for each file, a test case for each example.
    Junit,
}

pub(super) fn run(args: &TestArgs) -> anyhow::Result<Exit> {
    match read_rules(&args.files) {
        Ok(Some(RuleFiles { rules, files })) => test(args, &rules, &files),
        Ok(None) => match args.config.plan_to_look_at() {
            Some(plan) => test(args, &plan.rules, &plan.rule_files),
            None => Ok(Exit::BadConfig),
        },
        Err(problems) => {
            tell_problems(&problems, Whose::Rules);
            Ok(Exit::Trouble)
        }
    }
}

fn test(args: &TestArgs, rules: &RuleSet, files: &[Document]) -> anyhow::Result<Exit> {
    let unknown =
        args.rule.iter().find(|id| !rules.rules().any(|rule| rule.id.as_str() == id.as_str()));
    if let Some(id) = unknown {
        complain(&format!("there is no rule \"{id}\""));
        return Ok(Exit::Trouble);
    }
    let wanted = |id: &str| args.rule.is_empty() || args.rule.iter().any(|one| one == id);
    let report = Report::new(rules, files, wanted);
    let mut out = Out::new();
    match args.format {
        Format::Text => out.line(&report.text())?,
        Format::Json => out.line(&json_line(&report)?)?,
        Format::Junit => out.line(&junit::render(&report)?)?,
    }
    out.flush()?;
    Ok(if report.passed { Exit::Ok } else { Exit::No })
}
