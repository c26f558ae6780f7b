//! What a receiver says, made fit to be told: cleaned, short, and without our secrets.

use serde_json::Value;
use url::Url;

use super::keys::HttpKeys;
use crate::model::{Secret, visible};

/// So many characters of it are told.
const MAX_WORDS: usize = 200;
/// A part of a URL's path, or a value of its query, that is so long may be a secret.
const TELLING: usize = 10;
/// A shorter secret could stand anywhere.
const SHORTEST: usize = 3;
/// What stands for a secret.
const STARS: &str = "***";
/// Where services put their words, first that is there.
const KEYS: [&str; 8] = [
    "error_description",
    "description",
    "error",
    "message",
    "detail",
    "title",
    "errcode",
    "errors",
];

/// Knows what must not be told.
pub(super) struct Blotter {
    /// The longest first, so that no rest of one stays.
    needles: Vec<String>,
}

impl Blotter {
    /// Blots out `secrets`, the headers of `keys`, and `home`: whole, its path, and what is long in
    /// it.
    pub fn new(home: &Url, secrets: impl IntoIterator<Item = Secret>, keys: &HttpKeys) -> Self {
        let mut needles: Vec<String> =
            secrets.into_iter().map(|secret| secret.expose().to_owned()).collect();
        needles.extend(keys.headers.iter().map(|(_, value)| value.expose().to_owned()));
        let proxy = keys.route.proxy.as_ref().and_then(|proxy| proxy.credentials.as_ref());
        needles.extend(proxy.map(|credentials| credentials.password.expose().to_owned()));
        needles.push(home.as_str().to_owned());
        let path = home.path();
        if path.len() >= TELLING {
            needles.push(path.to_owned());
        }
        needles.extend(path.split('/').filter(|part| part.len() >= TELLING).map(str::to_owned));
        needles.extend(home.query().map(str::to_owned));
        let values = home.query_pairs().map(|(_, value)| value.into_owned());
        needles.extend(values.filter(|value| value.len() >= TELLING));
        Self { needles: in_order(needles) }
    }

    /// `text` on one line, without control characters, without secrets (those that this knows and
    /// `more`), and no longer than 200 characters.
    pub fn clean(&self, text: &str, more: &[String]) -> String {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut text = visible(&text).into_owned();
        let sent = more.iter().flat_map(|value| [value.as_str(), after_scheme(value)]);
        let sent = in_order(sent.map(str::to_owned).collect());
        for needle in self.needles.iter().chain(&sent) {
            if text.contains(needle.as_str()) {
                text = text.replace(needle.as_str(), STARS);
            }
        }
        match text.char_indices().nth(MAX_WORDS) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        }
    }
}

/// `dXNlcjpwdw==` of `Basic dXNlcjpwdw==`.
fn after_scheme(value: &str) -> &str {
    value.split_once(' ').map_or(value, |(_, rest)| rest)
}

fn in_order(mut needles: Vec<String>) -> Vec<String> {
    needles.retain(|needle| needle.len() >= SHORTEST);
    needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
    needles.dedup();
    needles
}

/// The words in an answer's body: of JSON what is under the usual keys, of a page nothing, else the
/// text.
pub(super) fn tell(body: &[u8]) -> Option<String> {
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        return in_json(&value, 0);
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    (!text.is_empty() && !text.starts_with('<')).then(|| text.to_owned())
}

fn in_json(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => values.first().and_then(|first| in_json(first, depth)),
        Value::Object(keys) if depth < 3 => {
            KEYS.iter().find_map(|key| keys.get(*key).and_then(|value| in_json(value, depth + 1)))
        }
        _ => None,
    }
}
