//! The feeds of the config, and what is kept of each.

use super::*;

pub(in crate::store) async fn a_renamed_feed_takes_over_its_row(place: &impl Place) {
    let store = place.open().await;
    let old = feeds(&[("old", "https://a.example/"), ("other", "https://b.example/")]);
    let states = store.open_feeds(&old, at(0)).await.unwrap();
    store.commit(found(states[0].key, 0, "1", &[])).await.unwrap();

    let renamed = feeds(&[
        ("new", "https://a.example/"),
        ("twin", "https://a.example/"),
        ("copy", "https://b.example/"),
        ("other", "https://b.example/"),
    ]);
    let after = store.open_feeds(&renamed, at(1)).await.unwrap();
    assert_eq!(after[0].key, states[0].key, "the row was free");
    assert_eq!(after[0].title.as_deref(), Some("Harbour news"));
    assert!(!after[0].validators.is_empty());
    assert_eq!(after[3].key, states[1].key);
    let keys: HashSet<i64> = after.iter().map(|state| state.key).collect();
    assert_eq!(keys.len(), 4, "one row is taken once, and none that is in use");
    assert!(store.seen(after[1].key).await.unwrap().is_first());
    assert!(store.seen(after[2].key).await.unwrap().is_first());
}

pub(in crate::store) async fn ids_that_shift_leave_each_url_what_it_has_shown(place: &impl Place) {
    let store = place.open().await;
    let before = feeds(&[("a", "https://x/1"), ("b", "https://x/2"), ("c", "https://x/3")]);
    let keys: Vec<i64> =
        store.open_feeds(&before, at(0)).await.unwrap().iter().map(|state| state.key).collect();
    let shifted = feeds(&[("a", "https://x/2"), ("b", "https://x/3"), ("c", "https://x/new")]);
    let after: Vec<i64> =
        store.open_feeds(&shifted, at(1)).await.unwrap().iter().map(|state| state.key).collect();
    assert_eq!(after[..2], keys[1..]);
    assert!(!keys.contains(&after[2]) || after[2] == keys[0]);
    let back = store.open_feeds(&before, at(2)).await.unwrap();
    assert_eq!(back[1].key, keys[1]);
    assert_eq!(back[2].key, keys[2]);
}

pub(in crate::store) async fn a_new_url_drops_what_belonged_to_the_old_one(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let mut found = found(feed.key, 0, "1", &[]);
    found.schedule = Some(Schedule { gone: 3, next_poll: Some(at(9999)), ..Schedule::default() });
    found.window = 9;
    store.commit(found).await.unwrap();
    let moved = feeds(&[("harbour", "https://new.example/rss")]);
    let state = store.open_feeds(&moved, at(1)).await.unwrap().remove(0);
    assert_eq!(state.key, feed.key);
    assert_eq!((state.validators, state.body), (Validators::default(), None));
    assert_eq!(state.wire, None);
    assert_eq!(state.schedule, Schedule::default());
    let seen = store.seen(feed.key).await.unwrap();
    assert_eq!((seen.version, seen.hashes.len(), seen.items), (1, 2, 0));
    assert_eq!(store.feed_reports(at(1)).await.unwrap()[0].url, "https://new.example/rss");
}

pub(in crate::store) async fn feeds_come_back_in_the_order_asked_for(place: &impl Place) {
    let store = place.open().await;
    let first = feeds(&[("b", "https://b/"), ("a", "https://a/"), ("c", "https://c/")]);
    let before = store.open_feeds(&first, at(0)).await.unwrap();
    let second = feeds(&[("c", "https://c/"), ("b", "https://b/")]);
    let after = store.open_feeds(&second, at(0)).await.unwrap();
    assert_eq!(after, [before[2].clone(), before[0].clone()]);
    let listed: Vec<String> = store
        .feed_reports(at(0))
        .await
        .unwrap()
        .into_iter()
        .map(|report| report.id.as_str().to_owned())
        .collect();
    assert_eq!(listed, ["b", "c"], "a is no longer configured");
    let back = store.open_feeds(&first, at(0)).await.unwrap();
    assert_eq!(back, before, "and is the same when it comes back");
    assert_eq!(store.open_feeds(&[], at(0)).await.unwrap(), []);
}

pub(in crate::store) async fn reports_count_the_items_of_seven_days(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let day = 24 * 3600;
    let now = 100 * day;
    let ages = [-5, 0, 1, day - 1, day, 6 * day, 7 * day - 1, 7 * day, 8 * day];
    let mut found = found(feed.key, 0, "x", &[]);
    found.items = ages
        .iter()
        .map(|age| NewItem { item: item(&age.to_string()), first_seen: at(now - age) })
        .collect();
    store.commit(found).await.unwrap();
    let report = store.feed_reports(at(now)).await.unwrap().remove(0);
    assert_eq!(report.items, [3, 1, 0, 0, 0, 0, 2]);
    assert!((report.items_per_day() - 6.0 / 7.0).abs() < 1e-9);
    assert_eq!(report.id, FeedId::new("harbour"));
    assert_eq!(report.title.as_deref(), Some("Harbour news"));
}

pub(in crate::store) async fn a_confirmed_move_is_kept_until_the_url_changes(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let target = Some("https://b.example/".to_owned());
    store.set_moved(feed.key, target.clone()).await.unwrap();
    assert_eq!(one_feed(&*store).await.moved_to, target);
    assert_eq!(store.feed_reports(at(0)).await.unwrap()[0].moved_to, target);
    let elsewhere = feeds(&[("harbour", "https://b.example/")]);
    assert_eq!(store.open_feeds(&elsewhere, at(0)).await.unwrap()[0].moved_to, None);
}
