//! The HTTP part of a poll: one feed asked for politely, its redirects followed under guard, its
//! body taken within bounds.

mod coding;
pub mod headers;
mod http;

use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::model::{Feed, Reason, Timestamp, Validators};

pub use coding::{Coding, decode};
pub use http::{FetchLimits, HttpFetch};

/// What to ask for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The feed, with its headers and credentials.
    pub feed: &'a Feed,
    /// Where to ask first: the feed's URL, or where it has permanently moved to.
    pub url: &'a Url,
    /// What to ask with; sent only to the URL that gave them.
    pub validators: &'a Validators,
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
}

/// The two good answers.
#[derive(Debug)]
pub enum Answer {
    /// HTTP 304.
    NotModified,
    /// HTTP 200 or 226.
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
}

/// Why there is no good answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    /// The class.
    pub reason: Reason,
    /// In words; may hold text from outside, never a secret.
    pub message: String,
    /// The HTTP status, if it got so far.
    pub status: Option<u16>,
    /// How long the server asks to be left alone (Retry-After, RFC 9110 §10.2.3).
    pub retry_after: Option<Duration>,
}

impl FetchError {
    /// An error that has nothing to do with a status.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), status: None, retry_after: None }
    }
}

/// Something that fetches: HTTP, or a script in a test.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Fetches once. Takes no longer than its own limits say.
    async fn fetch(&self, request: Request<'_>) -> Result<Fetched, FetchError>;
}
