//! Fetching over HTTP: the redirect loop, and what each hop is told.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::budget::{self, Budget};
use super::cookies::Jar;
use super::failure::{of, of_status};
use super::gate::{Gate, Turn};
use super::request::{fill, is_secret, validators_key, validators_of};
use super::{
    Answer, Body, Fetch, FetchError, FetchLimits, Fetched, Place, Record, Request, coding, headers,
};
use crate::model::{Reason, host_port};
use crate::net::failure::{Stage, Waits, closed_before_the_answer, of_net, of_reqwest};
use crate::net::headers::retry_after;
use crate::net::{Network, noting_dials};

/// Bytes of the headers of one answer, names and values.
const MAX_HEAD: usize = 256 << 10;

/// Fetches over HTTP/1.1 and HTTP/2. All bodies that it fetches at a time share a bounded memory.
#[derive(Clone, Debug)]
pub struct HttpFetch {
    network: Arc<Network>,
    limits: FetchLimits,
    budget: Budget,
    gate: Arc<Gate>,
    record: Option<Arc<Record>>,
}

impl HttpFetch {
    /// Fetches through `network` within `limits`.
    pub fn new(network: Arc<Network>, limits: FetchLimits) -> Self {
        Self {
            network,
            limits,
            budget: Budget::new(limits.max_body),
            gate: Arc::new(Gate::new(limits.per_host, limits.per_host_spacing)),
            record: None,
        }
    }

    /// The same, with the conversation taken down in `record`: for one fetch at a time.
    #[must_use]
    pub fn recorded(self, record: Arc<Record>) -> Self {
        Self { record: Some(record), ..self }
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, request: Request<'_>) -> Result<Fetched, FetchError> {
        let mut talk = Talk::new(request);
        match self.follow(&mut talk).await {
            Ok(mut fetched) => {
                fetched.retry_after = talk.asked;
                Ok(fetched)
            }
            Err(error) => Err(talk.blame(error)),
        }
    }
}

/// What one poll has come to, hop after hop.
struct Talk<'a> {
    request: Request<'a>,
    /// Where the present hop leads.
    url: Url,
    hops: u32,
    jar: Jar,
    /// URLs that were asked, each with the cookies that went along.
    seen: HashSet<(Url, Option<String>)>,
    moved_to: Option<Url>,
    all_permanent: bool,
    /// The longest Retry-After so far.
    asked: Option<Duration>,
    /// Whether the present hop is to have a connection of its own. A new one costs a round trip; a
    /// kept one that answered a moment ago may cost 40 ms. With TLS the new one would cost more.
    anew: bool,
}

impl<'a> Talk<'a> {
    fn new(request: Request<'a>) -> Self {
        Self {
            request,
            url: request.url.clone(),
            hops: 0,
            jar: Jar::default(),
            seen: HashSet::new(),
            moved_to: None,
            all_permanent: true,
            asked: None,
            anew: false,
        }
    }

    /// Whether the validators are for the present hop.
    fn is_conditional(&self) -> bool {
        let validators = self.request.validators;
        !validators.is_empty() && validators.url == validators_key(&self.url, self.request.feed)
    }

    /// Takes in the head of an answer. `Some`: it leads on to another URL.
    fn hear(&mut self, response: &Response) -> Result<Option<Url>, FetchError> {
        let (status, headers) = (response.status(), response.headers());
        let size: usize = headers.iter().map(|(n, v)| n.as_str().len() + v.len() + 4).sum();
        if size > MAX_HEAD {
            let message = format!("{size} bytes of headers; {MAX_HEAD} are allowed");
            return Err(FetchError::new(Reason::Protocol, message));
        }
        self.asked = self.asked.max(retry_after(headers, self.request.now));
        let Some(next) = redirect(&self.url, status, headers)? else { return Ok(None) };
        self.jar.take(&self.url, headers, self.request.now);
        let fail = |message: String| {
            let mut error = FetchError::new(Reason::Redirect, message);
            error.status = Some(status.as_u16());
            error
        };
        if is_secret(self.request.feed) && self.url.scheme() == "https" && next.scheme() == "http" {
            let message = "a redirect from https to http, for a feed with credentials";
            return Err(fail(message.to_owned()));
        }
        if self.seen.contains(&(next.clone(), self.jar.header(&next))) {
            let message = format!("redirects in a circle, back to {}", without_query(&next));
            return Err(fail(message));
        }
        self.all_permanent &= matches!(status.as_u16(), 301 | 308);
        if self.all_permanent {
            self.moved_to = Some(next.clone());
        }
        Ok(Some(next))
    }

    /// Says of an error which server it is about, and what was asked for on the way to it.
    fn blame(&self, mut error: FetchError) -> FetchError {
        let host = host_port(&self.url);
        if self.hops > 0 {
            let times = if self.hops == 1 { "redirect" } else { "redirects" };
            error.message = format!("{} (at {host}, after {} {times})", error.message, self.hops);
        }
        error.retry_after = error.retry_after.max(self.asked);
        error.host = Some(host);
        error
    }
}

impl HttpFetch {
    async fn follow(&self, talk: &mut Talk<'_>) -> Result<Fetched, FetchError> {
        let (mut left, mut patience) = (self.limits.timeout, self.limits.gate_timeout);
        let mut host = host_port(&talk.url);
        let mut turn = self.enter(&host, &mut patience).await?;
        loop {
            talk.anew = turn.closely && talk.url.scheme() == "http";
            let Some(done) = within(&mut left, self.hop(talk)).await else {
                let message = format!("no whole answer within {:?}", self.limits.timeout);
                return Err(FetchError::new(Reason::Timeout, message));
            };
            if let Some(fetched) = done? {
                return Ok(fetched);
            }
            let there = host_port(&talk.url);
            if there != host {
                self.respect(&there)?;
                // The place here is given up first: who holds one never waits for another.
                drop(turn);
                turn = self.enter(&there, &mut patience).await?;
                host = there;
            }
        }
    }

    /// One hop, from the request to the body. `None`: it leads on.
    async fn hop(&self, talk: &mut Talk<'_>) -> Result<Option<Fetched>, FetchError> {
        let cookies = talk.jar.header(&talk.url);
        let conditional = talk.is_conditional();
        let response = self.ask(talk, conditional, cookies.as_deref()).await?;
        talk.seen.insert((talk.url.clone(), cookies));
        let Some(next) = talk.hear(&response)? else {
            return self.answer(talk, response, conditional).await.map(Some);
        };
        if talk.hops >= self.limits.max_redirects {
            let message = format!("more than {} redirects", self.limits.max_redirects);
            return Err(FetchError::new(Reason::Redirect, message));
        }
        talk.url = next;
        talk.hops += 1;
        Ok(None)
    }

    /// The agenda starts no poll of a host that asked to be left alone; nor does a redirect lead
    /// there.
    fn respect(&self, host: &str) -> Result<(), FetchError> {
        let Some(rest) = self.gate.rest(host) else { return Ok(()) };
        let seconds = rest.as_secs();
        let message = format!("{host} asked to be left alone for another {seconds} seconds");
        let error = FetchError::new(Reason::RateLimited, message);
        Err(FetchError { retry_after: Some(rest), ..error })
    }

    /// Notes that the server asked to be left alone, unless it is one of our own network: there
    /// one address often stands for many servers.
    fn heed(&self, url: &Url, error: &FetchError) {
        if let (Some(429 | 503), Some(span)) = (error.status, error.retry_after)
            && !self.network.is_own(url)
        {
            self.gate.let_be(&host_port(url), span);
        }
    }

    async fn enter(&self, host: &str, patience: &mut Duration) -> Result<Turn, FetchError> {
        within(patience, self.gate.enter(host)).await.ok_or_else(|| {
            let most = self.limits.gate_timeout;
            let message = format!(
                "no turn at the host within {most:?}; see [poll] per_host and per_host_spacing"
            );
            FetchError::new(Reason::BusyHost, message)
        })
    }

    /// The request of a hop. A connection that was kept from before and has died meanwhile is no fault of the
    /// server: the request is sent once more on a new one (RFC 9110 §9.2.2).
    async fn ask(
        &self,
        talk: &Talk<'_>,
        conditional: bool,
        cookies: Option<&str>,
    ) -> Result<Response, FetchError> {
        let (url, request) = (&talk.url, &talk.request);
        let route = &request.feed.route;
        let client = match talk.anew {
            true => self.network.client_anew(url, route).await,
            false => self.network.client(url, route).await,
        };
        let client = client.map_err(|error| of(of_net(&error)))?;
        let validators = conditional.then_some(request.validators);
        let send = || async {
            let filled = fill(client.get(url.clone()), url, request, validators, cookies);
            let request = filled.build()?;
            if let Some(record) = &self.record {
                record.ask(&request);
            }
            client.execute(request).await
        };
        let response = match noting_dials(send()).await {
            (Err(error), false) if closed_before_the_answer(&error) => send().await,
            (result, _) => result,
        };
        let response =
            response.map_err(|error| of(of_reqwest(error, Stage::Head, self.waits())))?;
        if let Some(record) = &self.record {
            record.head(&response);
        }
        Ok(response)
    }

    async fn answer(
        &self,
        talk: &Talk<'_>,
        response: Response,
        conditional: bool,
    ) -> Result<Fetched, FetchError> {
        let Request { feed, validators: old, now, .. } = talk.request;
        let status = response.status();
        let (fresh_for, fresh_by) = headers::fresh_for(response.headers(), now);
        let mut validators = validators_of(&talk.url, feed, response.headers());
        let answer = match status.as_u16() {
            // 203: changed on the way by a proxy (RFC 9110 §15.3.4).
            200 | 203 | 226 => Answer::Body(self.body(response).await?),
            304 if conditional => {
                // What a 304 does not repeat stays as it was (RFC 9111 §4.3.4).
                validators.etag = validators.etag.or_else(|| old.etag.clone());
                validators.last_modified =
                    validators.last_modified.or_else(|| old.last_modified.clone());
                Answer::NotModified
            }
            _ => {
                let error = of_status(status, response.headers(), now);
                self.heed(&talk.url, &error);
                return Err(error);
            }
        };
        Ok(Fetched {
            answer,
            status: status.as_u16(),
            url: talk.url.clone(),
            validators,
            moved_to: talk.moved_to.clone(),
            fresh_for,
            fresh_by,
            retry_after: None,
        })
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
        let most = response.content_length().unwrap_or(limit);
        if most > limit {
            return Err(too_large());
        }
        let mut place = Place::default();
        let mut wire = Vec::new();
        let mut stream = response.bytes_stream();
        let record = |bytes: usize| {
            if let Some(record) = &self.record {
                record.body(bytes as u64);
            }
        };
        while let Some(chunk) = stream.next().await {
            let stage = Stage::Body(wire.len());
            let chunk = chunk.map_err(|error| of(of_reqwest(error, stage, self.waits())))?;
            let size = (wire.len() + chunk.len()) as u64;
            if size > limit {
                return Err(too_large());
            }
            if size > budget::FREE && !place.is_taken() {
                place = self.budget.take(most).await;
                // Once and for all: growing step by step needs both the old and the new in between.
                wire.reserve_exact(usize::try_from(most).unwrap_or(0).saturating_sub(wire.len()));
            }
            wire.extend_from_slice(&chunk);
            record(wire.len());
        }
        record(wire.len());
        place.shrink(wire.len() as u64);
        wire.shrink_to_fit();
        Ok(Body { wire, codings, content_type, place })
    }

    fn waits(&self) -> Waits {
        let options = self.network.options();
        Waits { connect: options.connect_timeout, read: options.read_timeout }
    }
}

/// What `work` comes to, if it is done within what is left of a time; what it takes is taken off.
async fn within<T>(left: &mut Duration, work: impl Future<Output = T>) -> Option<T> {
    let begun = Instant::now();
    let done = tokio::time::timeout(*left, work).await.ok();
    *left = left.saturating_sub(begun.elapsed());
    done
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

/// A URL for messages: a query may hold a token.
fn without_query(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.to_string()
}

#[cfg(test)]
mod tests;
