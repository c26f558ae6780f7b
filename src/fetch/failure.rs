//! Why a fetch fails: errors of the layers below, as reasons and in words.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::{FetchError, headers};
use crate::model::{Reason, Timestamp};
use crate::net::{NetError, ResolveError, explain};

/// How far a request had got.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// Before the head of the answer.
    Head,
    /// So many bytes of the body had come.
    Body(usize),
}

/// The waits that can end a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    pub connect: Duration,
    pub read: Duration,
}

const PROXY_WANTS: &str = ": the proxy wants credentials, or others than it was given";

pub(super) fn of_status(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> FetchError {
    let mut message = format!("HTTP {}", status.as_u16());
    if let Some(words) = status.canonical_reason() {
        message = format!("{message} {words}");
    }
    let mut reason = Reason::of_status(status.as_u16());
    match status.as_u16() {
        304 => message.push_str(", though nothing was asked with"),
        401 => message.push_str(": does the feed need a `username` and `password_file`?"),
        407 => message.push_str(PROXY_WANTS),
        _ => {}
    }
    if headers.get("cf-mitigated").is_some_and(|value| value == "challenge") {
        reason = Reason::Blocked;
        message.push_str(": a challenge page of Cloudflare");
    }
    FetchError {
        reason,
        message,
        status: Some(status.as_u16()),
        retry_after: headers::retry_after(headers, now),
        host: None,
    }
}

pub(super) fn of_net(error: &NetError) -> FetchError {
    let reason = match error {
        NetError::Scheme { .. } => Reason::BadUrl,
        NetError::Forbidden { .. } => Reason::ForbiddenAddress,
        NetError::Name(ResolveError::Forbidden { .. }) => Reason::ForbiddenAddress,
        NetError::Name(_) => Reason::Dns,
        NetError::Client(_) | NetError::Tls(_) => Reason::Tls,
    };
    FetchError::new(reason, chain(error))
}

pub(super) fn of_reqwest(error: reqwest::Error, stage: Stage, waits: Waits) -> FetchError {
    let error = error.without_url();
    match find::<ResolveError>(&error) {
        Some(ResolveError::Forbidden { .. }) => {
            return FetchError::new(Reason::ForbiddenAddress, chain(&error));
        }
        Some(ResolveError::Failed { .. } | ResolveError::Late { .. }) => {
            return FetchError::new(Reason::Dns, chain(&error));
        }
        None => {}
    }
    if error.is_timeout() {
        let message = match stage {
            Stage::Head if error.is_connect() => {
                format!("no connection within {:?}", waits.connect)
            }
            Stage::Head => format!("no answer began within {:?}", waits.read),
            Stage::Body(bytes) => {
                format!("nothing more of the body within {:?}, after {bytes} bytes", waits.read)
            }
        };
        return FetchError::new(Reason::Timeout, message);
    }
    if let Some(tls) = find::<rustls::Error>(&error) {
        return FetchError::new(Reason::Tls, explain(tls));
    }
    let words = chain(&error);
    if error.is_connect() && words.contains("proxy authorization") {
        return FetchError::new(Reason::Unauthorized, PROXY_WANTS.trim_start_matches(": "));
    }
    if error.is_connect() && words.contains("tls handshake") {
        return FetchError::new(Reason::Tls, format!("{words}; does the server speak TLS there?"));
    }
    if error.is_connect() {
        return FetchError::new(Reason::Connect, words);
    }
    let cut = closed_before_the_answer(&error) || error.is_body() || error.is_decode();
    FetchError::new(if cut { Reason::Truncated } else { Reason::Protocol }, words)
}

/// Whether the connection was up and then ended, by a close or a reset, before an answer came.
pub(super) fn closed_before_the_answer(error: &reqwest::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    let reset = |error: &io::Error| {
        matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
    };
    let closed = find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message)
        || find::<io::Error>(error).is_some_and(reset);
    closed && !error.is_connect() && !error.is_body() && !error.is_decode()
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An I/O error does not name what it wraps as its source, but what is behind that.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// What the client's own layers say of every error, and what so says nothing.
const WRAPPERS: [&str; 5] = [
    "error sending request",
    "client error",
    "dns error",
    "error resolving DNS",
    "error decoding response body",
];

/// An error and its causes in one line, each said once, wrappers left out where there is more.
fn chain(error: &dyn Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let part = error.to_string();
        next = error.source();
        let wraps = WRAPPERS.iter().any(|wrapper| part.starts_with(wrapper)) && next.is_some();
        let said = parts.last().is_some_and(|last| last.ends_with(&part));
        if !wraps && !said {
            parts.push(part);
        }
    }
    parts.join(": ")
}
