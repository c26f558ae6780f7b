//! Deliveries that go out together, and which of them may go out now.

use super::*;

/// Alerts 0 to `count`, in this order, that wait for "hook"; their levels go round.
async fn waiting(store: &dyn Store, count: u64) -> Vec<Level> {
    let feed = one_feed(store).await;
    let mut levels = Vec::new();
    for version in 0..count {
        let id = version.to_string();
        let mut found = found(feed.key, version, &id, &["hook"]);
        let level = Level::ALL[version as usize % 5];
        found.alerts[0].alert.level = level;
        levels.push(level);
        store.commit(found).await.unwrap();
    }
    levels
}

fn ids(deliveries: &[Delivery]) -> String {
    deliveries.iter().map(|delivery| delivery.alert.item.id.as_str()).collect()
}

fn rows(deliveries: &[Delivery]) -> Vec<i64> {
    deliveries.iter().map(|delivery| delivery.row).collect()
}

async fn take(store: &dyn Store, claim: Claim) -> Vec<Delivery> {
    store.claim(&sink("hook"), claim).await.unwrap().deliveries
}

pub(in crate::store) async fn a_message_is_claimed_whole_and_alone(place: &impl Place) {
    let store = place.open().await;
    waiting(&*store, 6).await;
    let all = claim(&*store, "hook", at(0)).await;
    let numbers = rows(&all);
    let key = MessageKey::new("k1");
    let of_message = vec![numbers[1], numbers[2], numbers[4]];
    store.gather(&sink("hook"), of_message.clone(), key.clone()).await.unwrap();
    store.release(&numbers).await;

    let first = take(&*store, Claim::due(2, at(0))).await;
    assert_eq!(ids(&first), "03", "only rows without a message, past those of the message");
    assert!(first.iter().all(|delivery| delivery.message.is_none()));
    let second = take(&*store, Claim::due(1, at(0))).await;
    assert_eq!(ids(&second), "124", "the whole message, whatever the limit");
    assert!(second.iter().all(|delivery| delivery.message.as_ref() == Some(&key)));
    assert_eq!(ids(&take(&*store, Claim::due(9, at(0))).await), "5");
    assert!(take(&*store, Claim::due(9, at(0))).await.is_empty());
    assert!(take(&*store, Claim::due(0, at(0))).await.is_empty());

    store.release(&of_message).await;
    assert!(take(&*store, Claim::due(0, at(0))).await.is_empty(), "no more than none");
    drop(store);
    let store = place.open().await;
    assert_eq!(ids(&take(&*store, Claim::due(9, at(0))).await), "035");
    assert_eq!(ids(&take(&*store, Claim::due(1, at(0))).await), "124", "after a restart too");
}

pub(in crate::store) async fn a_message_is_whole_whenever_its_rows_fall_due(place: &impl Place) {
    let store = place.open().await;
    waiting(&*store, 3).await;
    let numbers = rows(&claim(&*store, "hook", at(0)).await);
    store.gather(&sink("hook"), numbers.clone(), MessageKey::new("k")).await.unwrap();
    for (row, due) in numbers.iter().zip([300, 100, 200]) {
        settle(&*store, "hook", *row, retry(at(due))).await;
    }
    assert!(claim(&*store, "hook", at(99)).await.is_empty());
    assert_eq!(ids(&claim(&*store, "hook", at(100)).await), "012");
    settle(&*store, "hook", numbers[1], dead()).await;
    store.release(&numbers).await;
    assert_eq!(ids(&claim(&*store, "hook", at(300)).await), "02", "without its dead letters");
}

pub(in crate::store) async fn a_row_stays_in_its_message(place: &impl Place) {
    let store = place.open().await;
    waiting(&*store, 2).await;
    let numbers = rows(&claim(&*store, "hook", at(0)).await);
    let gather = async |name: &str, rows: &[i64], key: &str| {
        store.gather(&sink(name), rows.to_vec(), MessageKey::new(key)).await.unwrap();
    };
    gather("hook", &numbers[..1], "first").await;
    gather("file", &numbers[1..], "of another sink").await;
    gather("hook", &[numbers[0], 12_345], "second").await;
    gather("hook", &[], "none").await;
    settle(&*store, "hook", numbers[0], retry(at(0))).await;
    store.release(&numbers).await;
    let keys: Vec<Option<String>> = store
        .outbox_rows(OutboxQuery { limit: 9, ..OutboxQuery::default() })
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.key.map(|key| key.as_str().to_owned()))
        .collect();
    assert_eq!(keys, [Some("first".to_owned()), None]);
}

pub(in crate::store) async fn only_the_levels_asked_for_are_claimed(place: &impl Place) {
    let store = place.open().await;
    let levels = waiting(&*store, 10).await;
    assert_eq!(levels[4], Level::Critical);
    let of =
        |levels: &[Level], limit| Claim { levels: levels.to_vec(), ..Claim::due(limit, at(0)) };
    let name = sink("hook");
    assert_eq!(ids(&take(&*store, of(&[Level::Critical], 1)).await), "4");
    assert_eq!(ids(&take(&*store, of(&[Level::Critical, Level::Low], 9)).await), "169");
    let critical = of(&[Level::Critical], 9);
    assert!(take(&*store, critical.clone()).await.is_empty());
    assert_eq!(store.next_due(&name, &critical).await.unwrap(), None, "none of these waits");
    assert!(store.next_due(&name, &Claim::due(1, at(0))).await.unwrap().unwrap() <= at(0));
    assert_eq!(ids(&take(&*store, of(&[], 9)).await), "023578");
}

pub(in crate::store) async fn the_first_failure_is_kept(place: &impl Place) {
    let store = place.open().await;
    waiting(&*store, 1).await;
    for (attempt, failed) in [10, 20, 15].into_iter().enumerate() {
        let delivery = claim(&*store, "hook", at(1000)).await.remove(0);
        assert_eq!(delivery.first_failed, (attempt > 0).then_some(at(10)));
        let (reason, message) = (Reason::Timeout, "slow".to_owned());
        let verdict = Verdict::Retry { due: at(100), failed_at: at(failed), reason, message };
        settle(&*store, "hook", delivery.row, verdict).await;
    }
    drop(store);
    let store = place.open().await;
    let delivery = claim(&*store, "hook", at(1000)).await.remove(0);
    assert_eq!((delivery.first_failed, delivery.attempts), (Some(at(10)), 3));
}

pub(in crate::store) async fn what_an_operator_wants_comes_first(place: &impl Place) {
    let store = place.open().await;
    waiting(&*store, 4).await;
    let name = sink("hook");
    let numbers = rows(&claim(&*store, "hook", at(0)).await);
    settle(&*store, "hook", numbers[2], retry(at(500))).await;
    settle(&*store, "hook", numbers[3], dead()).await;
    let urgent = Claim { urgent_only: true, ..Claim::due(9, at(0)) };
    assert_eq!(store.next_due(&name, &urgent).await.unwrap(), None);
    let wanted =
        Selection { rows: Rows::Numbers(vec![numbers[2], numbers[3], 999]), dead_only: false };
    assert_eq!(store.outbox_retry(wanted).await.unwrap(), 2);
    store.release(&numbers[..2]).await;

    assert!(store.next_due(&name, &urgent).await.unwrap().unwrap() < at(0));
    assert!(store.next_due(&name, &Claim::due(9, at(0))).await.unwrap().unwrap() < at(0));
    let first = take(&*store, Claim::due(1, at(0))).await;
    assert_eq!((ids(&first), first[0].attempts, first[0].first_failed), ("2".to_owned(), 0, None));
    let second = take(&*store, urgent.clone()).await;
    assert_eq!(ids(&second), "3", "and nothing that is only due");
    assert_eq!(store.next_due(&name, &urgent).await.unwrap(), None, "it is claimed");
    settle(&*store, "hook", numbers[3], retry(at(600))).await;
    assert!(take(&*store, urgent).await.is_empty(), "one attempt, then it waits as others do");
    assert_eq!(ids(&take(&*store, Claim::due(9, at(0))).await), "01");
}

pub(in crate::store) async fn what_failed_comes_before_what_is_new(place: &impl Place) {
    let store = place.open().await;
    waiting(&*store, 5).await;
    let numbers = rows(&claim(&*store, "hook", at(0)).await);
    for (row, due) in [(0, 300), (2, 200), (3, 900)] {
        settle(&*store, "hook", numbers[row], retry(at(due))).await;
    }
    store.release(&numbers).await;
    let first = take(&*store, Claim::due(3, at(500))).await;
    assert_eq!(ids(&first), "201", "due longest first, then the new ones; not those due later");
    store.release(&numbers).await;
    let fresh = Claim { fresh_only: true, ..Claim::due(9, at(500)) };
    assert!(store.next_due(&sink("hook"), &fresh).await.unwrap().unwrap() <= at(0));
    assert_eq!(ids(&take(&*store, fresh.clone()).await), "14");
    assert_eq!(store.next_due(&sink("hook"), &fresh).await.unwrap(), None);
    assert!(take(&*store, fresh).await.is_empty());
    assert_eq!(ids(&take(&*store, Claim::due(9, at(900))).await), "203");
}

pub(in crate::store) async fn a_message_is_taken_apart(place: &impl Place) {
    let store = place.open().await;
    waiting(&*store, 4).await;
    let numbers = rows(&claim(&*store, "hook", at(0)).await);
    store.gather(&sink("hook"), numbers.clone(), MessageKey::new("k")).await.unwrap();
    let all = Selection { rows: Rows::Of(sink("hook")), dead_only: false };
    store.outbox_retry(all).await.unwrap();
    settle(&*store, "hook", numbers[3], dead()).await;
    let part = |row: &i64| Verdict::Part {
        key: MessageKey::new(if *row == numbers[2] { "second" } else { "first" }),
        at: at(7),
        reason: Reason::ClientError,
        message: "too much".to_owned(),
    };
    let settled = |row: &i64| Settlement { row: *row, verdict: part(row) };
    store.settle(&sink("hook"), numbers.iter().map(settled).collect(), None).await.unwrap();
    store.release(&numbers).await;
    drop(store);

    let store = place.open().await;
    for (id, key) in [("01", "first"), ("2", "second")] {
        // What an operator wants out stays so.
        let urgent = Claim { urgent_only: true, ..Claim::due(9, at(7)) };
        let claimed = take(&*store, urgent).await;
        assert_eq!((ids(&claimed).as_str(), claimed[0].attempts), (id, 1));
        assert_eq!(claimed[0].first_failed, Some(at(7)));
        assert_eq!(claimed[0].message, Some(MessageKey::new(key)));
    }
    assert!(take(&*store, Claim::due(9, at(7))).await.is_empty());
    assert_eq!(counts(&*store).await, [("hook".to_owned(), 3, 1)], "what is dead stays so");
}
