//! What an item is recognised by at the next poll.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};

use memchr::memchr2;
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

mod keys;

pub use keys::{Keys, is_whole_page, keys, page};

/// A longer guid is kept as its hash.
const MAX_ID: usize = 2048;

/// What an item's identity is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits<'a> {
    /// guid, id or rdf:about.
    pub(super) id: Option<&'a str>,
    /// Absolute link.
    pub(super) link: Option<&'a str>,
    /// Plain text.
    pub(super) title: &'a str,
    /// Plain text under the title.
    pub(super) text: &'a str,
}

/// The identity of each item of a document, in order. Equal identities mean the same item.
///
/// It is the guid, if it behaves: not empty, and not shared by items with different links. Else
/// the link without fragment and tracking parameters, if that is not shared by items with
/// different titles and leads to a page, not to the front of a site. Else a hash of title and text.
///
/// Guids that count the items of the document are none, as long as each has a page and they can be
/// told apart without: the next document has the same for other items.
pub(super) fn identities(items: &[Traits<'_>]) -> Vec<String> {
    if are_places(items) {
        let bare: Vec<Traits<'_>> = items.iter().map(|item| Traits { id: None, ..*item }).collect();
        let ids = told(&bare);
        if ids.iter().collect::<HashSet<&String>>().len() == ids.len() {
            return ids;
        }
    }
    told(items)
}

/// Whether the guids are 0, 1, 2… or 1, 2, 3…, in document order, of items with pages to be known by.
fn are_places(items: &[Traits<'_>]) -> bool {
    let number = |item: &Traits<'_>| -> Option<usize> {
        let id = guid(item)?;
        let plain = id.bytes().all(|b| b.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
        id.parse().ok().filter(|_| plain)
    };
    let Some(start) = items.first().and_then(number).filter(|start| *start < 2) else {
        return false;
    };
    items.iter().enumerate().all(|(place, item)| number(item) == Some(start + place))
        && items.iter().all(|item| item.link.and_then(page).is_some())
}

fn told(items: &[Traits<'_>]) -> Vec<String> {
    let links: Vec<Option<Cow<'_, str>>> =
        items.iter().map(|item| item.link.map(canonical)).collect();
    let ids = Shared::count(items.iter().zip(&links).map(|(item, link)| {
        // Two links to one page are one link.
        (guid(item), link.as_deref().unwrap_or(item.title))
    }));
    let shared = LazyCell::new(|| {
        let titles = items.iter().map(|item| item.title);
        Shared::count(links.iter().map(Option::as_deref).zip(titles))
    });
    items
        .iter()
        .zip(&links)
        .map(|(item, link)| match (guid(item), link.as_deref()) {
            (Some(id), _) if ids.behaves(Some(id)) => bounded(id),
            (_, Some(link)) if shared.behaves(Some(link)) && page(link).is_some() => bounded(link),
            _ => of_text(item.title, item.text),
        })
        .collect()
}

fn of_text(title: &str, text: &str) -> String {
    hash("text:", &[title, text])
}

fn guid<'a>(item: &Traits<'a>) -> Option<&'a str> {
    item.id.map(str::trim).filter(|id| !id.is_empty())
}

/// For each key, what it first came with, and whether it came with anything else later.
struct Shared<'a>(HashMap<&'a str, (&'a str, bool)>);

impl<'a> Shared<'a> {
    fn count(pairs: impl Iterator<Item = (Option<&'a str>, &'a str)>) -> Self {
        let mut seen: HashMap<&str, (&str, bool)> = HashMap::with_capacity(pairs.size_hint().0);
        for (key, with) in pairs {
            let Some(key) = key else { continue };
            let entry = seen.entry(key).or_insert((with, false));
            entry.1 |= entry.0 != with;
        }
        Self(seen)
    }

    fn behaves(&self, key: Option<&str>) -> bool {
        key.and_then(|key| self.0.get(key)).is_some_and(|(_, shared)| !shared)
    }
}

fn bounded(id: &str) -> String {
    if id.len() <= MAX_ID { id.to_owned() } else { hash("id:", &[id]) }
}

/// The first 128 bits of SHA-256 over the parts, in hex.
fn hash(prefix: &str, parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let digest = hasher.finalize();
    digest[..16].iter().fold(prefix.to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

/// The link without what says where a reader came from. Items are stored under it, so it must not
/// change; what is compared in passing goes by [`page`], which is laxer. It has been through the
/// URL parser once.
fn canonical(link: &str) -> Cow<'_, str> {
    if memchr2(b'?', b'#', link.as_bytes()).is_none() {
        return Cow::Borrowed(link);
    }
    let Ok(mut url) = Url::parse(link) else { return Cow::Borrowed(link) };
    url.set_fragment(None);
    if let Some(query) = url.query() {
        let kept = parameters(query, |name, _| is_tracking(name));
        url.set_query(Some(kept.as_str()).filter(|query| !query.is_empty()));
    }
    Cow::Owned(url.into())
}

/// The parameters of a query but for those that `drop` names, by name and value.
fn parameters(query: &str, drop: impl Fn(&str, &str) -> bool) -> String {
    let stays = |part: &&str| {
        let pair = form_urlencoded::parse(part.as_bytes()).next();
        !pair.is_some_and(|(name, value)| drop(&name, &value))
    };
    query.split('&').filter(stays).collect::<Vec<&str>>().join("&")
}

/// Query parameters that name a campaign or a click, never a page.
fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_")
        || name.starts_with("mtm_")
        || name.starts_with("pk_")
        || matches!(
            name.as_str(),
            "fbclid"
                | "gclid"
                | "dclid"
                | "gbraid"
                | "wbraid"
                | "yclid"
                | "ysclid"
                | "msclkid"
                | "twclid"
                | "igshid"
                | "mc_cid"
                | "mc_eid"
                | "_openstat"
                | "at_medium"
                | "at_campaign"
                | "cmpid"
                | "ocid"
                | "xtor"
                | "_ga"
                | "_gl"
        )
}

#[cfg(test)]
mod tests;
