//! `explain`: why each rule fires on an item, or does not.

mod facts;
mod subject;
mod text;

use std::path::PathBuf;

use clap::Args;

use super::out::{Out, Whose, complain, tell_problems};
use super::{ConfigArgs, Exit};
use crate::engine::plan::{Plan, RuleFiles, read_rules};
use crate::model::{FeedId, json_line, language_tag};
use crate::rules::{Explainer, Explanation, Heed, RuleSet, Subject};
use facts::facts;
use subject::{Asked, Found, Refusal};

#[derive(Debug, Args)]
#[command(after_help = "\
    Of each rule that fires: its hits, each with its term, field and place, and the company that \
    it needed. Of each other rule: how near it came, if anything is near. Places are byte offsets \
    in the plain text of the field, as in alerts.\n\n\
    INPUT is, in this order: `-` for standard input; an http(s) URL, which names the stored item \
    with this link, else is fetched; a file; the id of a stored item or alert; else, if it has white \
    space in it, a text to explain as a headline. A feed document gives its items, a web page its title and text, any other text its first line as title and the \
    rest as content. Without --rules the config's rules are asked, and its store is looked into.\n\n\
    For a text, rules apply whatever feeds they look at, unless --feed says which feed it is from.\n\n\
    Exit codes: 0 a rule fires; 1 none does; 2 trouble: nothing to explain was found or could be \
    read, or --rules cannot be loaded; 78 the config or the store cannot be \
    used.\n\n\
    --format json prints an object a line for each item: feed, item (id, title, link, language), \
    fires (the ids of rules), rules (rule, title, level, fires, out_of_scope, hits, misses) and \
    nothing_near, the ids of all others; and hits_left_out, if terms stand in it more often than is \
    looked at.")]
pub(super) struct ExplainArgs {
    /// A rule file, or a folder of them, to ask instead of the config's (may be repeated)
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Tell of this rule only, and of all its ways to fire (may be repeated)
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// The feed that it is from; of several stored items, the one of this feed
    #[arg(long, value_name = "ID")]
    feed: Option<String>,
    /// The language that it is in, instead of what it says (BCP 47, such as uk)
    #[arg(long, value_name = "TAG", value_parser = read_tag)]
    language: Option<String>,
    /// Explain no more items than this of a document
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    what: WhatArgs,
}

/// What to explain: a text given by hand, or something to be read.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = true)]
struct WhatArgs {
    /// Explain this text, as a headline
    #[arg(long, visible_alias = "title", value_name = "TEXT", conflicts_with = "input")]
    text: Option<String>,
    /// Explain this text, as a summary
    #[arg(long, value_name = "TEXT", conflicts_with = "input")]
    summary: Option<String>,
    /// Explain this text, as content
    #[arg(long, value_name = "TEXT", conflicts_with = "input")]
    content: Option<String>,
    /// A file, `-`, an http(s) URL, the id of a stored item or alert, or a text
    #[arg(value_name = "INPUT")]
    input: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What it goes by.
struct Given {
    plan: Option<Plan>,
    /// The rules of `--rules`, which take the place of the plan's.
    own: Option<RuleFiles>,
}

fn read_tag(text: &str) -> Result<String, String> {
    language_tag(text).ok_or_else(|| "not a language tag, such as `uk` or `de-AT`".to_owned())
}

/// Reads the rules, and the config unless it is not needed. What fails is told.
fn given(args: &ExplainArgs) -> Result<Given, Exit> {
    let own = read_rules(&args.rules).map_err(|problems| {
        tell_problems(&problems, Whose::Rules);
        Exit::Trouble
    })?;
    // A name can only be looked up in a store, of which a config tells where it is.
    let is_name = args.what.input.as_deref().is_some_and(subject::is_name);
    let look_up = is_name && args.config.path().exists();
    let plan = match own.is_none() || args.config.is_given() || look_up {
        true => Some(args.config.plan_of_service().ok_or(Exit::BadConfig)?),
        false => None,
    };
    Ok(Given { plan, own })
}

pub(super) async fn run(args: ExplainArgs) -> anyhow::Result<Exit> {
    let Given { plan, own } = match given(&args) {
        Ok(given) => given,
        Err(exit) => return Ok(exit),
    };
    let own = own.as_ref().map(|own| &own.rules);
    let Some(rules) = own.or(plan.as_ref().map(|plan| &plan.rules)) else {
        return Ok(Exit::Trouble);
    };
    let unknown =
        args.rule.iter().find(|id| !rules.rules().any(|rule| rule.id.as_str() == id.as_str()));
    if let Some(id) = unknown {
        complain(&format!("there is no rule \"{id}\""));
        return Ok(Exit::Trouble);
    }
    match subject::find(&args, plan.as_ref()).await {
        Ok(found) => tell(&args, rules, &found),
        Err(Refusal(exit)) => Ok(exit),
    }
}

fn tell(args: &ExplainArgs, rules: &RuleSet, found: &Found) -> anyhow::Result<Exit> {
    let explainer = rules.explainer();
    let mut out = Out::new();
    let mut exit = Exit::No;
    for asked in &found.asked {
        let told = explain(&explainer, asked, &args.rule);
        let left_out = explainer.leaves_out_hits(&asked.item);
        if told.iter().any(|told| told.fires) {
            exit = Exit::Ok;
        }
        match args.format {
            Format::Json => out.line(&json_line(&facts(asked, &told, left_out))?)?,
            Format::Text => {
                let whole = !args.rule.is_empty();
                out.line(&text::render(asked, &told, whole, out.color))?;
                if left_out {
                    out.line(text::HITS_LEFT_OUT)?;
                }
            }
        }
    }
    if found.left_out > 0 {
        let told =
            format!("{} more items are not explained; --limit says how many", found.left_out);
        match args.format {
            Format::Json => complain(&told),
            Format::Text => out.line(&told)?,
        }
    }
    if found.asked.is_empty() {
        complain("there is no item in it");
    }
    out.flush()?;
    Ok(exit)
}

fn explain(explainer: &Explainer<'_>, asked: &Asked, only: &[String]) -> Vec<Explanation> {
    let (feed, heed) = match &asked.feed {
        Some(feed) => (feed.clone(), Heed::Feed),
        None => (FeedId::new(""), Heed::AnyFeed),
    };
    let subject = Subject { item: &asked.item, feed: &feed, feed_tags: &asked.tags };
    let mut told = explainer.explain(&subject, heed);
    told.retain(|told| only.is_empty() || only.iter().any(|id| told.rule.as_str() == id));
    told
}
