//! Puts together the feed while the walker goes through its elements.

use memchr::memchr2;
use url::Url;

use super::Attributes;
use super::names::{Part, Vocabulary};
use super::{MAX_FIELD, MAX_ITEMS, RawFeed};
use crate::model::{FeedKind, Timestamp};
use crate::parse::build::is_normal;
use crate::parse::raw::{Markup, RawItem, RawText};
use crate::parse::{base64, dates};

/// A field that is being read.
struct Field {
    target: Target,
    text: String,
    markup: Markup,
    /// Whether child elements are the text's markup, so that the text in them is escaped (XHTML).
    inline: bool,
    coding: Coding,
}

/// How Atom has a field's text written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Text,
    /// Text in base64 (RFC 4648).
    Base64,
    /// Of a media type that is no text.
    Opaque,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Part(Part),
    PersonName,
    PersonEmail,
}

/// Ranks of what was taken so far for the item at hand.
#[derive(Default)]
struct Ranks {
    title: u8,
    summary: u8,
    content: u8,
    published: u8,
    updated: u8,
    link: u8,
}

pub(super) struct Collector {
    pub(super) feed: RawFeed,
    item: Option<RawItem>,
    ranks: Ranks,
    /// Ranks of the feed's own fields while an item is open.
    feed_ranks: Ranks,
    field: Option<Field>,
    /// A string that is free for the next field.
    spare: String,
    person: Option<(String, String)>,
    /// `isPermaLink` of the guid being read.
    permalink: bool,
    full: bool,
}

impl Collector {
    pub(super) fn new(root: &str) -> Self {
        let kind = match root {
            "feed" | "entry" => FeedKind::Atom,
            "rdf" => FeedKind::Rdf,
            _ => FeedKind::Rss,
        };
        Self {
            feed: RawFeed::new(kind),
            item: None,
            ranks: Ranks::default(),
            feed_ranks: Ranks::default(),
            field: None,
            spare: String::new(),
            person: None,
            permalink: false,
            full: false,
        }
    }

    pub(super) fn is_atom(&self) -> bool {
        self.feed.kind == FeedKind::Atom
    }

    /// Whether there are more items than are kept.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn feed_attributes(&mut self, attributes: &Attributes<'_>) {
        if self.feed.language.is_none() {
            self.feed.language = attributes.get("xml:lang").map(str::to_owned);
        }
    }

    /// Begins an item; false if there are too many already, and it is read for nothing.
    pub(super) fn begin_item(&mut self, attributes: &Attributes<'_>, base: Option<&Url>) -> bool {
        self.full = self.feed.items.len() >= MAX_ITEMS;
        let mut item = RawItem::default();
        if let Some(about) = attributes.get("rdf:about").or(attributes.get("about")) {
            item.id = Some(resolve(about, base));
            item.id_is_link = true;
        }
        item.link = attributes.get("href").map(|href| resolve(href, base));
        // CDF says so in attributes.
        item.updated = attributes.get("lastmod").and_then(dates::parse);
        item.language = attributes.get("xml:lang").map(str::to_owned);
        self.item = Some(item);
        self.feed_ranks = std::mem::take(&mut self.ranks);
        !self.full
    }

    /// Ends the item. One `beyond` the end of the root is taken for junk if nothing is in it.
    pub(super) fn end_item(&mut self, beyond: bool) {
        self.ranks = std::mem::take(&mut self.feed_ranks);
        if let Some(item) = self.item.take()
            && !self.full
            && !(beyond && item == RawItem::default())
        {
            self.feed.items.push(item);
        }
    }

    /// Ends the document. A field that is still open is left out, and an item too unless its title
    /// was whole.
    pub(super) fn cut_off(&mut self) {
        self.field = None;
        self.person = None;
        if self.item.as_ref().is_some_and(|item| item.title.is_some()) {
            let before = self.feed.items.len();
            self.end_item(false);
            self.feed.cut = self.feed.items.len() > before;
        }
        self.item = None;
    }

    pub(super) fn begin_person(&mut self) {
        self.person = Some(Default::default());
    }

    pub(super) fn begin_person_part(&mut self, local: &str) {
        let target = if local == "name" { Target::PersonName } else { Target::PersonEmail };
        self.begin(target, Markup::Maybe, false, Coding::Text);
    }

    pub(super) fn end_person(&mut self) {
        if let Some((name, email)) = self.person.take() {
            let author = if name.trim().is_empty() { email } else { name };
            self.push_author(author);
        }
    }

    fn push_author(&mut self, author: String) {
        let authors = match &mut self.item {
            Some(item) => &mut item.authors,
            None => &mut self.feed.authors,
        };
        if !author.trim().is_empty() && authors.len() < 64 {
            authors.push(author);
        }
    }

    fn begin(&mut self, target: Target, markup: Markup, inline: bool, coding: Coding) {
        let mut text = std::mem::take(&mut self.spare);
        text.clear();
        self.field = Some(Field { target, text, markup, inline, coding });
    }

    pub(super) fn begin_field(
        &mut self,
        part: Part,
        vocabulary: Vocabulary,
        attributes: &Attributes<'_>,
        base: Option<&Url>,
    ) {
        let kind = attributes.get("type").map(|kind| kind.trim().to_ascii_lowercase());
        let kind = kind.as_deref();
        let atom = self.is_atom() && vocabulary == Vocabulary::Core;
        let markup = match (part, kind) {
            (_, Some("text" | "text/plain")) if atom => Markup::None,
            (Part::Title(_) | Part::Summary(_) | Part::Content(_), None) if atom => Markup::None,
            (Part::Summary(_) | Part::Content(_), _) => Markup::Html,
            (_, Some("html" | "text/html" | "xhtml" | "application/xhtml+xml")) => Markup::Html,
            _ => Markup::Maybe,
        };
        let inline = matches!(kind, Some("xhtml" | "application/xhtml+xml"))
            || attributes.get("mode") == Some("xml");
        let content = matches!(part, Part::Content(_));
        let coding = if attributes.get("mode") == Some("base64") {
            Coding::Base64
        } else if content && (attributes.get("src").is_some() || (atom && !is_text(kind))) {
            Coding::Opaque
        } else if matches!(part, Part::Title(_) | Part::Summary(_)) && atom && !is_text(kind) {
            Coding::Base64
        } else {
            Coding::Text
        };
        if part == Part::Link {
            self.link_attributes(attributes, base);
        }
        if let (Part::Content(_), Some(item)) = (part, &mut self.item) {
            let language = attributes.get("xml:lang").map(str::to_owned);
            item.language = item.language.take().or(language);
        }
        self.permalink =
            attributes.get("ispermalink").is_none_or(|v| v.trim().eq_ignore_ascii_case("true"));
        self.begin(Target::Part(part), markup, inline, coding);
    }

    /// `<link href rel type>` of Atom, wherever it stands.
    fn link_attributes(&mut self, attributes: &Attributes<'_>, base: Option<&Url>) {
        let (Some(item), Some(href)) = (&mut self.item, attributes.get("href")) else { return };
        let html = attributes.get("type").is_none_or(|kind| kind.contains("html"));
        let rank = match attributes.get("rel").map(str::trim).unwrap_or("alternate") {
            "alternate" | "" if self.feed.kind != FeedKind::Atom => 1,
            "alternate" | "" if html => 4,
            "alternate" | "" => 3,
            "related" => 1,
            _ => return,
        };
        if rank > self.ranks.link && !href.trim().is_empty() {
            self.ranks.link = rank;
            item.link = Some(resolve(href, base));
        }
    }

    /// Whether a start tag ends the field that is being read, because that cannot hold it.
    pub(super) fn is_ended_by(&self, vocabulary: Vocabulary, local: &str) -> bool {
        let Some(Field { target, inline, .. }) = &self.field else { return false };
        let long = matches!(target, Target::Part(Part::Summary(_) | Part::Content(_))) || *inline;
        let prefixed = matches!(vocabulary, Vocabulary::Dublin | Vocabulary::Content);
        match local {
            "guid" | "pubdate" | "enclosure" | "published" | "updated" | "encoded" => true,
            "creator" | "date" if prefixed => true,
            "title" | "link" | "description" | "author" | "category" | "comments" | "summary"
            | "content" | "id" | "source" => !long && !prefixed,
            _ => false,
        }
    }

    pub(super) fn push_tag(&mut self, name: &str, closing: bool) {
        if let Some(field) = &mut self.field
            && field.text.len() < MAX_FIELD
        {
            field.text.push_str(if closing { "</" } else { "<" });
            field.text.push_str(name);
            field.text.push('>');
        }
    }

    /// Text of the field that is being read. `parsed` text has had its entities resolved.
    pub(super) fn push(&mut self, text: &str, parsed: bool) {
        let Some(field) = &mut self.field else { return };
        let room = MAX_FIELD.saturating_sub(field.text.len());
        if room == 0 || field.coding == Coding::Opaque {
            return;
        }
        let text = &text[..text.floor_char_boundary(room)];
        if field.inline && parsed && memchr2(b'&', b'<', text.as_bytes()).is_some() {
            field.text.push_str(&text.replace('&', "&amp;").replace('<', "&lt;"));
        } else {
            field.text.push_str(text);
        }
    }

    pub(super) fn end_field(&mut self, base: Option<&Url>) {
        let Some(Field { target, mut text, mut markup, coding, .. }) = self.field.take() else {
            return;
        };
        if coding == Coding::Base64 {
            let decoded = base64::decode(&text).and_then(|bytes| String::from_utf8(bytes).ok());
            text = decoded.unwrap_or_default();
            markup = Markup::Html;
        }
        match target {
            Target::PersonName | Target::PersonEmail => {
                if let Some((name, email)) = &mut self.person {
                    *(if target == Target::PersonName { name } else { email }) = text;
                }
            }
            Target::Part(_) if text.trim().is_empty() => self.spare = text,
            Target::Part(part) => match self.item {
                Some(_) => self.end_item_field(part, RawText { text, markup }, base),
                None => self.end_feed_field(part, RawText { text, markup }),
            },
        }
    }

    fn end_feed_field(&mut self, part: Part, raw: RawText) {
        match part {
            Part::Title(rank) if rank > self.ranks.title => {
                self.ranks.title = rank;
                self.feed.title = Some(raw);
            }
            Part::Language => self.feed.language = Some(raw.text),
            Part::Ttl => self.feed.ttl = Some(raw.text),
            Part::Author => self.push_author(raw.text),
            _ => {}
        }
    }

    fn end_item_field(&mut self, part: Part, raw: RawText, base: Option<&Url>) {
        if part == Part::Author {
            return self.push_author(raw.text);
        }
        let Some(item) = &mut self.item else { return };
        match part {
            Part::Title(rank) if rank > self.ranks.title => {
                self.ranks.title = rank;
                item.title = Some(raw);
            }
            Part::Link if self.ranks.link < 4 => {
                self.ranks.link = 2;
                item.link = Some(resolve(&raw.text, base));
                self.spare = raw.text;
            }
            Part::Id => {
                item.id = Some(raw.text);
                item.id_is_link = self.permalink;
            }
            Part::Published(rank) => {
                take_date(&mut item.published, &mut self.ranks.published, rank, &raw.text);
                self.spare = raw.text;
            }
            Part::Updated(rank) => {
                take_date(&mut item.updated, &mut self.ranks.updated, rank, &raw.text);
                self.spare = raw.text;
            }
            Part::Summary(rank) if rank >= self.ranks.summary => {
                self.ranks.summary = rank;
                item.summary = Some(raw);
            }
            Part::Content(rank) if rank >= self.ranks.content => {
                self.ranks.content = rank;
                item.content = Some(raw);
            }
            Part::Language => item.language = Some(raw.text),
            _ => {}
        }
    }
}

fn take_date(slot: &mut Option<Timestamp>, taken: &mut u8, rank: u8, text: &str) {
    if rank >= *taken
        && let Some(date) = dates::parse(text)
    {
        *slot = Some(date);
        *taken = rank;
    }
}

/// Whether an Atom field of this type is words. One word without a slash is no media type.
fn is_text(kind: Option<&str>) -> bool {
    kind.is_none_or(|kind| {
        kind.starts_with("text/") || kind.ends_with("xml") || !kind.contains('/')
    })
}

/// A link made absolute if the document says against what; as it stands otherwise.
fn resolve(href: &str, base: Option<&Url>) -> String {
    let href = href.trim();
    match base {
        Some(base) if !href.is_empty() && !is_normal(href) => {
            base.join(href).map_or_else(|_| href.to_owned(), String::from)
        }
        _ => href.to_owned(),
    }
}
