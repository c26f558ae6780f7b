//! What a receiver says, and how much of it is told.

use serde_json::Value;
use url::Url;

use super::keys::HttpKeys;
use crate::model::Secret;
use crate::sinks::blotter::Blotter;

/// So many characters of it are told.
const MAX_WORDS: usize = 200;
/// A shorter secret could stand anywhere.
const SHORTEST: usize = 3;
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

/// What must not be told of the receiver at `home`: `secrets`, what `keys` hold, and `home` itself.
pub(super) fn blotter(
    home: &Url,
    secrets: impl IntoIterator<Item = Secret>,
    keys: &HttpKeys,
) -> Blotter {
    let mut all: Vec<String> =
        secrets.into_iter().map(|secret| secret.expose().to_owned()).collect();
    all.extend(keys.headers.iter().map(|(_, value)| value.expose().to_owned()));
    let proxy = keys.route.proxy.as_ref().and_then(|proxy| proxy.credentials.as_ref());
    all.extend(proxy.map(|credentials| credentials.password.expose().to_owned()));
    let mut blotter = Blotter::new(all, SHORTEST);
    blotter.add_url(home);
    blotter
}

/// `text` on one line, without control characters, without secrets (those that `blotter` knows and
/// the headers `sent`), and no longer than 200 characters.
pub(super) fn clean(blotter: &Blotter, text: &str, sent: &[String]) -> String {
    let sent = sent.iter().flat_map(|value| [value.as_str(), after_scheme(value)]);
    let text = blotter.clean_of(text, &Blotter::new(sent, SHORTEST));
    match text.char_indices().nth(MAX_WORDS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// `dXNlcjpwdw==` of `Basic dXNlcjpwdw==`.
fn after_scheme(value: &str) -> &str {
    value.split_once(' ').map_or(value, |(_, rest)| rest)
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
