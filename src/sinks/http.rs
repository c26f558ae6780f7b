//! What all sinks over HTTP stand on: their common keys, and a [`Poster`] that sends one request
//! and says what its answer means for a delivery.

mod base;
mod headers;
mod keys;
mod redirect;
mod words;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::header::{HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode};
use tokio::time::{Instant, timeout_at};
use url::Url;

pub(super) use self::base::{below, read_base};
pub(super) use self::keys::{
    Auth, HttpKeys, SecretUrl, lacks_secret, read_secret, read_token, read_url,
};
use self::redirect::{redirect, told_of};
use self::words::{blotter, clean, tell};
use super::BuildContext;
use super::blotter::Blotter;
use crate::guard::{AllowEntry, Guard};
use crate::model::{Clock, Outcome, Reason, Secret, host_port};
use crate::net::failure::{self, Stage, Waits};
use crate::net::{ClientOptions, Network, headers as answered, noting_dials};
use crate::observe::events::SinkAnswered;

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 3;
/// Bytes of an answer's body that are read.
const MAX_BODY: usize = 8 << 10;
/// How long the words of an answer are waited for that is a failure in any case.
const WORDS_WAIT: Duration = Duration::from_secs(2);

/// Sends requests to one receiver.
///
/// Beside the public internet it reaches exactly the host and port that the operator configured,
/// which may be private. Nothing that it answers or logs holds a URL or a secret.
pub(super) struct Poster {
    network: Network,
    keys: HttpKeys,
    clock: Clock,
    blotter: Blotter,
    /// `host:port` of the receiver.
    home: String,
}

/// A request. It goes out whole within the sink's `timeout`, answer included.
#[derive(Clone)]
pub(super) struct Post {
    /// POST, as a rule.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Who we are; told to the origin of `url` alone, as are the sink's own `headers`.
    pub auth: Auth,
    /// What every hop is told: content type, idempotency key.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Whether the receiver tells a repeat by its key, and need not show it twice. If it does not,
    /// 2xx in the head of an answer counts, whether or not the rest of it comes.
    pub repeatable: bool,
}

/// An answer, its status whatever it may be.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Retry-After (RFC 9110 §10.2.3). A service that says it in its body puts it in here.
    pub after: Option<Duration>,
    /// The body's first 8 KiB, or less of it if the connection broke. Holds what the receiver wrote: no secret of ours may be told from
    /// it but by [`Poster::judge`].
    pub body: Vec<u8>,
    /// What kept the rest of the body away.
    cut: Option<String>,
    /// `host:port` that answered, if a redirect led there.
    host: Option<String>,
    /// Values of headers that went out and may come back.
    sent: Vec<String>,
}

/// The head of an answer.
struct Answer {
    response: Response,
    /// The secret headers that went out.
    sent: Vec<String>,
    /// As in [`Reply`].
    host: Option<String>,
}

impl Post {
    /// A POST of JSON text.
    pub fn json(url: Url, body: impl Into<Bytes>) -> Self {
        let mut post = Self::new(url, body);
        post.set("content-type", "application/json");
        post
    }

    /// A POST without headers.
    pub fn new(url: Url, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::POST,
            url,
            auth: Auth::None,
            headers: HeaderMap::new(),
            body: body.into(),
            repeatable: true,
        }
    }

    /// Sets the header `name`; a value that HTTP cannot send is left out.
    pub fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}, {} bytes", self.method, host_port(&self.url), self.body.len())
    }
}

impl fmt::Debug for Poster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poster").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Reply {
    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the body is a page: of a portal or a proxy on the way rather than of the service.
    pub fn is_page(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"<")
    }

    /// A reply for tests.
    #[cfg(test)]
    pub fn of(status: u16, body: &[u8]) -> Self {
        Self { status, after: None, body: body.to_vec(), cut: None, host: None, sent: Vec::new() }
    }

    /// The body as JSON, if it is that.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Poster {
    /// A poster for the receiver at `home`. `secrets`: what must not show up in what it says,
    /// beside `home` itself, the headers of `keys` and what a [`Post`] has in `auth`.
    pub fn new(
        home: &SecretUrl,
        keys: &HttpKeys,
        secrets: impl IntoIterator<Item = Secret>,
        context: &BuildContext,
    ) -> Self {
        let home = home.expose();
        let guard = Guard::new(AllowEntry::parse(&host_port(home)).into_iter().collect());
        let options = ClientOptions {
            user_agent: context.user_agent.clone(),
            connect_timeout: keys.timeout,
            read_timeout: keys.timeout,
        };
        Self {
            network: Network::new(guard, options),
            blotter: blotter(home, secrets, keys),
            home: host_port(home),
            keys: keys.clone(),
            clock: context.clock.clone(),
        }
    }

    /// Sends `post` and judges its answer by the status alone, with the receiver's own words.
    pub async fn deliver(&self, post: &Post) -> Outcome {
        match self.send(post).await {
            Ok(reply) => self.judge(&reply, None),
            Err(outcome) => outcome,
        }
    }

    /// Sends `post`. Follows 307 and 308 at most three times.
    ///
    /// # Errors
    /// What becomes of the delivery if there is no whole answer, and no head of one that counts by
    /// itself: always [`Outcome::Retry`].
    pub async fn send(&self, post: &Post) -> Result<Reply, Outcome> {
        let until = Instant::now() + self.keys.timeout;
        match timeout_at(until, self.follow(post)).await {
            Ok(Ok(answer)) => self.reply(answer, post.repeatable, until).await,
            Ok(Err(outcome)) => Err(outcome),
            Err(_) => Err(self.retry(Reason::Timeout, self.late())),
        }
    }

    fn late(&self) -> String {
        format!("no whole answer within {:?}", self.keys.timeout)
    }

    /// What `reply` means. 2xx: delivered. 408, 425, 429 and 5xx: to be tried again, after
    /// `reply.after` if that is set. Other 4xx: refused. `says`: the service's own words, if the
    /// sink has read them; else they are looked for in the body.
    pub fn judge(&self, reply: &Reply, says: Option<&str>) -> Outcome {
        let message = self.told(reply, says);
        if reply.is_success() {
            let from = reply.host.as_deref().unwrap_or(&self.home);
            SinkAnswered { from, message: &message }.log();
            return Outcome::Delivered;
        }
        let reason = Reason::of_status(reply.status);
        match reply.status {
            // What the proxy asks for is no word of the receiver's.
            407 if self.keys.route.proxy.is_some() => {
                Outcome::Retry { reason, message, after: reply.after }
            }
            408 | 425 | 429 => Outcome::Retry { reason, message, after: reply.after },
            400..=499 => Outcome::Refused { reason, message },
            // 5xx, and what is no answer to a POST at all: 304, or a number that HTTP lacks.
            _ => Outcome::Retry { reason, message, after: reply.after },
        }
    }

    /// That the delivery is to be tried again though `reply` has a status of success or of refusal:
    /// `says` are the service's words, or what is wrong with them.
    pub fn again(&self, reply: &Reply, reason: Reason, says: &str) -> Outcome {
        let message = self.told(reply, Some(says));
        Outcome::Retry { reason, message, after: reply.after }
    }

    fn told(&self, reply: &Reply, says: Option<&str>) -> String {
        let mut message = format!("HTTP {}", reply.status);
        let known = StatusCode::from_u16(reply.status).ok().and_then(|s| s.canonical_reason());
        if let Some(known) = known {
            message = format!("{message} {known}");
        }
        let says = match says {
            Some(says) => Some(self.clean(says, &reply.sent)),
            None => tell(&reply.body).map(|says| self.clean(&says, &reply.sent)),
        };
        if let Some(says) = says.filter(|says| !says.is_empty()) {
            message = format!("{message}: {says}");
        }
        if let Some(cut) = reply.cut.as_ref().filter(|_| reply.is_success()) {
            message = format!("{message} (the rest did not come: {})", self.clean(cut, &[]));
        }
        if let Some(host) = &reply.host {
            message = format!("{message} (at {host}, after a redirect)");
        }
        message
    }

    fn clean(&self, words: &str, sent: &[String]) -> String {
        clean(&self.blotter, words, sent)
    }

    fn retry(&self, reason: Reason, message: impl AsRef<str>) -> Outcome {
        let message = self.clean(message.as_ref(), &[]);
        Outcome::Retry { reason, message, after: None }
    }

    /// Up to the head of the last answer.
    async fn follow(&self, post: &Post) -> Result<Answer, Outcome> {
        let mut url = post.url.clone();
        for hop in 0..=MAX_REDIRECTS {
            let (response, sent) = self.ask(post, &url, hop).await?;
            match self.next(&url, &response)? {
                Some(next) => url = next,
                None => {
                    let host = (hop > 0).then(|| host_port(&url));
                    return Ok(Answer { response, sent, host });
                }
            }
        }
        let message = format!("more than {MAX_REDIRECTS} redirects, the last to {}", told_of(&url));
        Err(self.retry(Reason::Redirect, message))
    }

    /// One request to the head of its answer, and the secret headers that went out with it.
    async fn ask(
        &self,
        post: &Post,
        url: &Url,
        hop: usize,
    ) -> Result<(Response, Vec<String>), Outcome> {
        let client = self.network.client(url, &self.keys.route).await;
        let client = client.map_err(|error| self.broken(failure::of_net(&error), url, hop))?;
        let is_home = url.origin() == post.url.origin();
        let build = || {
            let mut builder = client.request(post.method.clone(), url.clone());
            builder = builder.headers(post.headers.clone()).body(post.body.clone());
            if is_home {
                builder = post.auth.apply(builder).headers(self.keys.header_map());
            }
            builder.build()
        };
        let fail =
            |error| self.broken(failure::of_reqwest(error, Stage::Head, self.waits()), url, hop);
        let request = build().map_err(fail)?;
        let secret = request.headers().values().filter(|value| value.is_sensitive());
        let sent = secret.filter_map(|value| value.to_str().ok().map(str::to_owned)).collect();
        let response = match noting_dials(client.execute(request)).await {
            // A connection that was kept from before and has died meanwhile is no fault of the
            // receiver. If it has taken the request all the same, the key tells it so.
            (Err(error), false) if failure::closed_before_the_answer(&error) => {
                client.execute(build().map_err(fail)?).await
            }
            (result, _) => result,
        };
        response.map(|response| (response, sent)).map_err(fail)
    }

    /// Where `response` leads on to; `None` if it is the last.
    ///
    /// A redirect that is not followed is to be tried again, for hours if need be: it is nothing
    /// that the receiver says of this alert, and may be mended there or in the config meanwhile.
    fn next(&self, from: &Url, response: &Response) -> Result<Option<Url>, Outcome> {
        let location = response.headers().get(LOCATION);
        let location = location.map(|value| String::from_utf8_lossy(value.as_bytes()));
        redirect(from, response.status().as_u16(), location.as_deref())
            .map_err(|message| self.retry(Reason::Redirect, message))
    }

    async fn reply(
        &self,
        answer: Answer,
        repeatable: bool,
        until: Instant,
    ) -> Result<Reply, Outcome> {
        let Answer { response, sent, host } = answer;
        let status = response.status();
        let after = answered::retry_after(response.headers(), self.clock.now().wall);
        let mut body = Vec::new();
        // Of a failure the status stands, however little of the words may come.
        let words =
            if status.is_success() { until } else { until.min(Instant::now() + WORDS_WAIT) };
        let failure = match timeout_at(words, read(response, &mut body)).await {
            Ok(read) => {
                let told = |(error, stage)| failure::of_reqwest(error, stage, self.waits());
                read.err().map(told)
            }
            Err(_) => Some((Reason::Timeout, self.late())),
        };
        let cut = match failure {
            Some((reason, message)) if status.is_success() && repeatable => {
                let message = format!("{status}, but not the whole answer: {message}");
                return Err(self.retry(reason, message));
            }
            failure => failure.map(|(_, message)| message),
        };
        Ok(Reply { status: status.as_u16(), after, body, cut, host, sent })
    }

    fn broken(&self, (reason, message): failure::Failure, url: &Url, hop: usize) -> Outcome {
        let host = told_of(url);
        let message = match reason {
            Reason::ForbiddenAddress => format!(
                "the redirect leads to {host}, which is not on the public internet; \
                 the only such host that this sink may reach is its own"
            ),
            _ if hop > 0 => format!("{message} (at {host}, after a redirect)"),
            _ => message,
        };
        self.retry(reason, message)
    }

    fn waits(&self) -> Waits {
        Waits { connect: self.keys.timeout, read: self.keys.timeout }
    }
}

/// Reads the body into `body`, up to its bound.
async fn read(response: Response, body: &mut Vec<u8>) -> Result<(), (reqwest::Error, Stage)> {
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| (error, Stage::Body(body.len())))?;
        let room = MAX_BODY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_BODY {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
