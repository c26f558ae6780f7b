//! The deliver engine and silences.

use std::sync::atomic::Ordering;
use std::time::Duration;

use wirewatch::model::{Outcome, Reason};
use wirewatch::pace::Pacing;
use wirewatch::silence::{Matcher, Silence, Text};
use wirewatch::store::Store;

use super::bench::{Bench, HOUR, MINUTE, SECOND, count};
use super::hook::{bench, fails};

/// Adds a silence that begins now.
async fn silence(bench: &Bench, matcher: Matcher, lasts: Duration) {
    let now = bench.clock.now().wall;
    let silence = Silence {
        id: 0,
        matcher,
        author: "desk".into(),
        comment: String::new(),
        starts_at: now,
        expires_at: now.plus(lasts),
        muted: 0,
    };
    bench.store.add_silence(silence).await.unwrap();
}

#[tokio::test]
async fn what_is_silenced_is_not_sent_and_kept_as_muted() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    silence(&bench, Matcher { feed: Some("f0".into()), ..Matcher::default() }, HOUR).await;
    bench.raise_all(&["a", "b"]).await;
    bench.deliver(&hook, MINUTE).await;
    assert!(hook.got().is_empty() && bench.file().is_empty());
    assert_eq!((bench.outbox("hook").await, bench.outbox("file").await), ((0, 0), (0, 0)));
    assert_eq!(bench.totals.muted.load(Ordering::SeqCst), 4);
    assert_eq!(bench.store.silences().await.unwrap()[0].muted, 4);
    bench.deliver(&hook, HOUR).await;
    bench.raise_all(&["c"]).await;
    bench.deliver(&hook, SECOND).await;
    assert_eq!((hook.titles().join(""), bench.file().len()), ("c".into(), 1));
    assert_eq!(count(&bench.log(), "delivery_muted"), 4);
}

#[tokio::test]
async fn what_is_muted_does_not_take_the_turn_of_what_comes_behind_it() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.answers(|got| match got.titles[0].as_str() {
        "bad" => fails(Reason::ServerError),
        _ => Outcome::Delivered,
    });
    bench.raise_all(&["bad"]).await;
    bench.deliver(&hook, 5 * HOUR).await;
    silence(
        &bench,
        Matcher { text: Some(Text::new("muted").unwrap()), ..Matcher::default() },
        2 * HOUR,
    )
    .await;
    bench.deliver(&hook, MINUTE).await;
    bench.raise_all(&["muted", "good"]).await;
    bench.deliver(&hook, 5 * SECOND).await;
    assert_eq!(hook.titles().last().unwrap(), "good");
    assert_eq!(bench.outbox("hook").await, (1, 0));
}

#[tokio::test]
async fn a_silence_takes_hold_of_what_waits_already() {
    let (mut bench, hook) = bench(&Pacing::default()).await;
    hook.answers(|_| fails(Reason::Connect));
    bench.raise_all(&["a"]).await;
    bench.deliver(&hook, MINUTE).await;
    silence(&bench, Matcher { rule: Some("flo*".into()), ..Matcher::default() }, 2 * HOUR).await;
    let tries = hook.got().len();
    bench.deliver(&hook, HOUR).await;
    assert_eq!((hook.got().len(), bench.outbox("hook").await), (tries, (0, 0)));
}
