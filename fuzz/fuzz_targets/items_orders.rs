//! Both readers make the same of a document that both can read, and it does not matter which goes
//! first.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wirewatch::model::ParsedFeed;
use wirewatch::parse::{Input, ParseError, Reader, parse_in_order};

fuzz_target!(|data: &[u8]| {
    let url = "https://news.example/feeds/all.xml".parse().ok();
    let input = Input { bytes: data, content_type: None, url: url.as_ref() };
    let read = |order: &[Reader]| parse_in_order(order, &input).map(without_repairs);
    let lenient = read(&[Reader::Lenient]);
    if let Ok(feed) = read(&[Reader::FeedRs]) {
        assert_eq!(Ok(feed), lenient);
    }
    assert_eq!(read(&[Reader::FeedRs, Reader::Lenient]), lenient);
    if lenient.is_ok() || !matches!(lenient, Err(ParseError::Malformed(_))) {
        assert_eq!(read(&[Reader::Lenient, Reader::FeedRs]), lenient);
    }
});

fn without_repairs(mut feed: ParsedFeed) -> ParsedFeed {
    feed.repairs.clear();
    feed
}
