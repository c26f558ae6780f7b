//! `sink test`: a test alert through one sink.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use super::find;
use crate::cli::out::{Out, complain, no_color};
use crate::cli::{ConfigArgs, Exit};
use crate::engine::plan::Plan;
use crate::model::{
    Alert, AlertFeed, AlertId, AlertRule, Batch, Bookmark, Clock, Delivery, FeedId, Field, Form,
    Item, Level, Match, Now, Outcome, RuleId, Status, Timestamp, visible,
};
use crate::observe::{self, Limits, LogStream, LogStyle, Output};
use crate::sinks::{BuildContext, Shape, Sink, SinkSpec};
use crate::store::{OpenMode, SqliteStore, Store};

pub(super) const HELP: &str = "The alert says that it is a test, in its headline too, and has an id of \
    its own each time. It is sent whatever the sink's filter says, past rates, quiet hours and \
    silences, and nothing of it is kept in the store.\n\n\
    Exit codes: 0 delivered; 1 not; 2 no such sink, or a wrong command line; 78 a bad config.";

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// The sink's name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    config: ConfigArgs,
    /// What to send: one alert, or a message of three
    #[arg(long, value_name = "FORM", default_value = "single")]
    form: TestForm,
    /// The alert's level
    #[arg(long, value_name = "LEVEL", default_value = "medium", value_parser = level)]
    level: Level,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum TestForm {
    Single,
    Group,
    Digest,
    CatchUp,
}

impl TestForm {
    fn of(self, shape: Shape) -> Form {
        match (shape, self) {
            (Shape::Lines, _) => Form::Lines,
            (_, Self::Single) => Form::Single,
            (_, Self::Group) => Form::Group,
            (_, Self::Digest) => Form::Digest,
            (_, Self::CatchUp) => Form::CatchUp,
        }
    }
}

fn level(text: &str) -> Result<Level, String> {
    Level::named(text).ok_or_else(|| {
        let all: Vec<&str> = Level::ALL.iter().map(|level| level.as_str()).collect();
        format!("expected one of {}", all.join(", "))
    })
}

/// Alerts in a message of several.
const SEVERAL: u32 = 3;

pub(super) async fn run(args: TestArgs) -> anyhow::Result<Exit> {
    let Some(plan) = args.config.plan_with_secrets() else { return Ok(Exit::BadConfig) };
    let Some(spec) = find(&plan, &args.name) else { return Ok(Exit::Trouble) };
    if spec.shape == Shape::Lines && args.form != TestForm::Single {
        complain(&format!(
            "sink \"{}\" takes each alert by itself; leave --form out",
            visible(&args.name)
        ));
        return Ok(Exit::Trouble);
    }
    let heard = Heard::default();
    let events = observe::init(observe::Options {
        output: Output::Writer(Box::new(heard.clone())),
        style: Some(LogStyle::Json),
        color: Some(false),
        filter: Some("wirewatch=debug".to_owned()),
        clock: Clock::System,
        limits: Limits::default(),
    })?;
    let color = no_color().then_some(false);
    let log =
        LogStream::start(Output::Stdout, plan.log.format, color, Clock::System, Limits::default())?;
    let context = BuildContext {
        log: log.clone(),
        bookmark: bookmark(&plan, spec).await,
        user_agent: format!("wirewatch/{}", env!("CARGO_PKG_VERSION")),
        clock: Clock::System,
    };
    let sink = match spec.build(&context) {
        Ok(sink) => sink,
        Err(error) => {
            complain(&format!("{:#}", anyhow::Error::from(error)));
            return Ok(Exit::No);
        }
    };
    let before = Clock::System.now();
    let batch = batch(&args, spec, sink.as_ref(), before);
    let outcome = tokio::select! {
        attempt = sink.deliver(&batch) => attempt.outcomes.into_iter().next(),
        _ = tokio::signal::ctrl_c() => return Ok(Exit::Killed),
    };
    let took = Clock::System.now().mono.since(before.mono);
    log.close(LAST_LINES);
    events.close(LAST_LINES);
    tell(spec, outcome.as_ref(), took, &heard.events())
}

/// How long the last lines of a log are waited for.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Where the sink has got to, if there is a store that can be read.
async fn bookmark(plan: &Plan, spec: &SinkSpec) -> Option<Bookmark> {
    if !plan.store_path.exists() {
        return None;
    }
    let read = match SqliteStore::open(&plan.store_path, OpenMode::Reader) {
        Ok(store) => store.bookmark(&spec.name).await,
        Err(error) => Err(error),
    };
    read.unwrap_or_else(|error| {
        complain(&format!("{error}; the sink is tried without its bookmark"));
        None
    })
}

fn batch(args: &TestArgs, spec: &SinkSpec, sink: &dyn Sink, now: Now) -> Batch {
    let form = args.form.of(spec.shape);
    let room = u32::try_from(sink.max_batch()).unwrap_or(u32::MAX);
    let count = if args.form == TestForm::Single { 1 } else { SEVERAL.min(room) };
    let delivery = |number: u32| Delivery {
        row: number.into(),
        alert: Arc::new(test_alert(spec, args.level, number, now.wall)),
        attempts: 0,
        first_failed: None,
        message: None,
    };
    Batch::new((1..=count).map(delivery).collect(), form)
}

/// An alert that nobody can take for a true one; `number` tells those of one message apart.
fn test_alert(spec: &SinkSpec, level: Level, number: u32, now: Timestamp) -> Alert {
    let title = format!("TEST {number}: wirewatch tries its sink \"{}\"", spec.name);
    let summary = "This is a test. Nothing has happened, and nothing needs to be done. An alert has \
        its text here, around the place where a rule's term was found.";
    let link = "https://example.org/wirewatch-test";
    let item = Item {
        id: format!("test-{number}-{}-{}", now.as_millis(), std::process::id()),
        title,
        link: Some(link.to_owned()),
        published: Some(now),
        summary: summary.to_owned(),
        authors: vec!["wirewatch".to_owned()],
        language: Some("en".to_owned()),
        ..Item::default()
    };
    let hit =
        Match { term: "test".into(), field: Field::Title, text: "TEST".into(), start: 0, end: 4 };
    let rule = AlertRule {
        id: RuleId::new("test"),
        title: "Test of a sink".to_owned(),
        level,
        status: Status::Stable,
        tags: vec!["test".to_owned()],
        matches: vec![hit],
    };
    let feed = AlertFeed {
        id: FeedId::new("test"),
        title: "wirewatch sink test".to_owned(),
        url: "https://example.org/".to_owned(),
    };
    let alert = Alert::raise(feed, &item, vec![rule], now);
    debug_assert_eq!(alert.id, AlertId::of(&alert.feed.id, &item.id));
    alert
}

fn tell(
    spec: &SinkSpec,
    outcome: Option<&Outcome>,
    took: Duration,
    events: &[Told],
) -> anyhow::Result<Exit> {
    let mut out = Out::new();
    let what = format!("sink \"{}\" ({})", spec.name, spec.kind_name);
    let time = format!("{:.3} s", took.as_secs_f64());
    let file = spec.kind.writes();
    let exit = match outcome {
        Some(Outcome::Delivered) => {
            out.line(&format!("{what}: delivered in {time}"))?;
            if let Some(file) = file {
                out.line(&visible(&format!("  written to {}", file.display())))?;
            }
            Exit::Ok
        }
        Some(Outcome::Refused { reason, message }) => {
            out.line(&format!("{what}: refused after {time}: {reason}"))?;
            out.line(&format!("  {}", visible(message)))?;
            out.line("  An alert would not be tried again, but kept as a dead letter.")?;
            Exit::No
        }
        Some(Outcome::Retry { reason, message, after }) => {
            out.line(&format!("{what}: failed after {time}: {reason}"))?;
            out.line(&format!("  {}", visible(message)))?;
            if file.is_some() && message.contains(IN_USE) {
                out.line("  A daemon that runs holds this file; end it, or test another file.")?;
            }
            match after {
                Some(after) => {
                    let wait = humantime::format_duration(Duration::from_secs(after.as_secs()));
                    out.line(&format!("  The receiver asks to be tried again after {wait}."))?;
                }
                None => out.line("  An alert would be tried again.")?,
            }
            Exit::No
        }
        None => {
            out.line(&format!("{what}: gave no answer"))?;
            Exit::No
        }
    };
    for Told { event, message, from, kept, template } in events {
        match event.as_str() {
            "sink_answered" => out.line(&format!("  {}: {}", visible(from), visible(message)))?,
            "feed_file_set_aside" => out.line(&format!(
                "  The file that was there is {} now: {}",
                visible(kept),
                visible(message)
            ))?,
            "template_failed" => out.line(&format!(
                "  The template `{}` failed: {}",
                visible(template),
                visible(message)
            ))?,
            _ => {}
        }
    }
    out.flush()?;
    Ok(exit)
}

/// What the file sink says of a file that another process has open.
const IN_USE: &str = "another sink or process is writing to it";

/// An event that a sink logged.
#[derive(Debug, Deserialize)]
struct Told {
    event: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    kept: String,
    #[serde(default)]
    template: String,
}

/// A log in memory.
#[derive(Clone, Debug, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

/// More of what is logged during a test is not looked at.
const MAX_HEARD: usize = 1 << 20;

impl Heard {
    fn events(&self) -> Vec<Told> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = bytes.split(|byte| *byte == b'\n');
        lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() + bytes.len() <= MAX_HEARD {
            kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
