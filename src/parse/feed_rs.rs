//! The reader for well-formed documents: the feed-rs crate, behind [`super::guard`].

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use ::feed_rs::model::{Content, Entry, Feed, FeedType, Link, Person, Text};
use ::feed_rs::parser::Builder;
use chrono::{DateTime, Utc};
use url::Url;

use super::dates;
use super::raw::{MAX_ITEMS, Markup, RawFeed, RawItem, RawText};
use crate::model::{FeedKind, Timestamp};

/// Reads a document. `None` if feed-rs fails or panics. One parser per document: feed-rs's keeps
/// state over errors. Its ids are never used: where a document has none they are random.
pub(super) fn read(text: &str, base: Option<&Url>) -> Option<RawFeed> {
    let parser = Builder::new()
        .base_uri(base.map(Url::as_str))
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(|text| dates::parse(text).and_then(to_chrono))
        .build();
    let feed = quietly(|| parser.parse(text.as_bytes()))?.ok()?;
    Some(convert(feed))
}

/// Runs `work`; a panic in it is caught and its message not printed.
fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    thread_local! {
        static QUIET: Cell<bool> = const { Cell::new(false) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                print(info);
            }
        }));
    });
    QUIET.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work)).ok();
    QUIET.set(false);
    result
}

fn to_chrono(time: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(time.as_millis())
}

fn from_chrono(time: DateTime<Utc>) -> Timestamp {
    Timestamp::from_millis(time.timestamp_millis())
}

fn convert(feed: Feed) -> RawFeed {
    let kind = match feed.feed_type {
        FeedType::Atom => FeedKind::Atom,
        FeedType::JSON => FeedKind::Json,
        FeedType::RSS0 | FeedType::RSS2 => FeedKind::Rss,
        FeedType::RSS1 => FeedKind::Rdf,
    };
    RawFeed {
        kind,
        cut: false,
        title: feed.title.map(|text| raw_text(text, kind)),
        language: feed.language,
        ttl: feed.ttl.map(|ttl| ttl.to_string()),
        authors: feed.authors.into_iter().filter_map(author).collect(),
        items: feed.entries.into_iter().take(MAX_ITEMS).map(|entry| item(entry, kind)).collect(),
    }
}

fn item(entry: Entry, kind: FeedKind) -> RawItem {
    let published = entry.published.map(from_chrono);
    let updated = entry.updated.map(from_chrono);
    let copied = kind != FeedKind::Atom && updated == published;
    RawItem {
        id: Some(entry.id).filter(|id| !id.trim().is_empty()),
        id_is_link: false,
        title: entry.title.map(|text| raw_text(text, kind)),
        link: link(entry.links, kind),
        published,
        updated: updated.filter(|_| !copied),
        authors: entry.authors.into_iter().filter_map(author).collect(),
        language: entry.language,
        summary: entry.summary.map(|text| summary(text, kind)),
        content: entry.content.and_then(|content| body(content, kind)),
    }
}

fn raw_text(text: Text, kind: FeedKind) -> RawText {
    let markup = match (kind, text.content_type.subty().as_str()) {
        (FeedKind::Atom, "plain") => Markup::None,
        (FeedKind::Atom, _) => Markup::Html,
        _ => Markup::Maybe,
    };
    RawText { text: text.content, markup }
}

fn summary(text: Text, kind: FeedKind) -> RawText {
    let raw = raw_text(text, kind);
    if kind == FeedKind::Atom { raw } else { RawText { markup: Markup::Html, ..raw } }
}

fn body(content: Content, kind: FeedKind) -> Option<RawText> {
    let plain = kind == FeedKind::Atom && content.content_type.subty().as_str() == "plain";
    let words = matches!(content.content_type.ty().as_str(), "text" | "application");
    let markup = if plain { Markup::None } else { Markup::Html };
    content.body.filter(|_| words).map(|text| RawText { text, markup })
}

/// RSS: the last link that is not about comments. Atom: the first HTML alternate, else the first
/// alternate, else a related page.
fn link(links: Vec<Link>, kind: FeedKind) -> Option<String> {
    let rank = |link: &Link| match link.rel.as_deref().map(str::trim) {
        _ if link.target.is_some() || link.href.is_empty() => 0,
        None => 4,
        Some("alternate" | "") if link.media_type.as_ref().is_none_or(|t| t.contains("html")) => 4,
        Some("alternate" | "") => 3,
        Some("related") => 1,
        Some(_) => 0,
    };
    let ranked = links.into_iter().map(|link| (rank(&link), link.href)).filter(|(r, _)| *r > 0);
    let best = |a: (i32, String), b: (i32, String)| match kind {
        FeedKind::Atom if b.0 <= a.0 => a,
        _ => b,
    };
    ranked.reduce(best).map(|(_, href)| href)
}

/// A person's name, or address if there is no name.
fn author(person: Person) -> Option<String> {
    let name = person.name.filter(|name| !name.trim().is_empty());
    name.or(person.email).filter(|author| !author.trim().is_empty())
}
