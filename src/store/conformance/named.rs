//! Items by name.

use super::{Place, alert, at, feeds, found, to_store};
use crate::model::FeedId;
use crate::store::{ItemQuery, StoredItem};

pub(in crate::store) async fn items_are_found_by_id_link_and_alert(place: &impl Place) {
    let store = place.open().await;
    let two = [("harbour", "https://a.example/rss"), ("coast", "https://b.example/rss")];
    let states = store.open_feeds(&feeds(&two), at(0)).await.unwrap();
    let mut first = found(states[0].key, 0, "1", &[]);
    let raised = alert("1", &["floods"], at(0));
    let name = raised.id.to_string();
    first.alerts = vec![to_store(raised, &[])];
    let stored = first.items[0].clone();
    store.commit(first).await.unwrap();
    let mut other = found(states[1].key, 0, "1", &[]);
    other.alerts.clear();
    other.items[0].first_seen = at(9);
    store.commit(other).await.unwrap();
    let mut last = found(states[0].key, 1, "2", &[]);
    last.alerts.clear();
    last.items[0].item.link = None;
    store.commit(last).await.unwrap();
    let ask = |name: &str, feed: Option<&str>, limit| {
        let query = ItemQuery { name: name.to_owned(), feed: feed.map(FeedId::new), limit };
        store.items_named(query)
    };
    let named = |items: Vec<StoredItem>| -> Vec<String> {
        items.iter().map(|found| format!("{} {}", found.feed, found.item.id)).collect()
    };
    for (name, feed, limit, want) in [
        ("1", None, 9, &["coast 1", "harbour 1"][..]),
        ("1", None, 1, &["coast 1"]),
        ("1", None, 0, &[]),
        ("1", Some("harbour"), 9, &["harbour 1"]),
        ("1", Some("hill"), 9, &[]),
        ("https://a.example/1", Some("harbour"), 9, &["harbour 1"]),
        ("https://a.example/2", None, 9, &[]),
        (&name, None, 9, &["harbour 1"]),
        (&name, Some("coast"), 9, &[]),
        ("", None, 9, &[]),
        ("3' OR '1'='1", None, 9, &[]),
    ] {
        assert_eq!(named(ask(name, feed, limit).await.unwrap()), want, "{name} {feed:?}");
    }
    let whole = ask(&name, None, 9).await.unwrap().remove(0);
    assert_eq!((whole.first_seen, whole.item), (stored.first_seen, stored.item));
}
