//! What becomes of deliveries: claimed, settled, put off, refused.

use super::*;

pub(in crate::store) async fn a_commit_is_claimed_and_settled(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    assert!(store.seen(feed.key).await.unwrap().is_first());
    let done = store.commit(found(feed.key, 0, "1", &["file", "hook"])).await.unwrap();
    assert_eq!(done, Committed { alerts: 1, ..Committed::default() });

    let seen = store.seen(feed.key).await.unwrap();
    assert_eq!((seen.version, seen.hashes), (1, vec![1, u64::MAX]));
    let oldest = Some(at(0));
    assert_eq!(
        store.outbox().await.unwrap(),
        [
            OutboxCount { sink: sink("file"), waiting: 1, oldest, dead: 0 },
            OutboxCount { sink: sink("hook"), waiting: 1, oldest, dead: 0 },
        ]
    );
    assert!(store.next_due(&sink("file"), &Claim::due(1, at(0))).await.unwrap().unwrap() <= at(0));

    let deliveries = claim(&*store, "file", at(0)).await;
    assert_eq!(deliveries.len(), 1);
    assert_eq!(*deliveries[0].alert, alert("1", &["floods"], at(0)));
    assert_eq!(deliveries[0].attempts, 0);
    assert_eq!(store.next_due(&sink("file"), &Claim::due(1, at(0))).await.unwrap(), None);
    settle(&*store, "file", deliveries[0].row, Verdict::Delivered).await;
    assert_eq!(counts(&*store).await, [("hook".to_owned(), 1, 0)]);
    assert!(claim(&*store, "file", at(1_000_000)).await.is_empty());
}

pub(in crate::store) async fn a_retry_falls_due_when_it_says(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &["hook"])).await.unwrap();
    for attempts in 0..3 {
        let now = at(100 * i64::from(attempts));
        let deliveries = claim(&*store, "hook", now).await;
        assert_eq!(deliveries[0].attempts, attempts);
        let due = now.plus(Duration::from_secs(100));
        settle(&*store, "hook", deliveries[0].row, retry(due)).await;
        assert_eq!(store.next_due(&sink("hook"), &Claim::due(1, at(0))).await.unwrap(), Some(due));
        let before = due.minus(Duration::from_millis(1));
        assert!(claim(&*store, "hook", before).await.is_empty());
    }
    assert_eq!(claim(&*store, "hook", at(300)).await[0].attempts, 3);
}

pub(in crate::store) async fn a_clock_set_back_does_not_put_retries_off(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let day = 24 * 3600;
    let due = at(10 * day);
    for (version, id) in ["1", "2"].into_iter().enumerate() {
        store.commit(found(feed.key, version as u64, id, &["hook"])).await.unwrap();
    }
    for delivery in claim(&*store, "hook", at(9 * day)).await {
        settle(&*store, "hook", delivery.row, retry(due)).await;
    }
    for back in [0, 3600, day] {
        let now = at(10 * day - back);
        assert_eq!(store.next_due(&sink("hook"), &Claim::due(1, now)).await.unwrap(), Some(due));
    }
    assert!(claim(&*store, "hook", at(9 * day)).await.is_empty());
    let now = at(9 * day - 1);
    assert_eq!(store.next_due(&sink("hook"), &Claim::due(1, now)).await.unwrap(), Some(now));
    let first = store.claim(&sink("hook"), Claim::due(1, now)).await.unwrap().deliveries;
    assert_eq!(first[0].alert.item.id, "1");
    assert_eq!(claim(&*store, "hook", now).await.len(), 1);
    assert!(claim(&*store, "hook", now).await.is_empty());
}

pub(in crate::store) async fn a_refused_delivery_is_kept_as_a_dead_letter(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &["hook"])).await.unwrap();
    let row = claim(&*store, "hook", at(0)).await[0].row;
    settle(&*store, "hook", row, dead()).await;
    // It stays dead, whatever a late attempt says.
    settle(&*store, "hook", row, retry(at(1))).await;
    assert!(claim(&*store, "hook", at(1_000_000)).await.is_empty());
    assert_eq!(store.next_due(&sink("hook"), &Claim::due(1, at(0))).await.unwrap(), None);
    let expected = OutboxCount { sink: sink("hook"), waiting: 0, oldest: None, dead: 1 };
    assert_eq!(store.outbox().await.unwrap(), [expected]);
}

pub(in crate::store) async fn claims_are_exclusive_bounded_and_per_sink(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    for version in 0..5 {
        let id = version.to_string();
        store.commit(found(feed.key, version, &id, &["file", "hook"])).await.unwrap();
    }
    let name = sink("file");
    assert!(store.claim(&name, Claim::due(0, at(0))).await.unwrap().deliveries.is_empty());
    let (first, second, third) = tokio::join!(
        store.claim(&name, Claim::due(2, at(0))),
        store.claim(&name, Claim::due(2, at(0))),
        store.claim(&name, Claim::due(2, at(0))),
    );
    let all: Vec<Delivery> = [first, second, third]
        .into_iter()
        .flat_map(|claimed| claimed.unwrap().deliveries)
        .collect();
    let ids: Vec<&str> = all.iter().map(|delivery| delivery.alert.item.id.as_str()).collect();
    assert_eq!(ids, ["0", "1", "2", "3", "4"], "the oldest come first, each once");
    assert!(store.claim(&name, Claim::due(2, at(0))).await.unwrap().deliveries.is_empty());
    assert_eq!(claim(&*store, "hook", at(0)).await.len(), 5);
}

pub(in crate::store) async fn nothing_is_claimed_again_while_others_settle(place: &impl Place) {
    const ALERTS: usize = 300;
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let mut found = found(feed.key, 0, "x", &[]);
    found.alerts = (0..ALERTS)
        .map(|n| to_store(alert(&n.to_string(), &["floods"], at(0)), &["file"]))
        .collect();
    store.commit(found).await.unwrap();
    let deliver = async || {
        let mut delivered = Vec::new();
        loop {
            let batch = store.claim(&sink("file"), Claim::due(7, at(0))).await.unwrap().deliveries;
            if batch.is_empty() {
                return delivered;
            }
            let done = |d: &Delivery| Settlement { row: d.row, verdict: Verdict::Delivered };
            let settled = batch.iter().map(done).collect();
            store.settle(&sink("file"), settled, None).await.unwrap();
            delivered.extend(batch.into_iter().map(|d| d.row));
        }
    };
    let (a, b, c) = tokio::join!(deliver(), deliver(), deliver());
    let all: Vec<i64> = [a, b, c].concat();
    assert_eq!(all.len(), ALERTS);
    assert_eq!(all.into_iter().collect::<HashSet<i64>>().len(), ALERTS);
}

pub(in crate::store) async fn released_rows_can_be_claimed_again(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &["file"])).await.unwrap();
    let row = claim(&*store, "file", at(0)).await[0].row;
    store.release(&[row, 12_345]).await;
    let again = claim(&*store, "file", at(0)).await;
    assert_eq!((again[0].row, again[0].attempts), (row, 0));
}

pub(in crate::store) async fn a_restart_forgets_claims_and_nothing_else(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &["file"])).await.unwrap();
    let before = claim(&*store, "file", at(0)).await;
    drop(store);
    let store = place.open().await;
    let after = claim(&*store, "file", at(0)).await;
    assert_eq!(after[0].row, before[0].row);
    assert_eq!(after[0].alert, before[0].alert);
}

pub(in crate::store) async fn the_same_alert_twice_makes_one_outbox_row(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let once = store.commit(found(feed.key, 0, "1", &["file", "file"])).await.unwrap();
    let twice = store.commit(found(feed.key, 1, "1", &["file", "hook"])).await.unwrap();
    assert_eq!((once.alerts, twice.alerts), (1, 0));
    assert_eq!(counts(&*store).await, [("file".to_owned(), 1, 0)]);
    let row = claim(&*store, "file", at(0)).await[0].row;
    settle(&*store, "file", row, Verdict::Delivered).await;
    store.commit(found(feed.key, 2, "1", &["file"])).await.unwrap();
    assert_eq!(counts(&*store).await, [], "nor after it was delivered");
}

pub(in crate::store) async fn a_bookmark_is_stored_with_its_settling(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let name = sink("file");
    assert_eq!(store.bookmark(&name).await.unwrap(), None);
    store.commit(found(feed.key, 0, "1", &["file"])).await.unwrap();
    let row = claim(&*store, "file", at(0)).await[0].row;
    let settled = vec![Settlement { row, verdict: Verdict::Delivered }];
    store.settle(&name, settled, Some(Bookmark("7:512".to_owned()))).await.unwrap();
    store.settle(&name, Vec::new(), None).await.unwrap();
    assert_eq!(store.bookmark(&name).await.unwrap(), Some(Bookmark("7:512".to_owned())));
    store.settle(&name, Vec::new(), Some(Bookmark("8:0".to_owned()))).await.unwrap();
    drop(store);
    let store = place.open().await;
    assert_eq!(store.bookmark(&name).await.unwrap(), Some(Bookmark("8:0".to_owned())));
    assert_eq!(store.bookmark(&sink("hook")).await.unwrap(), None);
    assert!(claim(&*store, "file", at(0)).await.is_empty());
}

pub(in crate::store) async fn settling_twice_changes_nothing(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &["file"])).await.unwrap();
    let row = claim(&*store, "file", at(0)).await[0].row;
    settle(&*store, "file", row, Verdict::Delivered).await;
    store.commit(found(feed.key, 1, "2", &["file"])).await.unwrap();
    for verdict in [Verdict::Delivered, retry(at(1)), dead()] {
        settle(&*store, "file", row, verdict).await;
    }
    let next = claim(&*store, "file", at(0)).await;
    assert_eq!(next.len(), 1);
    assert_ne!(next[0].row, row, "a row's number is never given out again");
}

pub(in crate::store) async fn a_row_of_another_sink_is_not_settled(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &["file"])).await.unwrap();
    let row = claim(&*store, "file", at(0)).await[0].row;
    settle(&*store, "hook", row, Verdict::Delivered).await;
    assert_eq!(counts(&*store).await, [("file".to_owned(), 1, 0)]);
}
