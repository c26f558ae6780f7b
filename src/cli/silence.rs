//! `silence`: alerts that are not to be delivered for a while.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::daemon::store_exit;
use super::out::{Out, complain, complain_of};
use super::{AlertFormat, ConfigArgs, Exit};
use crate::engine::plan::Plan;
use crate::model::{Clock, Timestamp, json_line, visible};
use crate::render;
use crate::silence::{Matcher, Silence, Text};
use crate::store::{Muted, MutedQuery, OpenMode, SqliteStore, Store, StoreError};

#[derive(Debug, Args)]
pub(super) struct SilenceArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Keep alerts from all sinks for a while; prints the silence's id
    #[command(after_help = ADD_HELP)]
    Add(AddArgs),
    /// Print silences and what they muted
    List(ListArgs),
    /// End silences now
    Expire(ExpireArgs),
}

const ADD_HELP: &str = "All that is given must hold. --rule, --feed and --tag are whole names, or the \
    beginnings of names if they end in `*`. An alert that several rules raised is muted only if each \
    of them has that id and that tag. --text is a term as rules have them (`Kharkiv`, `Харків~`, \
    `peace talk*`, a phrase), looked for in headline and excerpt.\n\n\
    A silence covers alerts that are raised or delivered while it lasts. They are raised and stored \
    all the same: `wirewatch alerts` shows which were muted. A delivery that is being made at this \
    moment may be made still.\n\n\
    Exit codes: 0 done; 2 a wrong command line or term; 75 try again later.";

#[derive(Debug, Args)]
struct AddArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    matcher: MatcherArgs,
    #[command(flatten)]
    expiry: ExpiryArgs,
    /// Who wants it
    #[arg(long, value_name = "NAME")]
    author: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    comment: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct MatcherArgs {
    /// Alerts of this rule
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Alerts from this feed
    #[arg(long, value_name = "ID")]
    feed: Option<String>,
    /// Alerts of rules with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Alerts with this term in headline or excerpt
    #[arg(long, value_name = "TERM")]
    text: Option<String>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct ExpiryArgs {
    /// How long it lasts, such as 90m, 2h or 3d; at most 366 days
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    lasts: Option<Duration>,
    /// When it ends, such as 2026-11-27T06:00:00Z or 2026-11-27T08:00:00+02:00
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| {
        "expected date, time and offset (RFC 3339), such as 2026-11-27T06:00:00Z".to_owned()
    })
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Those that have ended too, until retention
    #[arg(long)]
    all: bool,
    /// How to print them; jsonl has the alerts that were muted, the last 1,000 of each
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: AlertFormat,
}

#[derive(Debug, Args)]
struct ExpireArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The ids that `silence list` prints
    #[arg(required = true, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    ids: Vec<i64>,
}

/// The longest that a silence lasts.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// So many of what a silence muted are printed, the last.
const SHOWN: usize = 1000;

pub(super) async fn run(args: SilenceArgs) -> anyhow::Result<Exit> {
    let outcome = match args.verb {
        Verb::Add(args) => add(args).await,
        Verb::List(args) => list(args).await,
        Verb::Expire(args) => expire(args).await,
    };
    match outcome {
        Ok(exit) => Ok(exit),
        Err(error) => match error.downcast_ref::<StoreError>() {
            Some(error) => Ok(store_exit(error)),
            None => Err(error),
        },
    }
}

async fn add(args: AddArgs) -> anyhow::Result<Exit> {
    let now = Clock::System.now().wall;
    let silence = match read(&args, now) {
        Ok(silence) => silence,
        Err(Refused::Said(message)) => {
            complain(&message);
            return Ok(Exit::Trouble);
        }
        Err(Refused::Term(problem)) => {
            complain_of(&problem);
            return Ok(Exit::Trouble);
        }
    };
    let Some(plan) = args.config.plan_of_operator() else { return Ok(Exit::BadConfig) };
    let store = SqliteStore::open(&plan.store_path, OpenMode::Operator)?;
    for unknown in unknown(&silence.matcher, &plan) {
        complain(&unknown);
    }
    let id = match store.add_silence(silence.clone()).await {
        Err(error @ StoreError::TooMany(..)) => {
            complain(&format!("{error}; those that ended go with the alerts, at retention"));
            return Ok(Exit::Trouble);
        }
        added => added?,
    };
    let mut out = Out::new();
    out.line(&id.to_string())?;
    out.flush()?;
    let Silence { matcher, expires_at, .. } = &silence;
    complain(&format!("silence {id} mutes {} until {expires_at}", words(matcher)));
    Ok(Exit::Ok)
}

/// Why a silence is not added.
enum Refused {
    Said(String),
    Term(crate::model::Problem),
}

fn read(args: &AddArgs, now: Timestamp) -> Result<Silence, Refused> {
    let said = |message: &str| Err(Refused::Said(message.to_owned()));
    let MatcherArgs { rule, feed, tag, text } = &args.matcher;
    for (flag, name) in [("--rule", rule), ("--feed", feed), ("--tag", tag)] {
        let Some(name) = name else { continue };
        if name.is_empty() || name.len() > Silence::MAX_NAME {
            return said(&format!("{flag}: a name has 1 to {} bytes", Silence::MAX_NAME));
        }
        if name[..name.len() - 1].contains('*') {
            return said(&format!("{flag} \"{name}\": `*` stands only at the end"));
        }
    }
    let text = match text {
        Some(term) => Some(Text::new(term).map_err(Refused::Term)?),
        None => None,
    };
    let author = args.author.trim();
    if author.is_empty() || author.len() > Silence::MAX_NAME {
        return said(&format!("--author: say who, in 1 to {} bytes", Silence::MAX_NAME));
    }
    if args.comment.len() > Silence::MAX_COMMENT {
        return said(&format!("--comment: at most {} bytes", Silence::MAX_COMMENT));
    }
    let expires_at = match args.expiry {
        ExpiryArgs { until: Some(until), .. } => until,
        ExpiryArgs { lasts, .. } => now.plus(lasts.unwrap_or_default()),
    };
    if expires_at <= now {
        return said(&format!("it would end at {expires_at}, and it is {now} now"));
    }
    if expires_at.since(now) > LONGEST {
        return said("a silence lasts at most 366 days; leave out the sink or the rule instead");
    }
    Ok(Silence {
        id: 0,
        matcher: Matcher { rule: rule.clone(), feed: feed.clone(), tag: tag.clone(), text },
        author: author.to_owned(),
        comment: args.comment.trim().to_owned(),
        starts_at: now,
        expires_at,
        muted: 0,
    })
}

/// What the matcher names and the config does not have, in words.
fn unknown(matcher: &Matcher, plan: &Plan) -> Vec<String> {
    let mut told = Vec::new();
    let mut ask = |what: &str, name: &Option<String>, has: &dyn Fn(&str) -> bool| {
        if let Some(name) = name.as_deref().filter(|name| !has(name)) {
            told.push(format!(
                "the config has no {what} \"{name}\"; the silence is added all the same"
            ));
        }
    };
    ask("rule", &matcher.rule, &|name| {
        plan.rules.rules().any(|rule| Matcher::names(name, rule.id.as_str()))
    });
    ask("feed", &matcher.feed, &|name| {
        plan.feeds.iter().any(|feed| Matcher::names(name, feed.id.as_str()))
    });
    ask("rule with the tag", &matcher.tag, &|name| {
        plan.rules.rules().any(|rule| rule.tags.iter().any(|tag| Matcher::names(name, tag)))
    });
    told
}

/// A matcher in words.
fn words(matcher: &Matcher) -> String {
    let Matcher { rule, feed, tag, text } = matcher;
    let parts = [
        ("rule", rule.as_deref()),
        ("feed", feed.as_deref()),
        ("tag", tag.as_deref()),
        ("text", text.as_ref().map(Text::as_str)),
    ];
    let parts = parts.iter().filter_map(|(what, name)| Some(format!("{what} {}", (*name)?)));
    visible(&parts.collect::<Vec<_>>().join(", ")).into_owned()
}

/// A silence as JSON.
#[derive(Serialize)]
struct Facts<'a> {
    id: i64,
    state: &'static str,
    rule: Option<&'a str>,
    feed: Option<&'a str>,
    tag: Option<&'a str>,
    text: Option<&'a str>,
    author: &'a str,
    comment: &'a str,
    starts_at: Timestamp,
    expires_at: Timestamp,
    muted: u64,
    alerts: Vec<MutedFacts<'a>>,
}

#[derive(Serialize)]
struct MutedFacts<'a> {
    alert: &'a str,
    sink: &'a str,
    at: Timestamp,
    title: &'a str,
}

const HEADER: [&str; 7] = ["id", "state", "until", "muted", "mutes", "author", "comment"];

async fn list(args: ListArgs) -> anyhow::Result<Exit> {
    let Some(plan) = args.config.plan_of_operator() else { return Ok(Exit::BadConfig) };
    let store = SqliteStore::open(&plan.store_path, OpenMode::Reader)?;
    let now = Clock::System.now().wall;
    let mut silences = store.silences().await?;
    silences.retain(|silence| args.all || now < silence.expires_at);
    let mut out = Out::new();
    match args.format {
        AlertFormat::Text => {
            let rows: Vec<_> = silences.iter().map(|silence| cells(silence, now)).collect();
            out.line(&render::table(&HEADER, &rows))?;
        }
        AlertFormat::Jsonl => {
            for silence in &silences {
                let muted = store.muted(MutedQuery { silence: silence.id, limit: SHOWN }).await?;
                out.line(&json_line(&facts(silence, &muted, now))?)?;
            }
        }
    }
    out.flush()?;
    Ok(Exit::Ok)
}

fn state(silence: &Silence, now: Timestamp) -> &'static str {
    if silence.is_active(now) {
        "active"
    } else if now < silence.starts_at {
        "pending"
    } else {
        "expired"
    }
}

fn cells(silence: &Silence, now: Timestamp) -> Vec<String> {
    vec![
        silence.id.to_string(),
        state(silence, now).to_owned(),
        silence.expires_at.to_string(),
        silence.muted.to_string(),
        words(&silence.matcher),
        visible(&silence.author).into_owned(),
        visible(&silence.comment).into_owned(),
    ]
}

fn facts<'a>(silence: &'a Silence, muted: &'a [Muted], now: Timestamp) -> Facts<'a> {
    let Matcher { rule, feed, tag, text } = &silence.matcher;
    let alerts = muted.iter().map(|muted| MutedFacts {
        alert: muted.alert.as_str(),
        sink: muted.sink.as_str(),
        at: muted.at,
        title: &muted.title,
    });
    Facts {
        id: silence.id,
        state: state(silence, now),
        rule: rule.as_deref(),
        feed: feed.as_deref(),
        tag: tag.as_deref(),
        text: text.as_ref().map(Text::as_str),
        author: &silence.author,
        comment: &silence.comment,
        starts_at: silence.starts_at,
        expires_at: silence.expires_at,
        muted: silence.muted,
        alerts: alerts.collect(),
    }
}

async fn expire(args: ExpireArgs) -> anyhow::Result<Exit> {
    let Some(plan) = args.config.plan_of_operator() else { return Ok(Exit::BadConfig) };
    let store = SqliteStore::open(&plan.store_path, OpenMode::Operator)?;
    let now = Clock::System.now().wall;
    let ended = store.expire_silences(args.ids.clone(), now).await?;
    let known = store.silences().await?;
    let mut out = Out::new();
    let mut exit = Exit::Ok;
    for id in args.ids {
        match known.iter().find(|silence| silence.id == id) {
            _ if ended.contains(&id) => out.line(&format!("silence {id} has ended"))?,
            Some(silence) => {
                out.line(&format!("silence {id} had ended already, at {}", silence.expires_at))?;
            }
            None => {
                complain(&format!("there is no silence {id}"));
                exit = Exit::No;
            }
        }
    }
    out.flush()?;
    Ok(exit)
}
