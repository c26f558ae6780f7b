//! The deliver engine and a sink that fails: how often it is asked, and what becomes of its alerts.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::tz::TimeZone;
use wirewatch::model::{Level, Outcome, Reason, SinkName};
use wirewatch::pace::{Days, Pacing, Quiet, TimeOfDay};
use wirewatch::store::{OutboxQuery, Rows, Selection, Store};

use super::bench::{HOUR, MINUTE, SECOND, config, count};
use super::hook::{self, bench, fails};

#[tokio::test]
async fn a_sink_that_fails_for_an_hour_delays_no_other_and_gets_all_in_order_after() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    let end = bench.clock.now().mono.plus(HOUR);
    hook.answers(
        move |got| {
            if got.at.mono < end { fails(Reason::ServerError) } else { Outcome::Delivered }
        },
    );
    for n in 0..120 {
        bench.raise_all(&[&format!("a{n:03}")]).await;
        bench.deliver_now(&hook).await;
        assert_eq!(bench.file().len(), n + 1, "the file has it in the same moment");
        bench.deliver(&hook, MINUTE / 2).await;
    }
    let asked = hook.got();
    // Two seconds, then four, up to an hour: each is shortened by up to half.
    assert!((11..=26).contains(&asked.len()), "asked {} times", asked.len());
    assert!(asked.iter().all(|got| got.titles.len() == 1));
    let failed: HashSet<String> = asked.iter().map(|got| got.key.clone()).collect();
    bench.deliver(&hook, 2 * HOUR).await;
    assert_eq!(bench.outbox("hook").await, (0, 0));
    let taken: Vec<_> = hook.got().into_iter().filter(|got| got.at.mono >= end).collect();
    let fresh: Vec<_> =
        taken.iter().filter(|got| !failed.contains(&got.key)).map(|got| &got.titles).collect();
    assert!(fresh.is_sorted(), "in order: {fresh:?}");
    let all: HashSet<_> = taken.iter().map(|got| got.titles.join("")).collect();
    assert_eq!((all.len(), taken.len()), (120, 120), "each once");
    let log = bench.log();
    assert_eq!((count(&log, "delivery_failed"), count(&log, "sink_recovered")), (1, 1));
}

#[tokio::test]
async fn what_the_sink_asks_for_is_kept() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    let start = bench.clock.now().mono;
    hook.answers(move |got| {
        if got.at.mono > start.plus(MINUTE) {
            return Outcome::Delivered;
        }
        let after = Some(10 * MINUTE);
        Outcome::Retry { reason: Reason::ServerError, message: "429".into(), after }
    });
    bench.raise_all(&["a", "b"]).await;
    bench.deliver(&hook, SECOND).await;
    bench.raise_all(&["c"]).await;
    bench.deliver(&hook, 10 * MINUTE - 2 * SECOND).await;
    assert_eq!(hook.titles(), ["a"], "what is new waits too");
    bench.deliver(&hook, 2 * SECOND).await;
    assert_eq!(hook.titles(), ["a", "a", "b", "c"], "the oldest comes first");
}

#[tokio::test]
async fn a_single_pass_waits_out_the_first_short_rests() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    let tries = std::sync::atomic::AtomicUsize::new(0);
    hook.answers(move |_| match tries.fetch_add(1, Ordering::SeqCst) % 3 {
        0 => fails(Reason::ServerError),
        _ => Outcome::Delivered,
    });
    let titles: Vec<String> = (0..30).map(|n| format!("{n:02}")).collect();
    bench.raise_all(&titles.iter().map(String::as_str).collect::<Vec<_>>()).await;
    // As `poll` does it: until nothing is to be done soon.
    bench.deliver_now(&hook).await;
    while !bench.deliver.is_idle() {
        bench.clock.advance(SECOND / 20);
        bench.deliver_now(&hook).await;
    }
    let (waiting, _) = bench.outbox("hook").await;
    let had = hook.titles().iter().collect::<HashSet<_>>().len();
    assert_eq!(had, 30, "all were tried; {waiting} wait for their next try");
    // One that is down is not waited for.
    hook.answers(|_| fails(Reason::Connect));
    bench.raise_all(&["late"]).await;
    bench.deliver(&hook, HOUR).await;
    assert!(bench.deliver.is_idle());
}

#[tokio::test]
async fn what_the_sink_asks_for_is_kept_with_several_messages_under_way() {
    let (mut bench, hook) = bench(&Pacing { concurrency: 4, ..Pacing::default() }).await;
    let start = bench.clock.now().mono;
    hook.answers(move |got| match got.titles[0].as_str() {
        "03" if got.at.mono < start.plus(MINUTE) => Outcome::Retry {
            reason: Reason::RateLimited,
            message: "429".into(),
            after: Some(20 * SECOND),
        },
        _ => Outcome::Delivered,
    });
    let titles: Vec<String> = (0..60).map(|n| format!("{n:02}")).collect();
    bench.raise_all(&titles.iter().map(String::as_str).collect::<Vec<_>>()).await;
    bench.deliver(&hook, 19 * SECOND).await;
    let before = hook.got().len();
    assert!(before <= 8, "{before} went out, of which four were under way");
    bench.deliver(&hook, 10 * MINUTE).await;
    assert_eq!(bench.outbox("hook").await, (0, 0));
    let log = bench.log();
    let told = |event: &str| log.iter().filter(|line| line["event"] == event).count();
    assert!(told("sink_recovered") <= 3, "{}", told("sink_recovered"));
}

#[tokio::test]
async fn in_quiet_hours_what_passes_is_given_up_as_at_any_time() {
    let quiet = Quiet {
        from: TimeOfDay::parse("21:00").unwrap(),
        to: TimeOfDay::parse("07:00").unwrap(),
        days: Days::ALL,
        zone: TimeZone::UTC,
        through: vec![Level::Critical],
    };
    let after = Some(5 * MINUTE);
    let pacing = Pacing { quiet: Some(quiet), give_up_after: after, ..Pacing::default() };
    let (mut bench, hook) = bench(&pacing).await;
    hook.answers(|_| fails(Reason::Connect));
    bench.raise("a", Level::Critical, &["hook"]).await;
    bench.deliver(&hook, 20 * MINUTE).await;
    assert_eq!(bench.outbox("hook").await, (0, 1));
}

#[tokio::test]
async fn an_alert_that_fails_for_too_long_is_given_up_and_can_be_sent_again() {
    let pacing = Pacing { give_up_after: Some(3 * HOUR), ..Pacing::default() };
    let (mut bench, hook) = bench(&pacing).await;
    hook.answers(|_| fails(Reason::Connect));
    bench.raise_all(&["a"]).await;
    bench.deliver(&hook, 2 * HOUR).await;
    assert_eq!(bench.outbox("hook").await, (1, 0));
    bench.deliver(&hook, 3 * HOUR).await;
    assert_eq!(bench.outbox("hook").await, (0, 1));
    let tries = hook.got().len();
    bench.deliver(&hook, 24 * HOUR).await;
    assert_eq!(hook.got().len(), tries);
    let report = bench.deliver.report();
    let report = report.iter().find(|sink| sink.name.as_str() == "hook").unwrap();
    assert_eq!((report.counts.dead, report.counts.failed), (1, tries as u64));
    assert_eq!(report.failing.map(|failing| failing.reason), Some(Reason::Connect));

    hook.answers(|_| Outcome::Delivered);
    let rows = Rows::Of(SinkName::new("hook"));
    bench.store.outbox_retry(Selection { rows, dead_only: true }).await.unwrap();
    bench.deliver(&hook, 5 * SECOND).await;
    assert_eq!((hook.got().len(), bench.outbox("hook").await), (tries + 1, (0, 0)));
    let keys: HashSet<_> = hook.got().into_iter().map(|got| got.key).collect();
    assert_eq!(keys.len(), 1, "under the same key");
    let log = bench.log();
    assert_eq!(count(&log, "delivery_given_up"), 1);
    assert_eq!((count(&log, "delivery_refused"), count(&log, "sink_recovered")), (0, 1));
}

#[tokio::test]
async fn a_refused_alert_is_a_dead_letter_at_once() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.answers(|got| {
        if got.titles == ["bad"] {
            return Outcome::Refused { reason: Reason::ServerError, message: "400".into() };
        }
        Outcome::Delivered
    });
    bench.raise_all(&["a", "bad", "b"]).await;
    bench.deliver(&hook, SECOND).await;
    assert_eq!(hook.titles(), ["a", "bad", "b"]);
    assert_eq!(bench.outbox("hook").await, (0, 1));
    let log = bench.log();
    assert_eq!((count(&log, "delivery_refused"), count(&log, "delivery_failed")), (1, 0));
}

#[tokio::test]
async fn an_alert_that_always_fails_holds_nobody_up() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.answers(|got| {
        if got.titles == ["poison"] { fails(Reason::ServerError) } else { Outcome::Delivered }
    });
    bench.raise_all(&["poison"]).await;
    let mut raised = 0;
    // At first alone for long, so that it has failed often; then among others.
    for gap in [2 * HOUR, 3 * HOUR, MINUTE, MINUTE, HOUR, 5 * MINUTE, HOUR, 3 * HOUR, HOUR] {
        bench.deliver(&hook, gap).await;
        raised += 1;
        bench.raise_all(&[&format!("n{raised}")]).await;
        bench.deliver(&hook, 4 * SECOND).await;
        let others = hook.titles().iter().filter(|title| *title != "poison").count();
        assert_eq!(others, raised, "after {gap:?}");
    }
    let tries = hook.titles().iter().filter(|title| *title == "poison").count();
    assert!((12..50).contains(&tries), "{tries}");
    assert_eq!(bench.outbox("hook").await, (1, 0));
    let told = count(&bench.log(), "delivery_failed");
    assert!((1..=3).contains(&told), "told {told} times");
}

#[tokio::test]
async fn a_sink_that_panics_over_an_alert_is_one_that_fails() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.answers(|got| if got.titles == ["bad"] { panic!("as told") } else { Outcome::Delivered });
    bench.raise_all(&["bad", "a", "b"]).await;
    bench.deliver(&hook, MINUTE).await;
    assert_eq!((bench.outbox("hook").await, bench.file().len()), ((1, 0), 3));
    assert!(hook.titles().ends_with(&["bad".into()]) && hook.titles().contains(&"b".into()));
    assert!(count(&bench.log(), "fault") >= 2);
}

#[tokio::test]
async fn a_sink_that_never_answers_holds_up_no_other() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.stalls();
    for n in 0..5 {
        bench.raise_all(&[&format!("a{n}")]).await;
        bench.deliver(&hook, HOUR).await;
        assert_eq!(bench.file().len(), n + 1);
    }
    assert_eq!((hook.titles().as_slice(), hook.stuck()), (&["a0".to_owned()][..], 1));
    hook.lets_go(1);
    bench.deliver(&hook, SECOND).await;
    assert_eq!(hook.titles(), ["a0", "a1"]);
}

#[tokio::test]
async fn as_many_are_under_way_as_may_be_and_in_order() {
    let (mut bench, hook) = bench(&Pacing { concurrency: 3, ..Pacing::default() }).await;
    hook.stalls();
    bench.raise_all(&["a", "b", "c", "d", "e"]).await;
    bench.deliver(&hook, MINUTE).await;
    assert_eq!((hook.titles().join(""), hook.stuck()), ("abc".into(), 3));
    hook.lets_go(1);
    bench.deliver(&hook, SECOND).await;
    assert_eq!((hook.titles().join(""), hook.stuck()), ("abcd".into(), 3));
    // Those that fail together are one failure.
    hook.answers(|_| fails(Reason::Timeout));
    hook.lets_go(3);
    bench.deliver_now(&hook).await;
    let report = bench.deliver.report();
    let failing = report.iter().find_map(|sink| sink.failing).unwrap();
    assert_eq!((failing.failures, failing.reason), (1, Reason::Timeout));
    bench.deliver(&hook, 2 * SECOND).await;
    assert_eq!((hook.titles().join(""), hook.stuck()), ("abcde".into(), 1), "one at a time now");
}

#[tokio::test]
async fn a_sink_that_can_be_built_again_gets_at_once_what_waits() {
    let (mut bench, hook) = bench(&Pacing { retry_max: Some(HOUR), ..Pacing::default() }).await;
    hook.builds(false);
    bench.raise_all(&["a", "b"]).await;
    bench.deliver(&hook, MINUTE).await;
    assert_eq!((bench.deliver.failing(), bench.file().len()), (1, 2));
    let report = bench.deliver.report();
    let failing = report.iter().find_map(|sink| sink.failing).unwrap();
    assert!((4..=11).contains(&failing.failures), "not at each look: {}", failing.failures);
    hook.builds(true);
    bench.deliver(&hook, 5 * SECOND).await;
    assert_eq!(hook.titles(), ["a", "b"]);
    let log = bench.log();
    assert_eq!((count(&log, "delivery_failed"), count(&log, "sink_recovered")), (1, 1));
}

#[tokio::test]
async fn a_machine_that_was_off_buries_nothing_at_the_first_try() {
    let pacing = Pacing { retry_max: Some(10 * MINUTE), ..Pacing::default() };
    let (mut bench, hook) = bench(&pacing).await;
    hook.answers(|_| fails(Reason::Connect));
    bench.raise_all(&["a", "b"]).await;
    bench.deliver(&hook, HOUR).await;
    bench.clock.advance(60 * HOUR);
    let mut bench = bench.restart().await;
    let tries = hook.got().len();
    bench.deliver(&hook, HOUR - SECOND).await;
    assert!(hook.got().len() > tries + 2, "{} {tries}", hook.got().len());
    assert_eq!(bench.outbox("hook").await, (2, 0));
    bench.deliver(&hook, HOUR).await;
    assert_eq!(bench.outbox("hook").await, (0, 2));
}

#[tokio::test]
async fn a_fault_in_a_look_gives_back_the_rows_that_it_had_claimed() {
    let (mut bench, hook) = bench(&Pacing { group_for: Some(SECOND), ..Pacing::default() }).await;
    bench.raise("a", Level::Medium, &["hook"]).await;
    bench.raise("b", Level::Medium, &["hook"]).await;
    bench.store.breaks.store(true, Ordering::SeqCst);
    bench.deliver(&hook, MINUTE).await;
    assert!(!bench.store.breaks.load(Ordering::SeqCst));
    assert_eq!(bench.outbox("hook").await, (0, 0));
    assert_eq!(hook.titles(), ["a+b"]);
    let log = bench.log();
    assert_eq!((count(&log, "fault"), count(&log, "sink_recovered")), (1, 1));
}

#[tokio::test]
async fn a_fault_in_a_look_forgets_nothing_that_is_owed() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.stalls();
    bench.raise("a", Level::Medium, &["hook"]).await;
    bench.deliver(&hook, SECOND).await;
    bench.store.full.store(true, Ordering::SeqCst);
    hook.lets_go(1);
    bench.deliver(&hook, 5 * SECOND).await;
    assert!(bench.totals.store.lasts());
    bench.store.breaks.store(true, Ordering::SeqCst);
    bench.store.full.store(false, Ordering::SeqCst);
    bench.deliver(&hook, 2 * MINUTE).await;
    assert!(!bench.store.breaks.load(Ordering::SeqCst) && !bench.totals.store.lasts());
    assert_eq!((hook.titles(), bench.outbox("hook").await), (vec!["a".to_owned()], (0, 0)));
}

#[tokio::test]
async fn a_sink_is_built_where_it_may_block() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    bench.deliver(&hook, SECOND).await;
    let builder = hook.builder().expect("it is built at the first look");
    assert_ne!(builder, std::thread::current().id());
}

#[tokio::test]
async fn a_sink_that_was_taken_out_and_put_back_has_no_part_in_what_ran_before() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.stalls();
    bench.raise_all(&["a", "b"]).await;
    bench.deliver(&hook, SECOND).await;
    assert_eq!(hook.titles(), ["a"]);
    let with = Arc::clone(&bench.plan);
    bench.deliver.replan(&super::ground::plan(bench.folder.path(), &config(1, "")));
    bench.deliver.replan(&with);
    bench.deliver(&hook, SECOND).await;
    assert_eq!(hook.titles(), ["a", "b"]);
    // The first, which is of the sink as it was, fails; the lane that it is not of goes on.
    hook.answers(
        |got| if got.titles == ["a"] { fails(Reason::Connect) } else { Outcome::Delivered },
    );
    hook.lets_go(1);
    bench.raise("c", Level::Medium, &["hook"]).await;
    bench.deliver_now(&hook).await;
    assert_eq!((bench.deliver.failing(), hook.titles().len()), (0, 2));
}

#[tokio::test]
async fn an_operators_wish_passes_a_lane_that_rests() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.answers(|_| fails(Reason::Connect));
    bench.raise_all(&["a", "b"]).await;
    bench.deliver(&hook, 2 * HOUR).await;
    let tries = hook.got().len();
    hook.answers(|_| Outcome::Delivered);
    let query = OutboxQuery { limit: 10, ..OutboxQuery::default() };
    let rows = bench.store.outbox_rows(query).await.unwrap();
    let last = rows.last().unwrap().row;
    let selection = Selection { rows: Rows::Numbers(vec![last]), dead_only: false };
    assert_eq!(bench.store.outbox_retry(selection).await.unwrap(), 1);
    bench.deliver(&hook, 5 * SECOND).await;
    assert_eq!(hook.titles()[tries], "b");
    assert_eq!(bench.deliver.failing(), 0, "the sink is back, so the other need not wait either");
}

#[tokio::test]
async fn a_reload_neither_hastens_a_sink_that_rests_nor_loses_one_that_was_away() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.answers(|_| fails(Reason::Connect));
    bench.raise_all(&["a"]).await;
    bench.deliver(&hook, HOUR).await;
    let tries = hook.got().len();
    for _ in 0..20 {
        let plan = Arc::clone(&bench.plan);
        bench.deliver.replan(&plan);
        bench.deliver(&hook, SECOND).await;
    }
    assert!(hook.got().len() <= tries + 1, "{} {tries}", hook.got().len());
    // The config loses the sink, and has it again later.
    let without = config(1, "");
    bench.reload(&without).await;
    bench.deliver(&hook, HOUR).await;
    assert_eq!(bench.outbox("hook").await, (1, 0));
    bench.reload(&hook::text()).await;
    bench.deliver(&hook, SECOND).await;
    let lines = std::fs::read_to_string(bench.path("hook.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 1, "the file of that name has it now");
    assert_eq!(bench.outbox("hook").await, (0, 0));
}

#[tokio::test]
async fn a_changed_sink_is_tried_at_once() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.answers(|_| fails(Reason::Connect));
    bench.raise_all(&["a"]).await;
    bench.deliver(&hook, 2 * HOUR).await;
    bench.reload(&hook::text()).await;
    bench.deliver(&hook, Duration::ZERO).await;
    // Its rows keep their own times; what is new goes.
    bench.raise("b", Level::Medium, &["hook"]).await;
    bench.deliver(&hook, SECOND).await;
    let lines = std::fs::read_to_string(bench.path("hook.jsonl")).unwrap();
    assert!(lines.contains("\"b\""), "{lines}");
}

#[tokio::test]
async fn one_full_disk_is_told_once_by_both_engines() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    bench.raise_all(&["a"]).await;
    bench.store.full.store(true, Ordering::SeqCst);
    for n in 0..30 {
        let story = super::bench::story(&n.to_string(), "A flood");
        bench.wire.put("f0", super::wire::Page::Stories(vec![story]));
        bench.play(MINUTE).await;
    }
    assert!(bench.totals.store.lasts());
    bench.store.full.store(false, Ordering::SeqCst);
    bench.play(40 * MINUTE).await;
    assert!(!bench.totals.store.lasts());
    assert_eq!(hook.titles().iter().filter(|title| *title == "a").count(), 1);
    assert_eq!(bench.outbox("hook").await, (0, 0));
    let log = bench.log();
    assert_eq!((count(&log, "store_failed"), count(&log, "store_recovered")), (1, 1));
}

#[tokio::test]
async fn a_message_that_cannot_be_noted_is_one_trouble_though_another_sink_is_idle() {
    let pacing = Pacing { group_for: Some(SECOND), ..Pacing::default() };
    let (mut bench, hook) = bench(&pacing).await;
    bench.raise("a", Level::Medium, &["hook"]).await;
    bench.store.full.store(true, Ordering::SeqCst);
    bench.deliver(&hook, 10 * MINUTE).await;
    assert!(hook.got().is_empty() && bench.totals.store.lasts());
    bench.store.full.store(false, Ordering::SeqCst);
    bench.deliver(&hook, 10 * MINUTE).await;
    assert_eq!((hook.titles().join(""), bench.outbox("hook").await), ("a".into(), (0, 0)));
    let log = bench.log();
    assert_eq!((count(&log, "store_failed"), count(&log, "store_recovered")), (1, 1));
}

#[tokio::test]
async fn alerts_that_cannot_be_read_hold_up_none_and_are_told_of() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    for title in ["a", "b", "c", "d"] {
        bench.raise(title, Level::Medium, &["hook"]).await;
    }
    let db = rusqlite::Connection::open(&bench.plan.store_path).unwrap();
    db.execute("UPDATE alert SET body = '{'", []).unwrap();
    bench.raise("good", Level::Medium, &["hook"]).await;
    bench.deliver_now(&hook).await;
    assert_eq!((hook.titles().join(" "), bench.outbox("hook").await), ("good".into(), (0, 4)));
    let report = bench.deliver.report();
    let report = report.iter().find(|sink| sink.name.as_str() == "hook").unwrap();
    assert_eq!((report.counts.dead, bench.totals.dead.load(Ordering::SeqCst)), (4, 4));
    let log = bench.log();
    assert_eq!(count(&log, "delivery_refused"), 4);
}

#[tokio::test]
async fn a_machine_that_slept_and_quiet_hours_bury_nothing_at_the_first_try_after_them() {
    let pacing = |minutes: u32, quiet| Pacing {
        give_up_after: Some(MINUTE * minutes),
        quiet,
        ..Pacing::default()
    };
    // Quiet from 22:01, a minute after the bench begins, to 22:04.
    let quiet = Quiet {
        from: TimeOfDay::parse("22:01").unwrap(),
        to: TimeOfDay::parse("22:04").unwrap(),
        zone: TimeZone::UTC,
        days: Days::ALL,
        through: vec![],
    };
    for (pacing, slept) in [(pacing(1, None), 75 * SECOND), (pacing(2, Some(quiet)), SECOND)] {
        let grace = pacing.give_up_after.unwrap();
        let (mut bench, hook) = bench(&pacing).await;
        hook.answers(|_| fails(Reason::ServerError));
        bench.deliver(&hook, 50 * SECOND).await;
        bench.raise_all(&["a"]).await;
        bench.deliver(&hook, 9 * SECOND).await;
        let before = hook.got().len();
        assert!((3..7).contains(&before), "{before}");
        bench.clock.advance(slept);
        let held = if pacing.quiet.is_some() { 3 * MINUTE } else { Duration::ZERO };
        bench.deliver(&hook, held + grace - 5 * SECOND).await;
        assert!(hook.got().len() > before, "{pacing:?}");
        assert_eq!(bench.outbox("hook").await, (1, 0), "{pacing:?}");
        bench.deliver(&hook, 4 * grace).await;
        assert_eq!(bench.outbox("hook").await, (0, 1), "{pacing:?}");
    }
}

#[tokio::test]
async fn a_sink_that_refuses_everything_is_one_that_fails_though_it_does_not_rest() {
    for (reason, first) in [(Reason::Unauthorized, 1), (Reason::ClientError, 3)] {
        let (mut bench, hook) = bench(&Pacing::default()).await;
        hook.answers(move |_| Outcome::Refused { reason, message: "as told".into() });
        for n in 1..=5 {
            bench.raise(&format!("a{n}"), Level::Medium, &["hook"]).await;
            bench.deliver_now(&hook).await;
            assert_eq!(hook.got().len(), n, "each is tried at once");
            let report = bench.deliver.report();
            let failing = report.iter().find_map(|sink| sink.failing);
            let expected = (n >= first).then_some((reason, n as u32));
            assert_eq!(failing.map(|failing| (failing.reason, failing.failures)), expected);
            assert_eq!(bench.deliver.failing(), usize::from(n >= first));
        }
        assert_eq!(bench.outbox("hook").await, (0, 5));
        hook.answers(|_| Outcome::Delivered);
        bench.raise("b", Level::Medium, &["hook"]).await;
        bench.deliver_now(&hook).await;
        assert_eq!(bench.deliver.failing(), 0);
        let log = bench.log();
        assert_eq!((count(&log, "delivery_failed"), count(&log, "sink_recovered")), (1, 1));
        assert_eq!(count(&log, "delivery_refused"), 5);
    }
}

#[tokio::test]
async fn a_sink_that_panics_rests_as_long_as_one_of_its_kind() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.answers(|_| panic!("as told"));
    for n in 0..120 {
        bench.raise(&format!("a{n}"), Level::Medium, &["hook"]).await;
        bench.deliver(&hook, MINUTE / 2).await;
    }
    assert!(hook.got().len() <= 30, "{}", hook.got().len());
}
