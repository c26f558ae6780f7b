//! The whole conversation of a fetch, hop by hop, for those who want to see it.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, LOCATION, SET_COOKIE, USER_AGENT};
use reqwest::{Response, Version};
use url::Url;

use crate::model::{Clock, Mono};
use crate::net::{Dial, Trace};

/// Response headers that tell something about a feed. Beside these, of Set-Cookie the names alone.
const TELLING: [&str; 17] = [
    "content-type",
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "etag",
    "last-modified",
    "cache-control",
    "expires",
    "age",
    "date",
    "retry-after",
    "location",
    "server",
    "cf-mitigated",
    "vary",
    "www-authenticate",
    "link",
];

/// One request and what came of it. Texts are as they came: not made visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The URL, with its query and without userinfo.
    pub url: String,
    /// Request headers; the value of one that is configured, or a cookie, is `***`.
    pub request: Vec<(String, String)>,
    /// What the host's name led to; empty for an address, or if the connection was there already.
    pub addresses: Vec<IpAddr>,
    /// Whom we were connected to: the proxy, if there is one.
    pub peer: Option<SocketAddr>,
    /// `HTTP/1.1`, `HTTP/2.0`.
    pub version: Option<String>,
    /// The status, if an answer came.
    pub status: Option<u16>,
    /// The response headers that tell something.
    pub response: Vec<(String, String)>,
    /// Bytes of the body on the wire, if it was read.
    pub body: Option<u64>,
    /// How long each part took.
    pub times: Times,
}

/// How long the parts of a hop took; `None` for what did not take place, such as connecting where a
/// connection was there from before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Looking the name up.
    pub dns: Option<Duration>,
    /// Connecting by TCP, and through a proxy.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the request to the head of the answer.
    pub first_byte: Option<Duration>,
    /// From the head to the end of the body.
    pub body: Option<Duration>,
}

/// Takes the conversation down while it is held, so that it is there whatever ends it.
#[derive(Debug)]
pub struct Record {
    trace: Arc<Trace>,
    user_agent: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    hops: Vec<Hop>,
    /// When the present hop last came a step further.
    since: Option<Mono>,
}

impl Record {
    /// An empty record. `user_agent` is what every request says.
    pub fn new(clock: Clock, user_agent: &str) -> Self {
        let trace = Arc::new(Trace::new(clock));
        Self { trace, user_agent: user_agent.to_owned(), state: Mutex::default() }
    }

    /// What the network is to note connections in.
    pub fn trace(&self) -> Arc<Trace> {
        Arc::clone(&self.trace)
    }

    /// The hops so far.
    pub fn hops(&self) -> Vec<Hop> {
        self.connected();
        self.state().hops.clone()
    }

    /// A request is about to be sent.
    pub(super) fn ask(&self, request: &reqwest::Request) {
        self.connected();
        let mut headers = vec![(USER_AGENT.to_string(), self.user_agent.clone())];
        headers.extend(request.headers().iter().map(|(name, value)| {
            let shown = if value.is_sensitive() { "***".into() } else { lossy(value.as_bytes()) };
            (name.to_string(), shown)
        }));
        let mut state = self.state();
        state.since = Some(self.trace.now());
        state.hops.push(Hop {
            url: request.url().to_string(),
            request: headers,
            addresses: Vec::new(),
            peer: None,
            version: None,
            status: None,
            response: Vec::new(),
            body: None,
            times: Times::default(),
        });
    }

    /// The head of an answer is there.
    pub(super) fn head(&self, response: &Response) {
        let connected = self.connected();
        let now = self.trace.now();
        let mut state = self.state();
        let sent = connected.or(state.since);
        state.since = Some(now);
        let Some(hop) = state.hops.last_mut() else { return };
        hop.times.first_byte = sent.map(|sent| now.since(sent));
        hop.peer = response.remote_addr();
        hop.version = Some(version(response.version()));
        hop.status = Some(response.status().as_u16());
        hop.response = telling(response.url(), response.headers());
    }

    /// So much of the body is there.
    pub(super) fn body(&self, bytes: u64) {
        let now = self.trace.now();
        let mut state = self.state();
        let since = state.since;
        if let Some(hop) = state.hops.last_mut() {
            hop.body = Some(bytes);
            hop.times.body = since.map(|since| now.since(since));
        }
    }

    /// Takes in how the connection of the present hop was made, if it was. Answers since when it is
    /// there.
    fn connected(&self) -> Option<Mono> {
        let dial = self.trace.take();
        if dial == Dial::default() {
            return None;
        }
        if let Some(hop) = self.state().hops.last_mut() {
            hop.times.dns = dial.dns();
            hop.times.connect = dial.connect();
            hop.times.tls = dial.tls();
            hop.addresses.clone_from(&dial.addresses);
        }
        dial.ready
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn telling(from: &Url, headers: &HeaderMap) -> Vec<(String, String)> {
    let is_telling = |name: &HeaderName| TELLING.contains(&name.as_str()) || *name == SET_COOKIE;
    headers
        .iter()
        .filter(|(name, _)| is_telling(name))
        .map(|(name, value)| {
            let value = lossy(value.as_bytes());
            let shown = match *name {
                SET_COOKIE => cookie_name(&value),
                LOCATION => without_userinfo(from, value),
                _ => value,
            };
            (name.to_string(), shown)
        })
        .collect()
}

/// What may be shown of a Set-Cookie header.
fn cookie_name(value: &str) -> String {
    let pair = value.split(';').next().unwrap_or_default();
    match pair.split_once('=').map(|(name, _)| name.trim()) {
        Some(name) if !name.is_empty() => format!("{name}=…"),
        _ => "(a value without a name)".to_owned(),
    }
}

/// A Location header in an answer from `from`, as it came unless it holds userinfo.
fn without_userinfo(from: &Url, location: String) -> String {
    match from.join(location.trim()) {
        Ok(url) if url.username().is_empty() && url.password().is_none() => location,
        Ok(mut url) => {
            let bare = url.set_username("***").and_then(|()| url.set_password(None));
            bare.map_or_else(|()| "***".to_owned(), |()| url.to_string())
        }
        Err(_) => match location.rsplit_once('@') {
            Some((_, behind)) => format!("***@{behind}"),
            None => location,
        },
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn version(version: Version) -> String {
    format!("{version:?}")
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn what_is_kept_of_an_answer_holds_no_secret() {
        let cases = [
            ("set-cookie", "sid=HUNTER2; Path=/", "sid=…"),
            ("set-cookie", "HUNTER2; Path=/", "(a value without a name)"),
            ("set-cookie", "HUNTER2", "(a value without a name)"),
            ("set-cookie", " =HUNTER2", "(a value without a name)"),
            ("set-cookie", "", "(a value without a name)"),
            ("location", "http://u:HUNTER2@b.example.org/x?y", "http://***@b.example.org/x?y"),
            ("location", "HTTP:\\\\u:HUNTER2@b.example.org", "http://***@b.example.org/"),
            ("location", "//HUNTER2@b.example.org/", "https://***@b.example.org/"),
            ("location", "ftp://u:HUNTER2@b.example.org/", "ftp://***@b.example.org/"),
            ("location", "http://u:HUNTER2@b.example.org:port/", "***@b.example.org:port/"),
            ("location", "http://[u", "http://[u"),
            ("location", "../a@b?c=d@e", "../a@b?c=d@e"),
            ("etag", "a=b", "a=b"),
        ];
        let from = Url::parse("https://a.example.org/b/c").unwrap();
        for (name, value, expected) in cases {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )]);
            let shown = telling(&from, &headers);
            assert_eq!(shown, [(name.to_owned(), expected.to_owned())], "{value}");
        }
    }
}
