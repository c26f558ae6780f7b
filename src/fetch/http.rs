//! Fetching over HTTP: the redirect loop, and what each hop is told.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
};
use reqwest::{RequestBuilder, Response, StatusCode};
use url::Url;

use super::{Answer, Body, Fetch, FetchError, Fetched, Request, coding, headers};
use crate::model::{Reason, Timestamp, Validators};
use crate::net::{NetError, Network, ResolveError};

const ACCEPT_FEEDS: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
    application/rdf+xml;q=0.9, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";

/// Bounds on one fetch.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    /// For everything, all hops and the body.
    pub timeout: Duration,
    /// Bytes of the body on the wire.
    pub max_body: u64,
    /// Redirects.
    pub max_redirects: u32,
}

/// Fetches over HTTP/1.1 and HTTP/2.
#[derive(Clone, Debug)]
pub struct HttpFetch {
    network: Arc<Network>,
    limits: FetchLimits,
}

impl HttpFetch {
    /// Fetches through `network` within `limits`.
    pub fn new(network: Arc<Network>, limits: FetchLimits) -> Self {
        Self { network, limits }
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, request: Request<'_>) -> Result<Fetched, FetchError> {
        match tokio::time::timeout(self.limits.timeout, self.follow(request)).await {
            Ok(result) => result,
            Err(_) => {
                let message = format!("no whole answer within {:?}", self.limits.timeout);
                Err(FetchError::new(Reason::Timeout, message))
            }
        }
    }
}

impl HttpFetch {
    async fn follow(&self, request: Request<'_>) -> Result<Fetched, FetchError> {
        let mut url = request.url.clone();
        let mut moved_to = None;
        let mut all_permanent = true;
        for _ in 0..=self.limits.max_redirects {
            let conditional =
                !request.validators.is_empty() && request.validators.url == url.as_str();
            let response = self.ask(&url, &request, conditional).await?;
            let status = response.status();
            let Some(next) = redirect(&url, status, response.headers())? else {
                let mut fetched = self.answer(url, response, &request, conditional).await?;
                fetched.moved_to = moved_to;
                return Ok(fetched);
            };
            all_permanent &= matches!(status.as_u16(), 301 | 308);
            if all_permanent {
                moved_to = Some(next.clone());
            }
            if request.feed.credentials.is_some()
                && url.scheme() == "https"
                && next.scheme() == "http"
            {
                let message = "a redirect from https to http, for a feed with credentials";
                return Err(FetchError::new(Reason::Redirect, message));
            }
            url = next;
        }
        let message = format!("more than {} redirects", self.limits.max_redirects);
        Err(FetchError::new(Reason::Redirect, message))
    }

    /// One hop. A connection that was kept from before and has died meanwhile is no fault of the
    /// server: the request is sent once more on a new one (RFC 9110 §9.2.2).
    async fn ask(
        &self,
        url: &Url,
        request: &Request<'_>,
        conditional: bool,
    ) -> Result<Response, FetchError> {
        let client = self.network.client(url).map_err(|error| of_net(&error))?;
        let build = || prepare(client.get(url.clone()), url, request, conditional);
        match build().send().await {
            Err(error) if closed_before_the_answer(&error) => build().send().await,
            result => result,
        }
        .map_err(of_reqwest)
    }

    async fn answer(
        &self,
        url: Url,
        response: Response,
        request: &Request<'_>,
        conditional: bool,
    ) -> Result<Fetched, FetchError> {
        let status = response.status();
        let fresh_for = headers::fresh_for(response.headers(), request.now);
        let mut validators = validators_of(&url, response.headers());
        let answer = match status.as_u16() {
            200 | 226 => Answer::Body(self.body(response).await?),
            304 if conditional => {
                // What a 304 does not repeat stays as it was (RFC 9111 §4.3.4).
                let old = request.validators;
                validators.etag = validators.etag.or_else(|| old.etag.clone());
                validators.last_modified =
                    validators.last_modified.or_else(|| old.last_modified.clone());
                Answer::NotModified
            }
            _ => return Err(of_status(status, response.headers(), request.now)),
        };
        Ok(Fetched { answer, status: status.as_u16(), url, validators, moved_to: None, fresh_for })
    }

    async fn body(&self, response: Response) -> Result<Body, FetchError> {
        let limit = self.limits.max_body;
        let too_large = || {
            let message = format!("the body is larger than {limit} bytes");
            FetchError::new(Reason::TooLarge, message)
        };
        let encodings = response.headers().get_all(CONTENT_ENCODING);
        let codings = coding::codings(encodings.iter().map(HeaderValue::as_bytes))?;
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let announced = response.content_length();
        if announced.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let expected = announced.unwrap_or(16 << 10).min(1 << 20);
        let mut wire = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(of_reqwest)?;
            if wire.len() as u64 + chunk.len() as u64 > limit {
                return Err(too_large());
            }
            wire.extend_from_slice(&chunk);
        }
        Ok(Body { wire, codings, content_type })
    }
}

fn prepare(
    mut builder: RequestBuilder,
    url: &Url,
    request: &Request<'_>,
    conditional: bool,
) -> RequestBuilder {
    builder = builder.header(ACCEPT, ACCEPT_FEEDS).header(ACCEPT_ENCODING, coding::ACCEPT);
    if url.origin() == request.feed.url.origin() {
        for (name, value) in &request.feed.headers {
            if let Ok(mut value) = HeaderValue::from_str(value.expose()) {
                value.set_sensitive(true);
                builder = builder.header(name, value);
            }
        }
        if let Some(credentials) = &request.feed.credentials {
            let password = Some(credentials.password.expose());
            builder = builder.basic_auth(&credentials.username, password);
        }
    }
    if request.reload {
        builder = builder.header(CACHE_CONTROL, "no-cache");
    }
    if conditional {
        if let Some(etag) = &request.validators.etag {
            builder = builder.header(IF_NONE_MATCH, etag.as_slice());
        }
        if let Some(date) = &request.validators.last_modified {
            builder = builder.header(IF_MODIFIED_SINCE, date.as_slice());
        }
    }
    builder
}

/// Where a redirect leads; `None` if the answer is none.
fn redirect(
    from: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>, FetchError> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let fail = |message: String| {
        let mut error = FetchError::new(Reason::Redirect, message);
        error.status = Some(status.as_u16());
        error
    };
    let Some(location) = headers.get(LOCATION) else {
        return Err(fail("a redirect without a Location".to_owned()));
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let mut next = from
        .join(location.trim())
        .map_err(|error| fail(format!("a redirect to no URL: {error}")))?;
    next.set_fragment(None);
    let _ = next.set_username("");
    let _ = next.set_password(None);
    Ok(Some(next))
}

fn validators_of(url: &Url, headers: &HeaderMap) -> Validators {
    let bytes = |name| headers.get(name).map(|value: &HeaderValue| value.as_bytes().to_vec());
    Validators {
        url: url.as_str().to_owned(),
        etag: bytes(ETAG),
        last_modified: bytes(LAST_MODIFIED),
    }
}

fn of_status(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> FetchError {
    let mut message = format!("HTTP {}", status.as_u16());
    if let Some(words) = status.canonical_reason() {
        message = format!("{message} {words}");
    }
    let mut reason = Reason::of_status(status.as_u16());
    match status.as_u16() {
        304 => message.push_str(", though nothing was asked with"),
        401 => message.push_str(": does the feed need a `username` and `password_file`?"),
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
    }
}

fn of_net(error: &NetError) -> FetchError {
    let reason = match error {
        NetError::Scheme { .. } => Reason::BadUrl,
        NetError::Forbidden { .. } => Reason::ForbiddenAddress,
        NetError::Client(_) => Reason::Tls,
    };
    FetchError::new(reason, chain(error))
}

fn of_reqwest(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let reason = match find::<ResolveError>(&error) {
        Some(ResolveError::Forbidden { .. }) => Reason::ForbiddenAddress,
        Some(ResolveError::Failed { .. }) => Reason::Dns,
        None if error.is_timeout() => Reason::Timeout,
        None if error.is_connect() => {
            let tls = chain(&error).to_ascii_lowercase();
            if tls.contains("certificate") || tls.contains("tls") || tls.contains("handshake") {
                Reason::Tls
            } else {
                Reason::Connect
            }
        }
        None if closed_before_the_answer(&error) || error.is_body() || error.is_decode() => {
            Reason::Truncated
        }
        None => Reason::Protocol,
    };
    FetchError::new(reason, chain(&error))
}

fn closed_before_the_answer(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message)
        && !error.is_body()
        && !error.is_decode()
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
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

#[cfg(test)]
mod tests;
