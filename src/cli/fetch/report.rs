//! What one fetch came to, as it is printed.

use std::time::Duration;

use serde::Serialize;

use crate::fetch::{Body, FetchError, Fetched, Hop};
use crate::model::{Feed, FeedKind, ParsedFeed, Reason, Repair, Timestamp};
use crate::parse::Decoded;
use crate::schedule::{Asked, Next};

/// Items whose titles are shown.
const SHOWN: usize = 5;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub url: String,
    pub hops: Vec<HopFacts>,
    pub error: Option<Failure>,
    pub body: Option<BodyFacts>,
    pub charset: Option<Charset>,
    pub feed: Option<FeedFacts>,
    pub moved_to: Option<String>,
    pub asked: Option<Wish>,
    pub next: Option<Wait>,
}

#[derive(Debug, Serialize)]
pub(super) struct HopFacts {
    pub url: String,
    pub request: Vec<(String, String)>,
    pub addresses: Vec<String>,
    pub peer: Option<String>,
    pub version: Option<String>,
    pub status: Option<u16>,
    pub response: Vec<(String, String)>,
    pub dns_ms: Option<u64>,
    pub connect_ms: Option<u64>,
    pub tls_ms: Option<u64>,
    pub first_byte_ms: Option<u64>,
    pub body_ms: Option<u64>,
    pub body_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Failure {
    pub reason: Reason,
    pub message: String,
    pub host: Option<String>,
    pub retry_after_ms: Option<u64>,
    /// What of it counts.
    pub counts_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct BodyFacts {
    pub wire_bytes: usize,
    pub codings: Vec<String>,
    pub decoded_bytes: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct Charset {
    pub name: &'static str,
    pub why: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct FeedFacts {
    pub title: Option<String>,
    pub kind: FeedKind,
    pub items: usize,
    pub first: Vec<ItemFacts>,
    pub repairs: Vec<Repair>,
}

#[derive(Debug, Serialize)]
pub(super) struct ItemFacts {
    pub title: String,
    pub published: Option<Timestamp>,
}

/// For how long the server asks to be left alone.
#[derive(Debug, Serialize)]
pub(super) struct Wish {
    pub wait_ms: u64,
    /// What of it counts.
    pub counts_ms: u64,
    pub why: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Wait {
    pub wait_ms: u64,
    pub why: &'static str,
}

impl Report {
    pub(super) fn new(feed: &Feed, hops: Vec<Hop>) -> Self {
        Self {
            url: feed.url.to_string(),
            hops: hops.into_iter().map(HopFacts::from).collect(),
            error: None,
            body: None,
            charset: None,
            feed: None,
            moved_to: None,
            asked: None,
            next: None,
        }
    }

    /// No more than `most` of what is asked counts.
    pub(super) fn answered(&mut self, fetched: &Fetched, asked: Option<Asked>, most: Duration) {
        self.moved_to = fetched.moved_to.as_ref().map(ToString::to_string);
        self.asked = asked.map(|Asked { span, by }| Wish {
            wait_ms: millis(span),
            counts_ms: millis(span.min(most)),
            why: by.as_str(),
        });
    }

    pub(super) fn on_the_wire(&mut self, body: &Body) {
        let codings = body.codings.iter().map(ToString::to_string).collect();
        self.body = Some(BodyFacts { wire_bytes: body.wire.len(), codings, decoded_bytes: None });
    }

    pub(super) fn decoded(&mut self, bytes: &[u8], decoded: &Decoded<'_>) {
        if let Some(body) = &mut self.body {
            body.decoded_bytes = Some(bytes.len());
        }
        let why = why(bytes, decoded);
        self.charset = Some(Charset { name: decoded.charset, why });
    }

    pub(super) fn parsed(&mut self, parsed: &ParsedFeed) {
        let first = parsed.items.iter().take(SHOWN);
        let first = first.map(|item| ItemFacts {
            title: item.title.clone(),
            published: item.published.or(item.updated),
        });
        self.feed = Some(FeedFacts {
            title: parsed.title.clone(),
            kind: parsed.kind,
            items: parsed.items.len(),
            first: first.collect(),
            repairs: parsed.repairs.clone(),
        });
    }

    pub(super) fn next(&mut self, next: Next) {
        self.next = Some(Wait { wait_ms: millis(next.wait), why: next.why.as_str() });
    }

    /// No more than `most` of what is asked counts.
    pub(super) fn failed(&mut self, error: FetchError, most: Duration) {
        self.error = Some(Failure {
            reason: error.reason,
            message: error.message,
            host: error.host,
            retry_after_ms: error.retry_after.map(millis),
            counts_ms: error.retry_after.map(|span| millis(span.min(most))),
        });
    }
}

impl From<Hop> for HopFacts {
    fn from(hop: Hop) -> Self {
        Self {
            url: hop.url,
            request: hop.request,
            addresses: hop.addresses.iter().map(ToString::to_string).collect(),
            peer: hop.peer.map(|peer| peer.to_string()),
            version: hop.version,
            status: hop.status,
            response: hop.response,
            dns_ms: hop.times.dns.map(millis),
            connect_ms: hop.times.connect.map(millis),
            tls_ms: hop.times.tls.map(millis),
            first_byte_ms: hop.times.first_byte.map(millis),
            body_ms: hop.times.body.map(millis),
            body_bytes: hop.body,
        }
    }
}

/// How the charset was found, in words.
fn why(bytes: &[u8], decoded: &Decoded<'_>) -> &'static str {
    let marks: [&[u8]; 4] = [b"\xEF\xBB\xBF", b"\xFE\xFF", b"\xFF\xFE", b"\0\0\xFE\xFF"];
    match decoded.repair.as_deref() {
        Some("charset:http") => {
            "the Content-Type header, though the XML declaration says otherwise"
        }
        Some("charset:declaration") => "the XML declaration, though the header says otherwise",
        Some("charset:utf-8") => "it is valid UTF-8, though labelled otherwise",
        Some("charset:broken-utf-8") => "it is UTF-8 but for some bytes",
        Some("charset:detected") => "no label holds; by the look of the text",
        Some("charset:lossy") => "no label holds; by the look of the text, with losses",
        Some("charset:utf-16" | "charset:utf-32") => "by the zeros in it",
        _ if marks.iter().any(|mark| bytes.starts_with(mark)) => "the byte order mark",
        _ if decoded.charset == "UTF-8" => "it is valid UTF-8",
        _ => "as labelled",
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::decode;

    #[test]
    fn why_a_charset_was_taken_is_said() {
        let cases: [(&[u8], Option<&str>, &str, &str); 6] = [
            (b"<rss/>", None, "UTF-8", "it is valid UTF-8"),
            (b"\xEF\xBB\xBF<rss/>", None, "UTF-8", "the byte order mark"),
            (b"\xFF\xFE<\0r\0/\0>\0", None, "UTF-16LE", "the byte order mark"),
            (
                "<a>Харків</a>".as_bytes(),
                Some("text/xml; charset=koi8-u"),
                "UTF-8",
                "it is valid UTF-8, though labelled otherwise",
            ),
            (
                b"<?xml version='1.0' encoding='windows-1251'?><a>\xd5\xe0\xf0\xea\xb3\xe2 \xec\xb3\xf1\xf2\xee</a>",
                None,
                "windows-1251",
                "as labelled",
            ),
            (
                b"<a>\xd5\xe0\xf0\xea\xb3\xe2 \xec\xb3\xf1\xf2\xee</a>",
                Some("text/xml; charset=windows-1251"),
                "windows-1251",
                "the Content-Type header, though the XML declaration says otherwise",
            ),
        ];
        for (bytes, content_type, charset, expected) in cases {
            let decoded = decode(bytes, content_type);
            assert_eq!((decoded.charset, why(bytes, &decoded)), (charset, expected));
        }
    }
}
