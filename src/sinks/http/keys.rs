//! The keys that all sinks over HTTP have.

use std::fmt;
use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::headers;
use crate::config::{RouteDraft, SecretSource, read_secret as read_source};
use crate::document::{At, Table};
use crate::files::read_route;
use crate::model::{Credentials, Problem, Route, Secret, host_port, userinfo};
use crate::sinks::Around;

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What stands for a URL that cannot be had: who looks at a service's config from outside does not
/// see its credentials.
const UNSEEN: &str = "https://credentials.invalid/";

/// A URL that may hold a secret: prints as its scheme, host and port.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::sinks) struct SecretUrl(Url);

impl SecretUrl {
    /// Hides `url`.
    pub fn new(url: Url) -> Self {
        Self(url)
    }

    /// The URL, for the place that asks it and no other.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/***", self.0.scheme(), host_port(&self.0))
    }
}

/// How we prove who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::sinks) enum Auth {
    /// Not at all, or by the URL.
    #[default]
    None,
    /// `username` and `password`, or `password_file` (RFC 7617).
    Basic(Credentials),
    /// `token` or `token_file` (RFC 6750).
    Bearer(Secret),
}

impl Auth {
    /// Takes `username`, `password`, `password_file`, `token` and `token_file` out of a table;
    /// `from_url`: what the URL holds, which counts if they are not there. `None` if they are wrong;
    /// that is noted.
    pub fn read(
        table: &mut Table<'_>,
        around: &Around,
        from_url: Option<Credentials>,
    ) -> Option<Self> {
        let username = table.get_at::<String>("username");
        let has_password = table.has("password") || table.has("password_file");
        let password = read_secret(table, around, ("password", "password_file"));
        let token = read_token(table, around);
        let (password, token) = (password?, token?);
        let two = match (&username, &token, &from_url) {
            (Some(name), Some(_), _) => Some((name.source.clone(), "a `username`")),
            (None, Some(_), Some(_)) => Some((table.source().clone(), "a user in the `url`")),
            _ => None,
        };
        if let Some((source, other)) = two {
            let message = format!("both {other} and a `token` are given");
            let problem = table.document().problem(&source, message);
            table.note(problem.hint("a request can prove only one of them; keep one"));
            return None;
        }
        match (username, token) {
            (None, _) if has_password => {
                let source = table.source().clone();
                let problem = table.document().problem(&source, "a password without a `username`");
                table.note(problem.hint("add `username = \"…\"`"));
                None
            }
            (Some(name), _) => {
                let password = password.unwrap_or_else(|| Secret::new(""));
                Some(Self::Basic(Credentials { username: name.value, password }))
            }
            (None, Some(token)) => Some(Self::Bearer(token)),
            (None, None) => Some(from_url.map_or(Self::None, Self::Basic)),
        }
    }

    /// Whether there is something that proves it.
    pub fn is_some(&self) -> bool {
        *self != Self::None
    }

    /// Adds what proves it to a request, marked as secret.
    pub fn apply(&self, builder: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => builder,
            Self::Basic(Credentials { username, password }) => {
                builder.basic_auth(username, Some(password.expose()))
            }
            Self::Bearer(token) => builder.bearer_auth(token.expose()),
        }
    }

    /// What of it is secret.
    pub fn secret(&self) -> Option<Secret> {
        match self {
            Self::None => None,
            Self::Basic(credentials) => Some(credentials.password.clone()),
            Self::Bearer(token) => Some(token.clone()),
        }
    }
}

/// What all sinks over HTTP can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sinks) struct HttpKeys {
    /// `timeout`: for a request and its whole answer. 100ms to 5m; default 10s.
    pub timeout: Duration,
    /// `headers`: what is sent along, each a string or `{ file = "…" }`. Not those that HTTP or the
    /// sink itself sets, such as `Idempotency-Key`.
    pub headers: Vec<(HeaderName, Secret)>,
    /// `proxy` (default: that of `[net]`), `http1_only` and `ca_file`, as a feed has them.
    pub route: Route,
}

impl HttpKeys {
    /// Takes `timeout`, `headers`, `proxy`, `http1_only` and `ca_file` out of a table; `proven`:
    /// whether the sink itself sets `Authorization`. `None` if the sink cannot be used; that is
    /// noted.
    pub fn read(table: &mut Table<'_>, around: &Around, proven: bool) -> Option<Self> {
        let timeout = read_timeout(table);
        let headers = headers::read(table, around, proven);
        let draft = RouteDraft::read(table);
        let route = read_route(&draft, around.proxy.as_ref(), around.base());
        let route = route.map_err(|problem| table.note(problem)).ok();
        Some(Self { timeout: timeout?, headers: headers?, route: route? })
    }

    /// The headers, marked as secret.
    pub fn header_map(&self) -> HeaderMap {
        let value = |(name, value): &(HeaderName, Secret)| {
            let mut value = HeaderValue::from_str(value.expose()).ok()?;
            value.set_sensitive(true);
            Some((name.clone(), value))
        };
        self.headers.iter().filter_map(value).collect()
    }
}

fn read_timeout(table: &mut Table<'_>) -> Option<Duration> {
    if !table.has("timeout") {
        table.get::<Duration>("timeout");
        return Some(TIMEOUT);
    }
    let At { value, source } = table.get_at::<Duration>("timeout")?;
    if (Duration::from_millis(100)..=Duration::from_secs(300)).contains(&value) {
        return Some(value);
    }
    let problem = table.document().problem(&source, "`timeout` is out of bounds");
    table.note(problem.hint("it may be 100ms to 5m"));
    None
}

/// Takes a secret out of a table, by one of a pair of keys such as `("token", "token_file")`.
/// `Some(None)`: neither is there. `None`: what is there cannot be used; that is noted.
pub(in crate::sinks) fn read_secret(
    table: &mut Table<'_>,
    around: &Around,
    (key, file_key): (&'static str, &'static str),
) -> Option<Option<Secret>> {
    let is_there = table.has(key) || table.has(file_key);
    let source = read_source(table, key, file_key);
    match source {
        None if is_there => None,
        None => Some(None),
        Some(source) => {
            let secret = have(table, around, &source)?;
            if secret.expose().is_empty() && around.vault.asks_for(&source) {
                let problem = match source {
                    SecretSource::File { place, .. } => Problem::new(place, "the file is empty"),
                    SecretSource::Inline(_) => {
                        let message = format!("`{key}` is empty");
                        table.document().problem(table.source(), message)
                    }
                };
                table.note(problem);
                return None;
            }
            Some(Some(secret))
        }
    }
}

/// Takes `token` or `token_file` out of a table, as [`read_secret`] does.
pub(in crate::sinks) fn read_token(
    table: &mut Table<'_>,
    around: &Around,
) -> Option<Option<Secret>> {
    let keys = ("token", "token_file");
    let place = table.place_of(keys.0).or_else(|| table.place_of(keys.1));
    let token = read_secret(table, around, keys)?;
    let fits = |token: &Secret| HeaderValue::from_str(token.expose()).is_ok();
    if token.as_ref().is_none_or(fits) {
        return Some(token);
    }
    let source = place.unwrap_or_else(|| table.source().clone());
    let problem = table.document().problem(&source, "the `token` cannot be sent").starred();
    table.note(problem.hint("it has a control character; a token is one line of text"));
    None
}

fn have(table: &Table<'_>, around: &Around, source: &SecretSource) -> Option<Secret> {
    around.vault.read(source).map_err(|problem| table.note(problem)).ok()
}

/// Notes that neither of a pair of keys is there.
pub(in crate::sinks) fn lacks_secret(
    table: &mut Table<'_>,
    (key, file_key): (&'static str, &'static str),
) {
    let hint = format!("add `{file_key} = \"…\"`, a file with it alone, or `{key} = \"…\"`");
    table.lacks(key, hint);
}

/// Takes a URL out of a table, by one of a pair of keys such as `("url", "url_file")`, and the user
/// and password that stand in it. `None` if there is none that can be used; that is noted, without
/// the URL.
pub(in crate::sinks) fn read_url(
    table: &mut Table<'_>,
    around: &Around,
    (key, file_key): (&'static str, &'static str),
) -> Option<(SecretUrl, Option<Credentials>)> {
    if !table.has(key) && !table.has(file_key) {
        table.get::<String>(file_key);
        lacks_secret(table, (key, file_key));
        return None;
    }
    // Its own place, should it be wrong.
    let written = table.has(key).then(|| table.place_of(key)).flatten();
    let is_file = table.has(file_key);
    let secret = read_secret(table, around, (key, file_key))??;
    let text = match secret.expose().trim() {
        "" => UNSEEN,
        text => text,
    };
    match parse(text) {
        Ok(parsed) => Some(parsed),
        Err(why) => {
            let key = if is_file { file_key } else { key };
            let message = format!("`{key}`: {why}");
            let source = written.unwrap_or_else(|| table.source().clone());
            table.note(table.document().problem(&source, message).starred());
            None
        }
    }
}

/// Reads an absolute URL of a receiver.
///
/// # Errors
/// What is wrong, as a clause that does not hold the URL.
pub(super) fn parse(text: &str) -> Result<(SecretUrl, Option<Credentials>), String> {
    let mut url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => {
            "no absolute URL; it begins with https:// or http://".to_owned()
        }
        other => format!("no URL: {other}"),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("only http and https URLs can be sent to".to_owned());
    }
    let credentials = userinfo(&url)
        .map(|(username, password)| Credentials { username, password: Secret::new(password) });
    // These fail only for URLs without a host, which http and https URLs have.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    Ok((SecretUrl(url), credentials))
}
