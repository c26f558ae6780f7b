//! Why a request fails: errors of the client and of what is below it, as reasons and in words.
//! None of them names a URL.

use std::error::Error;
use std::io;
use std::time::Duration;

use super::{NetError, ResolveError, explain};
use crate::model::Reason;

/// A class of failure, and the same in words.
pub type Failure = (Reason, String);

/// How far a request had got.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    /// Before the head of the answer.
    Head,
    /// So many bytes of the body had come.
    Body(usize),
}

/// The waits that can end a request.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// To connect.
    pub connect: Duration,
    /// Between two pieces of an answer, and before the first.
    pub read: Duration,
}

/// What is said of HTTP 407, and of its like while a tunnel is asked for.
pub const PROXY_WANTS: &str = ": the proxy wants credentials, or others than it was given";

/// Why a request could not even be begun.
pub fn of_net(error: &NetError) -> Failure {
    let reason = match error {
        NetError::Scheme { .. } => Reason::BadUrl,
        NetError::Forbidden { .. } => Reason::ForbiddenAddress,
        NetError::Name(ResolveError::Forbidden { .. }) => Reason::ForbiddenAddress,
        NetError::Name(_) => Reason::Dns,
        NetError::Client(_) | NetError::Tls(_) => Reason::Tls,
    };
    (reason, chain(error))
}

/// Why a request, or the body of its answer, broke off.
pub fn of_reqwest(error: reqwest::Error, stage: Stage, waits: Waits) -> Failure {
    let error = error.without_url();
    match find::<ResolveError>(&error) {
        Some(ResolveError::Forbidden { .. }) => {
            return (Reason::ForbiddenAddress, chain(&error));
        }
        Some(ResolveError::Failed { .. } | ResolveError::Late { .. }) => {
            return (Reason::Dns, chain(&error));
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
        return (Reason::Timeout, message);
    }
    if let Some(tls) = find::<rustls::Error>(&error) {
        return (Reason::Tls, explain(tls));
    }
    let words = chain(&error);
    if error.is_connect() && words.contains("proxy authorization") {
        return (Reason::Unauthorized, PROXY_WANTS.trim_start_matches(": ").to_owned());
    }
    if error.is_connect() && words.contains("tls handshake") {
        return (Reason::Tls, format!("{words}; does the server speak TLS there?"));
    }
    if error.is_connect() {
        return (Reason::Connect, words);
    }
    let cut = closed_before_the_answer(&error) || error.is_body() || error.is_decode();
    (if cut { Reason::Truncated } else { Reason::Protocol }, words)
}

/// Whether the connection was up and then ended, by a close or a reset, before an answer came.
pub fn closed_before_the_answer(error: &reqwest::Error) -> bool {
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
