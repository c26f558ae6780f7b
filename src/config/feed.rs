//! `[[feed]]` tables, and lists of URLs.

use std::collections::HashMap;
use std::time::Duration;

use sha2::{Digest, Sha256};
use url::Url;

use super::route::RouteDraft;
use super::secret::{SecretSource, read_headers, read_secret};
use crate::document::{At, Document, Source, Table};
use crate::model::{FeedId, Place, Problem, Problems, Secret, slug, userinfo};

/// A feed as it is written: its id may still be missing and its secrets may lie in files.
#[derive(Clone, Debug)]
pub struct FeedDraft {
    /// The id and its place, if one is given.
    pub id: Option<(String, Place)>,
    /// The URL, without userinfo and fragment.
    pub url: Url,
    /// Where the feed is written.
    pub place: Place,
    /// See [`crate::model::Feed`]; so are the rest.
    pub title: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Its own interval.
    pub interval: Option<Duration>,
    /// Request headers.
    pub headers: Vec<(String, SecretSource)>,
    /// User name and password.
    pub credentials: Option<(String, SecretSource)>,
    /// How its server is reached.
    pub route: RouteDraft,
    /// Whether it is polled.
    pub enabled: bool,
}

/// Reads a `[[feed]]` table. `None` if it has no usable URL; that is noted.
pub fn read_feed(mut table: Table<'_>) -> Option<FeedDraft> {
    let document = table.document();
    let place_of = |source: &Source| document.problem(source, "").place;
    let url = table.required::<String>("url");
    let id = read_id(&mut table);
    let title = table.get("title");
    let tags = table.get("tags").unwrap_or_default();
    let interval = read_interval(&mut table);
    let headers = read_headers(&mut table);
    let username: Option<At<String>> = table.get_at("username");
    let password = read_secret(&mut table, "password", "password_file");
    let route = RouteDraft::read(&mut table);
    let enabled = table.get("enabled").unwrap_or(true);
    let credentials = match (username, password) {
        (Some(name), password) => Some((
            name.value,
            password.unwrap_or_else(|| SecretSource::Inline(Secret::new(String::new()))),
        )),
        (None, Some(_)) => {
            let problem = document.problem(table.source(), "a password without a `username`");
            table.note(problem.hint("add `username = \"…\"`"));
            None
        }
        (None, None) => None,
    };
    let draft = url.and_then(|At { value, source }| match parse_url(&value) {
        Ok((url, userinfo)) => Some(FeedDraft {
            id,
            url,
            place: place_of(&source),
            title,
            tags,
            interval,
            headers,
            credentials: credentials.or(userinfo),
            route,
            enabled,
        }),
        Err(why) => {
            table.note(document.problem(&source, format!("`url`: {why}")));
            None
        }
    });
    table.finish();
    draft
}

fn read_id(table: &mut Table<'_>) -> Option<(String, Place)> {
    let At { value, source } = table.get_at::<String>("id")?;
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if value.is_empty() || value.chars().count() > 64 || !value.chars().all(fits) {
        let problem = table.document().problem(&source, format!("\"{value}\" cannot be an id"));
        table.note(problem.hint("1 to 64 letters, digits, `-`, `_` or `.`"));
        return None;
    }
    Some((value, table.document().problem(&source, "").place))
}

fn read_interval(table: &mut Table<'_>) -> Option<Duration> {
    let At { value, source } = table.get_at::<Duration>("interval")?;
    if value < Duration::from_millis(100) || value > Duration::from_secs(366 * 86_400) {
        let problem = table.document().problem(&source, "`interval` is out of bounds");
        table.note(problem.hint("it may be 100ms to 366d"));
        return None;
    }
    Some(value)
}

type Userinfo = Option<(String, SecretSource)>;

/// The URL without userinfo and fragment, and the userinfo.
fn parse_url(text: &str) -> Result<(Url, Userinfo), String> {
    let text = text.trim();
    let mut url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => {
            "no absolute URL; it begins with https:// or http://".to_owned()
        }
        other => format!("no URL: {other}"),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("cannot fetch {}: URLs; only http and https", url.scheme()));
    }
    let userinfo =
        userinfo(&url).map(|(name, password)| (name, SecretSource::Inline(Secret::new(password))));
    // These fail only for URLs without a host, which http and https URLs have.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    Ok((url, userinfo))
}

/// A feed from its URL alone.
pub(super) fn bare_feed(text: &str, place: Place) -> Result<FeedDraft, Problem> {
    match parse_url(text) {
        Ok((url, credentials)) => Ok(FeedDraft {
            id: None,
            url,
            place,
            title: None,
            tags: Vec::new(),
            interval: None,
            headers: Vec::new(),
            credentials,
            route: RouteDraft::default(),
            enabled: true,
        }),
        Err(why) => Err(Problem::new(place, why)),
    }
}

/// Reads a text with one URL a line; empty lines and lines that begin with `#` are passed over.
pub fn read_url_list(document: &Document, text: &str, problems: &Problems) -> Vec<FeedDraft> {
    let mut drafts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let url = line.trim();
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        if url.is_empty() || url.starts_with('#') {
            continue;
        }
        let place = document.problem(&Source::Span(start..start + url.len()), "").place;
        match bare_feed(url, place) {
            Ok(draft) => drafts.push(draft),
            Err(problem) => problems.push(problem.hint("one feed URL a line; `#` for comments")),
        }
    }
    drafts
}

/// Gives each draft its id: its own; else from its title; else from its host. Made ids that would
/// be the same get a suffix from the URL, all of them, so that their order does not matter.
/// Two feeds that are given the same id are a problem.
pub fn name_feeds(drafts: &[FeedDraft], problems: &Problems) -> Vec<FeedId> {
    let mut given: HashMap<&str, &Place> = HashMap::new();
    for (id, place) in drafts.iter().filter_map(|draft| draft.id.as_ref()) {
        if let Some(first) = given.insert(id, place) {
            let problem = Problem::new(place.clone(), format!("the feed id \"{id}\" is taken"));
            problems.push(problem.hint(format!("it is given before at {first}")));
        }
    }
    let made: Vec<Option<String>> =
        drafts.iter().map(|draft| draft.id.is_none().then(|| made_id(draft))).collect();
    let mut times: HashMap<&str, usize> = HashMap::new();
    for id in made.iter().flatten() {
        *times.entry(id).or_default() += 1;
    }
    drafts
        .iter()
        .zip(&made)
        .map(|(draft, made)| match (&draft.id, made) {
            (Some((id, _)), _) => FeedId::new(id),
            (None, Some(id)) if times[id.as_str()] == 1 && !given.contains_key(id.as_str()) => {
                FeedId::new(id)
            }
            (None, id) => {
                let digest = Sha256::digest(draft.url.as_str().as_bytes());
                let suffix: String = digest.iter().take(4).map(|b| format!("{b:02x}")).collect();
                FeedId::new(format!("{}-{suffix}", id.as_deref().unwrap_or("feed")))
            }
        })
        .collect()
}

fn made_id(draft: &FeedDraft) -> String {
    let host = draft.url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    [draft.title.as_deref().unwrap_or_default(), host, "feed"]
        .into_iter()
        .map(slug)
        .find(|id| !id.is_empty())
        .unwrap_or_default()
}
