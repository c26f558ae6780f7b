//! What operators see of the outbox, and do to it.

use super::*;

/// Three alerts for two sinks; of "hook" the first is a dead letter and the second is put off.
async fn mixed(store: &dyn Store) -> Vec<i64> {
    let feed = one_feed(store).await;
    for (version, id) in ["a", "b", "c"].into_iter().enumerate() {
        store.commit(found(feed.key, version as u64, id, &["file", "hook"])).await.unwrap();
    }
    let numbers: Vec<i64> = claim(store, "hook", at(0)).await.iter().map(|d| d.row).collect();
    settle(store, "hook", numbers[0], dead()).await;
    settle(store, "hook", numbers[1], retry(at(700))).await;
    store.release(&numbers).await;
    numbers
}

async fn shown(store: &dyn Store, query: OutboxQuery) -> Vec<OutboxRow> {
    store.outbox_rows(query).await.unwrap()
}

fn all() -> OutboxQuery {
    OutboxQuery { limit: 100, ..OutboxQuery::default() }
}

pub(in crate::store) async fn the_outbox_is_shown_row_by_row(place: &impl Place) {
    let store = place.open().await;
    let numbers = mixed(&*store).await;
    let of_hook = shown(&*store, OutboxQuery { sink: Some(sink("hook")), ..all() }).await;
    let [first, second, third] = &of_hook[..] else { panic!("{of_hook:?}") };
    let raised = alert("a", &["floods"], at(0));
    assert_eq!(
        *first,
        OutboxRow {
            row: numbers[0],
            sink: sink("hook"),
            dead: true,
            attempts: 1,
            first_failed: None,
            due: Timestamp::from_millis(0),
            reason: Some(Reason::Refused),
            message: Some("HTTP 400".to_owned()),
            key: None,
            alert: raised.id.clone(),
            raised_at: at(0),
            level: raised.level,
            title: raised.item.title.clone(),
        }
    );
    assert_eq!((second.dead, second.due, second.first_failed), (false, at(700), Some(at(600))));
    assert_eq!((second.reason, second.attempts), (Some(Reason::ServerError), 1));
    assert_eq!((third.dead, third.attempts, third.reason), (false, 0, None));
    assert_eq!(shown(&*store, all()).await.len(), 6);
    let dead = shown(&*store, OutboxQuery { dead_only: true, ..all() }).await;
    assert_eq!(dead, std::slice::from_ref(first));
    let page = OutboxQuery { after: Some(first.row), limit: 2, ..all() };
    let page = shown(&*store, OutboxQuery { sink: Some(sink("hook")), ..page }).await;
    assert_eq!(page, [second.clone(), third.clone()]);
    assert!(shown(&*store, OutboxQuery { limit: 0, ..all() }).await.is_empty());
    assert!(shown(&*store, OutboxQuery { sink: Some(sink("none")), ..all() }).await.is_empty());
}

pub(in crate::store) async fn an_operator_retries_what_was_meant(place: &impl Place) {
    let cases = [
        (Rows::All, false, 6),
        (Rows::All, true, 1),
        (Rows::Of(sink("hook")), false, 3),
        (Rows::Of(sink("hook")), true, 1),
        (Rows::Of(sink("file")), true, 0),
        (Rows::Of(sink("none")), false, 0),
        (Rows::Numbers(Vec::new()), false, 0),
        (Rows::Numbers(vec![-4, 0, 99_999]), false, 0),
    ];
    let store = place.open().await;
    let numbers = mixed(&*store).await;
    for (rows, dead_only, count) in cases {
        let selection = Selection { rows, dead_only };
        assert_eq!(store.outbox_retry(selection.clone()).await.unwrap(), count, "{selection:?}");
        let urgent = |row: &OutboxRow| row.due < Timestamp::from_millis(0);
        for row in shown(&*store, all()).await.iter().filter(|row| count > 0 && urgent(row)) {
            assert!(!row.dead && row.attempts == 0 && row.first_failed.is_none(), "{row:?}");
        }
        // As it was.
        settle(&*store, "hook", numbers[0], dead()).await;
        settle(&*store, "hook", numbers[1], retry(at(700))).await;
    }
    assert_eq!(shown(&*store, all()).await.iter().filter(|row| row.dead).count(), 1);
}

pub(in crate::store) async fn a_row_is_retried_with_its_message(place: &impl Place) {
    let store = place.open().await;
    let numbers = mixed(&*store).await;
    store.gather(&sink("hook"), numbers[..2].to_vec(), MessageKey::new("k")).await.unwrap();
    let one = Selection { rows: Rows::Numbers(vec![numbers[0]]), dead_only: false };
    assert_eq!(store.outbox_retry(one.clone()).await.unwrap(), 2);
    let urgent = Claim { urgent_only: true, ..Claim::due(1, at(0)) };
    let claimed = store.claim(&sink("hook"), urgent).await.unwrap().deliveries;
    assert_eq!(claimed.len(), 2);
    assert!(claimed.iter().all(|d| d.message == Some(MessageKey::new("k"))), "it keeps its key");
    let dropped = store.outbox_drop(Selection { dead_only: false, ..one }).await.unwrap();
    assert_eq!(dropped, 1, "what is to go is named");
}

pub(in crate::store) async fn an_operator_drops_what_was_meant(place: &impl Place) {
    let store = place.open().await;
    let numbers = mixed(&*store).await;
    let in_flight = claim(&*store, "hook", at(0)).await;
    assert_eq!(in_flight[0].row, numbers[2]);
    let drop_rows =
        async |rows, dead_only| store.outbox_drop(Selection { rows, dead_only }).await.unwrap();
    assert_eq!(drop_rows(Rows::Of(sink("file")), true).await, 0);
    assert_eq!(drop_rows(Rows::Of(sink("hook")), true).await, 1);
    assert_eq!(drop_rows(Rows::Numbers(vec![numbers[0], numbers[2]]), false).await, 1);
    // The engine, which had it in hand, comes too late.
    for verdict in [retry(at(9)), Verdict::Delivered, dead()] {
        settle(&*store, "hook", numbers[2], verdict).await;
    }
    assert_eq!(counts(&*store).await, [("file".to_owned(), 3, 0), ("hook".to_owned(), 1, 0)]);
    assert_eq!(drop_rows(Rows::All, false).await, 4);
    assert_eq!(counts(&*store).await, []);
    assert_eq!(everything(&*store).await.len(), 3, "the alerts stay");
}

pub(in crate::store) async fn many_rows_are_changed_in_steps(place: &impl Place) {
    const ALERTS: usize = 2500;
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let mut found = found(feed.key, 0, "x", &[]);
    found.alerts = (0..ALERTS)
        .map(|n| to_store(alert(&n.to_string(), &["floods"], at(0)), &["hook"]))
        .collect();
    store.commit(found).await.unwrap();
    let all_of = || Selection { rows: Rows::Of(sink("hook")), dead_only: false };
    assert_eq!(store.outbox_retry(all_of()).await.unwrap(), ALERTS as u64);
    let urgent = Claim { urgent_only: true, ..Claim::due(9999, at(0)) };
    assert_eq!(store.claim(&sink("hook"), urgent).await.unwrap().deliveries.len(), ALERTS);
    assert_eq!(store.outbox_drop(all_of()).await.unwrap(), ALERTS as u64);
    assert_eq!(counts(&*store).await, []);
}
