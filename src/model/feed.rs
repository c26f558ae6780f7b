//! A feed: a watched URL and how to ask for it.

use std::time::Duration;

use url::Url;

use super::{FeedId, Route, Secret};

/// A watched URL, as the config gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Unique, and the key of the feed's state.
    pub id: FeedId,
    /// Where it is fetched; without userinfo and fragment.
    pub url: Url,
    /// What to call it where the document's own title will not do.
    pub title: Option<String>,
    /// Free words that sinks and rules select by.
    pub tags: Vec<String>,
    /// Time between two polls, if not the config's `[poll] interval`.
    pub interval: Option<Duration>,
    /// Request headers for this feed alone; dropped at a redirect to another origin.
    pub headers: Vec<(String, Secret)>,
    /// HTTP Basic credentials; dropped at a redirect to another origin.
    pub credentials: Option<Credentials>,
    /// How its server is reached.
    pub route: Route,
    /// A feed that is not enabled is checked and listed but not polled.
    pub enabled: bool,
}

impl Feed {
    /// A feed of which nothing but its place is known.
    pub fn new(id: FeedId, url: Url) -> Self {
        Self {
            id,
            url,
            title: None,
            tags: Vec::new(),
            interval: None,
            headers: Vec::new(),
            credentials: None,
            route: Route::default(),
            enabled: true,
        }
    }

    /// `host:port` of the URL, by which politeness is counted.
    pub fn host(&self) -> String {
        host_port(&self.url)
    }
}

/// `host:port` of a URL, the port always there; an IPv6 address in brackets.
pub fn host_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host}:{}", url.port_or_known_default().unwrap_or_default())
}

/// User name and password for HTTP Basic authentication (RFC 7617).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// The user name; not secret.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// What the server said to ask with next time (RFC 9110 §8.8), kept byte for byte as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// The URL that answered, at any other they mean nothing (RFC 9110 §15.4); and as its fragment,
    /// which no URL that is fetched has, a mark of the request headers that chose the answer.
    pub url: String,
    /// The ETag header.
    pub etag: Option<Vec<u8>>,
    /// The Last-Modified header.
    pub last_modified: Option<Vec<u8>>,
}

impl Validators {
    /// Whether there is nothing to ask with.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}
