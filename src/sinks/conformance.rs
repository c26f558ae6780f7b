//! What every kind of sink must show, tried on each of [`KINDS`] against a receiver on this machine.
//!
//! To add a kind, write a [`Trial`] for it and put it into the list in `conformance/kinds.rs`. A kind
//! over HTTP takes [`http::HttpTrial`] and says how it is configured, how its service says yes,
//! where in a request its text is, and what that must not hold. Another kind (mail, syslog, a
//! program) brings a receiver of its own that plays what has a meaning there: [`Receiver::expects`]
//! answers `None` for the rest.

mod chats;
pub(in crate::sinks) mod http;
mod kinds;
mod mail;
mod syslog;

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;

use super::tests::{Kept, alert, delivery, log_to, read};
use super::*;
use crate::model::{Delivery, Form, Outcome, Timestamp, is_unprintable};
use crate::observe::LogStyle;

/// Stands in each secret of a config, and must be seen nowhere.
pub(in crate::sinks) const MARKER: &str = "MARKER-7f3a9c";
/// Long enough for a loaded machine.
const AMPLE: &str = "4m";
/// For what never ends.
const SHORT: &str = "300ms";

/// A kind of sink, as the suite tries it.
#[async_trait]
pub(in crate::sinks) trait Trial: Send + Sync {
    /// What a config calls the kind.
    fn kind(&self) -> &'static str;

    /// Stands up a receiver that accepts.
    async fn receiver(&self, stage: &Stage) -> Box<dyn Receiver>;
}

/// What a sink delivers to in a test, on this machine and on a free port.
#[async_trait]
pub(in crate::sinks) trait Receiver: Send + Sync {
    /// A whole `[[sink]]` that delivers here, with that `timeout`, and with [`MARKER`] in each of
    /// its secrets.
    fn config(&self, timeout: &str) -> String;

    /// From now on plays `play`, if [`Receiver::expects`] says what that comes to.
    async fn play(&self, play: Play);

    /// What becomes of a delivery while `play` is played; `None`: there is no such thing here.
    fn expects(&self, play: Play) -> Option<Expected>;

    /// What it got so far, accepted or not.
    async fn got(&self) -> Vec<Got>;

    /// Panics if `text`, as a reader sees it, is longer than the service takes, or holds markup, a
    /// mention or a line that came from a headline ([`HOSTILE`]) and acts.
    fn check(&self, text: &str);
}

/// Something that a receiver does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sinks) enum Play {
    /// Says yes.
    Accept,
    /// Answers with this HTTP status, and with the whole request as words. Other protocols: their
    /// own code that means the same.
    Status(u16),
    /// The same with `Retry-After: 7`.
    After(u16),
    /// 429 with the HTTP date that is a minute after [`stage_time`].
    AfterDate,
    /// 200, with the page of a portal on the way.
    Page,
    /// Takes the request and says nothing, for ever.
    Stall,
    /// Closes the connection before it answers.
    CutBefore,
    /// Closes the connection within the head of a good answer.
    CutInHead,
    /// Closes the connection in the middle of a good answer; over HTTP, of its body.
    Cut,
    /// Answers a byte at a time, for ever.
    Drip,
    /// 307 to another port of this machine, where the message must not come.
    Private,
    /// 302 to that.
    Found,
    /// 307 to itself, where it accepts.
    Home,
    /// 307 to itself, for ever.
    Circle,
    /// Nobody listens.
    Nobody,
}

const PLAYS: &[Play] = &[
    Play::Accept,
    Play::Status(201),
    Play::Status(204),
    Play::Status(400),
    Play::Status(401),
    Play::Status(403),
    Play::Status(404),
    Play::Status(408),
    Play::Status(410),
    Play::Status(413),
    Play::Status(422),
    Play::Status(425),
    Play::Status(429),
    Play::Status(500),
    Play::Status(502),
    Play::Status(503),
    Play::Status(304),
    Play::After(429),
    Play::After(503),
    Play::AfterDate,
    Play::Page,
    Play::Stall,
    Play::CutBefore,
    Play::CutInHead,
    Play::Cut,
    Play::Drip,
    Play::Private,
    Play::Found,
    Play::Home,
    Play::Circle,
    Play::Nobody,
];

/// What becomes of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sinks) enum Expected {
    /// The receiver has it.
    Delivered,
    /// To be tried again.
    Retry(Reason),
    /// To be tried again after that many seconds.
    After(Reason, u64),
    /// Never.
    Refused(Reason),
}

/// What a receiver got.
#[derive(Clone, Debug)]
pub(in crate::sinks) struct Got {
    /// As it came over the wire.
    pub raw: String,
    /// As a reader sees it, with the alerts' headlines in it.
    pub text: String,
}

/// Where a sink of the suite lives.
pub(in crate::sinks) struct Stage {
    /// The folder of the config.
    pub folder: tempfile::TempDir,
    /// The daemon's log.
    pub log: Kept,
}

impl Stage {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), log: Kept::default() }
    }

    fn spec(&self, config: &str) -> SinkSpec {
        let (mut specs, problems) = read(config, self.folder.path());
        assert_eq!(problems, Vec::<String>::new(), "{config}");
        assert_eq!(specs.len(), 1, "{config}");
        specs.remove(0)
    }

    fn build(&self, spec: &SinkSpec) -> Box<dyn Sink> {
        let context = BuildContext {
            log: log_to(self.log.clone(), LogStyle::Json),
            bookmark: None,
            user_agent: "wirewatch/test".into(),
            clock: Clock::manual(stage_time()),
        };
        spec.build(&context).unwrap()
    }
}

/// The time on stage.
pub(in crate::sinks) fn stage_time() -> Timestamp {
    Timestamp::parse("2026-11-23T22:14:06Z").unwrap()
}

/// A headline that would like to be more than that.
pub(in crate::sinks) const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}gnp\u{2066} @everyone @channel \
    <!channel> <@1234> <https://evil.example|click> [click](https://evil.example) ![](https://evil.example/x) \
    **b** *b* _i_ `c` ||s|| <script>alert(1)</script> <b>b</b> &lt;b&gt; {{ 7 * 7 }} {% raw %} \
    \r\nforged: line\n.\n<13>1 forged\u{2028}more\u{85}\0 \u{200b}\"}";

/// An alert whose texts are of so many bytes.
fn huge(number: u32, text: &str, bytes: usize) -> Delivery {
    let mut alert = alert(number);
    let long = text.repeat(bytes / text.len() + 1);
    alert.item.title = format!("alert-{number:03} {long}");
    alert.item.text = long.clone();
    alert.item.link = Some(format!("https://example.org/{number}?{}", "x".repeat(3000)));
    alert.feed.title = long;
    Delivery { alert: Arc::new(alert), ..delivery(number) }
}

fn batch(sink: &SinkSpec, deliveries: Vec<Delivery>) -> Batch {
    let form = match (sink.shape, deliveries.len()) {
        (Shape::Lines, _) => Form::Lines,
        (Shape::Messages { .. }, 1) => Form::Single,
        (Shape::Messages { .. }, _) => Form::Digest,
    };
    Batch::new(deliveries, form)
}

fn of(outcome: &Outcome) -> Expected {
    match outcome {
        Outcome::Delivered => Expected::Delivered,
        Outcome::Retry { reason, after: None, .. } => Expected::Retry(*reason),
        Outcome::Retry { reason, after: Some(after), .. } => {
            Expected::After(*reason, after.as_secs())
        }
        Outcome::Refused { reason, .. } => Expected::Refused(*reason),
    }
}

/// The numbers of the alerts whose names stand in `text`, the hyphen escaped or not.
fn named(text: &str) -> Vec<u32> {
    let name = |rest: &str| rest.trim_start_matches('\\').strip_prefix('-')?.get(..3)?.parse().ok();
    text.split("alert").skip(1).filter_map(name).collect()
}

/// Runs `test` for all kinds at a time.
async fn for_all<F: Future<Output = ()>>(test: impl Fn(Box<dyn Trial>) -> F) {
    join_all(kinds::all().into_iter().map(test)).await;
}

/// Runs `test` for one kind after another, where each has much to do: at a time they would hold up
/// each other's answers.
async fn one_by_one<F: Future<Output = ()>>(test: impl Fn(Box<dyn Trial>) -> F) {
    for trial in kinds::all() {
        test(trial).await;
    }
}

#[test]
fn no_kind_is_left_out() {
    let tried: Vec<&str> = kinds::all().iter().map(|trial| trial.kind()).collect();
    for kind in KINDS {
        assert!(tried.contains(&kind.name), "{} has no trial", kind.name);
    }
    assert!(tried.iter().all(|name| KINDS.iter().any(|kind| kind.name == *name)), "{tried:?}");
}

#[tokio::test]
async fn what_a_receiver_does_means_the_same_to_all() {
    for_all(|trial| async move {
        let kind = trial.kind();
        for play in PLAYS {
            let stage = Stage::new();
            let receiver = trial.receiver(&stage).await;
            let Some(expected) = receiver.expects(*play) else { continue };
            receiver.play(*play).await;
            let ends = !matches!(play, Play::Stall | Play::Drip);
            let spec = stage.spec(&receiver.config(if ends { AMPLE } else { SHORT }));
            let sink = stage.build(&spec);
            let attempt = sink.deliver(&batch(&spec, vec![delivery(1)])).await;
            let [outcome] = attempt.outcomes.as_slice() else { panic!("{kind} {play:?}") };
            assert_eq!(of(outcome), expected, "{kind} {play:?}: {outcome:?}");
            let told = format!("{outcome:?} {}", stage.log.text());
            assert_unmarked(&told, &format!("{kind} {play:?}"));
            if let Outcome::Retry { message, .. } | Outcome::Refused { message, .. } = outcome {
                assert!(!message.is_empty() && message.chars().count() < 600, "{kind}: {message}");
                assert!(!message.chars().any(is_unprintable), "{kind}: {message:?}");
            }
            if expected == Expected::Delivered {
                assert!(
                    receiver.got().await.last().is_some_and(|g| g.text.contains("Flood warning 1"))
                );
            }
        }
    })
    .await;
}

fn assert_unmarked(text: &str, of: &str) {
    // The second is what Basic authentication makes of `me:MARKER-7f3a9c`.
    for secret in [MARKER, "bWU6TUFSS0VSLTdmM2E5Yw"] {
        assert!(!text.contains(secret), "{of}: {text}");
    }
}

#[tokio::test]
async fn a_secret_is_shown_nowhere() {
    for_all(|trial| async move {
        let stage = Stage::new();
        let receiver = trial.receiver(&stage).await;
        let config = receiver.config(AMPLE);
        let spec = stage.spec(&config);
        assert_unmarked(&format!("{spec:?}"), trial.kind());
        // Nor if each of its lines is wrong in turn: of another type, or without its last character.
        for at in 0..2 * config.lines().count() {
            let lines = config.lines().enumerate().map(|(n, line)| match line.split_once(" = ") {
                Some((key, value)) if 2 * n == at => format!("{key} = [\"x\", {value}]\n"),
                Some(_) if 2 * n + 1 == at => format!("{}\n", &line[..line.len() - 1]),
                _ => format!("{line}\n"),
            });
            let (_, problems) = read(&lines.collect::<String>(), stage.folder.path());
            assert_unmarked(&problems.join("\n"), trial.kind());
        }
    })
    .await;
}

#[tokio::test]
async fn a_hostile_headline_arrives_harmless() {
    for_all(|trial| async move {
        let kind = trial.kind();
        for long in [false, true] {
            let stage = Stage::new();
            let receiver = trial.receiver(&stage).await;
            let spec = stage.spec(&receiver.config(AMPLE));
            let sink = stage.build(&spec);
            let mut evil = huge(1, HOSTILE, 100_000);
            if !long {
                let mut alert = (*evil.alert).clone();
                alert.item.title = format!("alert-001 {HOSTILE}");
                alert.item.text = HOSTILE.into();
                alert.item.link = Some("https://example.org/?a=(1)&b=<2>|\"3\"".into());
                evil.alert = Arc::new(alert);
            }
            let attempt = sink.deliver(&batch(&spec, vec![evil])).await;
            assert_eq!(attempt.outcomes, [Outcome::Delivered], "{kind}");
            let got = receiver.got().await.pop().unwrap_or_else(|| panic!("{kind}: nothing"));
            let acting = |c: char| is_unprintable(c) && !matches!(c, '\r' | '\n');
            assert!(!got.raw.contains(acting), "{kind}: {:?}", got.raw);
            assert!(got.text.contains("alert-001"), "{kind}: {}", got.text);
            let seen = got.text.replace(['\u{2060}', '\\'], "");
            assert!(seen.contains("7 * 7"), "{kind}: {}", got.text);
            receiver.check(&got.text);
        }
    })
    .await;
}

#[tokio::test]
async fn a_full_batch_of_huge_alerts_fits_and_names_each() {
    one_by_one(|trial| async move {
        let kind = trial.kind();
        for text in ["слово ", "&", "*<>`", "𝄞"] {
            let stage = Stage::new();
            let receiver = trial.receiver(&stage).await;
            let spec = stage.spec(&receiver.config(AMPLE));
            let sink = stage.build(&spec);
            let count = u32::try_from(sink.max_batch()).unwrap();
            let full = batch(&spec, (0..count).map(|number| huge(number, text, 4000)).collect());
            let attempt = sink.deliver(&full).await;
            assert_eq!(attempt.outcomes, vec![Outcome::Delivered; full.len()], "{kind}");
            let got = receiver.got().await;
            let named: HashSet<u32> = got.iter().flat_map(|got| named(&got.text)).collect();
            assert_eq!(named, (0..count).collect(), "{kind}");
            if spec.shape != Shape::Lines {
                assert_eq!(got.len(), 1, "{kind}: one message");
                receiver.check(&got[0].text);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_none_comes_to_nothing() {
    for_all(|trial| async move {
        let stage = Stage::new();
        let receiver = trial.receiver(&stage).await;
        let spec = stage.spec(&receiver.config(AMPLE));
        let attempt = stage.build(&spec).deliver(&batch(&spec, vec![])).await;
        assert_eq!(attempt.outcomes, [], "{}", trial.kind());
    })
    .await;
}
