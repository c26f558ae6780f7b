//! The HTTP part of a poll: one feed asked for politely, its redirects followed under guard, its
//! body taken within bounds.

mod budget;
mod coding;
mod cookies;
mod failure;
mod gate;
pub mod headers;
mod http;
mod record;
mod request;

use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::model::{Feed, Reason, Timestamp, Validators};
use crate::schedule::{Asked, Why};

pub use budget::Place;
pub use coding::{Coding, decode};
pub use http::HttpFetch;
pub use record::{Hop, Record, Times};

/// Bounds on one fetch.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    /// For the requests, all hops and the body; waiting for a turn at a host does not count.
    pub timeout: Duration,
    /// For waiting for turns at hosts, all hops together. A poll that waits keeps its place among
    /// the polls that run at a time.
    pub gate_timeout: Duration,
    /// Bytes of the body on the wire.
    pub max_body: u64,
    /// Redirects.
    pub max_redirects: u32,
    /// Requests at a time of one host and port.
    pub per_host: usize,
    /// Time between the starts of two requests of one host and port, but for redirects that stay
    /// there.
    pub per_host_spacing: Duration,
}

/// What to ask for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The feed, with its headers and credentials.
    pub feed: &'a Feed,
    /// Where to ask first: the feed's URL, or where it has permanently moved to.
    pub url: &'a Url,
    /// What to ask with; sent only to the URL that gave them, and only if the request is otherwise
    /// the same as the one that they answered.
    pub validators: &'a Validators,
    /// Whether caches on the way are to ask the server itself (RFC 9111 §5.2.1.4).
    pub reload: bool,
    /// For HTTP dates in the answer.
    pub now: Timestamp,
}

/// How the server answered in the end.
#[derive(Debug)]
pub struct Fetched {
    /// What came.
    pub answer: Answer,
    /// The status of the last hop.
    pub status: u16,
    /// The URL of the last hop.
    pub url: Url,
    /// What to ask with next time; empty if the server gives nothing.
    pub validators: Validators,
    /// Where the unbroken run of permanent redirects from the first URL leads, if there is one.
    pub moved_to: Option<Url>,
    /// For how long the server says that its answer stays fresh (RFC 9111 §4.2).
    pub fresh_for: Duration,
    /// Which header says so.
    pub fresh_by: Why,
    /// The longest Retry-After that any hop asked for, redirects included (RFC 9110 §10.2.3).
    pub retry_after: Option<Duration>,
}

impl Fetched {
    /// The longest that the server asks to be left alone, and how it says so.
    pub fn asked(&self) -> Option<Asked> {
        let fresh = Asked { span: self.fresh_for, by: self.fresh_by };
        let retry = self.retry_after.map(|span| Asked { span, by: Why::RetryAfter });
        [retry, (!fresh.span.is_zero()).then_some(fresh)]
            .into_iter()
            .flatten()
            .max_by_key(|a| a.span)
    }
}

/// The two good answers.
#[derive(Debug)]
pub enum Answer {
    /// HTTP 304.
    NotModified,
    /// HTTP 200, 203 or 226.
    Body(Body),
}

/// A body as it came over the wire, whole.
#[derive(Debug)]
pub struct Body {
    /// The bytes, content coding not undone.
    pub wire: Vec<u8>,
    /// The codings to undo, in the order in which they were applied.
    pub codings: Vec<Coding>,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// What the bytes take of the memory that all bodies share; given back with the body.
    pub place: Place,
}

impl Body {
    /// A body that takes nothing of the shared memory.
    pub fn new(wire: Vec<u8>, codings: Vec<Coding>, content_type: Option<String>) -> Self {
        Self { wire, codings, content_type, place: Place::default() }
    }

    /// The bytes with all codings undone; see [`decode`].
    ///
    /// # Errors
    /// If a coding is broken, ends too early, or gives more than `limit` bytes.
    pub fn decode(&self, limit: u64) -> Result<Cow<'_, [u8]>, FetchError> {
        decode(&self.wire, &self.codings, limit)
    }
}

/// Why there is no good answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    /// The class.
    pub reason: Reason,
    /// In words; may hold text from outside, never a secret, nor the query of a URL.
    pub message: String,
    /// The HTTP status, if it got so far.
    pub status: Option<u16>,
    /// How long the server asks to be left alone: the longest Retry-After (RFC 9110 §10.2.3) of
    /// all hops.
    pub retry_after: Option<Duration>,
    /// `host:port` of the server that is meant: the one that answered last or could not be asked.
    /// After a redirect it need not be the feed's own. `None` if it has nothing to do with one.
    pub host: Option<String>,
}

impl FetchError {
    /// An error that has nothing to do with a status.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), status: None, retry_after: None, host: None }
    }
}

/// Something that fetches: HTTP, or a script in a test.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Fetches once. Takes no longer than its own limits say.
    async fn fetch(&self, request: Request<'_>) -> Result<Fetched, FetchError>;
}
