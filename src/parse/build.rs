//! From what a reader found to the feed that the rest of the program sees.

use std::borrow::Cow;
use std::collections::HashSet;
use std::time::Duration;

use memchr::memchr;
use url::Url;

use super::bridge;
use super::error::ParseError;
use super::hints::Hints;
use super::identity::{self, Traits};
use super::raw::{MAX_FIELD, RawFeed, RawItem, RawText};
use super::text;
use crate::model::{FeedKind, Item, ParsedFeed, Repair, language_tag};

/// Longest title in bytes; also of an author's name.
const MAX_TITLE: usize = 4096;
/// Longest link in bytes.
const MAX_LINK: usize = 8192;
/// Most authors of an item.
const MAX_AUTHORS: usize = 16;

/// Makes the feed. `base` is the URL that the document came from. An error if a bridge has made it
/// to tell of its own failure, and nothing else is in it.
pub(super) fn build(
    raw: RawFeed,
    hints: Hints,
    base: Option<&Url>,
    mut repairs: Vec<Repair>,
) -> Result<ParsedFeed, ParseError> {
    let count = raw.items.len();
    let language = raw.language.as_deref().and_then(language_tag);
    let inherited = match raw.kind {
        FeedKind::Atom | FeedKind::Json => names(&raw.authors),
        FeedKind::Rss | FeedKind::Rdf => Vec::new(),
    };
    let mut note = |repair: &'static str| {
        if !repairs.iter().any(|known| known == repair) {
            repairs.push(Cow::Borrowed(repair));
        }
    };
    let Kept { mut items, ids, failure } = keep(raw.items, base, &mut note);
    let cut = raw.cut && ids.last().is_some_and(|(at, _)| at + 1 == count);
    for item in &mut items {
        if item.authors.is_empty() {
            item.authors.clone_from(&inherited);
        }
        item.language = item.language.take().or_else(|| language.clone());
    }
    if let (true, Some(words)) = (items.is_empty(), failure) {
        return Err(ParseError::Bridge(words));
    }
    identify(&mut items, &ids);
    let mut seen = HashSet::with_capacity(items.len());
    if !items.iter().all(|item| seen.insert(item.id.as_str())) {
        note("repeated-item");
    }
    Ok(ParsedFeed {
        title: raw.title.map(title).filter(|title| !title.is_empty()),
        kind: raw.kind,
        language,
        ttl: raw.ttl.as_deref().and_then(ttl),
        skip_hours: hints.skip_hours,
        skip_days: hints.skip_days,
        update_every: hints.update_every,
        cut,
        items,
        repairs,
    })
}

/// What [`keep`] made.
struct Kept {
    items: Vec<Item>,
    /// For each item its place among the raw ones, and its guid.
    ids: Vec<(usize, Option<String>)>,
    /// What a bridge said of its failure, if it did.
    failure: Option<String>,
}

/// Makes the items, and leaves out what is none.
fn keep(raw: Vec<RawItem>, base: Option<&Url>, note: &mut impl FnMut(&'static str)) -> Kept {
    let mut items = Vec::with_capacity(raw.len());
    let mut ids = Vec::with_capacity(raw.len());
    let mut failure = None;
    for (at, mut raw) in raw.into_iter().enumerate() {
        for field in [&mut raw.title, &mut raw.summary, &mut raw.content].into_iter().flatten() {
            if let Some(mended) = text::undouble(&field.text) {
                field.text = mended;
                note("double-encoded");
            }
        }
        let item = item(&raw, base);
        if bridge::is_failure(&item) {
            note("bridge-error");
            failure.get_or_insert(item.title);
            continue;
        }
        if is_hollow(&item, raw.id.as_deref()) {
            note("empty-item");
        }
        ids.push((at, raw.id.map(visible)));
        items.push(item);
    }
    Kept { items, ids, failure }
}

fn identify(items: &mut [Item], ids: &[(usize, Option<String>)]) {
    let found = {
        let traits: Vec<Traits<'_>> = items
            .iter()
            .zip(ids)
            .map(|(item, (_, id))| Traits {
                id: id.as_deref(),
                link: item.link.as_deref(),
                title: &item.title,
                text: if item.summary.is_empty() { &item.content } else { &item.summary },
            })
            .collect();
        identity::identities(&traits)
    };
    for (item, id) in items.iter_mut().zip(found) {
        item.id = id;
    }
}

fn item(raw: &RawItem, base: Option<&Url>) -> Item {
    let field = |field: &Option<RawText>, max| {
        field.as_ref().map(|text| text::plain(text, max)).unwrap_or_default()
    };
    let id_link = || raw.id.as_deref().filter(|_| raw.id_is_link).and_then(|id| link(id, None));
    Item {
        id: String::new(),
        title: field(&raw.title, MAX_TITLE),
        link: raw.link.as_deref().and_then(|href| link(href, base)).or_else(id_link),
        published: raw.published,
        updated: raw.updated,
        authors: names(&raw.authors),
        language: raw.language.as_deref().and_then(language_tag),
        summary: field(&raw.summary, MAX_FIELD),
        content: field(&raw.content, MAX_FIELD),
    }
}

/// Whether there is nothing to tell about this item, nor to tell it apart by.
fn is_hollow(item: &Item, id: Option<&str>) -> bool {
    item.title.is_empty()
        && item.link.is_none()
        && item.summary.is_empty()
        && item.content.is_empty()
        && id.is_none_or(|id| id.trim().is_empty())
}

fn title(mut raw: RawText) -> String {
    if let Some(mended) = text::undouble(&raw.text) {
        raw.text = mended;
    }
    text::plain(&raw, MAX_TITLE)
}

/// An absolute http or https URL, as the URL standard writes it.
fn link(href: &str, base: Option<&Url>) -> Option<String> {
    let href = href.trim();
    if href.is_empty() || href.len() > MAX_LINK {
        return None;
    }
    if is_normal(href) {
        return Some(href.to_owned());
    }
    let href =
        visible(if href.contains("&amp;") { href.replace("&amp;", "&") } else { href.to_owned() });
    let url = match (Url::parse(&href), base) {
        (Ok(url), _) => url,
        (Err(_), Some(base)) => base.join(&href).ok()?,
        (Err(_), None) if href.starts_with("//") => Url::parse(&format!("https:{href}")).ok()?,
        (Err(_), None) => return None,
    };
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (web && url.as_str().len() <= MAX_LINK).then(|| url.into())
}

/// A guid or link without control characters.
fn visible(mut text: String) -> String {
    // In UTF-8, controls beyond ASCII begin with 0xC2.
    let may_hold_controls = |byte: u8| byte < 0x20 || byte == 0x7F || byte == 0xC2;
    if text.bytes().any(may_hold_controls) {
        text.retain(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'));
    }
    text
}

/// Whether this is an http or https URL of plain letters that the URL standard would leave as it
/// is, so that it need not be taken apart.
pub(super) fn is_normal(href: &str) -> bool {
    let Some(rest) = href.strip_prefix("https://").or_else(|| href.strip_prefix("http://")) else {
        return false;
    };
    let Some(slash) = memchr(b'/', rest.as_bytes()) else { return false };
    let (host, path) = rest.as_bytes().split_at(slash);
    let letter = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    let label =
        |label: &[u8]| !label.is_empty() && !label.starts_with(b"xn--") && label.iter().all(letter);
    let last = host.rsplit(|b| *b == b'.').next().and_then(|label| label.first());
    // A dot may begin a segment that means this directory or the one above; `&amp;` is escaped.
    let sound = |pair: &[u8]| pair != b"/." && pair != b"&a";
    last.is_some_and(u8::is_ascii_lowercase)
        && host.split(|b| *b == b'.').all(label)
        && path.iter().all(|b| b.is_ascii_alphanumeric() || b"/-_.,;:=&?+~".contains(b))
        && path.windows(2).all(sound)
}

/// Names, cleaned, each once.
fn names(raw: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for author in raw {
        let name = name(author);
        if !name.is_empty() && !names.contains(&name) && names.len() < MAX_AUTHORS {
            names.push(name);
        }
    }
    names
}

/// The name in `name`, `mail (name)`, `name <mail>` or `mail`: without the address, if there is
/// anything else.
fn name(author: &str) -> String {
    let line = text::plain(&RawText { text: author.to_owned(), ..RawText::default() }, MAX_TITLE);
    let address = |word: &str| word.contains('@') && word.contains('.');
    let brackets: &[char] = &['(', ')', '<', '>', '[', ']', ',', ';'];
    if !line.split(' ').any(address) {
        return line.trim_matches(brackets).trim().to_owned();
    }
    let others: Vec<&str> = line.split(' ').filter(|word| !address(word)).collect();
    let name = others.join(" ");
    let name = name.trim_matches(brackets).trim();
    if name.is_empty() {
        let address = line.trim_matches(brackets).trim();
        return address.strip_prefix("mailto:").unwrap_or(address).to_owned();
    }
    name.to_owned()
}

/// RSS ttl: whole minutes.
fn ttl(minutes: &str) -> Option<Duration> {
    let minutes: u32 = minutes.trim().parse().ok()?;
    (minutes > 0).then(|| Duration::from_secs(u64::from(minutes) * 60))
}

#[cfg(test)]
mod tests;
