//! How feeds are doing: told to the sinks that ask, once for each change; and servers that say
//! "unchanged" when it is not so.

use std::fs;

use wirewatch::engine::Pass;
use wirewatch::model::{Alert, Health, Reason};

use super::bench::{Bench, HOUR, MINUTE, config, story};
use super::wire::Page;

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

fn with_health(feeds: usize) -> String {
    let sink =
        "[[sink]]\nkind = \"file\"\nname = \"desk\"\nhealth = \"only\"\npath = \"desk.jsonl\"\n";
    format!("{}{sink}", config(feeds, ""))
}

/// What the sink for health was told: feed, state before and after.
fn told(bench: &Bench) -> Vec<(String, Health, Health)> {
    let text = fs::read_to_string(bench.path("desk.jsonl")).unwrap_or_default();
    let alerts = text.lines().map(|line| serde_json::from_str::<Alert>(line).unwrap());
    alerts
        .map(|alert| {
            let change = alert.health.expect("nothing but health");
            (alert.feed.id.to_string(), change.before, change.state)
        })
        .collect()
}

#[tokio::test]
async fn each_change_is_told_once_to_the_sinks_that_ask() {
    let mut bench = Bench::new(&with_health(3), Pass::Forever).await;
    for feed in ["f0", "f1", "f2"] {
        bench.wire.put(feed, Page::Stories(vec![story("1", "A flood")]));
    }
    bench.play(HOUR).await;
    assert_eq!(told(&bench), [], "that all is well from the start is no news");
    bench.wire.put("f1", Page::Broken(Reason::Blocked));
    bench.play(DAY).await;
    let f1 = "f1".to_owned();
    assert_eq!(told(&bench), [(f1.clone(), Health::Ok, Health::Blocked)]);
    bench.wire.put("f1", Page::Unchanged);
    bench.play(DAY).await;
    let change = (f1.clone(), Health::Blocked, Health::Ok);
    assert_eq!(told(&bench)[1..], [change]);
    assert_eq!(bench.file().len(), 3, "the other sink has the alerts of rules alone");
    assert!(bench.file().iter().all(|alert| alert.health.is_none()));
}

#[tokio::test]
async fn a_change_that_the_store_could_not_take_is_told_when_it_can() {
    let mut bench = Bench::new(&with_health(1), Pass::Forever).await;
    bench.wire.put("f0", Page::Stories(vec![story("1", "Chess")]));
    bench.play(HOUR).await;
    bench.wire.put("f0", Page::Broken(Reason::NotFound));
    bench.store.full.store(true, std::sync::atomic::Ordering::SeqCst);
    bench.play(HOUR).await;
    assert_eq!(told(&bench), []);
    bench.reload(&with_health(1)).await;
    bench.wire.put("f0", Page::Stories(vec![story("1", "Chess")]));
    bench.store.full.store(false, std::sync::atomic::Ordering::SeqCst);
    bench.play(12 * HOUR).await;
    let f0 = || "f0".to_owned();
    let both = [(f0(), Health::Ok, Health::Failing), (f0(), Health::Failing, Health::Ok)];
    assert_eq!(told(&bench), both);
}

#[tokio::test]
async fn a_feed_without_words_is_told_of() {
    let mut bench = Bench::new(&with_health(1), Pass::Forever).await;
    bench.wire.put("f0", Page::Stories(vec![story("1", ""), story("2", ""), story("3", "Chess")]));
    bench.play(HOUR).await;
    assert_eq!(told(&bench), [("f0".to_owned(), Health::New, Health::Hollow)]);
}

#[tokio::test]
async fn a_server_that_says_unchanged_for_ever_is_found_out() {
    let mut bench = Bench::new(&with_health(1), Pass::Forever).await;
    bench.wire.put("f0", Page::Lying(vec![story("1", "Chess")]));
    bench.play(HOUR).await;
    bench.wire.put("f0", Page::Lying(vec![story("2", "A flood"), story("1", "Chess")]));
    bench.play(5 * DAY).await;
    assert_eq!(bench.file().len(), 0, "nobody can know");
    bench.play(3 * DAY).await;
    assert_eq!(bench.file().len(), 1, "after a week the feed is fetched whole");
    assert_eq!(told(&bench), [("f0".to_owned(), Health::Ok, Health::Stuck)]);
    let third = vec![story("3", "A flood"), story("2", "A flood"), story("1", "Chess")];
    bench.wire.put("f0", Page::Lying(third));
    bench.play(HOUR).await;
    assert_eq!(bench.file().len(), 2, "and from then on always");
}

#[tokio::test]
async fn a_feed_that_falls_silent_is_told_of_after_twice_its_usual_pause() {
    let mut bench = Bench::new(&with_health(1), Pass::Forever).await;
    for hour in 0..9 * 24 {
        bench
            .wire
            .put("f0", Page::Stories(vec![story(&hour.to_string(), "Chess"), story("x", "-")]));
        bench.play(HOUR).await;
    }
    assert_eq!(told(&bench), []);
    // The floor of the habit is twelve polls: three hours and a little.
    bench.play(5 * HOUR).await;
    assert_eq!(told(&bench), []);
    bench.play(4 * HOUR).await;
    assert_eq!(told(&bench), [("f0".to_owned(), Health::Ok, Health::Silent)]);
    bench.wire.put("f0", Page::Stories(vec![story("new", "Chess"), story("x", "-")]));
    bench.play(30 * MINUTE).await;
    assert_eq!(told(&bench)[1..], [("f0".to_owned(), Health::Silent, Health::Ok)]);
}
