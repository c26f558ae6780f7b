//! Silences, and what they keep back.

use super::*;
use crate::silence::{Matcher, Silence, Text};

fn silence(rule: &str, expires: i64) -> Silence {
    Silence {
        id: 77,
        matcher: Matcher { rule: Some(rule.to_owned()), ..Matcher::default() },
        author: "nina".to_owned(),
        comment: "drill".to_owned(),
        starts_at: at(-100),
        expires_at: at(expires),
        muted: 5,
    }
}

async fn ids(store: &dyn Store) -> Vec<i64> {
    store.silences().await.unwrap().iter().map(|silence| silence.id).collect()
}

pub(in crate::store) async fn silences_are_kept_as_they_were_added(place: &impl Place) {
    let store = place.open().await;
    assert!(store.silences().await.unwrap().is_empty());
    let matcher = Matcher {
        feed: Some("harbour".to_owned()),
        tag: Some("water*".to_owned()),
        text: Some(Text::new("повінь").unwrap()),
        rule: None,
    };
    let first = store.add_silence(Silence { matcher, ..silence("x", 100) }).await.unwrap();
    let second = store.add_silence(silence("floods", 200)).await.unwrap();
    assert!(second > first);
    drop(store);
    let store = place.open().await;
    let [one, two] = &store.silences().await.unwrap()[..] else { panic!("two of them") };
    assert_eq!((one.id, one.author.as_str(), one.comment.as_str()), (first, "nina", "drill"));
    assert_eq!((one.starts_at, one.expires_at, one.muted), (at(-100), at(100), 0));
    let Matcher { rule, feed, tag, text } = &one.matcher;
    assert_eq!(
        (rule.as_deref(), feed.as_deref(), tag.as_deref()),
        (None, Some("harbour"), Some("water*"))
    );
    assert_eq!(text.as_ref().map(Text::as_str), Some("повінь"));
    assert!(one.covers(&alert("1", &["floods"], at(0)), at(0)));
    assert_eq!((two.id, two.matcher.rule.as_deref()), (second, Some("floods")));
}

pub(in crate::store) async fn a_silence_ends_early_once(place: &impl Place) {
    let store = place.open().await;
    let first = store.add_silence(silence("floods", 100)).await.unwrap();
    let second = store.add_silence(silence("strikes", 5)).await.unwrap();
    let ended = store.expire_silences(vec![first, second, 999], at(10)).await.unwrap();
    assert_eq!(ended, [first], "the other had ended, and one there never was");
    assert!(store.expire_silences(vec![first], at(10)).await.unwrap().is_empty());
    assert!(store.expire_silences(Vec::new(), at(10)).await.unwrap().is_empty());
    let ends: Vec<Timestamp> =
        store.silences().await.unwrap().iter().map(|silence| silence.expires_at).collect();
    assert_eq!(ends, [at(10), at(5)]);
}

pub(in crate::store) async fn there_are_only_so_many_silences(place: &impl Place) {
    let store = place.open().await;
    for _ in 0..Silence::MAX {
        store.add_silence(silence("floods", 100)).await.unwrap();
    }
    let refused = store.add_silence(silence("floods", 100)).await;
    assert!(matches!(refused, Err(StoreError::TooMany(Silence::MAX, _))), "{refused:?}");
    assert_eq!(ids(&*store).await.len(), Silence::MAX);
}

pub(in crate::store) async fn what_is_muted_is_kept_and_counted(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    for (version, id) in ["1", "2"].into_iter().enumerate() {
        store.commit(found(feed.key, version as u64, id, &["file", "hook"])).await.unwrap();
    }
    let silence = store.add_silence(silence("floods", 100)).await.unwrap();
    let muted = || Verdict::Muted { silence, at: at(3) };
    let hook = claim(&*store, "hook", at(0)).await;
    let file = claim(&*store, "file", at(0)).await;
    settle(&*store, "hook", hook[0].row, muted()).await;
    settle(&*store, "hook", hook[1].row, muted()).await;
    settle(&*store, "file", file[0].row, muted()).await;
    // Once is enough, another sink's row is none of its own, and what is delivered is delivered.
    settle(&*store, "hook", hook[0].row, muted()).await;
    settle(&*store, "hook", file[1].row, muted()).await;
    settle(&*store, "file", file[1].row, Verdict::Delivered).await;
    settle(&*store, "file", file[1].row, muted()).await;
    assert_eq!(counts(&*store).await, []);
    drop(store);

    let store = place.open().await;
    assert_eq!(store.silences().await.unwrap()[0].muted, 3);
    let kept = store.muted(MutedQuery { silence, limit: 10 }).await.unwrap();
    let shown: Vec<(&str, &str)> =
        kept.iter().map(|muted| (muted.title.as_str(), muted.sink.as_str())).collect();
    assert_eq!(shown, [("Повінь 2", "hook"), ("Повінь 1", "file"), ("Повінь 1", "hook")]);
    assert_eq!((&kept[0].alert, kept[0].at), (&hook[1].alert.id, at(3)));
    assert_eq!(store.muted(MutedQuery { silence, limit: 1 }).await.unwrap().len(), 1);
    assert!(store.muted(MutedQuery { silence: 999, limit: 10 }).await.unwrap().is_empty());
    let alerts: Vec<i64> = everything(&*store).await.into_iter().map(|(seq, _)| seq).collect();
    let sequels = store.sequels(alerts).await.unwrap();
    let of = |n: usize| -> Vec<&str> {
        sequels[n].muted.iter().map(|muted| muted.sink.as_str()).collect()
    };
    assert_eq!((of(0), of(1)), (vec!["file", "hook"], vec!["hook"]));
    assert_eq!((sequels[0].muted[0].silence, sequels[0].muted[0].at), (silence, at(3)));
}

pub(in crate::store) async fn a_silence_is_kept_until_retention(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    store.commit(found(feed.key, 0, "1", &["hook"])).await.unwrap();
    let early = store.add_silence(silence("floods", 5)).await.unwrap();
    let late = store.add_silence(silence("floods", 50)).await.unwrap();
    let row = claim(&*store, "hook", at(0)).await[0].row;
    settle(&*store, "hook", row, Verdict::Muted { silence: early, at: at(1) }).await;
    let prune = async |before| store.prune(at(before), 100, vec![sink("hook")]).await.unwrap();
    prune(-1).await;
    assert_eq!(ids(&*store).await, [early, late]);
    assert_eq!(prune(5).await.alerts, 1, "nothing waits of what was muted");
    assert_eq!(ids(&*store).await, [early, late], "the first has just ended");
    assert!(store.muted(MutedQuery { silence: early, limit: 9 }).await.unwrap().is_empty());
    assert_eq!(store.silences().await.unwrap()[0].muted, 1, "but they are counted still");
    prune(6).await;
    assert_eq!(ids(&*store).await, [late]);
    prune(51).await;
    assert!(ids(&*store).await.is_empty());
    assert!(store.add_silence(silence("floods", 50)).await.unwrap() > late, "no id twice");
}

pub(in crate::store) async fn what_waits_for_a_removed_sink_goes_at_retention(place: &impl Place) {
    let store = place.open().await;
    let feed = one_feed(&*store).await;
    let of_alerts: [&[&str]; 3] = [&["file"], &["gone"], &["gone", "file"]];
    for (version, sinks) in of_alerts.into_iter().enumerate() {
        let id = version.to_string();
        store.commit(found(feed.key, version as u64, &id, sinks)).await.unwrap();
    }
    let early = store.prune(at(0), 9, vec![sink("file")]).await.unwrap();
    assert_eq!(early, Pruned::default(), "none is older");
    let pruned = store.prune(at(1), 9, vec![sink("file")]).await.unwrap();
    assert_eq!((pruned.alerts, pruned.unsent, pruned.dead), (1, 1, 0));
    assert_eq!(counts(&*store).await, [("file".to_owned(), 2, 0), ("gone".to_owned(), 1, 0)]);
    let pruned = store.prune(at(1), 9, Vec::new()).await.unwrap();
    assert_eq!((pruned.alerts, pruned.unsent), (2, 3));
    assert_eq!(counts(&*store).await, []);
}
