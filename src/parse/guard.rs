//! Looks a document over before feed-rs gets it. feed-rs 3 ends the process on deep nesting,
//! takes seconds over nested `xml:base`, stops at the first mistake, and passes over in silence
//! what it does not know; so it is given only documents without any of that, which it reads as
//! the lenient reader does, and whose items have a title, link, date and text each.
//!
//! The guard goes once through the tags, in a fraction of the time of a reader. What each element
//! may hold follows from what the lenient reader takes it for.

use super::names::{self, Part, Vocabulary};
use super::raw::{MAX_FIELD, MAX_ITEMS};
use scan::{Beyond, Scan, Start, Tag};
use texts::{has_declaration, has_text, is_author, is_double_encoded, is_number};

mod scan;
mod texts;

/// The deepest nesting that feed-rs is trusted with.
const MAX_DEPTH: usize = 64;
/// Most authors of an item.
const MAX_AUTHORS: u8 = 32;
/// The namespaces for whose elements feed-rs asks by prefix.
const ATOM: &str = "http://www.w3.org/2005/Atom";
const DUBLIN: &str = "http://purl.org/dc/elements/1.1/";
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";

/// Whether feed-rs would read all there is in the document: how many items, if so.
pub(super) fn admit(text: &str) -> Option<usize> {
    if has_declaration(text) || is_double_encoded(text) {
        return None;
    }
    let mut watch = Watch::new(text);
    loop {
        match watch.scan.next() {
            Ok(Some(Tag::Start(start))) => watch.start(&start).ok()?,
            Ok(Some(Tag::End)) => watch.end().ok()?,
            Ok(None) => return (watch.rooted && watch.places.is_empty()).then_some(watch.items),
            Err(Beyond) => return None,
        }
    }
}

/// What an element is to the lenient reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The root of RSS.
    Root,
    /// The feed itself.
    Feed,
    Item,
    /// Atom's author.
    Person,
    /// A field of words alone.
    Field,
    /// A field whose text is XHTML, and what is in it.
    Inline,
    /// Fields in here belong to nobody.
    Foreign,
    /// Fields in here belong to whatever is around.
    Open,
}

/// What was seen of an item or the feed, one bit each.
mod seen {
    pub(super) const TITLE: u16 = 1;
    pub(super) const LINK: u16 = 2;
    pub(super) const ID: u16 = 4;
    pub(super) const PUBLISHED: u16 = 8;
    pub(super) const UPDATED: u16 = 16;
    pub(super) const SUMMARY: u16 = 32;
    pub(super) const CONTENT: u16 = 64;
    /// `dc:date`, of which feed-rs takes the last of it and `pubDate`.
    pub(super) const DATE: u16 = 128;
    pub(super) const LANGUAGE: u16 = 256;
    pub(super) const TTL: u16 = 512;
    pub(super) const NAME: u16 = 1024;
    pub(super) const EMAIL: u16 = 2048;
    /// `media:description`, which stands in for a description that says nothing.
    pub(super) const MEDIA: u16 = 4096;
    pub(super) const SUMMARY_TEXT: u16 = 8192;
}

/// An error if this is beyond feed-rs.
fn ensure(fine: bool) -> Result<(), Beyond> {
    if fine { Ok(()) } else { Err(Beyond) }
}

struct Watch<'a> {
    scan: Scan<'a>,
    /// The open elements.
    places: Vec<Place>,
    /// Where the field at hand begins.
    field: usize,
    items: usize,
    rooted: bool,
    atom: bool,
    channel: bool,
    /// Prefixes that the root declares.
    prefixes: Vec<&'a str>,
    /// What was seen of the item at hand, and of the feed.
    item: u16,
    feed: u16,
    authors: u8,
}

impl<'a> Watch<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            scan: Scan::new(text),
            places: Vec::with_capacity(MAX_DEPTH),
            field: 0,
            items: 0,
            rooted: false,
            atom: false,
            channel: false,
            prefixes: Vec::new(),
            item: 0,
            feed: 0,
            authors: 0,
        }
    }

    fn start(&mut self, start: &Start<'a>) -> Result<(), Beyond> {
        ensure(self.places.len() < MAX_DEPTH)?;
        let (prefix, local) = names::split(start.name);
        let around = self.places.last().copied();
        ensure(!start.says.scope || matches!(around, None | Some(Place::Inline)))?;
        let place = match around {
            None => self.root(start)?,
            Some(Place::Root) => self.channel(start)?,
            Some(Place::Feed) => self.in_feed(start, prefix, local)?,
            Some(Place::Item) => self.in_item(start, prefix, local)?,
            Some(Place::Person) => self.in_person(prefix, local)?,
            Some(Place::Field) => return Err(Beyond),
            Some(Place::Inline) => inline(prefix, local)?,
            Some(Place::Foreign) => stray(prefix, local).map(|()| Place::Foreign)?,
            Some(Place::Open) => self.in_open(prefix, local)?,
        };
        if around != Some(Place::Inline) {
            self.field = self.scan.at;
            self.scan.no_sections = place == Place::Inline;
        }
        if start.empty {
            self.scan.no_sections = around == Some(Place::Inline);
        } else {
            self.places.push(place);
            self.scan.open.push(start.name);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Beyond> {
        self.scan.open.pop();
        match self.places.pop() {
            Some(Place::Item) => self.whole(),
            Some(Place::Field | Place::Inline) => {
                self.scan.no_sections = self.places.last() == Some(&Place::Inline);
                ensure(self.scan.at - self.field <= MAX_FIELD)
            }
            _ => Ok(()),
        }
    }

    /// Whether the item at hand has all that is asked of what feed-rs reads.
    fn whole(&self) -> Result<(), Beyond> {
        let has = |bits: u16| self.item & bits != 0;
        ensure(has(seen::TITLE) && has(seen::LINK) && has(seen::SUMMARY | seen::CONTENT))?;
        ensure(has(seen::PUBLISHED | seen::UPDATED | seen::DATE))?;
        ensure(!has(seen::MEDIA) || has(seen::SUMMARY_TEXT))
    }

    /// The root: RSS 2.0 or 0.9x and Atom 1.0, with the prefixes bound as by custom. RDF is left
    /// out, since feed-rs drops its items without link and does not read `rdf:about`.
    fn root(&mut self, start: &Start<'a>) -> Result<Place, Beyond> {
        ensure(!self.rooted && matches!(start.name, "feed" | "rss") && !start.says.upper)?;
        self.rooted = true;
        self.atom = start.name == "feed";
        for (key, value) in scan::attributes(start.attributes) {
            let fits = match key.strip_prefix("xmlns:") {
                Some(prefix) => {
                    self.prefixes.push(prefix);
                    binds(prefix, value)
                }
                None if key == "xmlns" => value == ATOM && self.atom,
                None if matches!(key, "xml:lang" | "xml:base") => self.atom && value.len() < 2048,
                None => true,
            };
            ensure(fits)?;
        }
        Ok(if self.atom { Place::Feed } else { Place::Root })
    }

    fn channel(&mut self, start: &Start<'_>) -> Result<Place, Beyond> {
        ensure(start.name == "channel" && !start.says.language && !self.channel)?;
        self.channel = true;
        Ok(Place::Feed)
    }

    /// Whether an element without prefix, or with one that is declared, may have a meaning.
    fn known(&self, start: &Start<'_>, prefix: &str) -> Result<(), Beyond> {
        let declared = prefix.is_empty() || self.prefixes.contains(&prefix);
        let double = self.atom && names::of_prefix(prefix) == Vocabulary::Atom;
        ensure(declared && !double && !start.says.upper)
    }

    fn in_feed(&mut self, start: &Start<'a>, prefix: &str, local: &str) -> Result<Place, Beyond> {
        self.known(start, prefix)?;
        let item = if self.atom { "entry" } else { "item" };
        if prefix.is_empty() && local == item {
            ensure(!start.says.language && !start.says.item && !start.empty)?;
            self.items += 1;
            ensure(self.items <= MAX_ITEMS)?;
            (self.item, self.authors) = (0, 0);
            return Ok(Place::Item);
        }
        let part = names::part(names::of_prefix(prefix), &names::lower(local));
        let (bit, fits) = match (prefix, local, part) {
            (_, _, None) => return other(prefix, local),
            ("", "title", _) => return self.text_field(start, seen::TITLE, true),
            ("", "author", _) if self.atom => return Ok(self.person()),
            ("", "language", _) => (seen::LANGUAGE, !self.atom),
            ("", "ttl", _) => (seen::TTL, !self.atom && is_number(self.scan.rest())),
            (_, _, Some(Part::Title(_) | Part::Language | Part::Ttl)) => (0, false),
            (_, _, Some(Part::Author)) => (0, !self.atom),
            _ => (0, true),
        };
        ensure(fits && self.feed & bit == 0)?;
        self.feed |= bit;
        Ok(Place::Field)
    }

    fn in_item(&mut self, start: &Start<'a>, prefix: &str, local: &str) -> Result<Place, Beyond> {
        self.known(start, prefix)?;
        let rss = !self.atom;
        match (prefix, local) {
            ("", "title") => self.text_field(start, seen::TITLE, false),
            ("", "link") if rss => {
                ensure(!start.says.item && has_text(self.scan.rest()))?;
                self.field(start, seen::LINK)
            }
            ("", "link") => self.atom_link(start),
            ("", "guid") if rss => self.field(start, seen::ID),
            ("", "id") if self.atom => self.field(start, seen::ID),
            ("", "pubDate") if rss => self.field(start, seen::PUBLISHED),
            ("", "published") if self.atom => self.field(start, seen::PUBLISHED),
            ("", "updated") if self.atom => self.field(start, seen::UPDATED),
            ("", "description") if rss => self.summary(start),
            ("", "summary") if self.atom => self.summary(start),
            ("", "content") if self.atom => self.text_field(start, seen::CONTENT, false),
            ("content", "encoded") if rss => self.text_field(start, seen::CONTENT, false),
            ("", "author") if self.atom => Ok(self.person()),
            ("", "author") | ("dc", "creator") if rss => {
                self.authors += 1;
                ensure(self.authors <= MAX_AUTHORS && is_author(self.scan.rest()))?;
                Ok(Place::Field)
            }
            ("dc", "date") if rss => {
                ensure(self.item & seen::PUBLISHED == 0)?;
                self.field(start, seen::DATE)
            }
            ("media", _) => self.media(local),
            _ => other(prefix, local),
        }
    }

    /// A field of an item, which is there once.
    fn field(&mut self, start: &Start<'_>, bit: u16) -> Result<Place, Beyond> {
        ensure(self.item & bit == 0 && !start.says.coding && start.says.kind.is_none())?;
        self.item |= bit;
        Ok(Place::Field)
    }

    /// A field that may hold markup, of an item or the feed.
    fn text_field(&mut self, start: &Start<'_>, bit: u16, feed: bool) -> Result<Place, Beyond> {
        let seen = if feed { &mut self.feed } else { &mut self.item };
        let content = bit == seen::CONTENT;
        let fits = match start.says.kind {
            None => true,
            Some("text" | "html" | "text/html" | "xhtml") => self.atom,
            Some("text/plain") => self.atom && content,
            Some(_) => false,
        };
        let language = content && !self.atom && start.says.language;
        ensure(fits && *seen & bit == 0 && !start.says.coding && !language)?;
        *seen |= bit;
        let inline = start.says.kind == Some("xhtml");
        Ok(if inline { Place::Inline } else { Place::Field })
    }

    fn summary(&mut self, start: &Start<'_>) -> Result<Place, Beyond> {
        if has_text(self.scan.rest()) {
            self.item |= seen::SUMMARY_TEXT;
        }
        self.text_field(start, seen::SUMMARY, false)
    }

    /// A link of Atom says where in an attribute, and has no text.
    fn atom_link(&mut self, start: &Start<'_>) -> Result<Place, Beyond> {
        let blank = |(key, value): (&str, &str)| key == "href" && value.trim().is_empty();
        ensure(start.empty || self.scan.rest().starts_with("</"))?;
        ensure(!scan::attributes(start.attributes).any(blank))?;
        self.item |= seen::LINK;
        Ok(Place::Field)
    }

    fn person(&mut self) -> Place {
        self.item &= !(seen::NAME | seen::EMAIL);
        self.authors = self.authors.saturating_add(1);
        Place::Person
    }

    fn in_person(&mut self, prefix: &str, local: &str) -> Result<Place, Beyond> {
        let bit = match local {
            "name" => seen::NAME,
            "email" => seen::EMAIL,
            _ => {
                let close =
                    local.eq_ignore_ascii_case("name") || local.eq_ignore_ascii_case("email");
                ensure(!close)?;
                return stray(prefix, local).map(|()| Place::Foreign);
            }
        };
        ensure(self.item & bit == 0 && self.authors <= MAX_AUTHORS)?;
        self.item |= bit;
        Ok(Place::Field)
    }

    fn media(&mut self, local: &str) -> Result<Place, Beyond> {
        match local {
            "title" => Ok(Place::Field),
            "description" => {
                self.item |= seen::MEDIA;
                Ok(Place::Field)
            }
            "content" | "group" => Ok(Place::Open),
            _ => other("media", local),
        }
    }

    fn in_open(&mut self, prefix: &str, local: &str) -> Result<Place, Beyond> {
        if prefix == "media" && self.places.contains(&Place::Item) {
            return self.media(local);
        }
        other(prefix, local)
    }
}

/// Whether feed-rs and the lenient reader take a prefix for the same, if it is declared so.
fn binds(prefix: &str, uri: &str) -> bool {
    match names::of_prefix(prefix) {
        Vocabulary::Dublin if prefix == "dc" => uri == DUBLIN,
        Vocabulary::Content => uri == CONTENT,
        known => names::of_uri(uri).unwrap_or(Vocabulary::Other) == known,
    }
}

/// An element that no reader looks at, if it is none that the lenient one would look at.
fn other(prefix: &str, local: &str) -> Result<Place, Beyond> {
    let lower = names::lower(local);
    let vocabulary = names::of_prefix(prefix);
    let core = matches!(vocabulary, Vocabulary::Core | Vocabulary::Atom);
    stray(prefix, local)?;
    ensure(names::part(vocabulary, &lower).is_none())?;
    match &*lower {
        "rss" | "rdf" | "feed" | "channel" if core => Err(Beyond),
        "image" | "textinput" | "source" | "contributor" | "enclosure" if core => {
            Ok(Place::Foreign)
        }
        "group" | "content" if vocabulary == Vocabulary::Media => Ok(Place::Open),
        _ if vocabulary == Vocabulary::Core => Ok(Place::Open),
        _ => Ok(Place::Foreign),
    }
}

/// An item where there should be none.
fn stray(prefix: &str, local: &str) -> Result<(), Beyond> {
    let item = local.eq_ignore_ascii_case("item") || local.eq_ignore_ascii_case("entry");
    ensure(!(item && names::is_item(names::of_prefix(prefix), &names::lower(local))))
}

/// An element of XHTML: none that the lenient reader takes for the next field.
fn inline(prefix: &str, local: &str) -> Result<Place, Beyond> {
    const FIELDS: [&str; 6] = ["guid", "pubdate", "enclosure", "published", "updated", "encoded"];
    stray(prefix, local)?;
    ensure(prefix.is_empty() && !FIELDS.iter().any(|field| local.eq_ignore_ascii_case(field)))?;
    Ok(Place::Inline)
}

#[cfg(test)]
mod tests;
