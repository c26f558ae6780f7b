//! JSON Feed 1.0 and 1.1 (<https://www.jsonfeed.org/version/1.1/>), read from loose JSON: ids may
//! be numbers, titles may be missing, and the version is not asked for if there are items.

use serde_json::Value;

use super::dates;
use super::raw::{MAX_ITEMS, Markup, RawFeed, RawItem, RawText};
use crate::model::FeedKind;

/// Why a JSON document is no feed.
#[derive(Debug)]
pub(super) enum Flaw {
    /// Not JSON, or cut off.
    Syntax,
    /// JSON, but neither says that it is a feed nor has a list of items.
    Other,
}

/// Reads a document.
pub(super) fn read(text: &str) -> Result<RawFeed, Flaw> {
    let value: Value = serde_json::from_str(text).map_err(|_| Flaw::Syntax)?;
    let version = value.get("version").and_then(Value::as_str).unwrap_or_default();
    let items = value.get("items").and_then(Value::as_array);
    if items.is_none() && !version.contains("jsonfeed.org") {
        return Err(Flaw::Other);
    }
    let mut feed = RawFeed::new(FeedKind::Json);
    feed.title = text_of(&value, "title", Markup::Maybe);
    feed.language = string(&value, "language");
    feed.authors = authors(&value);
    let items = items.map(Vec::as_slice).unwrap_or_default();
    feed.items = items.iter().filter(|item| item.is_object()).take(MAX_ITEMS).map(item).collect();
    Ok(feed)
}

fn item(value: &Value) -> RawItem {
    let date = |key| string(value, key).and_then(|text| dates::parse(&text));
    RawItem {
        id: string(value, "id"),
        id_is_link: true,
        title: text_of(value, "title", Markup::Maybe),
        link: string(value, "url").or_else(|| string(value, "external_url")),
        published: date("date_published"),
        updated: date("date_modified"),
        authors: authors(value),
        language: string(value, "language"),
        summary: text_of(value, "summary", Markup::Maybe),
        content: text_of(value, "content_html", Markup::Html)
            .or_else(|| text_of(value, "content_text", Markup::None)),
    }
}

/// A string that is not blank, or a number written out.
fn string(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn text_of(value: &Value, key: &str, markup: Markup) -> Option<RawText> {
    string(value, key).map(|text| RawText { text, markup })
}

/// `authors` of 1.1, else `author` of 1.0; an author may be a bare string.
fn authors(value: &Value) -> Vec<String> {
    let name = |author: &Value| match author {
        Value::String(name) => Some(name.clone()),
        author => string(author, "name"),
    };
    match (value.get("authors").and_then(Value::as_array), value.get("author")) {
        (Some(authors), _) => authors.iter().filter_map(name).take(64).collect(),
        (None, Some(author)) => name(author).into_iter().collect(),
        (None, None) => Vec::new(),
    }
}
