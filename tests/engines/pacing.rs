//! The deliver engine and sinks that are sent messages at a pace.

use std::time::Duration;

use jiff::tz::TimeZone;
use wirewatch::model::{Form, Level, Outcome, Reason, Timestamp};
use wirewatch::pace::{Days, Pacing, Quiet, TimeOfDay};
use wirewatch::store::{OutboxQuery, Rows, Selection, Store};

use super::bench::{HOUR, MINUTE, SECOND};
use super::hook::{self, bench, fails};

fn rate(most: u32) -> Pacing {
    Pacing { max_per_minute: Some(most), ..Pacing::default() }
}

fn group() -> Pacing {
    Pacing { group_for: Some(2 * MINUTE), ..Pacing::default() }
}

/// From 23:00 to 06:00 UTC; the bench begins at 22:00.
fn night() -> Pacing {
    let quiet = Quiet {
        from: TimeOfDay::parse("23:00").unwrap(),
        to: TimeOfDay::parse("06:00").unwrap(),
        zone: TimeZone::UTC,
        days: Days::ALL,
        through: vec![Level::Critical],
    };
    Pacing { quiet: Some(quiet), ..Pacing::default() }
}

#[tokio::test]
async fn more_than_the_rate_becomes_a_digest_and_nothing_is_dropped() {
    let (mut bench, hook) = bench(&rate(3)).await;
    hook.takes_at_once(4);
    bench.raise_all(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]).await;
    bench.deliver(&hook, 59 * SECOND).await;
    assert_eq!(hook.forms(), ["single a", "single b", "digest c+d+e+f"]);
    bench.deliver(&hook, 2 * SECOND).await;
    assert_eq!(hook.forms()[3..], ["digest g+h+i+j"]);
    bench.raise_all(&["k", "l", "m"]).await;
    bench.deliver(&hook, SECOND).await;
    assert_eq!(hook.forms()[4..], ["single k", "digest l+m"]);
    assert_eq!(hook.most_in_a_minute(), 3);
    assert_eq!(bench.outbox("hook").await, (0, 0));
}

#[tokio::test]
async fn tries_that_fail_count_in_the_rate() {
    let pacing = Pacing { retry_max: Some(SECOND), ..rate(4) };
    let (mut bench, hook) = bench(&pacing).await;
    hook.answers(|_| fails(Reason::Timeout));
    bench.raise_all(&["a"]).await;
    bench.deliver(&hook, 10 * MINUTE).await;
    assert_eq!(hook.most_in_a_minute(), 4);
    assert!((35..=44).contains(&hook.got().len()), "{}", hook.got().len());
}

#[tokio::test]
async fn what_comes_together_is_one_message() {
    let (mut bench, hook) = bench(&group()).await;
    bench.raise_all(&["a", "b"]).await;
    bench.deliver(&hook, MINUTE).await;
    bench.raise_all(&["c"]).await;
    bench.deliver(&hook, 59 * SECOND).await;
    assert!(hook.got().is_empty());
    assert_eq!(bench.file().len(), 3, "other sinks do not wait");
    bench.deliver(&hook, 2 * SECOND).await;
    assert_eq!(hook.forms(), ["group a+b+c"]);
    bench.raise_all(&["d"]).await;
    bench.deliver(&hook, 119 * SECOND).await;
    assert_eq!(hook.got().len(), 1);
    bench.deliver(&hook, 2 * SECOND).await;
    assert_eq!(hook.forms()[1..], ["single d"]);
}

#[tokio::test]
async fn windows_are_closed_at_the_end_of_a_single_pass() {
    let (mut bench, hook) = bench(&group()).await;
    bench.raise_all(&["a", "b"]).await;
    bench.deliver_now(&hook).await;
    assert!(bench.deliver.is_idle() && hook.got().is_empty());
    bench.deliver.close_windows();
    assert!(!bench.deliver.is_idle());
    bench.deliver_now(&hook).await;
    assert!(bench.deliver.is_idle());
    assert_eq!(hook.forms(), ["group a+b"]);
}

#[tokio::test]
async fn quiet_hours_let_through_what_is_critical_and_end_in_a_catch_up() {
    let (mut bench, hook) = bench(&night()).await;
    bench.raise_all(&["evening"]).await;
    bench.deliver(&hook, 61 * MINUTE).await;
    bench.raise_all(&["a", "b"]).await;
    bench.raise("fire", Level::Critical, &["hook"]).await;
    bench.deliver(&hook, SECOND).await;
    assert_eq!(hook.forms(), ["single evening", "single fire"]);
    assert!(bench.deliver.is_idle(), "a single pass ends though something waits");
    assert_eq!(bench.outbox("hook").await, (2, 0));
    bench.deliver(&hook, 3 * HOUR).await;
    bench.raise_all(&["c"]).await;
    bench.deliver(&hook, 4 * HOUR).await;
    assert_eq!(hook.forms()[2..], ["catch_up a+b+c"]);
    let end = Timestamp::parse("2026-11-24T06:00:00Z").unwrap();
    assert_eq!(hook.got()[2].at.wall.since(end), Duration::ZERO);
    bench.raise_all(&["morning"]).await;
    bench.deliver(&hook, SECOND).await;
    assert_eq!(hook.forms()[3..], ["single morning"]);
}

#[tokio::test]
async fn quiet_hours_follow_a_wall_clock_that_is_set() {
    let (mut bench, hook) = bench(&night()).await;
    bench.deliver(&hook, 61 * MINUTE).await;
    bench.raise_all(&["a"]).await;
    bench.deliver(&hook, SECOND).await;
    assert!(hook.got().is_empty());
    bench.clock.jump_wall(7 * 3600 * 1000);
    bench.deliver(&hook, 6 * SECOND).await;
    assert_eq!(hook.forms(), ["single a"]);
}

#[tokio::test]
async fn an_operators_wish_passes_windows_and_quiet_hours() {
    let pacing = Pacing { group_for: Some(HOUR), ..night() };
    let (mut bench, hook) = bench(&pacing).await;
    bench.deliver(&hook, 61 * MINUTE).await;
    bench.raise_all(&["a", "b"]).await;
    bench.deliver(&hook, MINUTE).await;
    assert!(hook.got().is_empty());
    let query = OutboxQuery { limit: 10, ..OutboxQuery::default() };
    let rows = bench.store.outbox_rows(query).await.unwrap();
    let rows = Rows::Numbers(vec![rows[1].row]);
    bench.store.outbox_retry(Selection { rows, dead_only: false }).await.unwrap();
    bench.deliver(&hook, 5 * SECOND).await;
    assert_eq!(hook.forms(), ["single b"]);
}

#[tokio::test]
async fn a_message_keeps_its_key_and_its_alerts_whatever_comes_between() {
    for (pacing, form) in [(group(), Form::Group), (rate(1), Form::Digest)] {
        let (mut bench, hook) = bench(&pacing).await;
        // The answer never comes: the process dies between sending and settling.
        hook.stalls();
        bench.raise_all(&["a", "b", "c"]).await;
        bench.deliver(&hook, 3 * MINUTE).await;
        assert_eq!((hook.titles().join(" "), hook.stuck()), ("a+b+c".into(), 1));
        let mut bench = bench.restart().await;
        hook.lets_go(1);
        bench.raise_all(&["d"]).await;
        hook.answers(|_| fails(Reason::Connect));
        let before = hook.got()[0].clone();
        assert_eq!(before.form, form);
        // Twice more in vain, with another restart, then it is taken.
        for round in 0..3 {
            let tried = hook.got().iter().filter(|got| got.key == before.key).count();
            for _ in 0..600 {
                bench.deliver(&hook, SECOND).await;
                while hook.stuck() > 0 {
                    hook.lets_go(1);
                    bench.deliver(&hook, Duration::ZERO).await;
                }
                if hook.got().iter().filter(|got| got.key == before.key).count() > tried {
                    break;
                }
            }
            let again = hook.got().into_iter().rfind(|got| got.key == before.key).unwrap();
            assert_eq!((again.form, &again.titles), (form, &before.titles), "round {round}");
            if round == 1 {
                bench = bench.restart().await;
                hook.answers(|_| Outcome::Delivered);
            }
        }
        for _ in 0..60 {
            bench.deliver(&hook, 5 * SECOND).await;
            while hook.stuck() > 0 {
                hook.lets_go(1);
                bench.deliver(&hook, Duration::ZERO).await;
            }
        }
        assert_eq!(bench.outbox("hook").await, (0, 0));
        let alone = |got: &hook::Got| got.key == before.key || got.titles == ["d"];
        assert!(hook.got().iter().all(alone), "{:?}", hook.forms());
    }
}

#[tokio::test]
async fn a_single_message_repeats_under_its_key_after_a_crash() {
    for pacing in [Pacing::default(), rate(10)] {
        let (mut bench, hook) = bench(&pacing).await;
        hook.stalls();
        bench.raise_all(&["a", "b"]).await;
        bench.deliver(&hook, SECOND).await;
        assert_eq!(hook.titles(), ["a"]);
        let mut bench = bench.restart().await;
        hook.lets_go(1);
        for _ in 0..3 {
            bench.deliver(&hook, SECOND).await;
            hook.lets_go(hook.stuck());
        }
        let got = hook.got();
        assert_eq!(hook.titles(), ["a", "a", "b"]);
        assert_eq!(got[0].key, got[1].key);
        assert_ne!(got[1].key, got[2].key);
    }
}

#[tokio::test]
async fn a_message_keeps_its_key_though_the_pacing_is_another_after_a_crash() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.stalls();
    bench.raise_all(&["a", "b"]).await;
    bench.deliver(&hook, SECOND).await;
    assert_eq!(hook.titles(), ["a"]);
    let mut bench = bench.restart().await;
    hook.lets_go(1);
    let mut plan = super::ground::plan(bench.folder.path(), &hook::text());
    hook.put(&mut plan, &group());
    bench.deliver.replan(&plan);
    for _ in 0..180 {
        bench.deliver(&hook, SECOND).await;
        hook.lets_go(hook.stuck());
    }
    assert_eq!(hook.titles(), ["a", "a", "b"]);
    assert_eq!(hook.got()[0].key, hook.got()[1].key);
    assert_eq!(bench.outbox("hook").await, (0, 0));
}

/// Plays on in steps of a tenth of a second until `key` was sent so often; answers when.
async fn until_tried(bench: &mut super::bench::Bench, hook: &hook::Hook, key: &str, times: usize) {
    let tried = || hook.got().iter().filter(|got| got.key == key).count();
    let mut raised = 0;
    let end = bench.clock.now().mono.plus(HOUR);
    while tried() < times && bench.clock.now().mono < end {
        // More than goes out, each second.
        for _ in 0..2 {
            raised += 1;
            bench.raise(&format!("n{raised}"), Level::Medium, &["hook"]).await;
        }
        bench.deliver(hook, SECOND).await;
        if hook.stuck() > 0 {
            hook.lets_go(1);
            bench.deliver_now(hook).await;
        }
    }
    assert_eq!(tried(), times);
}

#[tokio::test]
async fn what_failed_once_is_not_kept_waiting_by_what_comes_after_it() {
    // A rate that is used up, and a sink that takes one in a second while two come.
    for (pacing, slow) in [(rate(2), false), (rate(1), false), (Pacing::default(), true)] {
        let (mut bench, hook) = bench(&pacing).await;
        hook.takes_at_once(4);
        bench.raise("a", Level::Medium, &["hook"]).await;
        let is_first = std::sync::atomic::AtomicBool::new(true);
        hook.answers(move |got| {
            let fails_now = got.titles.contains(&"a".into())
                && is_first.swap(false, std::sync::atomic::Ordering::SeqCst);
            if fails_now { fails(Reason::ServerError) } else { Outcome::Delivered }
        });
        bench.deliver_now(&hook).await;
        let first = hook.got()[0].clone();
        if slow {
            hook.stalls();
        }
        until_tried(&mut bench, &hook, &first.key, 2).await;
        let again = hook.got().into_iter().rfind(|got| got.key == first.key).unwrap();
        let waited = again.at.mono.since(first.at.mono);
        assert!(waited <= MINUTE + 3 * SECOND, "{waited:?} at {pacing:?}");
        assert_eq!(again.titles, first.titles);
    }
}

#[tokio::test]
async fn one_that_fails_for_ever_leaves_the_others_their_turns() {
    let pacing = Pacing { retry_max: Some(SECOND), ..rate(2) };
    let (mut bench, hook) = bench(&pacing).await;
    hook.takes_at_once(1);
    let trips = std::sync::atomic::AtomicUsize::new(0);
    hook.answers(move |got| match got.titles[0].as_str() {
        "poison" => fails(Reason::ServerError),
        "trips" if trips.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 => {
            fails(Reason::ServerError)
        }
        _ => Outcome::Delivered,
    });
    for title in ["poison", "trips", "a", "b", "c", "d"] {
        bench.raise(title, Level::Medium, &["hook"]).await;
    }
    bench.deliver(&hook, 12 * MINUTE).await;
    assert_eq!(bench.outbox("hook").await, (1, 0), "{:?}", hook.titles());
    assert_eq!(hook.titles().iter().filter(|title| *title == "trips").count(), 3);
}

#[tokio::test]
async fn a_window_that_was_open_goes_on_after_a_restart() {
    let (mut bench, hook) = bench(&group()).await;
    bench.raise_all(&["a"]).await;
    for _ in 0..2 {
        bench.deliver(&hook, 50 * SECOND).await;
        assert!(hook.got().is_empty());
        bench = bench.restart().await;
    }
    bench.raise_all(&["b"]).await;
    bench.deliver(&hook, 19 * SECOND).await;
    assert!(hook.got().is_empty());
    bench.deliver(&hook, 2 * SECOND).await;
    assert_eq!(hook.forms(), ["group a+b"]);
    // A wall clock that was set back since makes it no longer than a whole window.
    bench.raise_all(&["c"]).await;
    bench.deliver(&hook, SECOND).await;
    bench.clock.jump_wall(-6 * 3600 * 1000);
    bench = bench.restart().await;
    bench.deliver(&hook, 121 * SECOND).await;
    assert_eq!(hook.forms()[1..], ["single c"]);
}

#[tokio::test]
async fn a_message_that_is_refused_for_what_it_holds_takes_only_that_with_it() {
    let (mut bench, hook) = bench(&group()).await;
    hook.answers(|got| {
        let (reason, message) = (Reason::ClientError, "413".to_owned());
        if got.titles.len() > 1 || got.titles == ["b"] {
            return Outcome::Refused { reason, message };
        }
        Outcome::Delivered
    });
    bench.raise_all(&["a", "b", "c"]).await;
    bench.deliver(&hook, 2 * MINUTE + SECOND).await;
    assert_eq!(hook.forms(), ["group a+b+c", "group a+b", "single a", "single b", "single c"]);
    assert_eq!(bench.outbox("hook").await, (0, 1));
    let keys: std::collections::HashSet<_> = hook.got().into_iter().map(|got| got.key).collect();
    assert_eq!(keys.len(), 5);
    let log = bench.log();
    let told = |event: &str| log.iter().filter(|line| line["event"] == event).count();
    assert_eq!((told("message_split"), told("delivery_refused")), (2, 1));
}

#[tokio::test]
async fn a_message_that_fails_for_ever_leaves_a_window_as_it_is() {
    let pacing = Pacing { retry_max: Some(SECOND), ..group() };
    let (mut bench, hook) = bench(&pacing).await;
    hook.answers(|got| {
        if got.titles.contains(&"poison".into()) {
            fails(Reason::Timeout)
        } else {
            Outcome::Delivered
        }
    });
    bench.raise_all(&["poison", "other"]).await;
    bench.deliver(&hook, 5 * MINUTE).await;
    assert!(hook.got().len() > 100 && hook.got()[0].form == Form::Group);
    for title in ["a", "b"] {
        bench.raise_all(&[title]).await;
        bench.deliver(&hook, 59 * SECOND).await;
    }
    let others = |hook: &hook::Hook| {
        hook.forms().into_iter().filter(|form| !form.contains("poison")).collect::<Vec<_>>()
    };
    assert!(others(&hook).is_empty());
    bench.deliver(&hook, 5 * SECOND).await;
    assert_eq!(others(&hook), ["group a+b"]);
}
