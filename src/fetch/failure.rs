//! Why a fetch fails: statuses, and errors of the layers below, as fetch errors.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::FetchError;
use crate::model::{Reason, Timestamp};
use crate::net::failure::{Failure, PROXY_WANTS};
use crate::net::headers;

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

/// Of what happened below.
pub(super) fn of((reason, message): Failure) -> FetchError {
    FetchError::new(reason, message)
}
