//! What an item can be recognised by where its identity fails: a guid that changes at each poll,
//! or one that damage took away.

use std::borrow::Cow;
use std::collections::HashMap;

use url::Url;

use super::{bounded, canonical, hash, of_text, parameters};
use crate::model::{Item, Timestamp};

const DAY: i64 = 24 * 60 * 60 * 1000;
const QUARTER: i64 = 15 * 60 * 1000;

/// What an item is known by beside its identity. A key that two items of the document share tells
/// nothing and is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Whether its identity is a name of its own, rather than its link or its text.
    pub named: bool,
    /// Whether it has a date that tells it from others: not a day alone, and not one that all
    /// items of the document have. It is a day alone if it is midnight in UTC, or if all items of
    /// the document have the same time of day, and that on a quarter of an hour: midnight
    /// somewhere on earth.
    pub dated: bool,
    /// The page that it links to; see [`page`].
    pub page: Option<String>,
    /// The page and the date. If it is `dated`, only a later form of the same item has the same.
    pub moment: Option<String>,
    /// A hash of title and text, and of the date if it is `dated`; `None` if there is neither text
    /// nor date.
    pub words: Option<String>,
    /// The identities that it would have if its guid did not behave, for an item that is `named`
    /// and not `dated`: it may have been seen under one of them.
    pub former: [Option<String>; 2],
}

/// The keys of each item of a document, in order.
pub fn keys(items: &[Item]) -> Vec<Keys> {
    let days = one(items, |at| at.as_millis()).is_some()
        || one(items, |at| at.as_millis().rem_euclid(DAY)).is_some_and(|time| time % QUARTER == 0);
    let mut keys: Vec<Keys> = items.iter().map(|item| of(item, days)).collect();
    let pages = shared(keys.iter().map(|keys| keys.page.as_deref()));
    let words = shared(keys.iter().map(|keys| keys.words.as_deref()));
    for (index, (keys, item)) in keys.iter_mut().zip(items).enumerate() {
        keys.page.take_if(|_| pages[index]);
        keys.words.take_if(|_| words[index]);
        if let (Some(page), Some(at)) = (&keys.page, date(item)) {
            keys.moment = Some(format!("{page} {}", at.as_millis()));
        }
        if keys.named && !keys.dated {
            let link = item.link.as_deref().filter(|_| keys.page.is_some()).map(canonical);
            let text = keys.words.is_some().then(|| of_text(&item.title, text(item)));
            keys.former = [link.map(|link| bounded(&link)), text];
        }
    }
    keys
}

/// `days` says that no date of the document is an item's own.
fn of(item: &Item, days: bool) -> Keys {
    let page = item.link.as_deref().and_then(page);
    let date = date(item).filter(|at| !days && at.as_millis() % DAY != 0);
    let words = match (date, text(item)) {
        (None, "") => None,
        (None, text) => Some(hash("words:", &[&item.title, text])),
        (Some(at), text) => {
            let at = at.as_millis().to_string();
            // Many a thing is called the same and came out in the same second.
            let page = page.as_deref().filter(|_| text.is_empty()).unwrap_or_default();
            Some(hash("words:", &[&item.title, text, &at, page]))
        }
    };
    Keys { named: is_named(item), dated: date.is_some(), page, words, ..Keys::default() }
}

fn text(item: &Item) -> &str {
    if item.summary.is_empty() { &item.content } else { &item.summary }
}

fn date(item: &Item) -> Option<Timestamp> {
    item.published.or(item.updated)
}

/// What `of` makes of the date of each of several items, if it is the same for all.
fn one(items: &[Item], of: impl Fn(Timestamp) -> i64) -> Option<i64> {
    let mut all = items.iter().filter_map(date).map(of);
    let (first, second) = (all.next()?, all.next()?);
    (first == second && all.all(|other| other == first)).then_some(first)
}

/// Which of the keys others have, too.
fn shared<'a>(keys: impl Iterator<Item = Option<&'a str>> + Clone) -> Vec<bool> {
    let mut times: HashMap<&str, u32> = HashMap::new();
    for key in keys.clone().flatten() {
        *times.entry(key).or_default() += 1;
    }
    let often = |key| times.get(key).is_some_and(|times| *times > 1);
    keys.map(|key| key.is_some_and(often)).collect()
}

/// Whether the identity says more than the link and the text do.
fn is_named(item: &Item) -> bool {
    if item.id.len() == 37 && item.id.starts_with("text:") {
        return false;
    }
    !item.link.as_deref().is_some_and(|link| is_link(&item.id, link))
}

/// Whether a guid is the item's own link: the same page, perhaps under other tracking parameters,
/// or with the number of its edition for a fragment that the link does not have (`…/story#2`).
fn is_link(id: &str, link: &str) -> bool {
    let edition =
        |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let fragment = |url: &str| url.split_once('#').map(|(_, fragment)| fragment.to_owned());
    let may_be = match (fragment(id), fragment(link)) {
        (None, _) => true,
        (Some(of_id), None) => edition(&of_id),
        // The link leads to one of several posts.
        (Some(_), Some(_)) => false,
    };
    may_be
        && id.contains("://")
        && (id == link || place(id).is_some_and(|id| Some(id) == place(link)))
}

/// The page that a link leads to, written so that links to one page are equal wherever they were
/// found. `None` if it leads to the front of a site, which shows something else every day.
///
/// Left out are the scheme, user and password, `www.`, a slash or `/amp` at the end of the path,
/// parameters that say where a reader came from or name his session, and the fragment, unless a
/// script takes it for a path (`#/…`, `#!…`). All else counts: two links may lead to one page and differ here, but links
/// that are equal here lead to one page.
pub fn page(link: &str) -> Option<String> {
    let place = place(link)?;
    let front = place.rest.is_empty()
        && ["", "/index.html", "/index.htm", "/index.php"].contains(&place.path.as_str());
    (!front).then(|| format!("page:{}{}{}", place.host, place.path, place.rest))
}

/// Whether a link leads to a page as a whole, rather than to one of several posts or comments on it
/// (`#post-12`). A fragment that a script takes for a path is part of the page; one that only says
/// where a reader came from (`#xtor=RSS-1`) is none, nor are the names of what every page has.
pub fn is_whole_page(link: &str) -> bool {
    let Some((_, fragment)) = link.split_once('#') else { return true };
    let from_feed = |value: &str| value.get(..3).is_some_and(|v| v.eq_ignore_ascii_case("rss"));
    let drop = |name: &str, value: &str| {
        super::is_tracking(name) || is_source(name, value) || from_feed(value)
    };
    fragment.starts_with(['/', '!'])
        || matches!(fragment, "top" | "comments" | "respond")
        || parameters(fragment, drop).is_empty()
}

/// Where a link leads to, as far as [`page`] looks.
#[derive(PartialEq, Eq)]
struct Place {
    host: String,
    path: String,
    rest: String,
}

fn place(link: &str) -> Option<Place> {
    let url = Url::parse(link).ok()?;
    let host = url.host_str()?;
    let mut host = host.strip_prefix("www.").unwrap_or(host).to_owned();
    if let Some(port) = url.port() {
        host.push_str(&format!(":{port}"));
    }
    let path = without_session(url.path());
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix("/amp").unwrap_or(path).trim_end_matches('/').to_owned();
    let drop = |name: &str, value: &str| {
        super::is_tracking(name) || is_source(name, value) || is_session(name, value)
    };
    let query = parameters(url.query().unwrap_or_default(), drop);
    let mut rest = if query.is_empty() { query } else { format!("?{query}") };
    if let Some(route) = url.fragment().filter(|fragment| fragment.starts_with(['/', '!'])) {
        rest.push('#');
        rest.push_str(route);
    }
    Some(Place { host, path, rest })
}

/// Whether a parameter is made anew for each session of a reader. A name that may be a story's
/// (`sid=5`) counts only with a value as long as a session's.
fn is_session(name: &str, value: &str) -> bool {
    const LONG: usize = 16;
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "phpsessid" | "jsessionid" | "cfid" | "cftoken" => true,
        "sid" | "session_id" | "sessionid" | "session" => {
            value.len() >= LONG && value.bytes().all(|b| b.is_ascii_alphanumeric())
        }
        _ => name.starts_with("aspsessionid"),
    }
}

/// A path without `;jsessionid=…`.
fn without_session(path: &str) -> Cow<'_, str> {
    const NAME: &str = ";jsessionid=";
    let Some(start) = path.to_ascii_lowercase().find(NAME) else { return Cow::Borrowed(path) };
    let (before, after) = path.split_at(start);
    let rest = after.find('/').map_or("", |end| &after[end..]);
    Cow::Owned(format!("{before}{rest}"))
}

/// Whether a parameter says that the reader came from a feed.
fn is_source(name: &str, value: &str) -> bool {
    const NAMES: &[&str] =
        &["ref", "from", "src", "source", "partner", "emc", "cmp", "traffic_source", "origin"];
    let is = |text: &str, word: &str| text.eq_ignore_ascii_case(word);
    NAMES.iter().any(|known| is(name, known))
        && ["rss", "feed", "rss_feed", "rssfeed"].iter().any(|word| is(value, word))
}

#[cfg(test)]
mod tests;
