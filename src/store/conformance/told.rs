//! What is known of news beside the news: further sources, later headlines, gaps.

use std::time::Duration;

use super::{
    Place, alert, at, counts, dead, everything, feeds, found, item, one_feed, settle, sink,
};
use crate::model::{Alert, AlertId, AlertSource, FeedId, FeedState, Seen, Sequel, Timestamp};
use crate::store::{
    Committed, Found, NewItem, Pruned, REVISIONS, Raised, Retitled, SAME_NEWS, Store,
};

const PAGE: u64 = 0xFFFF_0000_0000_0007;

/// Feeds `a` to `e`.
async fn five(store: &dyn Store) -> Vec<FeedState> {
    let names = ["a", "b", "c", "d", "e"].map(|id| (id, format!("https://{id}.example/")));
    let configured: Vec<(&str, &str)> = names.iter().map(|(id, url)| (*id, &**url)).collect();
    store.open_feeds(&feeds(&configured), at(0)).await.unwrap()
}

/// What feed `n` of five raises for its item `id`.
fn raised(n: usize, id: &str, rules: &[&str], sinks: &[&str], page: Option<u64>) -> Raised {
    let mut alert = alert(id, rules, at(10 + n as i64));
    alert.feed.id = FeedId::new(["a", "b", "c", "d", "e"][n]);
    alert.id = AlertId::of(&alert.feed.id, id);
    Raised { alert, sinks: sinks.iter().copied().map(sink).collect(), page }
}

async fn put(store: &dyn Store, feed: &FeedState, raised: Raised) -> Committed {
    let version = store.seen(feed.key).await.unwrap().version;
    let alerts = vec![raised];
    let found = Found { feed: feed.key, expected_version: version, alerts, ..Found::default() };
    store.commit(found).await.unwrap()
}

async fn sequel(store: &dyn Store, n: usize) -> Sequel {
    let (seq, _) = everything(store).await[n];
    store.sequels(vec![seq]).await.unwrap().remove(0)
}

fn told(by: &Alert) -> Committed {
    Committed { told: vec![(0, by.id.clone())], ..Committed::default() }
}

fn one_alert() -> Committed {
    Committed { alerts: 1, ..Committed::default() }
}

pub async fn one_page_in_five_feeds_is_one_alert(place: &impl Place) {
    let store = place.open().await;
    let all = five(&*store).await;
    let first = raised(0, "0", &["floods"], &["file"], Some(PAGE));
    assert_eq!(put(&*store, &all[0], first.clone()).await, one_alert());
    for (n, feed) in all.iter().enumerate().skip(1) {
        let next = raised(n, &n.to_string(), &["floods"], &["file"], Some(PAGE));
        assert_eq!(put(&*store, feed, next.clone()).await, told(&first.alert));
        // As after a crash that hid the end of the commit.
        assert_eq!(put(&*store, feed, next).await, told(&first.alert));
    }
    assert_eq!(put(&*store, &all[0], first.clone()).await, Committed::default());
    assert_eq!(counts(&*store).await, [("file".to_owned(), 1, 0)]);
    drop(store);
    let store = place.open().await;
    assert_eq!(everything(&*store).await[0].1, first.alert, "it never changes");
    let sources: Vec<(String, String, Timestamp)> = sequel(&*store, 0)
        .await
        .sources
        .into_iter()
        .map(|AlertSource { feed, item, seen_at }| (feed.to_string(), item, seen_at))
        .collect();
    let expected = [("b", 1), ("c", 2), ("d", 3), ("e", 4)]
        .map(|(feed, n)| (feed.to_owned(), n.to_string(), at(10 + n)));
    assert_eq!(sources, expected);
}

pub async fn alerts_that_wait_in_one_group_are_one_too(place: &impl Place) {
    let store = place.open().await;
    let all = five(&*store).await;
    let commits = all.iter().enumerate().map(|(n, feed)| {
        let raised = raised(n, "x", &["floods"], &["file"], Some(PAGE));
        store.commit(Found { feed: feed.key, alerts: vec![raised], ..Found::default() })
    });
    let done = futures_util::future::join_all(commits).await;
    assert_eq!(done.into_iter().map(|done| done.unwrap().alerts).sum::<usize>(), 1);
    assert_eq!(sequel(&*store, 0).await.sources.len(), 4);
}

pub async fn an_alert_stands_for_another_only_if_it_says_and_reaches_as_much(place: &impl Place) {
    let (both, file, two) = (&["floods", "strikes"][..], &["file"][..], &["file", "hook"][..]);
    let floods = &["floods"][..];
    let days = |days: i64| at(days * 24 * 3600);
    let edge = days(0).plus(SAME_NEWS);
    let past = edge.plus(Duration::from_millis(1));
    // The first alert; the next one; their dates; whether the first stands for it.
    let cases = [
        ((floods, file), (floods, file), (None, None), true),
        ((both, two), (floods, file), (None, None), true),
        ((both, file), (floods, &[][..]), (None, None), true),
        ((floods, file), (both, file), (None, None), false),
        ((floods, file), (&["strikes"][..], file), (None, None), false),
        ((floods, file), (floods, two), (None, None), false),
        ((floods, &[][..]), (floods, file), (None, None), false),
        ((floods, file), (floods, file), (Some(days(0)), None), true),
        // Of one that has none, when it was raised.
        ((floods, file), (floods, file), (None, Some(days(9))), false),
        ((floods, file), (floods, file), (Some(days(9)), None), false),
        ((floods, file), (floods, file), (None, Some(days(2))), true),
        ((floods, file), (floods, file), (Some(days(0)), Some(edge)), true),
        ((floods, file), (floods, file), (Some(edge), Some(days(0))), true),
        ((floods, file), (floods, file), (Some(days(0)), Some(past)), false),
        ((floods, file), (floods, file), (Some(past), Some(days(0))), false),
    ];
    let store = place.open().await;
    let all = five(&*store).await;
    for (number, (first, next, dates, stands)) in cases.into_iter().enumerate() {
        let page = Some(number as u64);
        let mut a = raised(0, &format!("a{number}"), first.0, first.1, page);
        let mut b = raised(1, &format!("b{number}"), next.0, next.1, page);
        (a.alert.item.published, b.alert.item.published) = dates;
        assert_eq!(put(&*store, &all[0], a.clone()).await, one_alert(), "case {number}");
        let expected = if stands { told(&a.alert) } else { one_alert() };
        assert_eq!(put(&*store, &all[1], b).await, expected, "case {number}");
    }
}

pub async fn what_has_no_date_is_not_the_same_as_what_was_raised_days_ago(place: &impl Place) {
    let store = place.open().await;
    let all = five(&*store).await;
    let later = |n: usize, page: u64, after: Duration| {
        let mut raised = raised(n, &format!("{page}"), &["floods"], &["file"], Some(page));
        raised.alert.raised_at = at(10).plus(after);
        raised.alert.item.published = None;
        raised
    };
    let past = SAME_NEWS + Duration::from_millis(1);
    for (page, after, stands) in [(1, SAME_NEWS, true), (2, past, false)] {
        let first = later(0, page, Duration::ZERO);
        put(&*store, &all[0], first.clone()).await;
        let expected = if stands { told(&first.alert) } else { one_alert() };
        assert_eq!(put(&*store, &all[1], later(1, page, after)).await, expected, "{after:?}");
    }
}

pub async fn alerts_without_a_page_or_for_others_are_their_own(place: &impl Place) {
    let store = place.open().await;
    let all = five(&*store).await;
    for (n, page) in [None, None, Some(PAGE), Some(PAGE + 1), Some(0)].into_iter().enumerate() {
        let raised = raised(n, "x", &["floods"], &["file"], page);
        assert_eq!(put(&*store, &all[n], raised).await, one_alert(), "{page:?}");
    }
}

pub async fn a_page_that_a_feed_uses_again_says_nothing(place: &impl Place) {
    let store = place.open().await;
    let all = five(&*store).await;
    let raised = |n, id: &str| raised(n, id, &["floods"], &["file"], Some(PAGE));
    let first = raised(0, "1");
    assert_eq!(put(&*store, &all[0], first.clone()).await, one_alert());
    assert_eq!(put(&*store, &all[1], raised(1, "1")).await, told(&first.alert));
    // The second feed has another item there, and then a third.
    assert_eq!(put(&*store, &all[1], raised(1, "2")).await, one_alert());
    assert_eq!(put(&*store, &all[1], raised(1, "3")).await, one_alert());
    // So it says nothing of the first feed's next one, nor of a third feed's.
    assert_eq!(put(&*store, &all[0], raised(0, "2")).await, one_alert());
    assert_eq!(put(&*store, &all[2], raised(2, "1")).await, one_alert());
    assert_eq!(sequel(&*store, 0).await.sources.len(), 1);
}

pub async fn sources_go_with_their_alert(place: &impl Place) {
    let store = place.open().await;
    let all = five(&*store).await;
    let raised = |n, id: &str| raised(n, id, &["floods"], &["file"], Some(PAGE));
    put(&*store, &all[0], raised(0, "1")).await;
    put(&*store, &all[1], raised(1, "1")).await;
    let row = super::claim(&*store, "file", at(0)).await[0].row;
    settle(&*store, "file", row, dead()).await;
    let (seq, _) = everything(&*store).await[0];
    let pruned = store.prune(at(1000), 10, vec![sink("file")]).await.unwrap();
    assert_eq!(pruned, Pruned { alerts: 1, dead: 1, ..Pruned::default() });
    assert_eq!(store.sequels(vec![seq]).await.unwrap(), [Sequel::default()]);
    assert_eq!(put(&*store, &all[2], raised(2, "1")).await, one_alert(), "it is not told now");
}

/// A commit that gives the item `id` another headline.
async fn retitle(store: &dyn Store, feed: i64, of: (&str, Option<u64>, &str, i64)) -> Committed {
    let (id, page, title, seconds) = of;
    let (item, title, seen_at) = (id.to_owned(), title.to_owned(), at(seconds));
    let version = store.seen(feed).await.unwrap().version;
    let retitled = vec![Retitled { item, page, title, seen_at }];
    let found = Found { feed, expected_version: version, retitled, ..Found::default() };
    store.commit(found).await.unwrap()
}

fn before(title: &str) -> Committed {
    Committed { retitled: vec![(0, Some(title.to_owned()))], ..Committed::default() }
}

async fn titles(store: &dyn Store) -> Vec<String> {
    sequel(store, 0).await.revisions.into_iter().map(|revision| revision.title).collect()
}

pub async fn later_headlines_are_kept_beside_the_first(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let mut first = found(feed.key, 0, "1", &["file"]);
    first.alerts[0].page = Some(PAGE);
    store.commit(first).await.unwrap();
    let key = feed.key;
    let old = item("1").title;
    assert_eq!(retitle(&*store, key, ("1", Some(PAGE), "two", 60)).await, before(&old));
    assert_eq!(retitle(&*store, key, ("1", None, "three", 120)).await, before("two"));
    // Said again after a crash: it is that already.
    let again = retitle(&*store, key, ("1", None, "three", 180)).await;
    assert_eq!(again, Committed::default());
    // Under another id, on the same page.
    assert_eq!(retitle(&*store, key, ("1#2", Some(PAGE), "four", 240)).await, before("two"));
    assert_eq!(retitle(&*store, key, ("1", Some(PAGE), "five", 300)).await, before("four"));
    assert_eq!(titles(&*store).await, ["two", "three", "four", "five"]);
    // Of an item that is forgotten.
    let gone = retitle(&*store, key, ("gone", None, "x", 300)).await;
    assert_eq!(gone.retitled, [(0, None)]);
    assert_eq!(titles(&*store).await.len(), 4);
    assert_eq!(everything(&*store).await[0].1.item.title, old, "it never changes");
    assert_eq!(sequel(&*store, 0).await.revisions[0].seen_at, at(60));
    assert_eq!(counts(&*store).await, [("file".to_owned(), 1, 0)]);
}

pub async fn of_many_headlines_the_last_are_kept(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &[])).await.unwrap();
    let all = i64::from(REVISIONS) + 5;
    for n in 0..all {
        retitle(&*store, feed.key, ("1", None, &n.to_string(), n)).await;
        retitle(&*store, feed.key, ("2", None, &n.to_string(), n)).await;
    }
    let expected: Vec<String> = (5..all).map(|n| n.to_string()).collect();
    assert_eq!(titles(&*store).await, expected);
    let pruned = store.prune(at(7), 3, vec![sink("file")]).await.unwrap();
    assert_eq!((pruned.revisions, pruned.most()), (3, 3));
    let pruned = store.prune(at(7), 9, vec![sink("file")]).await.unwrap();
    assert_eq!(pruned.revisions, 1, "no more are older");
}

pub async fn gaps_are_counted(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    for (version, gap) in [false, true, false, true].into_iter().enumerate() {
        let id = version.to_string();
        let found = Found { gap, ..found(feed.key, version as u64, &id, &[]) };
        store.commit(found).await.unwrap();
    }
    let late = Found { gap: true, ..found(feed.key, 1, "late", &[]) };
    store.commit(late).await.unwrap_err();
    drop(store);
    let store = place.open().await;
    assert_eq!(store.feed_reports(at(0)).await.unwrap()[0].gaps, 2);
}

pub async fn what_was_seen_outlives_items_and_configs(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let mut shown = found(feed.key, 0, "1", &[]);
    (shown.window, shown.titles) = (3, vec![(1, 2), (u64::MAX, 0)]);
    shown.items.push(NewItem { item: item("2"), first_seen: at(0) });
    let expected = Seen {
        version: 1,
        hashes: shown.seen.clone(),
        items: shown.window,
        titles: shown.titles.clone(),
    };
    store.commit(shown).await.unwrap();
    assert_eq!(store.prune(at(1), 100, vec![sink("file")]).await.unwrap().items, 2);
    assert_eq!(store.seen(feed.key).await.unwrap(), expected);
    assert!(store.open_feeds(&[], at(2)).await.unwrap().is_empty());
    store.prune(at(1_000_000), 100, vec![sink("file")]).await.unwrap();
    drop(store);
    let store = place.open().await;
    let back = one_feed(&*store).await;
    assert_eq!(back.key, feed.key);
    assert_eq!(store.seen(back.key).await.unwrap(), expected);
}
