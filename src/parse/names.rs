//! Element names of feeds: which vocabulary a prefix stands for, and what a name means there.

use std::borrow::Cow;

/// A vocabulary that feeds use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// RSS, RDF, Atom itself, and whatever has no prefix.
    Core,
    /// Atom elements with a prefix, inside RSS.
    Atom,
    /// Dublin Core.
    Dublin,
    /// RSS content module.
    Content,
    /// Media RSS.
    Media,
    /// Anything else.
    Other,
}

/// The vocabulary of a namespace URI, if it is one that we read.
pub(super) fn of_uri(uri: &str) -> Option<Vocabulary> {
    let uri = uri.trim().trim_end_matches(['/', '#']).to_ascii_lowercase();
    let uri = uri.trim_start_matches("https").trim_start_matches("http");
    Some(match uri {
        "://www.w3.org/2005/atom" | "://purl.org/atom/ns" => Vocabulary::Atom,
        "://purl.org/rss/1.0" | "://my.netscape.com/rdf/simple/0.9" => Vocabulary::Core,
        "://backend.userland.com/rss2" | "://blogs.law.harvard.edu/tech/rss" => Vocabulary::Core,
        "://channel.netscape.com/rdf/simple/0.9" | "://purl.org/net/rss1.1" => Vocabulary::Core,
        "://www.w3.org/1999/02/22-rdf-syntax-ns" => Vocabulary::Core,
        "://purl.org/dc/elements/1.1" | "://purl.org/dc/elements/1.0" => Vocabulary::Dublin,
        "://purl.org/dc/terms" => Vocabulary::Dublin,
        "://purl.org/rss/1.0/modules/content" => Vocabulary::Content,
        "://search.yahoo.com/mrss" | "://video.search.yahoo.com/mrss" => Vocabulary::Media,
        "://www.itunes.com/dtds/podcast-1.0.dtd" | "://www.w3.org/1999/xhtml" => Vocabulary::Other,
        _ => return None,
    })
}

/// The vocabulary that a prefix stands for by custom, for documents that do not declare it.
pub(super) fn of_prefix(prefix: &str) -> Vocabulary {
    match prefix {
        "" | "rss" | "rdf" | "rss1" | "rss2" => Vocabulary::Core,
        "atom" | "atom10" | "atom03" | "a10" => Vocabulary::Atom,
        "dc" | "dcterms" | "dct" => Vocabulary::Dublin,
        "content" => Vocabulary::Content,
        "media" => Vocabulary::Media,
        "yandex" => Vocabulary::Core,
        _ => Vocabulary::Other,
    }
}

/// A part of a feed or an item, whatever a format calls it. Of several for the same thing, the
/// one with the higher rank is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Title(u8),
    Link,
    Id,
    Published(u8),
    Updated(u8),
    Author,
    Summary(u8),
    Content(u8),
    Language,
    Ttl,
}

/// What an element directly below an item or the feed itself says.
pub(super) fn part(vocabulary: Vocabulary, name: &str) -> Option<Part> {
    use Vocabulary::{Atom, Content, Core, Dublin, Media};
    Some(match (vocabulary, name) {
        (Core | Atom, "title") => Part::Title(3),
        (Dublin, "title") => Part::Title(2),
        (Media, "title") => Part::Title(1),
        (Core | Atom, "link") => Part::Link,
        (Core | Atom, "guid" | "id") => Part::Id,
        (Core | Atom, "pubdate" | "published") => Part::Published(5),
        (Core | Atom, "issued") => Part::Published(4),
        (Dublin, "date") => Part::Published(3),
        (Dublin, "issued") | (Core, "date") => Part::Published(2),
        (Core | Dublin | Atom, "created") => Part::Published(1),
        (Core | Atom, "updated") => Part::Updated(2),
        (Core | Dublin | Atom, "modified") => Part::Updated(1),
        (Core | Atom, "author") | (Dublin, "creator") => Part::Author,
        (Core | Atom, "description" | "summary") => Part::Summary(3),
        (Dublin, "description") | (Core, "abstract") => Part::Summary(2),
        (Media, "description") => Part::Summary(1),
        (Content, "encoded") => Part::Content(3),
        (Core | Atom, "content") => Part::Content(2),
        (Core, "fulltext" | "full-text" | "body" | "encoded") => Part::Content(1),
        (Core, "language") | (Dublin, "language") => Part::Language,
        (Core, "ttl") => Part::Ttl,
        _ => return None,
    })
}

/// Elements that open an item.
pub(super) fn is_item(vocabulary: Vocabulary, name: &str) -> bool {
    matches!(vocabulary, Vocabulary::Core | Vocabulary::Atom) && matches!(name, "item" | "entry")
}

/// Prefix and local name.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

/// A name in lower case.
pub(super) fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// HTML elements that have no end tag.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "img" | "hr" | "input" | "meta" | "wbr" | "area" | "embed" | "source" | "col"
    )
}
