//! Each call of a run fails in turn: before its effect, after it, and with the process.

use std::collections::BTreeSet;
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
    met: Option<Call>,
}

impl Script for Nth {
    fn order(&mut self, n: u64, call: &Call, _: bool, _: Mono) -> Order {
        if n < self.n || self.met.is_some() {
            return Order::Let(Fate::Done);
        }
        self.met = Some(call.clone());
        self.order
    }
}

const CONFIG: &str = "rules = [\"rules.toml\"]
[poll]
first_poll = \"alert\"
interval = \"20s\"
min_interval = \"10s\"
permanent_redirect_after = 1
per_host_spacing = \"0s\"
[[sink]]
kind = \"file\"
health = \"also\"
[[sink]]
kind = \"webhook\"
name = \"receiver\"
url = \"https://receiver.example/\"
[[sink]]
kind = \"webhook\"
name = \"grouped\"
url = \"https://grouped.example/\"
group_for = \"25s\"
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

/// A run, a new start, and a while after that.
async fn run(label: impl Into<String>, script: Nth) -> Simulator<Nth> {
    let mut simulator = Simulator::new(label, CONFIG, feeds(), script);
    simulator.run(2 * HOUR).await;
    // Neither a new start nor time brings anything a second time.
    simulator.restart().await;
    simulator.play(MINUTE + 5 * SECOND).await;
    simulator.run(2 * HOUR).await;
    simulator.check(2 * MINUTE).await;
    simulator
}

async fn without_faults() -> Simulator<Nth> {
    run("no fault", Nth { n: u64::MAX, order: NEVER, met: None }).await
}

/// The places of calls that differ: of two that ask the same with nothing done in between, one.
fn places(calls: &[Call], only: fn(&Call) -> bool) -> Vec<usize> {
    let mut asked = BTreeSet::new();
    let mut places = Vec::new();
    for (place, call) in calls.iter().enumerate() {
        let asks = ["claim", "next_due", "silences", "seen", "fetch"].contains(&call.name);
        if !asks {
            asked.clear();
        }
        if asked.insert((call.name, &call.about)) && only(call) {
            places.push(place);
        }
    }
    places
}

/// All those calls fail so in turn.
async fn all(what: &str, order: Order, only: fn(&Call) -> bool) -> usize {
    let calls = without_faults().await.made.clone();
    let places = places(&calls, only);
    for n in &places {
        let script = Nth { n: *n as u64, order, met: None };
        let simulator = run(format!("call {n}: {what}"), script).await;
        let met = simulator.script.met.as_ref().unwrap();
        assert_eq!((met.name, &met.about), (calls[*n].name, &calls[*n].about), "as before");
    }
    places.len()
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
    let simulator = without_faults().await;
    let called: BTreeSet<_> = simulator.made.iter().map(|call| call.name).collect();
    let called: Vec<_> = called.into_iter().collect();
    let expected = [
        "bookmark",
        "claim",
        "commit",
        "deliver",
        "fetch",
        "flush_schedules",
        "gather",
        "next_due",
        "open_feeds",
        "prune",
        "seen",
        "set_moved",
        "settle",
        "silences",
    ];
    assert_eq!(called, expected);
    let messages = |sink: &str| simulator.inboxes[sink].had.lock().unwrap().len();
    assert_eq!((messages("receiver"), messages("grouped")), (3, 1), "each once");
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
        ("a panic", Fate::Panics),
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

/// Each of these calls has its fate once.
struct Told(Vec<(&'static str, &'static str, Order)>);

impl Script for Told {
    fn order(&mut self, _: u64, call: &Call, _: bool, _: Mono) -> Order {
        let place =
            self.0.iter().position(|(name, about, _)| *name == call.name && *about == call.about);
        place.map_or(NEVER, |place| self.0.remove(place).2)
    }
}

#[tokio::test]
async fn while_a_poll_waits_for_its_server_and_the_store_is_in_trouble_nothing_spins() {
    let full = Order::Let(Fate::Fails(Fault::DiskFull));
    let faults = vec![("fetch", "f1", Order::Stall(28 * SECOND)), ("commit", "1", full)];
    let mut simulator = Simulator::new("a spin", CONFIG, feeds(), Told(faults));
    simulator.run(2 * HOUR).await;
    assert!(simulator.script.0.is_empty());
    simulator.check(2 * MINUTE).await;
}
