//! The whole conversation of a fetch, hop by hop, for those who want to see it.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, SET_COOKIE, USER_AGENT};
use reqwest::{Response, Version};

use crate::model::{Clock, Mono};
use crate::net::{Dial, Trace};

/// Response headers that tell something about a feed; of Set-Cookie the names alone are kept.
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
        hop.response = telling(response.headers());
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

fn telling(headers: &HeaderMap) -> Vec<(String, String)> {
    let is_telling = |name: &HeaderName| TELLING.contains(&name.as_str()) || *name == SET_COOKIE;
    headers
        .iter()
        .filter(|(name, _)| is_telling(name))
        .map(|(name, value)| {
            let value = lossy(value.as_bytes());
            let shown = match value.split_once('=') {
                Some((cookie, _)) if *name == SET_COOKIE => format!("{}=…", cookie.trim()),
                _ => value,
            };
            (name.to_string(), shown)
        })
        .collect()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn version(version: Version) -> String {
    format!("{version:?}")
}
