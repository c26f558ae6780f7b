//! The same item known again: over polls, damage, and feeds.

use serde_json::Value;
use wirewatch::engine::{Pass, Totals};
use wirewatch::store::{AlertQuery, Store};

use super::bench::{Bench, HOUR, MINUTE, config, story};
use super::wire::Page;

/// An item of a document; what is empty is left out.
#[derive(Clone, Debug, Default)]
struct Entry {
    guid: String,
    link: String,
    title: String,
    text: String,
    date: String,
}

/// Item `n`, sound and whole.
fn entry(n: u32) -> Entry {
    Entry {
        guid: format!("guid-{n}"),
        link: format!("https://news.example/{n}"),
        title: format!("Flood {n}"),
        text: format!("Water rises at gauge {n}."),
        date: format!("Mon, 23 Nov 2026 {:02}:{:02}:17 GMT", n / 60 % 24, n % 60),
    }
}

fn document(entries: &[Entry]) -> String {
    let part = |name: &str, text: &str| match text {
        "" => String::new(),
        text => format!("<{name}>{text}</{name}>"),
    };
    let items: String = entries
        .iter()
        .map(|entry| {
            let guid =
                part("guid", &entry.guid).replacen("<guid>", "<guid isPermaLink=\"false\">", 1);
            let parts = [
                part("title", &entry.title),
                part("link", &entry.link),
                part("description", &entry.text),
                guid,
                part("pubDate", &entry.date),
            ];
            format!("<item>{}</item>\n", parts.concat())
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>News</title>\n{items}</channel></rss>\n")
}

async fn one_feed() -> Bench {
    Bench::new(&config(1, ""), Pass::Forever).await
}

/// Shows a document and lets it be polled.
async fn show(bench: &mut Bench, document: String) {
    bench.wire.put("f0", Page::Document(document));
    bench.play(20 * MINUTE).await;
}

fn facts(log: &[Value], event: &str, fields: &[&str]) -> Vec<Vec<Value>> {
    let of = |line: &Value| fields.iter().map(|field| line[*field].clone()).collect();
    log.iter().filter(|line| line["event"] == event).map(of).collect()
}

#[tokio::test]
async fn guids_made_anew_for_each_poll_repeat_nothing() {
    let forms: [fn(&mut Entry); 4] = [
        |_| (),
        |entry| entry.date.clear(),
        |entry| entry.link = "https://news.example/".to_owned(),
        // Made when it is asked for.
        |entry| entry.date = "Mon, 23 Nov 2026 22:07:09 GMT".to_owned(),
    ];
    for (number, form) in forms.into_iter().enumerate() {
        let mut bench = one_feed().await;
        for poll in 0..30 {
            let newest = 20 + poll / 5;
            let entries: Vec<Entry> = (newest - 9..=newest)
                .rev()
                .map(|n| {
                    let mut entry = entry(n);
                    form(&mut entry);
                    entry.guid = format!("{poll}-{n}");
                    entry
                })
                .collect();
            show(&mut bench, document(&entries)).await;
        }
        assert_eq!(bench.file().len(), 15, "form {number}");
        let log = bench.log();
        assert!(
            facts(&log, "feed_gap", &[]).is_empty() && facts(&log, "item_revised", &[]).is_empty()
        );
    }
}

#[tokio::test]
async fn sirens_on_one_page_are_all_told() {
    let mut bench = one_feed().await;
    for n in 1..=20 {
        let siren = |n: u32| Entry {
            link: "https://alarm.example/map".to_owned(),
            title: "Flood alarm".to_owned(),
            text: "Leave the shore.".to_owned(),
            ..entry(n)
        };
        // Now one, now several in the document.
        let shown: Vec<Entry> = (n.max(3) - n % 3..=n).rev().map(siren).collect();
        show(&mut bench, document(&shown)).await;
    }
    let told = bench.file().len();
    assert_eq!(told, 20);
}

#[tokio::test]
async fn a_feed_that_breaks_and_heals_repeats_nothing() {
    let sound: Vec<Entry> = (1..=8).map(entry).collect();
    let with = |change: fn(&mut Entry)| {
        let mut entries = sound.clone();
        entries.iter_mut().for_each(change);
        document(&entries)
    };
    let whole = document(&sound);
    let states: [(&str, String); 12] = [
        ("bare ampersand", whole.replace("Water rises", "Water & rises")),
        ("no guids", with(|entry| entry.guid.clear())),
        ("some guids", whole.replacen("isPermaLink=\"false\">guid-3<", ">  <", 1)),
        ("one guid for all", with(|entry| entry.guid = "false".to_owned())),
        ("guids that are links", with(|entry| entry.guid.clone_from(&entry.link))),
        ("http", with(|entry| entry.link = entry.link.replace("https", "http"))),
        ("tracking", with(|entry| entry.link.push_str("?utm_source=rss&amp;x_ref=1"))),
        ("no links", with(|entry| entry.link.clear())),
        ("no dates", with(|entry| entry.date.clear())),
        ("cut off", whole[..whole.len() - 60].to_owned()),
        ("unclosed", whole.replace("</description>", "").replace("</channel>", "")),
        ("other order", document(&sound.iter().rev().cloned().collect::<Vec<_>>())),
    ];
    let mut bench = one_feed().await;
    show(&mut bench, whole.clone()).await;
    assert_eq!(bench.file().len(), 8);
    for (name, state) in &states {
        show(&mut bench, state.clone()).await;
        assert_eq!(bench.file().len(), 8, "{name}");
        show(&mut bench, whole.clone()).await;
        assert_eq!(bench.file().len(), 8, "healed from {name}");
    }
    // From each to each, without the sound one in between.
    for (name, state) in states.iter().chain(states.iter().rev()) {
        show(&mut bench, state.clone()).await;
        assert_eq!(bench.file().len(), 8, "{name} after another");
    }
    let log = bench.log();
    let read = facts(&log, "poll_ok", &["repairs"]);
    let lenient = |facts: &&Vec<Value>| facts[0].as_str().is_some_and(|r| r.contains("lenient"));
    assert!(read.iter().filter(lenient).count() > 8, "both readers took part: {read:?}");
    assert!(facts(&log, "feed_gap", &[]).is_empty());
}

#[tokio::test]
async fn a_guid_that_two_items_share_for_a_while_repeats_neither() {
    let mut bench = one_feed().await;
    let entries = |form: fn(u32, &mut Entry)| {
        let mut entries: Vec<Entry> = (1..=5).map(entry).collect();
        for (n, entry) in (1..).zip(&mut entries) {
            entry.date.clear();
            form(n, entry);
        }
        entries
    };
    let forms: [fn(u32, &mut Entry); 2] = [|_, _| (), |_, entry| entry.link.clear()];
    for form in forms {
        let mut shared = entries(form);
        shared[1].guid = "guid-3".to_owned();
        for document in [&shared[..], &shared[2..], &shared, &shared[1..2], &entries(form)] {
            show(&mut bench, self::document(document)).await;
        }
    }
    assert_eq!(bench.file().len(), 5);
}

#[tokio::test]
async fn an_edition_in_the_guid_is_the_same_item() {
    let mut bench = one_feed().await;
    for edition in 0..5 {
        let mut entries: Vec<Entry> = (1..=4).map(entry).collect();
        for entry in &mut entries {
            entry.guid = format!("{}#0", entry.link);
            entry.link.push_str("?at_medium=RSS&amp;at_campaign=rss");
        }
        entries[1].guid = format!("https://news.example/2#{edition}");
        entries[1].title = format!("Flood: edition {edition}");
        entries[1].date = format!("Mon, 23 Nov 2026 21:0{edition}:11 GMT");
        show(&mut bench, document(&entries)).await;
    }
    assert_eq!(bench.file().len(), 4);
    let log = bench.log();
    let titles: Vec<Vec<Value>> = facts(&log, "item_revised", &["title"]);
    assert_eq!(titles.len(), 4, "{titles:?}");
}

#[tokio::test]
async fn another_headline_is_a_revision_and_no_alert() {
    let mut bench = one_feed().await;
    let mut entries: Vec<Entry> = (1..=4).map(entry).collect();
    show(&mut bench, document(&entries)).await;
    for title in ["Flood: what we know", "Chess", "Chess", "Chess &amp; \u{202e}more"] {
        entries[2].title = title.to_owned();
        entries[3].text.push_str(" And more.");
        show(&mut bench, document(&entries)).await;
    }
    assert_eq!(bench.file().len(), 4);
    let all = bench.store.alerts(AlertQuery { limit: 9, ..AlertQuery::default() }).await.unwrap();
    let of = all.iter().find(|(_, alert)| alert.item.id == "guid-3").unwrap();
    assert_eq!(of.1.item.title, "Flood 3");
    let sequel = bench.store.sequels(vec![of.0]).await.unwrap().remove(0);
    let titles: Vec<&str> = sequel.revisions.iter().map(|revision| &*revision.title).collect();
    assert_eq!(titles, ["Flood: what we know", "Chess", "Chess & more"]);
    let log = bench.log();
    assert_eq!(
        facts(&log, "item_revised", &["feed", "item", "old_title", "title"]),
        [
            ["f0", "guid-3", "Flood 3", "Flood: what we know"],
            ["f0", "guid-3", "Flood: what we know", "Chess"],
            ["f0", "guid-3", "Chess", "Chess & more"],
        ]
    );
    let revised: Vec<u64> = facts(&log, "poll_ok", &["items", "revised"])
        .iter()
        .filter(|facts| !facts[0].is_null())
        .map(|facts| facts[1].as_u64().unwrap())
        .collect();
    assert_eq!(revised, [0, 1, 1, 0, 1]);
}

#[tokio::test]
async fn one_page_in_five_feeds_is_one_alert() {
    let links = [
        "https://news.example/7",
        "http://www.news.example/7/",
        "https://news.example/7?utm_source=front&amp;utm_medium=rss",
        "https://news.example/7#comments",
        "https://news.example/7/amp",
    ];
    let mut bench = Bench::new(&config(6, ""), Pass::Forever).await;
    for (n, link) in links.into_iter().enumerate() {
        let other = Entry { title: "Chess".to_owned(), ..entry(60 + n as u32) };
        let guid = format!("{n}");
        let shared = Entry { guid, link: link.to_owned(), ..entry(7) };
        let page = Page::Document(document(&[other, shared]));
        bench.wire.put(&format!("f{n}"), page);
    }
    // Another page, that happens to be called the same.
    let other = Entry { link: "https://other.example/7".to_owned(), ..entry(7) };
    bench.wire.put("f5", Page::Document(document(&[other])));
    bench.play(HOUR).await;
    assert_eq!(bench.file().len(), 2);
    assert_eq!(Totals::get(&bench.totals.alerts), 2);
    let all = bench.store.alerts(AlertQuery { limit: 9, ..AlertQuery::default() }).await.unwrap();
    let sequels = bench.store.sequels(all.iter().map(|(seq, _)| *seq).collect()).await.unwrap();
    for ((_, alert), sequel) in all.iter().zip(&sequels) {
        let mut feeds: Vec<&str> = sequel.sources.iter().map(|s| s.feed.as_str()).collect();
        if alert.feed.id.as_str() == "f5" {
            assert!(feeds.is_empty());
            continue;
        }
        feeds.push(alert.feed.id.as_str());
        feeds.sort_unstable();
        assert_eq!(feeds, ["f0", "f1", "f2", "f3", "f4"]);
    }
    let told = facts(&bench.log(), "alert_source", &["alert", "feed", "link"]);
    assert_eq!(told.len(), 4, "{told:?}");
}

#[tokio::test]
async fn posts_on_one_page_are_an_alert_each() {
    let mut bench = Bench::new(&config(3, ""), Pass::Forever).await;
    for (n, post) in ["", "#post-12", "#post-15"].into_iter().enumerate() {
        let link = format!("https://news.example/live{post}");
        let post = Entry { link, ..entry(n as u32) };
        bench.wire.put(&format!("f{n}"), Page::Document(document(&[post])));
    }
    bench.play(HOUR).await;
    assert_eq!(bench.file().len(), 3);
}

#[tokio::test]
async fn the_same_alarm_again_is_told_again() {
    let alarm = |n: u32| Entry {
        title: "Flood alarm".to_owned(),
        text: "Leave at once.".to_owned(),
        guid: format!("https://news.example/alarm/{n}"),
        link: format!("https://news.example/alarm/{n}"),
        date: String::new(),
    };
    // Without a date, and on the hour, among others that go on.
    for on_the_hour in [false, true] {
        let mut bench = one_feed().await;
        for n in 0..4 {
            let date = if on_the_hour {
                format!("Mon, 23 Nov 2026 {:02}:00:00 GMT", 9 + n)
            } else {
                String::new()
            };
            let entries = [Entry { date, ..alarm(n) }, entry(1), entry(2)];
            show(&mut bench, document(&entries)).await;
        }
        assert_eq!(bench.file().len(), 6, "{on_the_hour}");
    }
}

#[tokio::test]
async fn guids_that_count_the_items_hide_none() {
    let mut bench = one_feed().await;
    for n in 4..8 {
        let place = |(place, n): (usize, u32)| Entry { guid: place.to_string(), ..entry(n) };
        let entries: Vec<Entry> = (n - 3..=n).rev().enumerate().map(place).collect();
        show(&mut bench, document(&entries)).await;
    }
    assert_eq!(bench.file().len(), 7);
}

#[tokio::test]
async fn guids_that_happen_to_count_the_items_for_a_while_are_no_news() {
    for dates in [true, false] {
        let mut bench = one_feed().await;
        for order in [&[1][..], &[1, 2], &[3, 1, 2], &[4, 3, 1, 2], &[1, 2], &[1]] {
            let own = |n: &u32| Entry { guid: n.to_string(), ..entry(*n) };
            let mut entries: Vec<Entry> = order.iter().map(own).collect();
            if !dates {
                entries.iter_mut().for_each(|entry| entry.date.clear());
            }
            show(&mut bench, document(&entries)).await;
        }
        assert_eq!(bench.file().len(), 4, "{dates}");
    }
}

#[tokio::test]
async fn items_that_were_missed_are_a_gap() {
    let mut bench = one_feed().await;
    let window = |range: std::ops::Range<u32>| document(&range.map(entry).collect::<Vec<_>>());
    show(&mut bench, window(0..5)).await;
    show(&mut bench, window(4..9)).await;
    bench.wire.put("f0", Page::Unchanged);
    bench.play(HOUR).await;
    let before = bench.store.feed_reports(bench.clock.now().wall).await.unwrap().remove(0);
    assert_eq!(before.gaps, 0);
    show(&mut bench, window(20..25)).await;
    show(&mut bench, window(21..26)).await;
    show(&mut bench, document(&[])).await;
    show(&mut bench, window(40..45)).await;
    bench.poll.flush().await;
    let after = bench.store.feed_reports(bench.clock.now().wall).await.unwrap().remove(0);
    assert_eq!(after.gaps, 1);
    let log = bench.log();
    let gaps = facts(&log, "feed_gap", &["feed", "items", "since", "level"]);
    assert_eq!(gaps.len(), 1);
    assert_eq!((&gaps[0][0], &gaps[0][1], &gaps[0][3]), (&"f0".into(), &5.into(), &"warn".into()));
    assert!(gaps[0][2].as_str().unwrap() > "2026-11-23T23:00", "the last poll, not the last news");
}

#[tokio::test]
async fn what_comes_as_it_came_before_is_not_unpacked() {
    let mut bench = one_feed().await;
    let text = document(&(1..=200).map(entry).collect::<Vec<_>>());
    bench.wire.put("f0", Page::Packed(text.clone()));
    bench.play(20 * MINUTE).await;
    assert_eq!(bench.poll.health(), (1, 0));
    // Now it would be too large to unpack.
    bench.reload(&config(1, "max_decoded = \"8KiB\"")).await;
    bench.play(HOUR).await;
    assert_eq!(bench.poll.health(), (1, 0));
    bench.wire.put("f0", Page::Packed(text.replace("News", "Olds")));
    bench.play(20 * MINUTE).await;
    assert_eq!(bench.poll.health(), (1, 1), "the limit is in force");
}

#[tokio::test]
async fn the_same_text_in_another_packing_is_not_read_again() {
    let mut bench = one_feed().await;
    let text = document(&[entry(1), entry(2)]);
    for page in [Page::Document(text.clone()), Page::Packed(text.clone()), Page::Document(text)] {
        bench.wire.put("f0", page);
        bench.play(20 * MINUTE).await;
    }
    bench.wire.put("f0", Page::Stories(vec![story("1", "Chess")]));
    bench.play(20 * MINUTE).await;
    let items = facts(&bench.log(), "poll_ok", &["items"]);
    let read: Vec<_> = items.iter().filter(|facts| !facts[0].is_null()).collect();
    assert_eq!(read.len(), 2, "{items:?}");
}
