//! Bytes to items, with the Content-Type header of a first line that begins `Content-Type: `.
//! Nothing panics, and what comes out is within the bounds that `wirewatch::parse` states.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wirewatch::parse::{Input, parse};

fuzz_target!(|data: &[u8]| {
    let (content_type, bytes) = split(data);
    let input = Input { bytes, content_type, url: None };
    let Ok(feed) = parse(&input) else { return };
    assert!(feed.items.len() <= 100_000);
    for item in &feed.items {
        assert!(!item.id.is_empty());
        assert!(item.title.len() <= 4096);
        for text in [&item.title, &item.summary, &item.content] {
            assert!(text.len() <= 1 << 20);
            assert!(!text.contains(char::is_control));
        }
        let link = item.link.as_deref().unwrap_or("http://");
        assert!(link.starts_with("http://") || link.starts_with("https://"));
    }
    assert_eq!(parse(&input), Ok(feed));
});

fn split(data: &[u8]) -> (Option<&str>, &[u8]) {
    let Some(rest) = data.strip_prefix(b"Content-Type: ") else { return (None, data) };
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (header, body) = rest.split_at(end);
    (str::from_utf8(header).ok(), body.get(1..).unwrap_or_default())
}
