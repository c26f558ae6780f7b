use std::collections::BTreeSet;
use std::time::Duration;

use encoding_rs::WINDOWS_1251;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::model::{Clock, Timestamp};

const RULES: [&str; 12] = [
    "kharkiv",
    "sumy",
    "ceasefire",
    "barrot",
    "witkoff",
    "trump",
    "terekhov",
    "zelenskyy",
    "zbogar",
    "rubio",
    "lavrov",
    "bessent",
];

fn started() -> Timestamp {
    Timestamp::parse("2026-11-23T22:00:00Z").unwrap()
}

fn items() -> impl Iterator<Item = &'static DemoItem> {
    FEEDS.iter().flat_map(|feed| feed.items)
}

fn text_at(feed: &DemoFeed, seconds: u64) -> String {
    let bytes = document(feed, started(), Duration::from_secs(seconds));
    match feed.form {
        Form::RssWindows1251 => WINDOWS_1251.decode(&bytes).0.into_owned(),
        _ => String::from_utf8(bytes).unwrap(),
    }
}

#[test]
fn all_says_that_it_is_a_demonstration() {
    for feed in FEEDS {
        assert!(feed.id.starts_with("demo-"), "{}", feed.id);
        let words = ["invented", "вигадані", "вымышленный", "erfunden", "zmyślona", "inventée"];
        assert!(words.iter().any(|word| feed.title.contains(word)), "{}", feed.title);
        assert!(feed.disclaimer.contains("wirewatch"), "{}", feed.id);
        for item in feed.items {
            assert!(item.title.starts_with(MARK), "{}", item.title);
        }
    }
}

#[test]
fn every_shipped_rule_has_its_item_and_no_other_is_named() {
    let expected: BTreeSet<_> = RULES.into_iter().collect();
    let named: BTreeSet<_> = items().flat_map(|item| item.rules).copied().collect();
    assert_eq!(named, expected);
    assert!(items().filter(|item| item.rules.is_empty()).count() >= 6, "near misses");
}

#[test]
fn every_form_and_language_is_there_once() {
    let languages: BTreeSet<_> = FEEDS.iter().map(|feed| feed.language).collect();
    assert_eq!(languages, BTreeSet::from(["de", "en", "fr", "pl", "ru", "uk"]));
    let forms: BTreeSet<_> = FEEDS.iter().map(|feed| format!("{:?}", feed.form)).collect();
    assert_eq!(forms.len(), FEEDS.len());
}

#[test]
fn each_feed_grows_by_its_script_and_is_whole_at_the_end() {
    for feed in FEEDS {
        assert!(feed.items.is_sorted_by_key(|item| item.at), "{}", feed.id);
        assert_eq!(feed.items[0].at, 0, "{} is not empty at first", feed.id);
        assert!(feed.items.iter().all(|item| Duration::from_secs(item.at) <= LENGTH));
        let mut documents = BTreeSet::new();
        for second in 0..=LENGTH.as_secs() {
            let shown = feed.shown(Duration::from_secs(second));
            let due = feed.items.iter().filter(|item| item.at <= second).count();
            assert_eq!(shown.len(), due, "{} at {second}", feed.id);
            documents.insert(text_at(feed, second));
        }
        assert!(documents.len() >= 4, "{} changes over time", feed.id);
        assert_eq!(feed.shown(LENGTH).len(), feed.items.len());
        assert_eq!(text_at(feed, 30), text_at(feed, 3_600), "nothing after the end");
    }
}

#[test]
fn no_second_passes_without_an_item_for_long() {
    let mut at: Vec<_> = items().map(|item| item.at).collect();
    at.sort_unstable();
    assert!(at.windows(2).all(|pair| pair[1] - pair[0] <= 4), "{at:?}");
    assert_eq!(at.last(), Some(&LENGTH.as_secs()));
}

#[test]
fn an_item_keeps_its_id_link_and_date_while_others_appear() {
    for feed in FEEDS {
        let (early, late) = (text_at(feed, 0), text_at(feed, 30));
        let link = format!("https://demo.invalid/{}/1", feed.id);
        assert!(early.contains(&link) && late.contains(&link), "{}", feed.id);
        if feed.form == Form::RssBroken {
            continue;
        }
        let parse = |seconds| {
            let bytes = document(feed, started(), Duration::from_secs(seconds));
            feed_rs::parser::parse(&bytes[..]).unwrap()
        };
        let (before, after) = (parse(0), parse(30));
        let first = &before.entries[0];
        let same = after.entries.iter().find(|entry| entry.id == first.id).unwrap();
        assert_eq!(same.published, first.published, "{}", feed.id);
    }
}

#[test]
fn sound_feeds_are_sound_and_the_broken_one_is_broken() {
    for feed in FEEDS {
        let bytes = document(feed, started(), LENGTH);
        if feed.form == Form::RssBroken {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains("& co dalej") && text.contains("&nbsp;&ndash;"), "{text}");
            continue;
        }
        let parsed = feed_rs::parser::parse(&bytes[..]).unwrap();
        assert_eq!(parsed.entries.len(), feed.items.len(), "{}", feed.id);
        let title = parsed.title.unwrap().content;
        assert_eq!(title, feed.title);
        let newest = &parsed.entries[0];
        let last = feed.items.last().unwrap();
        assert_eq!(newest.title.as_ref().unwrap().content, last.title);
        assert_eq!(
            newest.published.unwrap().timestamp_millis(),
            started().plus(Duration::from_secs(last.at)).as_millis(),
            "{}",
            feed.id
        );
    }
}

#[test]
fn hostile_titles_are_among_them() {
    assert!(items().any(|item| item.title.contains('\n')), "a forged log line");
    assert!(items().any(|item| item.title.contains('\u{1b}')), "a terminal escape");
    assert!(items().any(|item| item.title.contains('\u{202e}')), "reversed text");
}

/// Status, head and body of the answer to one request on a connection of its own.
async fn ask(room: &Newsroom, head: &str) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(room.addr()).await.unwrap();
    let request = format!("{head}Host: demo\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let split = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..split].to_vec()).unwrap();
    let status = head[9..12].parse().unwrap();
    (status, head, answer[split + 4..].to_vec())
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let found = head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    });
    found.unwrap_or_else(|| panic!("no {name} in {head}"))
}

#[tokio::test]
async fn the_server_sends_validators_and_honours_them() {
    let clock = Clock::manual(started());
    let room = Newsroom::start(clock.clone()).await.unwrap();
    let mut seen = Vec::new();
    for (feed, demo) in room.feeds().iter().zip(FEEDS) {
        assert_eq!(feed.url.host_str(), Some("127.0.0.1"));
        let get = format!("GET {} HTTP/1.1\r\n", feed.url.path());
        let (status, head, body) = ask(&room, &get).await;
        assert_eq!(status, 200, "{head}");
        assert_eq!(body, document(demo, started(), Duration::ZERO));
        assert_eq!(header(&head, "content-type"), demo.content_type());
        assert_eq!(header(&head, "content-length"), body.len().to_string());

        let (etag, modified) = (header(&head, "etag"), header(&head, "last-modified"));
        for known in [
            format!("If-None-Match: {etag}\r\n"),
            format!("If-None-Match: \"other\", W/{etag}\r\n"),
            format!("If-Modified-Since: {modified}\r\n"),
        ] {
            let (status, head, body) = ask(&room, &format!("{get}{known}")).await;
            assert_eq!((status, body.len()), (304, 0), "{known}{head}");
            assert_eq!(header(&head, "etag"), etag);
        }
        let stale = format!("{get}If-None-Match: \"other\"\r\nIf-Modified-Since: {modified}\r\n");
        assert_eq!(ask(&room, &stale).await.0, 200, "the tag goes before the date");
        seen.push((get, etag.to_owned(), modified.to_owned(), body.len()));
    }
    clock.advance(LENGTH);
    for (get, etag, modified, length) in seen {
        for known in [format!("If-None-Match: {etag}"), format!("If-Modified-Since: {modified}")] {
            let (status, head, body) = ask(&room, &format!("{get}{known}\r\n")).await;
            assert_eq!(status, 200, "{head}");
            assert!(body.len() > length && header(&head, "etag") != etag, "{head}");
        }
    }
    room.stop().await;
}

#[tokio::test]
async fn other_requests_get_the_answer_that_http_has_for_them() {
    let room = Newsroom::start(Clock::manual(started())).await.unwrap();
    let (status, _, body) = ask(&room, "GET / HTTP/1.1\r\n").await;
    assert_eq!(status, 200);
    assert!(String::from_utf8(body).unwrap().contains("invented"));
    assert_eq!(ask(&room, "GET /nothing HTTP/1.1\r\n").await.0, 404);
    let (status, head, _) = ask(&room, "POST /demo-wire HTTP/1.1\r\nContent-Length: 0\r\n").await;
    assert_eq!((status, header(&head, "allow")), (405, "GET, HEAD"));
    let (status, head, body) = ask(&room, "HEAD /demo-wire HTTP/1.1\r\n").await;
    assert_eq!((status, body.len()), (200, 0));
    assert_ne!(header(&head, "content-length"), "0");
    let addr = room.addr();
    room.stop().await;
    assert!(TcpStream::connect(addr).await.is_err(), "closed");
}
