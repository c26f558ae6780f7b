//! The deliver engine: sinks that fail, and a store that fails between sink and settling.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wirewatch::engine::Pass;
use wirewatch::engine::plan::Plan;
use wirewatch::store::Store;

use super::bench::{Bench, HOUR, MINUTE, SECOND, config, story};
use super::wire::{Failing, Page};

/// Puts a sink that fails so many times before the plan's first one. Its tries are counted.
fn failing(times: usize) -> (Arc<AtomicUsize>, impl FnOnce(&mut Plan)) {
    let tried = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tried);
    let tune = move |plan: &mut Plan| {
        let real = Arc::clone(&plan.sinks[0].kind);
        let times = Arc::new(AtomicUsize::new(times));
        plan.sinks[0].kind = Arc::new(Failing { times, tried: counted, real });
    };
    (tried, tune)
}

#[tokio::test]
async fn a_delivery_that_fails_twice_is_made_the_third_time_and_is_one_line() {
    let (tried, tune) = failing(2);
    let mut bench = Bench::with(&config(1, ""), Pass::Forever, tune).await;
    bench.wire.put("f0", Page::Stories(vec![story("1", "A flood")]));
    bench.play(MINUTE).await;
    assert_eq!(tried.load(Ordering::SeqCst), 3);
    assert_eq!(bench.file().len(), 1);
    assert_eq!(bench.deliver.failing(), 0);
    assert!(bench.store.outbox().await.unwrap().iter().all(|sink| sink.waiting == 0));
    let events = bench.events();
    assert_eq!(events, ["feed_first_seen", "delivery_failed", "delivered", "sink_recovered"]);
}

#[tokio::test]
async fn a_sink_that_always_fails_holds_up_no_other_and_keeps_its_alerts() {
    let (tried, tune) = failing(usize::MAX);
    let sinks = "[[sink]]\nkind = \"file\"\nname = \"second\"\npath = \"second.jsonl\"\n";
    let text = config(1, "").replacen("[[feed]]", &format!("{sinks}[[feed]]"), 1);
    let mut bench = Bench::with(&text, Pass::Forever, tune).await;
    for n in 1..=30 {
        bench
            .wire
            .put("f0", Page::Stories((1..=n).map(|n| story(&n.to_string(), "A flood")).collect()));
        bench.play(20 * MINUTE).await;
        let second = std::fs::read_to_string(bench.path("second.jsonl")).unwrap();
        assert_eq!(second.lines().count(), n, "after {n} polls");
    }
    assert!(bench.file().is_empty());
    assert_eq!(bench.deliver.failing(), 1);
    let outbox = bench.store.outbox().await.unwrap();
    let waiting: Vec<_> = outbox.iter().map(|row| (row.sink.as_str(), row.waiting)).collect();
    assert_eq!(waiting, [("file", 30)]);
    // Ten hours: some tries a wait that doubles up to an hour, not thousands.
    let tried = tried.load(Ordering::SeqCst);
    assert!((10..400).contains(&tried), "{tried}");
    let events = bench.events();
    let failures = events.iter().filter(|event| *event == "delivery_failed").count();
    assert_eq!(failures, 1, "{events:?}");
}

/// Polls until an alert is in the outbox, and delivers nothing.
async fn commit_only(bench: &mut Bench) {
    while bench.store.outbox().await.unwrap().is_empty() {
        bench.poll.step();
        if bench.poll.running() > 0 {
            bench.poll.join().await;
        } else {
            bench.clock.advance(MINUTE / 60);
        }
    }
}

#[tokio::test]
async fn what_a_sink_has_and_the_store_could_not_note_is_not_sent_again() {
    let (tried, tune) = failing(0);
    let mut bench = Bench::with(&config(1, ""), Pass::Forever, tune).await;
    bench.wire.put("f0", Page::Stories(vec![story("1", "A flood")]));
    // The commit goes through, the settling does not.
    commit_only(&mut bench).await;
    bench.store.full.store(true, Ordering::SeqCst);
    bench.play(HOUR).await;
    assert_eq!(bench.file().len(), 1);
    assert_eq!(tried.load(Ordering::SeqCst), 1);
    assert_eq!(bench.store.outbox().await.unwrap()[0].waiting, 1);
    bench.store.full.store(false, Ordering::SeqCst);
    bench.play(MINUTE).await;
    assert!(bench.store.outbox().await.unwrap().is_empty());
    assert_eq!((bench.file().len(), tried.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_store_that_fails_one_sink_is_told_of_once_though_another_has_nothing_to_do() {
    let idle =
        "[[sink]]\nkind = \"file\"\nname = \"idle\"\npath = \"i.jsonl\"\nlevels = [\"low\"]\n";
    let text = config(1, "").replacen("[[feed]]", &format!("{idle}[[feed]]"), 1);
    let mut bench = Bench::new(&text, Pass::Forever).await;
    bench.wire.put("f0", Page::Stories(vec![story("1", "A flood")]));
    commit_only(&mut bench).await;
    bench.store.full.store(true, Ordering::SeqCst);
    // No schedule falls to be written in this time, so that only the delivery meets the full disk.
    bench.deliver_alone(10 * MINUTE).await;
    bench.store.full.store(false, Ordering::SeqCst);
    bench.deliver_alone(2 * MINUTE).await;
    assert_eq!(bench.file().len(), 1);
    let expected = ["feed_first_seen", "store_failed", "store_recovered", "delivered"];
    assert_eq!(bench.events(), expected);
}

#[tokio::test]
async fn a_sink_without_work_is_looked_after_once_in_a_while() {
    let mut bench = Bench::new(&config(1, ""), Pass::Forever).await;
    bench.deliver.look_every(5 * SECOND);
    let end = bench.clock.now().mono.plus(MINUTE);
    let mut looks = 0;
    while bench.clock.now().mono < end {
        let next = bench.deliver.step().unwrap_or(end);
        let started = bench.deliver.running();
        looks += started;
        // A look takes its time.
        bench.clock.advance(Duration::from_millis(1));
        for _ in 0..started {
            bench.deliver.join().await;
        }
        if started == 0 {
            bench.clock.advance(next.since(bench.clock.now().mono));
        }
    }
    assert!((12..=13).contains(&looks), "{looks}");
}
