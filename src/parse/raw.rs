//! What a reader hands over: strings as they stand in the document, one level of XML escaping
//! undone. All readers fill these, and [`super::build`] makes the items, so that it does not
//! matter which reader ran.

use crate::model::{FeedKind, Timestamp};

/// Most items that are read from one document; the rest is left out and named in the repairs.
pub(super) const MAX_ITEMS: usize = 100_000;
/// Most bytes of one field that are kept.
pub(super) const MAX_FIELD: usize = 1 << 20;

/// What a text may hold beside words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Markup {
    /// Plain text by declaration (Atom `type="text"`); markup only if it is beyond doubt.
    None,
    /// RSS and JSON titles: plain text by the book, HTML in practice. HTML's own tags are markup,
    /// other angle brackets are text.
    #[default]
    Maybe,
    /// HTML.
    Html,
}

/// A text and how to read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RawText {
    /// With one level of XML escaping undone.
    pub(super) text: String,
    /// How to read it.
    pub(super) markup: Markup,
}

impl RawText {
    /// Whether there is nothing in it to read.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// An item, as a reader found it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RawItem {
    /// guid, id or rdf:about.
    pub(super) id: Option<String>,
    /// Whether `id` is said to be a link (RSS `isPermaLink`, RDF `about`).
    pub(super) id_is_link: bool,
    /// title.
    pub(super) title: Option<RawText>,
    /// The link to the page, resolved against `xml:base` where there is one.
    pub(super) link: Option<String>,
    /// When it came out.
    pub(super) published: Option<Timestamp>,
    /// When it changed.
    pub(super) updated: Option<Timestamp>,
    /// As written: names, addresses, or both.
    pub(super) authors: Vec<String>,
    /// Language tag of this item alone.
    pub(super) language: Option<String>,
    /// description or summary.
    pub(super) summary: Option<RawText>,
    /// content:encoded or content.
    pub(super) content: Option<RawText>,
}

/// A document, as a reader found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawFeed {
    /// The format.
    pub(super) kind: FeedKind,
    /// The feed's title.
    pub(super) title: Option<RawText>,
    /// The feed's language tag.
    pub(super) language: Option<String>,
    /// RSS ttl, in minutes, as written.
    pub(super) ttl: Option<String>,
    /// The feed's authors, who stand for those of an Atom or JSON item that names none.
    pub(super) authors: Vec<String>,
    /// In document order.
    pub(super) items: Vec<RawItem>,
    /// Whether the document ends within the last of them.
    pub(super) cut: bool,
}

impl RawFeed {
    /// A document without anything in it.
    pub(super) fn new(kind: FeedKind) -> Self {
        Self {
            kind,
            title: None,
            language: None,
            ttl: None,
            authors: Vec::new(),
            items: Vec::new(),
            cut: false,
        }
    }
}
