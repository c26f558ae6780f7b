//! JSON Feed 1.0 and 1.1 (<https://www.jsonfeed.org/version/1.1/>), read from loose JSON: ids may
//! be numbers, titles may be missing, and the version is not asked for if there are items. What is no
//! sound JSON is mended first.
//!
//! What is not needed is passed over without being built, so that memory stays within what the
//! document's own strings take.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::dates;
use super::raw::{MAX_ITEMS, Markup, RawFeed, RawItem, RawText};
use crate::model::FeedKind;

mod mend;

/// Most authors that are taken from one list.
const MAX_AUTHORS: usize = 64;

/// Why a JSON document is no feed.
#[derive(Debug)]
pub(super) enum Flaw {
    /// Not JSON, or cut off.
    Syntax,
    /// JSON, but neither says that it is a feed nor has a list of items.
    Other,
}

/// What was read and how well.
#[derive(Debug)]
pub(super) struct Reading {
    /// The feed. Of a document that ends early, the items that are whole.
    pub(super) feed: RawFeed,
    /// What had to be mended, or left out.
    pub(super) repairs: Vec<&'static str>,
    /// Whether the document does not end early.
    pub(super) complete: bool,
}

/// Reads a document, which is mended if it is not sound.
pub(super) fn read(text: &str) -> Result<Reading, Flaw> {
    let (feed, more, mut repairs) = match sound(text) {
        Err(Flaw::Syntax) => {
            let mended = mend::mend(text).ok_or(Flaw::Syntax)?;
            let (feed, more) = sound(&mended.text)?;
            (feed, more, mended.repairs)
        }
        read => read.map(|(feed, more)| (feed, more, Vec::new()))?,
    };
    let complete = !repairs.contains(&"truncated");
    repairs.extend(more.then_some("too-many-items"));
    Ok(Reading { feed, repairs, complete })
}

/// Reads sound JSON. The second value is whether it has too many items.
fn sound(text: &str) -> Result<(RawFeed, bool), Flaw> {
    let mut document = serde_json::Deserializer::from_str(text);
    let node = Wanted::Feed.deserialize(&mut document).map_err(|_| Flaw::Syntax)?;
    document.end().map_err(|_| Flaw::Syntax)?;
    let Node::Object(feed) = node else { return Err(Flaw::Other) };
    let version = feed.version.as_deref().unwrap_or_default();
    if feed.items.is_none() && !version.contains("jsonfeed.org") {
        return Err(Flaw::Other);
    }
    let mut raw = RawFeed::new(FeedKind::Json);
    raw.title = words(feed.title, Markup::Maybe);
    raw.language = feed.language;
    raw.authors = feed.authors.or(feed.author).unwrap_or_default();
    let items = feed.items.unwrap_or_default();
    raw.items = items.list.into_iter().map(item).collect();
    Ok((raw, items.more))
}

fn item(fields: Fields) -> RawItem {
    let date = |text: Option<String>| text.and_then(|text| dates::parse(&text));
    RawItem {
        id: fields.id,
        id_is_link: true,
        title: words(fields.title, Markup::Maybe),
        link: fields.url.or(fields.external_url),
        published: date(fields.date_published),
        updated: date(fields.date_modified),
        authors: fields.authors.or(fields.author).unwrap_or_default(),
        language: fields.language,
        summary: words(fields.summary, Markup::Maybe),
        content: words(fields.content_html, Markup::Html)
            .or_else(|| words(fields.content_text, Markup::None)),
    }
}

fn words(text: Option<String>, markup: Markup) -> Option<RawText> {
    text.map(|text| RawText { text, markup })
}

/// A value, as far as it is of use.
enum Node {
    /// A string that is not blank, or a number written out.
    Text(String),
    Object(Box<Fields>),
    Other,
}

/// What a feed, an item or an author may have.
#[derive(Default)]
struct Fields {
    version: Option<String>,
    title: Option<String>,
    language: Option<String>,
    name: Option<String>,
    id: Option<String>,
    url: Option<String>,
    external_url: Option<String>,
    date_published: Option<String>,
    date_modified: Option<String>,
    summary: Option<String>,
    content_html: Option<String>,
    content_text: Option<String>,
    author: Option<Vec<String>>,
    authors: Option<Vec<String>>,
    items: Option<Items>,
}

impl Fields {
    fn text(&mut self, key: &str) -> Option<&mut Option<String>> {
        Some(match key {
            "version" => &mut self.version,
            "title" => &mut self.title,
            "language" => &mut self.language,
            "name" => &mut self.name,
            "id" => &mut self.id,
            "url" => &mut self.url,
            "external_url" => &mut self.external_url,
            "date_published" => &mut self.date_published,
            "date_modified" => &mut self.date_modified,
            "summary" => &mut self.summary,
            "content_html" => &mut self.content_html,
            "content_text" => &mut self.content_text,
            _ => return None,
        })
    }
}

/// A list of items; `more` if it had more than are kept.
#[derive(Default)]
struct Items {
    list: Vec<Fields>,
    more: bool,
}

/// What is looked for in the value at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// A string or number.
    Text,
    Feed,
    Item,
    /// An object with a name, or the bare name.
    Author,
}

impl<'de> DeserializeSeed<'de> for Wanted {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Wanted {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(if text.trim().is_empty() { Node::Other } else { Node::Text(text.to_owned()) })
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Number::from_f64(number).map_or(Node::Other, |number| Node::Text(number.to_string())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Node::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        if self == Self::Text {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Node::Other);
        }
        let mut fields = Box::<Fields>::default();
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), self) {
                ("items", Self::Feed) => {
                    fields.items = map.next_value_seed(List(Self::Item))?.items;
                }
                ("authors", Self::Feed | Self::Item) => {
                    fields.authors = map.next_value_seed(List(Self::Author))?.names;
                }
                ("author", Self::Feed | Self::Item) => {
                    let name = name(map.next_value_seed(Self::Author)?);
                    fields.author = Some(name.into_iter().collect());
                }
                _ => match fields.text(&key) {
                    Some(field) => {
                        *field = match map.next_value_seed(Self::Text)? {
                            Node::Text(text) => Some(text),
                            Node::Object(_) | Node::Other => None,
                        }
                    }
                    None => drop(map.next_value::<IgnoredAny>()?),
                },
            }
        }
        Ok(Node::Object(fields))
    }
}

fn name(author: Node) -> Option<String> {
    match author {
        Node::Text(name) => Some(name),
        Node::Object(fields) => fields.name,
        Node::Other => None,
    }
}

/// A list of such values.
struct List(Wanted);

/// What was in a list; neither if it was none.
#[derive(Default)]
struct Listed {
    items: Option<Items>,
    names: Option<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for List {
    type Value = Listed;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Listed, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List {
    type Value = Listed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, _: &str) -> Result<Listed, E> {
        Ok(Listed::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Listed, E> {
        Ok(Listed::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Listed, E> {
        Ok(Listed::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Listed, E> {
        Ok(Listed::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Listed, E> {
        Ok(Listed::default())
    }

    fn visit_unit<E>(self) -> Result<Listed, E> {
        Ok(Listed::default())
    }

    /// Items by some key; as with a list, in the order in which they stand.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed, A::Error> {
        if self.0 == Wanted::Author {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Listed::default());
        }
        let mut items = Items::default();
        while map.next_key::<IgnoredAny>()?.is_some() {
            if items.list.len() >= MAX_ITEMS {
                items.more = true;
                map.next_value::<IgnoredAny>()?;
            } else if let Node::Object(fields) = map.next_value_seed(self.0)? {
                items.list.push(*fields);
            }
        }
        Ok(Listed { items: Some(items), names: None })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Listed, A::Error> {
        let mut items = Items::default();
        let mut names = Vec::new();
        loop {
            let full = items.list.len() >= MAX_ITEMS || names.len() >= MAX_AUTHORS;
            if full {
                while list.next_element::<IgnoredAny>()?.is_some() {
                    items.more = true;
                }
                break;
            }
            match (list.next_element_seed(self.0)?, self.0) {
                (None, _) => break,
                (Some(node), Wanted::Author) => names.extend(name(node)),
                (Some(Node::Object(fields)), _) => items.list.push(*fields),
                (Some(Node::Text(_) | Node::Other), _) => {}
            }
        }
        Ok(match self.0 {
            Wanted::Author => Listed { names: Some(names), items: None },
            _ => Listed { items: Some(items), names: None },
        })
    }
}
