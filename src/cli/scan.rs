//! `scan`: documents against rules, without state.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;

use super::input::{Document, Reading, configured, stand_in};
use super::out::{Out, Whose, complain, tell_problems};
use super::{AlertFormat, ConfigArgs, Exit};
use crate::engine::plan::{Plan, RuleFiles, read_rules};
use crate::model::{Alert, AlertFeed, Clock, ParsedFeed, json_line};
use crate::render;
use crate::rules::{RuleSet, Scratch, Subject};

#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// A rule file, or a folder of them, to match against, instead of the config's (may be repeated)
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// How to print the alerts
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    format: AlertFormat,
    /// Feed documents: files, `-` for standard input, or http(s) URLs
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
}

/// What a scan goes by; one of the two is there.
struct Given {
    plan: Option<Plan>,
    /// The rules of `--rules`, which take the place of the plan's.
    own: Option<RuleFiles>,
}

/// Reads the config, unless there are `--rules` and nothing of a config is given. Nothing if that
/// fails; it is told.
fn given(args: &ScanArgs) -> Option<Given> {
    let plan = match args.rules.is_empty() || args.config.is_given() {
        true => Some(args.config.plan_to_look_at()?),
        false => None,
    };
    match read_rules(&args.rules) {
        Ok(own) => Some(Given { plan, own }),
        Err(problems) => {
            tell_problems(&problems, Whose::Rules);
            None
        }
    }
}

pub(super) async fn run(args: ScanArgs) -> anyhow::Result<Exit> {
    let Some(Given { plan, own }) = given(&args) else { return Ok(Exit::Trouble) };
    let plan = plan.as_ref();
    let own = own.as_ref().map(|own| &own.rules);
    let Some(rules) = own.or(plan.map(|plan| &plan.rules)) else {
        return Ok(Exit::Trouble);
    };
    let reading = Reading::by(plan);
    let mut out = Out::new();
    let (mut matched, mut trouble) = (false, false);
    for source in &args.inputs {
        let read = match reading.open(source).await {
            Ok(document) => document.parse().map(|parsed| (document, parsed)),
            Err(error) => Err(error),
        };
        match read {
            Ok((document, parsed)) => {
                for alert in alerts(source, &document, &parsed, rules, plan) {
                    matched = true;
                    match args.format {
                        AlertFormat::Jsonl => out.line(&json_line(&alert)?)?,
                        AlertFormat::Text => out.line(&render::alert(&alert, out.color))?,
                    }
                }
            }
            Err(error) => {
                trouble = true;
                complain(&format!("{source}: {}: {}", error.reason, error.message));
            }
        }
    }
    out.flush()?;
    Ok(match (trouble, matched) {
        (true, _) => Exit::Trouble,
        (false, true) => Exit::Ok,
        (false, false) => Exit::No,
    })
}

fn alerts(
    source: &str,
    document: &Document,
    parsed: &ParsedFeed,
    rules: &RuleSet,
    plan: Option<&Plan>,
) -> Vec<Alert> {
    let configured = plan.and_then(|plan| configured(plan, source, document));
    let id = match configured {
        Some(feed) => feed.id.clone(),
        None => stand_in(source, document, parsed),
    };
    let given = configured.and_then(|feed| feed.title.clone());
    let feed = AlertFeed {
        title: given.or_else(|| parsed.title.clone()).unwrap_or_else(|| id.to_string()),
        url: document.url.as_ref().map_or_else(|| source.to_owned(), ToString::to_string),
        id,
    };
    let tags = configured.map_or(&[][..], |feed| &feed.tags);
    let now = Clock::System.now().wall;
    let mut seen = HashSet::new();
    let mut scratch = Scratch::default();
    parsed
        .whole_items()
        .iter()
        .filter(|item| seen.insert(item.id.as_str()))
        .filter_map(|item| {
            let subject = Subject { item, feed: &feed.id, feed_tags: tags };
            let hits = rules.matches_with(&subject, &mut scratch);
            (!hits.is_empty()).then(|| Alert::raise(feed.clone(), item, hits, now))
        })
        .collect()
}
