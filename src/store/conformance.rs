//! What every [`Store`] must do. A store takes part with one line: `conformance!(ItsPlace);`.

mod configured;
mod deliveries;
mod messages;
mod named;
mod operated;
mod replayed;
mod silenced;
mod told;

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;

use super::{
    AlertQuery, Claim, Committed, Found, MutedQuery, NewItem, OutboxCount, OutboxQuery, OutboxRow,
    Pruned, Raised, Rows, Selection, Settlement, Store, StoreError, Update, Verdict,
};
use crate::model::{
    Alert, AlertFeed, AlertRule, Bookmark, Condition, Delivery, FeedId, FeedState, Field, Habit,
    Health, HealthChange, Item, Level, Match, MessageKey, Reason, RuleId, Schedule, SinkName,
    Status, Timestamp, Validators, Wishes,
};

pub(super) use configured::*;
pub(super) use deliveries::*;
pub(super) use messages::*;
pub(super) use named::*;
pub(super) use operated::*;
pub(super) use replayed::*;
pub(super) use silenced::*;
pub(super) use told::*;

/// Where a store's state lies, empty at first.
#[async_trait]
pub(super) trait Place: Sized + Send + Sync {
    fn new() -> Self;
    /// Opens what is there, after whoever had it open has been dropped.
    async fn open(&self) -> Box<dyn Store>;
}

macro_rules! conformance {
    ($place:ty) => {
        conformance!($place:
            a_commit_is_claimed_and_settled
            a_retry_falls_due_when_it_says
            a_clock_set_back_does_not_put_retries_off
            a_refused_delivery_is_kept_as_a_dead_letter
            claims_are_exclusive_bounded_and_per_sink
            nothing_is_claimed_again_while_others_settle
            released_rows_can_be_claimed_again
            a_restart_forgets_claims_and_nothing_else
            the_same_alert_twice_makes_one_outbox_row
            a_commit_on_an_old_version_changes_nothing
            one_conflict_does_not_harm_its_neighbours
            a_bookmark_is_stored_with_its_settling
            settling_twice_changes_nothing
            a_row_of_another_sink_is_not_settled
            a_message_is_claimed_whole_and_alone
            a_message_is_whole_whenever_its_rows_fall_due
            a_row_stays_in_its_message
            a_message_is_taken_apart
            only_the_levels_asked_for_are_claimed
            the_first_failure_is_kept
            what_an_operator_wants_comes_first
            what_failed_comes_before_what_is_new
            the_outbox_is_shown_row_by_row
            an_operator_retries_what_was_meant
            a_row_is_retried_with_its_message
            an_operator_drops_what_was_meant
            many_rows_are_changed_in_steps
            silences_are_kept_as_they_were_added
            a_silence_ends_early_once
            there_are_only_so_many_silences
            what_is_muted_is_kept_and_counted
            a_silence_is_kept_until_retention
            what_waits_for_a_removed_sink_goes_at_retention
            pruning_keeps_what_waits_and_what_was_seen
            pruning_is_bounded
            alerts_are_found_by_rule_time_and_number
            an_item_keeps_its_first_form
            items_are_found_by_id_link_and_alert
            items_are_read_page_by_page_in_the_order_seen
            a_page_of_large_items_is_a_short_one
            all_is_kept_over_a_restart
            an_alert_about_a_feed_is_stored_with_its_schedule_and_once
            a_renamed_feed_takes_over_its_row
            ids_that_shift_leave_each_url_what_it_has_shown
            a_new_url_drops_what_belonged_to_the_old_one
            feeds_come_back_in_the_order_asked_for
            reports_count_the_items_of_seven_days
            a_confirmed_move_is_kept_until_the_url_changes
            hashes_are_the_same_after_a_restart
            a_closed_store_says_so
            one_page_in_five_feeds_is_one_alert
            alerts_that_wait_in_one_group_are_one_too
            an_alert_stands_for_another_only_if_it_says_and_reaches_as_much
            what_has_no_date_is_not_the_same_as_what_was_raised_days_ago
            alerts_without_a_page_or_for_others_are_their_own
            a_page_that_a_feed_uses_again_says_nothing
            sources_go_with_their_alert
            later_headlines_are_kept_beside_the_first
            of_many_headlines_the_last_are_kept
            gaps_are_counted
            what_was_seen_outlives_items_and_configs
        );
    };
    ($place:ty: $($property:ident)+) => {
        $(
            #[tokio::test]
            async fn $property() {
                use $crate::store::conformance as suite;
                suite::$property(&<$place as suite::Place>::new()).await;
            }
        )+
    };
}
pub(super) use conformance;

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_770_000_000_000 + seconds * 1000)
}

fn sink(name: &str) -> SinkName {
    SinkName::new(name)
}

fn feeds(feeds: &[(&str, &str)]) -> Vec<(FeedId, String)> {
    feeds.iter().map(|(id, url)| (FeedId::new(id), (*url).to_owned())).collect()
}

/// Opens a store with one configured feed.
pub(super) async fn one_feed(store: &dyn Store) -> FeedState {
    let states = store.open_feeds(&feeds(&[("harbour", "https://a.example/rss")]), at(0)).await;
    states.unwrap().remove(0)
}

pub(super) fn item(id: &str) -> Item {
    Item {
        id: id.to_owned(),
        title: format!("Повінь {id}"),
        link: Some(format!("https://a.example/{id}")),
        published: Some(at(-60)),
        summary: "water \u{1F30A} is 'rising'".to_owned(),
        ..Item::default()
    }
}

pub(super) fn alert(id: &str, rules: &[&str], raised_at: Timestamp) -> Alert {
    let feed = AlertFeed {
        id: FeedId::new("harbour"),
        title: "Harbour".to_owned(),
        url: "https://a.example/rss".to_owned(),
    };
    let hit = Match {
        term: "повінь".to_owned(),
        field: Field::Title,
        text: "Повінь".to_owned(),
        start: 0,
        end: "Повінь".len(),
    };
    let rules = rules
        .iter()
        .map(|rule| AlertRule {
            id: RuleId::new(rule),
            title: (*rule).to_owned(),
            level: Level::High,
            status: Status::default(),
            tags: vec!["water".to_owned()],
            matches: vec![hit.clone()],
        })
        .collect();
    Alert::raise(feed, &item(id), rules, raised_at)
}

/// An alert without a page.
pub(super) fn to_store(alert: Alert, sinks: &[&str]) -> Raised {
    Raised { alert, sinks: sinks.iter().map(|s| sink(s)).collect(), page: None }
}

/// A commit in which `id` is new and raises an alert for `sinks`.
pub(super) fn found(feed: i64, version: u64, id: &str, sinks: &[&str]) -> Found {
    let hash = version + 1;
    Found {
        feed,
        expected_version: version,
        seen: vec![hash, u64::MAX],
        validators: Validators {
            url: "https://a.example/rss".to_owned(),
            etag: Some(b"\"\xff\x00\"".to_vec()),
            last_modified: None,
        },
        body: Some(u64::MAX - version),
        title: Some("Harbour news".to_owned()),
        items: vec![NewItem { item: item(id), first_seen: at(0) }],
        alerts: vec![to_store(alert(id, &["floods"], at(0)), sinks)],
        wire: Some(version),
        ..Found::default()
    }
}

async fn claim(store: &dyn Store, name: &str, now: Timestamp) -> Vec<Delivery> {
    store.claim(&sink(name), Claim::due(100, now)).await.unwrap().deliveries
}

async fn settle(store: &dyn Store, name: &str, row: i64, verdict: Verdict) {
    store.settle(&sink(name), vec![Settlement { row, verdict }], None).await.unwrap();
}

fn retry(due: Timestamp) -> Verdict {
    let (failed_at, message) = (due.minus(Duration::from_secs(100)), "HTTP 503".to_owned());
    Verdict::Retry { due, failed_at, reason: Reason::ServerError, message }
}

fn dead() -> Verdict {
    Verdict::Dead { reason: Reason::Refused, message: "HTTP 400".to_owned() }
}

async fn counts(store: &dyn Store) -> Vec<(String, u64, u64)> {
    let count = |c: OutboxCount| (c.sink.as_str().to_owned(), c.waiting, c.dead);
    store.outbox().await.unwrap().into_iter().map(count).collect()
}

async fn everything(store: &dyn Store) -> Vec<(i64, Alert)> {
    store.alerts(AlertQuery { limit: 1000, ..AlertQuery::default() }).await.unwrap()
}

pub(super) async fn a_commit_on_an_old_version_changes_nothing(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &["file"])).await.unwrap();
    store.commit(found(feed.key, 1, "2", &["file"])).await.unwrap();
    for version in [0, 1, 3, u64::MAX] {
        let mut late = found(feed.key, 0, "3", &["file"]);
        late.expected_version = version;
        late.seen = vec![99];
        late.title = Some("late".to_owned());
        late.schedule = Some(Schedule { errors: 9, ..Schedule::default() });
        let refused = store.commit(late).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{version}: {refused:?}");
    }
    let seen = store.seen(feed.key).await.unwrap();
    assert_eq!((seen.version, seen.hashes), (2, vec![2, u64::MAX]));
    assert_eq!(everything(&*store).await.len(), 2);
    assert_eq!(counts(&*store).await, [("file".to_owned(), 2, 0)]);
    let now = one_feed(&*store).await;
    assert_eq!((now.title.as_deref(), now.schedule.errors), (Some("Harbour news"), 0));
}

pub(super) async fn one_conflict_does_not_harm_its_neighbours(place: &impl Place) {
    let store = place.open().await;
    let urls: Vec<String> = (0..20).map(|n| format!("https://{n}.example/")).collect();
    let configured: Vec<(FeedId, String)> =
        urls.iter().map(|url| (FeedId::new(url), url.clone())).collect();
    let states = store.open_feeds(&configured, at(0)).await.unwrap();
    let commits = states.iter().enumerate().map(|(n, state)| {
        let version = if n % 3 == 1 { 7 } else { 0 };
        store.commit(found(state.key, version, &n.to_string(), &["file"]))
    });
    let outcomes = futures_util::future::join_all(commits).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(done) => assert!(n % 3 != 1 && done.alerts == 1, "{n}"),
            Err(error) => assert!(n % 3 == 1 && matches!(error, StoreError::Conflict), "{n}"),
        }
        let version = store.seen(states[n].key).await.unwrap().version;
        assert_eq!(version, u64::from(n % 3 != 1), "{n}");
    }
    let stored: HashSet<String> =
        everything(&*store).await.into_iter().map(|(_, alert)| alert.item.id).collect();
    assert_eq!(stored.len(), 13);
    assert!(!stored.contains("1") && stored.contains("0"));
}

pub(super) async fn pruning_keeps_what_waits_and_what_was_seen(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    for (version, id) in ["waits", "delivered", "dead", "unsent"].into_iter().enumerate() {
        let sinks: &[&str] = if id == "unsent" { &[] } else { &["file"] };
        store.commit(found(feed.key, version as u64, id, sinks)).await.unwrap();
    }
    for delivery in claim(&*store, "file", at(0)).await {
        match delivery.alert.item.id.as_str() {
            "delivered" => settle(&*store, "file", delivery.row, Verdict::Delivered).await,
            "dead" => settle(&*store, "file", delivery.row, dead()).await,
            _ => store.release(&[delivery.row]).await,
        }
    }
    assert_eq!(
        store.prune(at(0), 100, vec![sink("file")]).await.unwrap(),
        Pruned::default(),
        "none is older"
    );
    let pruned = store.prune(at(1), 100, vec![sink("file")]).await.unwrap();
    assert_eq!(pruned, Pruned { items: 4, alerts: 3, dead: 1, unsent: 0, revisions: 0 });
    assert_eq!(counts(&*store).await, [("file".to_owned(), 1, 0)]);
    let left = claim(&*store, "file", at(0)).await;
    assert_eq!(left[0].alert.item.id, "waits");
    let seen = store.seen(feed.key).await.unwrap();
    assert_eq!((seen.version, seen.hashes.len()), (4, 2));
}

pub(super) async fn pruning_is_bounded(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    for version in 0..5 {
        store.commit(found(feed.key, version, &version.to_string(), &[])).await.unwrap();
    }
    for left in [3, 1, 0, 0] {
        let before = everything(&*store).await.len();
        let pruned = store.prune(at(1), 2, vec![sink("file")]).await.unwrap();
        assert_eq!((pruned.alerts, pruned.items), (before - left, before - left));
    }
    assert_eq!(everything(&*store).await.len(), 0);
}

pub(super) async fn alerts_are_found_by_rule_time_and_number(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let raised: [(&str, &[&str]); 4] = [
        ("a", &["floods"]),
        ("b", &["strikes", "floods"]),
        ("c", &["strikes"]),
        ("d", &["floods"]),
    ];
    for (version, (id, rules)) in raised.into_iter().enumerate() {
        let mut found = found(feed.key, version as u64, id, &[]);
        found.alerts = vec![to_store(alert(id, rules, at(10 * version as i64)), &[])];
        store.commit(found).await.unwrap();
    }
    let all = everything(&*store).await;
    let second = Some(all[1].0);
    let query = |rule: Option<&str>, since: Option<i64>, after, latest_first, limit| AlertQuery {
        rule: rule.map(RuleId::new),
        since: since.map(at),
        after,
        latest_first,
        limit,
    };
    let cases = [
        (query(None, None, None, false, 10), "abcd"),
        (query(None, None, None, true, 10), "dcba"),
        (query(None, None, None, true, 2), "dc"),
        (query(None, None, None, false, 0), ""),
        (query(Some("floods"), None, None, false, 10), "abd"),
        (query(Some("floods"), None, None, true, 1), "d"),
        (query(Some("flood"), None, None, false, 10), ""),
        (query(None, Some(20), None, false, 10), "cd"),
        (query(None, None, second, false, 10), "cd"),
        (query(None, None, second, true, 10), "a"),
        (query(Some("strikes"), Some(10), second, false, 10), "c"),
    ];
    for (query, expected) in cases {
        let got: String = store
            .alerts(query.clone())
            .await
            .unwrap()
            .into_iter()
            .map(|(_, alert)| alert.item.id)
            .collect();
        assert_eq!(got, expected, "{query:?}");
    }
}

pub(super) async fn an_item_keeps_its_first_form(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &[])).await.unwrap();
    let mut again = found(feed.key, 1, "1", &[]);
    again.items[0].first_seen = at(500_000);
    again.items[0].item.title = "changed".to_owned();
    store.commit(again).await.unwrap();
    let reports = store.feed_reports(at(500_000)).await.unwrap();
    assert_eq!(reports[0].items, [0, 0, 0, 0, 0, 1, 0], "seen first 5.8 days ago");
}

pub(super) async fn all_is_kept_over_a_restart(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let mut found = found(feed.key, 0, "1", &["file"]);
    let schedule = Schedule {
        next_poll: Some(at(300)),
        last_poll: Some(at(0)),
        last_success: Some(at(-300)),
        errors: 2,
        last_reason: Some(Reason::Timeout),
        last_message: Some("no answer within 30 s".to_owned()),
        moved: Some(("https://b.example/".to_owned(), 3)),
        gone: 1,
        condition: Condition {
            health: Health::Failing,
            since: Some(at(7)),
            wishes: Wishes { skip_hours: 3, ..Wishes::default() },
            habit: Habit { times: 4, last_news: Some(at(9)), ..Habit::default() },
            repairs: vec!["bare-ampersand".into()],
            ..Condition::default()
        },
    };
    found.schedule = Some(schedule.clone());
    let stored = found.clone();
    store.commit(found).await.unwrap();
    drop(store);

    let store = place.open().await;
    let state = one_feed(&*store).await;
    assert_eq!(
        state,
        FeedState {
            key: feed.key,
            schedule,
            validators: stored.validators,
            body: stored.body,
            wire: stored.wire,
            title: stored.title,
            moved_to: None,
        }
    );
    let seen = store.seen(feed.key).await.unwrap();
    assert_eq!((seen.version, seen.hashes), (1, stored.seen));
    assert_eq!(everything(&*store).await[0].1, stored.alerts[0].alert);
    assert_eq!(counts(&*store).await, [("file".to_owned(), 1, 0)]);

    let later = Schedule { next_poll: Some(at(900)), ..Schedule::default() };
    let update = Update { feed: feed.key, schedule: later.clone(), alerts: Vec::new() };
    store.flush_schedules(vec![update]).await.unwrap();
    drop(store);
    let store = place.open().await;
    assert_eq!(one_feed(&*store).await.schedule, later);
}

pub(super) async fn an_alert_about_a_feed_is_stored_with_its_schedule_and_once(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let change = HealthChange {
        state: Health::Blocked,
        before: Health::Ok,
        reason: Some(Reason::Blocked),
        since: at(3),
        message: "HTTP 403 Forbidden".to_owned(),
    };
    let alert = Alert::of_health(alert("x", &["floods"], at(0)).feed, change);
    let update = Update {
        feed: feed.key,
        schedule: Schedule { errors: 1, ..Schedule::default() },
        alerts: vec![Raised {
            alert: alert.clone(),
            sinks: vec![SinkName::new("file")],
            page: None,
        }],
    };
    store.flush_schedules(vec![update.clone()]).await.unwrap();
    store.flush_schedules(vec![update]).await.unwrap();
    drop(store);
    let store = place.open().await;
    assert_eq!(one_feed(&*store).await.schedule.errors, 1);
    assert_eq!(everything(&*store).await.into_iter().map(|(_, a)| a).collect::<Vec<_>>(), [alert]);
    assert_eq!(counts(&*store).await, [("file".to_owned(), 1, 0)]);
}

pub(super) async fn hashes_are_the_same_after_a_restart(place: &impl Place) {
    let store = place.open().await;
    let (one, two) = (store.hash(b"one"), store.hash(b"two"));
    assert_ne!(one, two);
    drop(store);
    let store = place.open().await;
    assert_eq!((store.hash(b"one"), store.hash(b"two")), (one, two));
}

pub(super) async fn a_closed_store_says_so(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &["file"])).await.unwrap();
    store.close().await.unwrap();
    let late = store.commit(found(feed.key, 1, "2", &[])).await;
    assert!(matches!(late, Err(StoreError::Closed)), "{late:?}");
    assert!(matches!(store.seen(feed.key).await, Err(StoreError::Closed)));
    store.close().await.unwrap();
    let again = place.open().await;
    assert_eq!(everything(&*again).await.len(), 1, "it can be opened before the old one is gone");
}
