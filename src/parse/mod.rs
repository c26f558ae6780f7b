//! Bytes of a feed document to a [`ParsedFeed`].
//!
//! ```text
//! bytes → charset → JSON?  json (← mend) ───┐
//!                 → guard → feed_rs ────────┤ raw → build: text, links, identity → ParsedFeed
//!                        ↘  tidy → lenient ─┘
//!                 → hints: when to ask again
//! ```
//!
//! Readers only find the strings; one code makes items of them, so which reader ran makes no
//! difference to what comes out, and a feed that flips between well-formed and broken does not
//! repeat its items. feed-rs goes first, for documents that the guard admits; its answer is taken
//! if it found all items, each with title, link, date and text. The lenient reader reads the rest.
//!
//! [`ParsedFeed::repairs`] names what was tolerated or mended; [`REPAIRS`] has the names.

use std::borrow::Cow;

use url::Url;

use crate::model::{ParsedFeed, Repair};
use hints::Hints;
use raw::RawFeed;

mod base64;
mod bridge;
mod build;
mod charset;
mod dates;
mod error;
mod feed_rs;
mod guard;
mod hints;
mod identity;
mod json;
mod lenient;
mod names;
mod prose;
mod raw;
mod repairs;
mod text;
mod tidy;

pub use charset::{Decoded, decode};
pub use error::ParseError;
pub use identity::{Keys, is_whole_page, keys, page};
pub use prose::prose;
pub use repairs::REPAIRS;
pub use text::clean_line;

/// A document as it came.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The body, with its content coding undone.
    pub bytes: &'a [u8],
    /// The Content-Type header.
    pub content_type: Option<&'a str>,
    /// The URL that answered in the end, against which links are resolved.
    pub url: Option<&'a Url>,
}

/// A reader of XML feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The feed-rs crate, for documents that the guard admits. Its answer is taken only if it
    /// found all items, each with title, link, date and text.
    FeedRs,
    /// Ours, for whatever has the root element of a feed.
    Lenient,
}

impl Reader {
    /// The name under which its use is told, where it was not the first to be asked and, of the
    /// lenient reader, had something to mend.
    fn repair(self) -> &'static str {
        match self {
            Self::FeedRs => "reader:feed-rs",
            Self::Lenient => "reader:lenient",
        }
    }
}

/// Which reader goes first. The answer of the first that can read the document is taken.
const ORDER: &[Reader] = &[Reader::FeedRs, Reader::Lenient];

/// Reads a feed document: RSS 0.90 to 2.0, Atom 0.3 and 1.0, JSON Feed 1.0 and 1.1, well-formed or
/// not. The same bytes give the same items with the same ids.
///
/// A field holds at most 1 MiB, a title 4 KiB, a document 100,000 items; time is linear in the
/// length of the document, whatever it holds. Nothing panics.
///
/// # Errors
///
/// If the document is no feed, or nothing can be read from it. A feed without items is a feed.
pub fn parse(input: &Input<'_>) -> Result<ParsedFeed, ParseError> {
    parse_in_order(ORDER, input)
}

/// As [`parse`], with the readers of XML in another order, or fewer of them. What comes out is the
/// same but for the repair that names the reader, if it was not the first.
///
/// # Errors
///
/// As [`parse`]; also if none of these readers can read the document.
pub fn parse_in_order(order: &[Reader], input: &Input<'_>) -> Result<ParsedFeed, ParseError> {
    let decoded = decode(input.bytes, input.content_type);
    let (text, controls) = text::without_controls(decoded.text);
    let text = text.as_ref();
    if text.trim().is_empty() {
        return Err(ParseError::Empty);
    }
    let base = input.url.filter(|url| !url.cannot_be_a_base());
    let mut repairs: Vec<Repair> = decoded.repair.into_iter().collect();
    repairs.extend(controls.then_some(Cow::Borrowed("control-characters")));
    let (raw, mended, hints) = document(order, text, base)?;
    repairs.extend(mended.into_iter().map(Cow::Borrowed));
    let feed = build::build(raw, hints, base, repairs)?;
    let known = |repair: &Repair| REPAIRS.iter().any(|(name, _)| name == repair);
    debug_assert!(feed.repairs.iter().all(known), "{:?}", feed.repairs);
    Ok(feed)
}

/// What a reader found, and what had to be mended.
type Found = (RawFeed, Vec<&'static str>);

/// Reads the document in the language in which it seems to be written.
fn document(
    order: &[Reader],
    text: &str,
    base: Option<&Url>,
) -> Result<(RawFeed, Vec<&'static str>, Hints), ParseError> {
    let of_json = |(feed, repairs)| (feed, repairs, Hints::default());
    let start = text.trim_start();
    if start.starts_with('{') {
        return json(text).map(of_json);
    }
    let named = || text.contains(JSON_FEED);
    let first = text.find(['{', '<']).is_some_and(|at| text[at..].starts_with('{'));
    if first
        && named()
        && let Ok(found) = json(text)
    {
        return Ok(of_json(found));
    }
    match xml(order, text, base) {
        Ok((feed, repairs)) => Ok((feed, repairs, hints::read(text))),
        Err(error @ ParseError::NotAFeed(_)) if !first && named() => {
            json(text).map(of_json).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

/// What the version of a JSON Feed has in it.
const JSON_FEED: &str = "jsonfeed.org";

fn json(text: &str) -> Result<Found, ParseError> {
    let json::Reading { feed, repairs, complete } =
        json::read(text).map_err(|flaw| match flaw {
            json::Flaw::Syntax if text.contains(JSON_FEED) => {
                ParseError::Malformed("it is not sound JSON")
            }
            json::Flaw::Syntax | json::Flaw::Other => ParseError::of_rootless(text),
        })?;
    if feed.items.is_empty() && !complete {
        return Err(ParseError::Malformed(BREAKS_OFF));
    }
    Ok((feed, repairs))
}

const BREAKS_OFF: &str = "it breaks off before its first item ends";

fn xml(order: &[Reader], text: &str, base: Option<&Url>) -> Result<Found, ParseError> {
    for (turn, reader) in order.iter().enumerate() {
        let (feed, mut repairs, complete) = match reader {
            Reader::FeedRs => match strict(text, base) {
                Some(feed) => (feed, Vec::new(), true),
                None => continue,
            },
            Reader::Lenient => match lenient::read(text, base) {
                Some(reading) => (reading.feed, reading.repairs, reading.complete),
                None => continue,
            },
        };
        if feed.items.len() == usize::from(feed.cut) && !complete {
            return Err(ParseError::Malformed(BREAKS_OFF));
        }
        // That feed-rs was not asked is no repair, if there was nothing to mend.
        let mended = repairs.iter().any(|repair| *repair != "too-many-items");
        if turn > 0 && (mended || *reader == Reader::FeedRs) {
            repairs.insert(0, reader.repair());
        }
        return Ok((feed, repairs));
    }
    Err(ParseError::of_rootless(text))
}

/// What feed-rs makes of the document, if that is all there is in it.
fn strict(text: &str, base: Option<&Url>) -> Option<RawFeed> {
    let items = guard::admit(text)?;
    let feed = feed_rs::read(text, base)?;
    let whole = feed.items.len() == items
        && feed.items.iter().all(|item| {
            item.title.as_ref().is_some_and(|title| !title.is_blank())
                && item.link.as_ref().is_some_and(|link| !link.is_empty())
                && (item.published.is_some() || item.updated.is_some())
                && (item.summary.is_some() || item.content.is_some())
        });
    whole.then_some(feed)
}

#[cfg(test)]
mod reader_tests;
#[cfg(test)]
mod tests;
