//! The poll engine: waits, failures, clocks that jump, a store that fails.

use std::sync::atomic::Ordering;

use wirewatch::engine::{Pass, Totals};
use wirewatch::model::Reason;

use super::bench::{Bench, HOUR, MINUTE, SECOND, config, story};
use super::wire::Page;

#[tokio::test]
async fn a_feed_that_fails_is_asked_less_and_less_and_comes_back() {
    let mut bench = Bench::new(&config(2, ""), Pass::Forever).await;
    bench.wire.put("f0", Page::Broken(Reason::ServerError));
    let start = bench.clock.now().mono;
    bench.play(30 * HOUR).await;
    // Waits of 15, 30, 60, 120, 240 minutes, then six hours, each up to a tenth longer.
    assert_eq!(bench.wire.asked_in("f0", start, HOUR), 3);
    let day = bench.wire.asked_in("f0", start, 24 * HOUR);
    assert!((7..=9).contains(&day), "{day}");
    assert!(bench.wire.asked_in("f0", start.plus(23 * HOUR), 7 * HOUR) >= 1);
    let sound = bench.wire.asked_in("f1", start, 24 * HOUR);
    assert!((87..=97).contains(&sound), "{sound}");
    assert_eq!(bench.poll.health(), (2, 1));
    bench.wire.put("f0", Page::Stories(vec![story("1", "A flood")]));
    bench.play(7 * HOUR).await;
    assert_eq!(bench.poll.health(), (2, 0));
    assert_eq!(bench.file().len(), 1);
    let events = bench.events();
    let expected = [
        "poll_failed",
        "feed_health",
        "feed_first_seen",
        "feed_recovered",
        "delivered",
        // With the second good poll.
        "feed_health",
    ];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn a_wall_clock_that_jumps_neither_stampedes_nor_starves() {
    let mut bench = Bench::new(&config(8, ""), Pass::Forever).await;
    let start = bench.clock.now().mono;
    let six_hours = 6 * 3_600_000;
    for jump in [six_hours, -six_hours, -six_hours, six_hours, 0] {
        bench.play(2 * HOUR).await;
        bench.clock.jump_wall(jump);
    }
    bench.wire.put("f3", Page::Stories(vec![story("1", "A flood")]));
    bench.play(HOUR).await;
    for hour in 0..11 {
        for feed in 0..8 {
            let asked = bench.wire.asked_in(&format!("f{feed}"), start.plus(hour * HOUR), HOUR);
            assert!((3..=5).contains(&asked), "f{feed} in hour {hour}: {asked}");
        }
    }
    assert_eq!(bench.file().len(), 1);
}

#[tokio::test]
async fn a_reload_after_the_wall_clock_was_set_back_starves_no_feed() {
    let text = config(4, "");
    let mut bench = Bench::new(&text, Pass::Forever).await;
    bench.play(HOUR).await;
    bench.clock.jump_wall(-6 * 3_600_000);
    bench.reload(&text).await;
    let start = bench.clock.now().mono;
    bench.play(2 * HOUR).await;
    for feed in ["f0", "f1", "f2", "f3"] {
        let asked = bench.wire.asked_in(feed, start, HOUR);
        assert!((3..=5).contains(&asked), "{feed}: {asked}");
    }
}

#[tokio::test]
async fn a_reload_keeps_every_feed_at_its_time() {
    let text = config(4, "");
    let mut bench = Bench::new(&text, Pass::Forever).await;
    bench.play(10 * MINUTE).await;
    let before = bench.wire.asked();
    assert_eq!(before, 4);
    for _ in 0..5 {
        bench.reload(&text).await;
        bench.play(30 * SECOND).await;
    }
    assert_eq!(bench.wire.asked(), before, "a reload polls nothing by itself");
    // One more feed: it alone is polled soon.
    bench.reload(&config(5, "")).await;
    bench.play(MINUTE).await;
    assert_eq!(bench.wire.asked(), before + 1);
    bench.play(5 * MINUTE).await;
    assert!(bench.wire.asked() >= before + 5, "{}", bench.wire.asked());
}

#[tokio::test]
async fn a_feed_that_fails_after_its_news_were_refused_does_not_make_the_trouble_last() {
    let mut bench = Bench::new(&config(8, ""), Pass::Forever).await;
    bench.play(HOUR).await;
    bench.wire.put("f0", Page::Stories(vec![story("1", "A flood")]));
    bench.store.full.store(true, Ordering::SeqCst);
    bench.play(HOUR).await;
    bench.wire.put("f0", Page::Broken(Reason::ServerError));
    bench.store.full.store(false, Ordering::SeqCst);
    let start = bench.clock.now().mono;
    bench.play(HOUR).await;
    assert_eq!(bench.events().iter().filter(|event| *event == "store_recovered").count(), 1);
    for feed in 1..8 {
        let asked = bench.wire.asked_in(&format!("f{feed}"), start, HOUR);
        assert!((3..=5).contains(&asked), "f{feed}: {asked}");
    }
}

#[tokio::test]
async fn a_reload_on_a_full_disk_forgets_no_poll() {
    let text = config(1, "");
    let mut bench = Bench::new(&text, Pass::Forever).await;
    bench.play(HOUR).await;
    bench.store.full.store(true, Ordering::SeqCst);
    let before = bench.wire.asked();
    while bench.wire.asked() == before {
        bench.play(MINUTE).await;
    }
    bench.play(MINUTE).await;
    assert!(bench.store.refused.load(Ordering::SeqCst) > 0);
    bench.reload(&text).await;
    bench.store.full.store(false, Ordering::SeqCst);
    bench.play(10 * MINUTE).await;
    assert_eq!(bench.wire.asked(), before + 1, "it was asked a moment ago");
    bench.play(10 * MINUTE).await;
    assert_eq!(bench.wire.asked(), before + 2);
}

#[tokio::test]
async fn a_reload_knows_that_there_is_no_network() {
    let text = config(4, "");
    let mut bench = Bench::new(&text, Pass::Forever).await;
    for feed in ["f0", "f1", "f2", "f3"] {
        bench.wire.put(feed, Page::Broken(Reason::Connect));
    }
    bench.play(HOUR).await;
    bench.reload(&text).await;
    bench.play(HOUR).await;
    for feed in ["f0", "f1", "f2", "f3"] {
        bench.wire.put(feed, Page::Stories(vec![story("1", "Chess")]));
    }
    bench.play(HOUR).await;
    let log = bench.log();
    let told = |event: &str| log.iter().filter(|line| line["event"] == event).count();
    assert_eq!((told("offline"), told("online")), (1, 1));
}

#[tokio::test]
async fn a_restart_without_a_network_finds_that_out_and_its_end() {
    let mut bench = Bench::new(&config(4, "backoff_max = \"6h\""), Pass::Forever).await;
    let feeds = ["f0", "f1", "f2", "f3"];
    for feed in feeds {
        bench.wire.put(feed, Page::Broken(Reason::Connect));
    }
    bench.play(12 * HOUR).await;
    let mut bench = bench.restart().await;
    bench.play(12 * HOUR).await;
    for feed in feeds {
        bench.wire.put(feed, Page::Stories(vec![story("1", "A flood")]));
    }
    bench.play(2 * MINUTE).await;
    assert_eq!(bench.file().len(), 4);
    assert!(bench.events().contains(&"online".to_owned()));
}

#[tokio::test]
async fn a_poll_that_is_cut_off_is_made_again_by_the_same_engine() {
    let mut bench = Bench::new(&config(1, ""), Pass::Forever).await;
    bench.wire.put("f0", Page::Silent);
    while bench.poll.running() == 0 {
        bench.poll.step();
        bench.clock.advance(SECOND / 10);
    }
    // As before a reload that then fails because the store is full.
    bench.poll.abort().await;
    bench.wire.put("f0", Page::Stories(vec![story("1", "A flood")]));
    bench.play(MINUTE).await;
    assert_eq!(bench.file().len(), 1);
}

#[tokio::test]
async fn a_store_that_cannot_write_pauses_polling_and_loses_nothing() {
    let mut bench = Bench::new(&config(6, ""), Pass::Forever).await;
    bench.play(MINUTE).await;
    for feed in 0..6 {
        let stories = vec![story(&feed.to_string(), "A flood"), story("x", "Chess")];
        bench.wire.put(&format!("f{feed}"), Page::Stories(stories));
    }
    bench.store.full.store(true, Ordering::SeqCst);
    let start = bench.clock.now().mono;
    let asked = bench.wire.asked();
    bench.play(2 * HOUR).await;
    assert!(bench.poll.store_fails());
    assert!(bench.file().is_empty());
    let tries = bench.wire.asked() - asked;
    // One probe each half minute at most, not one for every feed.
    assert!((100..=500).contains(&tries), "{tries} polls in two hours");
    assert!(bench.store.refused.load(Ordering::SeqCst) > 100);
    bench.store.full.store(false, Ordering::SeqCst);
    bench.play(20 * MINUTE).await;
    assert!(!bench.poll.store_fails());
    assert_eq!(bench.file().len(), 6);
    assert_eq!(Totals::get(&bench.totals.alerts), 6);
    assert!(bench.wire.asked_in("f0", start, 3 * HOUR) > 0);
    let events = bench.events();
    let count = |name: &str| events.iter().filter(|event| *event == name).count();
    assert_eq!((count("store_failed"), count("store_recovered")), (1, 1), "{events:?}");
}

#[tokio::test]
async fn a_store_that_writes_again_is_noticed_though_no_feed_has_news() {
    let mut bench = Bench::new(&config(6, ""), Pass::Forever).await;
    bench.play(MINUTE).await;
    bench.store.full.store(true, Ordering::SeqCst);
    // Only schedules are to be written, and cannot be.
    bench.play(HOUR).await;
    assert!(bench.poll.store_fails());
    bench.store.full.store(false, Ordering::SeqCst);
    bench.play(HOUR).await;
    assert!(!bench.poll.store_fails());
    let events = bench.events();
    assert_eq!(events, ["store_failed", "store_recovered"]);
}

#[tokio::test]
async fn a_single_pass_asks_each_feed_once_and_ends() {
    let mut bench = Bench::new(&config(40, "concurrency = 7"), Pass::Once).await;
    bench.wire.put("f1", Page::Stories(vec![story("1", "A flood")]));
    bench.wire.put("f2", Page::Broken(Reason::NotFound));
    bench.play(9 * SECOND).await;
    assert!(bench.poll.is_done());
    assert_eq!(bench.wire.asked(), 40);
    let report = bench.poll.report();
    assert_eq!((report.good, report.failed.len(), report.cut_short), (39, 1, false));
    assert_eq!(report.failed[0].1, Reason::NotFound);
    bench.play(2 * HOUR).await;
    assert_eq!(bench.wire.asked(), 40);
    assert_eq!(bench.file().len(), 1);
}

#[tokio::test]
async fn a_pass_without_news_costs_no_durable_write() {
    let mut bench = Bench::new(&config(2000, ""), Pass::Forever).await;
    for feed in 0..2000 {
        let stories = vec![story("1", "Chess")];
        bench.wire.put(&format!("f{feed}"), Page::Stories(stories));
    }
    bench.play(14 * MINUTE).await;
    assert_eq!(bench.wire.asked(), 2000);
    for feed in 0..2000 {
        bench.wire.put(&format!("f{feed}"), Page::Unchanged);
    }
    let before = bench.store.real.stats();
    bench.play(20 * MINUTE).await;
    assert!(bench.wire.asked() >= 4000);
    let after = bench.store.real.stats();
    assert_eq!(after.durable, before.durable);
    // Schedules, once every ten seconds at most.
    assert!((1..=121).contains(&(after.lazy - before.lazy)), "{after:?} {before:?}");
}
