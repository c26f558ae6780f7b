//! Each call of a run fails in turn: before its effect, after it, and with the process.

use std::time::Duration;

use url::Url;
use wirewatch::model::{Mono, Reason};

use super::desk::{Call, Fate, Fault, Site};
use super::simulator::{HOUR, MINUTE, Order, SECOND, Script, Simulator};
use super::world::Programme;

/// The call of that number has this fate; all others are done.
struct Nth {
    n: u64,
    order: Order,
    /// Of which calls; none: of all.
    only: fn(&Call) -> bool,
    met: Option<Call>,
}

impl Script for Nth {
    fn order(&mut self, n: u64, call: &Call, _: bool, _: Mono) -> Order {
        if n < self.n || self.met.is_some() {
            return Order::Let(Fate::Done);
        }
        self.met = Some(call.clone());
        if (self.only)(call) { self.order } else { Order::Let(Fate::Done) }
    }
}

const CONFIG: &str = "rules = [\"rules.toml\"]
[poll]
first_poll = \"alert\"
interval = \"1m\"
permanent_redirect_after = 1
per_host_spacing = \"0s\"
[[sink]]
kind = \"file\"
health = \"also\"
[[sink]]
kind = \"file\"
name = \"receiver\"
path = \"receiver.jsonl\"
[[feed]]
id = \"f0\"
url = \"https://h0.example/\"
[[feed]]
id = \"f1\"
url = \"https://h1.example/\"
";

fn feeds() -> Vec<(String, Programme)> {
    let programme = |feed: &str, subjects: &[&str]| Programme {
        titles: subjects.iter().enumerate().map(|(n, s)| format!("{s} {feed} {n}")).collect(),
        window: 1,
        pause: Duration::ZERO,
        moved: None,
    };
    let moved = Some(Url::parse("https://h2.example/").unwrap());
    vec![
        ("f0".to_owned(), programme("f0", &["flood", "flood"])),
        ("f1".to_owned(), Programme { moved, ..programme("f1", &["chess", "flood"]) }),
    ]
}

/// All calls fail so in turn, as far as it is said of them.
async fn all(what: &str, order: Order, only: fn(&Call) -> bool) -> usize {
    let mut failed = 0;
    for n in 0.. {
        let script = Nth { n, order, only, met: None };
        let label = format!("call {n}: {what}");
        let mut simulator = Simulator::new(label, CONFIG, feeds(), script);
        simulator.run(2 * HOUR).await;
        let Some(call) = &simulator.script.met else {
            assert!(n > 50, "only {n} calls");
            return failed;
        };
        failed += usize::from(only(call));
        // Neither time nor a new start brings anything a second time.
        simulator.restart().await;
        simulator.play(MINUTE).await;
        simulator.run(2 * HOUR).await;
        simulator.check(2 * MINUTE + 30 * SECOND).await;
    }
    unreachable!("a run ends")
}

fn any(_: &Call) -> bool {
    true
}

fn store(call: &Call) -> bool {
    call.site == Site::Store
}

fn sink(call: &Call) -> bool {
    call.site == Site::Sink
}

fn file(call: &Call) -> bool {
    sink(call) && call.about == "file"
}

fn commit(call: &Call) -> bool {
    call.name == "commit"
}

fn net(call: &Call) -> bool {
    call.site == Site::Net
}

const NEVER: Order = Order::Let(Fate::Done);

#[tokio::test]
async fn a_run_without_faults_calls_all_that_engines_call() {
    let script = Nth { n: u64::MAX, order: NEVER, only: any, met: None };
    let mut simulator = Simulator::new("no fault", CONFIG, feeds(), script);
    simulator.run(HOUR).await;
    simulator.play(2 * MINUTE).await;
    simulator.check(MINUTE + 10 * SECOND).await;
    let called: Vec<_> = simulator.names.keys().copied().collect();
    let expected = [
        "bookmark",
        "claim",
        "commit",
        "deliver",
        "fetch",
        "flush_schedules",
        "next_due",
        "open_feeds",
        "prune",
        "seen",
        "set_moved",
        "settle",
    ];
    assert_eq!(called, expected);
    assert_eq!(simulator.inboxes["receiver"].had.lock().unwrap().len(), 3, "each once");
}

#[tokio::test]
async fn a_store_that_fails_before_or_after_any_call_loses_and_repeats_nothing() {
    for (what, fate) in [
        ("the disk is full", Fate::Fails(Fault::DiskFull)),
        ("done, but an error", Fate::FailsAfter(Fault::ReadOnly)),
    ] {
        assert!(all(what, Order::Let(fate), store).await > 30);
    }
    for (what, fate) in [
        ("a conflict", Fate::Fails(Fault::Conflict)),
        ("done, but a conflict", Fate::FailsAfter(Fault::Conflict)),
        ("unreadable", Fate::Fails(Fault::Unreadable)),
    ] {
        assert!(all(what, Order::Let(fate), commit).await > 3);
    }
}

#[tokio::test]
async fn a_sink_or_server_that_fails_at_any_call_loses_and_repeats_nothing() {
    let error = Fault::For(Reason::ServerError, None);
    let later = Fault::For(Reason::RateLimited, Some(90 * SECOND));
    for (what, fate) in [
        ("a server error", Fate::Fails(error)),
        ("delivered, but an error", Fate::FailsAfter(error)),
        ("too many requests", Fate::Fails(later)),
    ] {
        assert!(all(what, Order::Let(fate), sink).await > 4);
    }
    let timeout = Fate::Fails(Fault::For(Reason::Timeout, None));
    assert!(all("no answer", Order::Let(timeout), net).await > 3);
}

#[tokio::test]
async fn a_process_that_is_killed_at_any_call_loses_and_repeats_nothing() {
    let kill = |fate| Order::End { fate, kill: true, down: SECOND };
    assert!(all("killed before", kill(Fate::Hangs), any).await > 50);
    assert!(all("killed after", kill(Fate::HangsAfter), any).await > 50);
    assert!(all("killed half-way", kill(Fate::Tears), file).await > 2);
}

#[tokio::test]
async fn a_process_that_is_stopped_at_any_call_loses_and_repeats_nothing() {
    let stop = |fate| Order::End { fate, kill: false, down: SECOND };
    assert!(all("stopped before", stop(Fate::Hangs), any).await > 50);
    assert!(all("stopped after", stop(Fate::HangsAfter), any).await > 50);
}

#[tokio::test]
async fn a_reload_at_any_call_loses_and_repeats_nothing() {
    assert!(all("reloaded", Order::Reload, any).await > 50);
}
