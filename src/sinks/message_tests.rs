use std::sync::Arc;

use super::clean::{clean, excerpt, link};
use super::*;
use crate::model::is_unprintable;
use crate::sinks::tests::{alert, delivery};

#[test]
fn texts_come_out_clean_and_on_one_line() {
    let cases = [
        ("  Повінь\r\n у\tХаркові\u{2028}нині ", "Повінь у Харкові нині"),
        ("a\u{1b}[2Jb\u{9b}31m\0", "a [2Jb 31m"),
        ("\u{202e}evil\u{2066}\u{200f}\u{feff}\u{200b}\u{ad}", "evil"),
        ("tag\u{e0041}\u{e007f}s", "tags"),
        ("👩\u{200d}🚒 می\u{200c}خواهم", "👩\u{200d}🚒 می\u{200c}خواهم"),
        ("", ""),
        (" \u{200b} ", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(clean(text, 100), expected, "{text:?}");
    }
    assert_eq!(clean("abcdef", 3), "abc…");
    assert_eq!(clean("abc", 3), "abc");
    assert_eq!(clean("ab cd", 3), "ab…");
    assert_eq!(clean("abc  ", 3), "abc");
    assert_eq!(clean("abc", 0), "");
    let zalgo = format!("a{}", "\u{301}".repeat(1000));
    assert_eq!(clean(&zalgo, 100).chars().count(), 5);
}

#[test]
fn an_excerpt_holds_the_hit() {
    let text = format!("{} Харків\n{}", "б ".repeat(300), "в ".repeat(300));
    for most in [20, 60, 200] {
        let cut = excerpt(&text, ["немає", "Харків"].into_iter(), most);
        assert!(cut.contains("Харків") && cut.starts_with('…') && cut.ends_with('…'), "{cut}");
        assert!(cut.chars().count() <= most + 2, "{cut}");
    }
    let end = excerpt(&text, ["в"].into_iter(), 3000);
    assert_eq!(end, clean(&text, 3000));
    let last = excerpt(&format!("{} кінець", "а ".repeat(300)), ["кінець"].into_iter(), 50);
    assert!(last.ends_with("кінець") && last.chars().count() > 45, "{last}");
    assert_eq!(excerpt(&text, [].into_iter(), 0), "");
    assert_eq!(excerpt("short", ["or"].into_iter(), 50), "short");
}

#[test]
fn links_are_harmless_or_none() {
    let cases = [
        ("https://a.example/x?y=1&z=[2]#f", Some("https://a.example/x?y=1&z=%5B2%5D#f")),
        ("http://[2001:db8::1]:80/[x]", Some("http://[2001:db8::1]/%5Bx%5D")),
        (
            "https://a.example/(x)|y*'`<b>\"\\",
            Some("https://a.example/%28x%29%7Cy%2A%27%60%3Cb%3E%22/"),
        ),
        ("https://a.example/\u{202e}ї\r\nx", Some("https://a.example/%E2%80%AE%D1%97x")),
        ("javascript:alert(1)", None),
        ("no URL", None),
    ];
    for (text, expected) in cases {
        let link = link(text, 200);
        if text.contains('\\') {
            assert!(link.is_some_and(|link| !link.contains(['(', ')', '|', '<', '"', '\\', '`'])));
        } else {
            assert_eq!(link.as_deref(), expected, "{text}");
        }
    }
    assert_eq!(link(&format!("https://a.example/{}", "x".repeat(200)), 200), None);
    assert_eq!(link(&format!("https://a.example/{}", "ї".repeat(50)), 200), None);
}

#[test]
fn no_bound_is_passed_whatever_comes() {
    let text = "\u{1b}[31m\u{202e}<b>*_`[x](y)\n".repeat(5000);
    let mut evil = alert(1);
    evil.item.title = text.clone();
    evil.item.text = text.clone();
    evil.item.authors = vec![text.clone(); 1000];
    evil.item.link = Some(format!("https://a.example/{text}"));
    evil.feed.title = text.clone();
    evil.rules[0].title = text.clone();
    evil.rules[0].tags = vec![text.clone(); 1000];
    evil.rules[0].matches[0].term = text;
    let mut one = delivery(1);
    one.alert = Arc::new(evil);
    let batch = Batch::new(vec![one], crate::model::Form::Single);
    let mut before = usize::MAX;
    for bounds in BOUNDS {
        let message = Message::of(&batch, bounds, 1).unwrap();
        let json = serde_json::to_string(&message).unwrap();
        assert!(json.len() < before.min(64 << 10), "{}", json.len());
        assert!(
            !json.chars().any(is_unprintable) && !json.contains("\\u") && !json.contains("\\n")
        );
        assert!(message.alert.title.starts_with("[31m<b>*_`[x](y) "), "{}", message.alert.title);
        before = json.len();
    }
}

#[test]
fn what_is_not_shown_is_counted() {
    let batch = Batch::new((0..5).map(delivery).collect(), crate::model::Form::Digest);
    let message = Message::of(&batch, BOUNDS[0], 2).unwrap();
    assert_eq!((message.count, message.alerts.len(), message.more), (5, 2, 3));
    assert_eq!(message.level, Level::High);
    assert_eq!(message.alert.time, "2026-11-23 22:14 UTC");
    assert_eq!(message.alert.terms, ["flood*", "річк~"]);
    assert_eq!(Message::of(&batch, BOUNDS[0], 0).unwrap().alerts.len(), 1);
    assert!(Message::of(&Batch::new(vec![], crate::model::Form::Digest), BOUNDS[0], 1).is_none());
}
