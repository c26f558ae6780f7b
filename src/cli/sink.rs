//! `sink`: the sinks of the config, tried and shown.

mod trial;

use clap::{Args, Subcommand};

use self::trial::TestArgs;
use super::out::{Out, complain};
use super::{ConfigArgs, Exit};
use crate::engine::plan::Plan;
use crate::model::{nearest, visible};
use crate::render;
use crate::sinks::{Filter, HealthAlerts, KINDS, SinkSpec};

#[derive(Debug, Args)]
pub(super) struct SinkArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Send a test alert through a sink, and print what came back
    #[command(after_help = trial::HELP)]
    Test(TestArgs),
    /// Print the sinks of the config, and which alerts each takes
    List(ListArgs),
    /// Print the kinds of sink that there are
    Kinds,
    /// Print a whole sink of a kind as TOML, to copy into a config
    Example(ExampleArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Args)]
struct ExampleArgs {
    /// One of those that `sink kinds` prints
    #[arg(value_name = "KIND")]
    kind: String,
}

pub(super) async fn run(args: SinkArgs) -> anyhow::Result<Exit> {
    match args.verb {
        Verb::Test(args) => trial::run(args).await,
        Verb::List(args) => list(&args),
        Verb::Kinds => kinds(),
        Verb::Example(args) => example(&args),
    }
}

const HEADER: [&str; 7] = ["sink", "kind", "levels", "rules", "tags", "status", "health"];

fn list(args: &ListArgs) -> anyhow::Result<Exit> {
    let Some(plan) = args.config.plan_of_service() else { return Ok(Exit::BadConfig) };
    let row = |spec: &SinkSpec| {
        let Filter { rules, levels, tags, status, health } = &spec.filter;
        let rules: Vec<&str> = rules.iter().map(|rule| rule.value.as_str()).collect();
        let tags: Vec<&str> = tags.iter().map(|tag| tag.value.as_str()).collect();
        let status: Vec<&str> = status.iter().map(|status| status.as_str()).collect();
        let levels: Vec<&str> = levels.iter().map(|level| level.as_str()).collect();
        let all = |list: String| if list.is_empty() { "all".to_owned() } else { list };
        let (none, health) = match health {
            HealthAlerts::Never => (false, "no"),
            HealthAlerts::Also => (false, "also"),
            HealthAlerts::Only => (true, "only"),
        };
        let chosen = |list: String| if none { "-".to_owned() } else { all(list) };
        vec![
            spec.name.to_string(),
            spec.kind_name.to_owned(),
            chosen(levels.join(",")),
            chosen(rules.join(",")),
            chosen(tags.join(",")),
            chosen(status.join(",")),
            health.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = plan.sinks.iter().map(row).collect();
    let mut out = Out::new();
    out.line(&render::table(&HEADER, &rows))?;
    out.flush()?;
    Ok(Exit::Ok)
}

fn kinds() -> anyhow::Result<Exit> {
    let rows: Vec<Vec<String>> =
        KINDS.iter().map(|kind| vec![kind.name.to_owned(), kind.summary.to_owned()]).collect();
    let mut out = Out::new();
    out.line(&render::table(&["kind", "what it does"], &rows))?;
    out.flush()?;
    Ok(Exit::Ok)
}

fn example(args: &ExampleArgs) -> anyhow::Result<Exit> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == args.kind) else {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        not_there("kind of sink", &args.kind, &names);
        return Ok(Exit::Trouble);
    };
    let mut out = Out::new();
    out.line(kind.example)?;
    out.flush()?;
    Ok(Exit::Ok)
}

/// Says that there is no such thing, which may have been meant, and what there is.
pub(super) fn not_there(what: &str, name: &str, known: &[&str]) {
    complain(&format!("there is no {what} \"{}\"", visible(name)));
    let all = known.join(", ");
    complain(&match nearest(name, known.iter().copied()) {
        _ if known.is_empty() => "hint: the config has none; add a [[sink]]".to_owned(),
        Some(near) => format!("hint: did you mean \"{near}\"? there are: {all}"),
        None => format!("hint: there are: {all}"),
    });
}

/// The sink called `name`; or nothing, and that told.
fn find<'p>(plan: &'p Plan, name: &str) -> Option<&'p SinkSpec> {
    let found = plan.sinks.iter().find(|spec| spec.name.as_str() == name);
    if found.is_none() {
        let names: Vec<&str> = plan.sinks.iter().map(|spec| spec.name.as_str()).collect();
        not_there("sink", name, &names);
    }
    found
}
