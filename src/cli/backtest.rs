//! `backtest`: what other rules would have made of the items in the store.

mod text;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::daemon::store_exit;
use super::out::{Out, Whose, complain, tell_problems};
use super::{ConfigArgs, Exit};
use crate::document::Document;
use crate::engine::plan::{Plan, RuleFiles, read_rules};
use crate::model::{Clock, FeedId, Problem, Timestamp, json_line};
use crate::rules::{Backtest, Replayed, RuleSet};
use crate::store::{ItemSpan, OpenMode, SqliteStore, Store, StoreError, StoredItem};

/// How many items are read at once.
const PAGE: usize = 500;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Args)]
#[command(
    after_help = "An alert is here an item on which at least one rule fires. Each item in the store \
    counts, for each feed that showed it, whether it raised an alert in its time or not; days are \
    those of UTC on which items were first seen. Samples are the latest items that a rule gains or \
    loses.\n\n\
    The store is only read, and the daemon may run meanwhile.\n\n\
    Exit codes: 0 items were replayed, whatever came out; 1 there is no item in that time; 2 the \
    rule files named cannot be loaded, or the store cannot be read; 78 the config cannot be loaded, \
    or there is no store.\n\n\
    --format json prints one object: new, against (null without old rules), since, until, \
    reaches_to (the earliest item in the store), covered_days, of_removed_feeds, items, first, \
    last, alerts (old, new, added, lost), per_day (old, new), days (day, items, old, new, added, \
    lost), rules (id, in_old, in_new, status, fires, days, added and lost: samples with feed, first_seen, \
    item, title, link, hits, still)."
)]
pub(super) struct BacktestArgs {
    /// The rules to try: a file, a folder (its *.toml) or a glob (may be repeated)
    #[arg(long, value_name = "NEW", required = true)]
    rules: Vec<PathBuf>,
    /// The rules to compare them with, or `none` (may be repeated) [default: the config's rules]
    #[arg(long, value_name = "OLD")]
    against: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// From when on: how long ago, such as 12h or 30d, or a date or time such as 2026-11-01
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = parse_when)]
    since: When,
    /// Until when, in the same way [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<When>,
    /// How many items to show of those that a rule gains, and of those that it loses
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=1000))]
    samples: u16,
    /// How to print what came out
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Tables and samples.
    Text,
    /// One JSON object.
    Json,
}

/// A moment, as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Ago(Duration),
    At(Timestamp),
}

impl When {
    fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(ago) => now.minus(ago),
            Self::At(at) => at,
        }
    }
}

fn parse_when(text: &str) -> Result<When, String> {
    let date = || Timestamp::parse(&format!("{text}T00:00:00Z"));
    if let Some(at) = Timestamp::parse(text).or_else(date) {
        return Ok(When::At(at));
    }
    let ago = humantime::parse_duration(text);
    ago.map(When::Ago).map_err(|error| {
        format!("{error}; expected how long ago, such as 12h or 30d, or a date, such as 2026-11-01")
    })
}

/// What is told.
#[derive(Serialize)]
struct Report {
    new: Vec<String>,
    against: Option<Vec<String>>,
    since: Timestamp,
    until: Timestamp,
    /// When the earliest item in the store was first seen.
    reaches_to: Option<Timestamp>,
    /// Days between the two of `since` and `reaches_to` that is later, and `until`.
    covered_days: f64,
    /// Items of feeds that the config no longer has.
    of_removed_feeds: u64,
    #[serde(flatten)]
    replayed: Replayed,
    per_day: PerDay,
}

/// Alerts a day; none where less than a day is covered.
#[derive(Serialize)]
struct PerDay {
    old: Option<f64>,
    new: Option<f64>,
}

/// The old rules.
enum Old {
    OfConfig,
    Files(Box<RuleFiles>),
    None,
}

impl Old {
    fn read(named: &[PathBuf]) -> Result<Self, Vec<Problem>> {
        if let [one] = named
            && one.as_os_str() == "none"
        {
            return Ok(Self::None);
        }
        Ok(read_rules(named)?.map_or(Self::OfConfig, |files| Self::Files(Box::new(files))))
    }

    fn rules<'r>(&'r self, plan: &'r Plan) -> Option<&'r RuleSet> {
        match self {
            Self::OfConfig => Some(&plan.rules),
            Self::Files(files) => Some(&files.rules),
            Self::None => None,
        }
    }

    fn files<'r>(&'r self, plan: &'r Plan) -> Option<&'r [Document]> {
        match self {
            Self::OfConfig => Some(&plan.rule_files),
            Self::Files(files) => Some(&files.files),
            Self::None => None,
        }
    }
}

pub(super) async fn run(args: BacktestArgs) -> anyhow::Result<Exit> {
    let Some(plan) = args.config.plan_of_service() else { return Ok(Exit::BadConfig) };
    let (new, old) = match (read_rules(&args.rules), Old::read(&args.against)) {
        (Ok(Some(new)), Ok(old)) => (new, old),
        (new, old) => {
            let problems = [new.err(), old.err()].into_iter().flatten().flatten();
            tell_problems(&problems.collect::<Vec<_>>(), Whose::Rules);
            return Ok(Exit::Trouble);
        }
    };
    let span = Span::of(&args, Clock::System.now().wall);
    if span.since >= span.until {
        complain(&format!("--since {} is not before --until {}", span.since, span.until));
        return Ok(Exit::Trouble);
    }
    if matches!(old, Old::OfConfig) && are_same(&new.files, &plan.rule_files) {
        complain("these are the config's own rules: name those before them by --against");
    }
    let store = match SqliteStore::open(&plan.store_path, OpenMode::Reader) {
        Ok(store) => store,
        Err(error) => return Ok(store_exit(&error)),
    };
    let report = report(&args, &span, &plan, &new, &old, &store).await?;
    let mut out = Out::new();
    match args.format {
        Format::Text => out.line(&text::text(&report))?,
        Format::Json => out.line(&json_line(&report)?)?,
    }
    out.flush()?;
    Ok(if report.replayed.items == 0 { Exit::No } else { Exit::Ok })
}

fn are_same(one: &[Document], two: &[Document]) -> bool {
    let plain = |files: &[Document]| -> BTreeSet<PathBuf> {
        files.iter().filter_map(|file| file.path().canonicalize().ok()).collect()
    };
    plain(one) == plain(two)
}

/// The time that is looked at: from `since` on, up to but without `until`.
struct Span {
    since: Timestamp,
    until: Timestamp,
}

impl Span {
    fn of(args: &BacktestArgs, now: Timestamp) -> Self {
        // What was first seen at this very moment counts.
        let end = now.plus(Duration::from_millis(1));
        Self {
            since: args.since.from(now),
            until: args.until.as_ref().map_or(end, |until| until.from(now)),
        }
    }
}

async fn report(
    args: &BacktestArgs,
    &Span { since, until }: &Span,
    plan: &Plan,
    new: &RuleFiles,
    old: &Old,
    store: &SqliteStore,
) -> Result<Report, StoreError> {
    let backtest = Backtest::new(&new.rules, old.rules(plan), args.samples.into());
    let (replayed, of_removed_feeds) = replay(backtest, store, plan, since, until).await?;
    let earliest = store.items_seen(ItemSpan { limit: 1, ..ItemSpan::default() }).await?;
    let reaches_to = earliest.first().map(|(_, found)| found.first_seen);
    let from = reaches_to.map_or(until, |reaches| reaches.max(since));
    let covered_days = until.since(from).as_secs_f64() / DAY.as_secs_f64();
    let a_day = |count: u64| (covered_days >= 1.0).then(|| rate(count, covered_days));
    Ok(Report {
        new: names(&new.files),
        against: old.files(plan).map(names),
        since,
        until,
        reaches_to,
        covered_days,
        of_removed_feeds,
        per_day: PerDay {
            old: old.rules(plan).and_then(|_| a_day(replayed.alerts.old)),
            new: a_day(replayed.alerts.new),
        },
        replayed,
    })
}

fn names(files: &[Document]) -> Vec<String> {
    files.iter().map(|file| file.path().display().to_string()).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a count of items that is shown with one decimal")]
fn rate(count: u64, days: f64) -> f64 {
    count as f64 / days
}

/// Puts the items of a span through `backtest`, the next page being read meanwhile. Answers also
/// how many are of feeds that the config no longer has.
async fn replay(
    mut backtest: Backtest<'_>,
    store: &SqliteStore,
    plan: &Plan,
    since: Timestamp,
    until: Timestamp,
) -> Result<(Replayed, u64), StoreError> {
    let tags: HashMap<&FeedId, &[String]> =
        plan.feeds.iter().map(|feed| (&feed.id, feed.tags.as_slice())).collect();
    let mut span =
        ItemSpan { since: Some(since), until: Some(until), limit: PAGE, ..ItemSpan::default() };
    let mut removed = 0;
    let mut page = store.items_seen(span).await?;
    while let Some((last, _)) = page.last() {
        span.after = Some(*last);
        let look = async {
            for (_, StoredItem { feed, first_seen, item }) in &page {
                let of_feed = tags.get(feed).copied();
                removed += u64::from(of_feed.is_none());
                backtest.add(item, feed, of_feed.unwrap_or_default(), *first_seen);
            }
        };
        let (next, ()) = tokio::join!(store.items_seen(span), look);
        page = next?;
    }
    Ok((backtest.finish(), removed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_how_long_ago_or_a_date_or_a_time() {
        let now = Timestamp::parse("2026-11-26T12:00:00Z").unwrap();
        for (text, wanted) in [
            ("12h", "2026-11-26T00:00:00Z"),
            ("1day 1h", "2026-11-25T11:00:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("2026-11-01T10:00:00+02:00", "2026-11-01T08:00:00Z"),
        ] {
            assert_eq!(parse_when(text).unwrap().from(now).to_string(), wanted, "{text}");
        }
        for wrong in ["", "soon", "2026-13-01", "-3d"] {
            assert!(parse_when(wrong).unwrap_err().contains("such as 12h or 30d"), "{wrong}");
        }
    }
}
