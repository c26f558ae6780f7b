//! Items read back, page by page.

use super::{Place, at, feeds, found, item};
use crate::model::Timestamp;
use crate::store::{ItemSpan, NewItem, Store};

/// Reads all of a span in pages of `limit`; answers with feed and id of each, and the pages.
async fn read(store: &dyn Store, span: ItemSpan) -> (Vec<String>, usize) {
    let (mut names, mut pages, mut span) = (Vec::new(), 0, span);
    loop {
        let page = store.items_seen(span).await.unwrap();
        let Some((last, _)) = page.last() else { return (names, pages) };
        assert!(page.len() <= span.limit);
        span.after = Some(*last);
        pages += 1;
        names.extend(page.iter().map(|(_, found)| format!("{} {}", found.feed, found.item.id)));
    }
}

pub(in crate::store) async fn items_are_read_page_by_page_in_the_order_seen(place: &impl Place) {
    let store = place.open().await;
    let two = [("harbour", "https://a.example/rss"), ("coast", "https://b.example/rss")];
    let states = store.open_feeds(&feeds(&two), at(0)).await.unwrap();
    let mut version = [0, 0];
    for (feed, id, seconds) in
        [(0, "1", 10), (1, "2", 0), (0, "3", 10), (1, "4", 10), (0, "5", 30), (0, "6", 20)]
    {
        let mut one = found(states[feed].key, version[feed], id, &[]);
        one.items[0].first_seen = at(seconds);
        one.alerts.clear();
        version[feed] += 1;
        store.commit(one).await.unwrap();
    }
    // One that is configured no more.
    store.open_feeds(&feeds(&two[..1]), at(99)).await.unwrap();
    let all = ["coast 2", "harbour 1", "harbour 3", "coast 4", "harbour 6", "harbour 5"];
    for limit in [1, 2, 3, 6, 100] {
        let (names, pages) = read(&*store, ItemSpan { limit, ..ItemSpan::default() }).await;
        assert_eq!(
            (names.as_slice(), pages),
            (&all.map(str::to_owned)[..], 6_usize.div_ceil(limit))
        );
    }
    let within = async |since: i64, until: i64| {
        let span =
            ItemSpan { since: Some(at(since)), until: Some(at(until)), ..ItemSpan::default() };
        read(&*store, ItemSpan { limit: 2, ..span }).await.0
    };
    assert_eq!(within(10, 20).await, all[1..4]);
    assert_eq!(within(11, 31).await, all[4..]);
    assert_eq!(within(0, 0).await, [] as [String; 0]);
    assert_eq!(within(40, 10).await, [] as [String; 0]);
    let ever = Timestamp::from_millis(i64::MIN);
    let span = ItemSpan { since: Some(ever), limit: 9, ..ItemSpan::default() };
    assert_eq!(read(&*store, span).await.0, all);
    assert_eq!(store.items_seen(ItemSpan::default()).await.unwrap(), [], "no more than none");
}

pub(in crate::store) async fn a_page_of_large_items_is_a_short_one(place: &impl Place) {
    let store = place.open().await;
    let state = super::one_feed(&*store).await;
    let mut many = found(state.key, 0, "0", &[]);
    many.alerts.clear();
    many.items = (0..10)
        .map(|number| {
            let mut item = item(&number.to_string());
            item.content = "x".repeat(ItemSpan::PAGE_BYTES / 3);
            NewItem { item, first_seen: at(0) }
        })
        .collect();
    store.commit(many).await.unwrap();
    let (names, pages) = read(&*store, ItemSpan { limit: 100, ..ItemSpan::default() }).await;
    assert_eq!((names.len(), pages), (10, 4));
}
