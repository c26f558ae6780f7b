//! Messages to any program that takes an HTTP request.

mod alertmanager;
mod payload;
mod sign;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::HeaderValue;

pub(super) use self::payload::alerts as json_of;
use self::payload::{Payload, Preset};
use super::http::{Auth, HttpKeys, Post, Poster, SecretUrl, read_secret, read_url};
use super::{BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::document::{At, Table};
use crate::model::{Attempt, Batch, Clock, Outcome, Reason, Secret, SinkName, visible};

/// Sends each message as one HTTP request. Delivered means that the receiver answered with a 2xx.
///
/// Without `preset` and `body` it is JSON (`docs/message.schema.json`): of one alert the alert
/// itself, of several an object with the list `alerts`. The header `Idempotency-Key` has the
/// message's key, which is the alert's id if there is but one; a message that is sent again, after a
/// restart too, bears the same.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// `url`, or `url_file`: where to send; http or https. It is never shown but for its host. The
    /// host may be a private one; where it redirects to may not.
    url: SecretUrl,
    /// `method`: `POST` (default) or `PUT`.
    method: Method,
    /// `username` and `password` or `password_file`, or `token` or `token_file` (sent as
    /// `Authorization: Bearer …`).
    auth: Auth,
    /// `secret`, or `secret_file`: a key that signs what is sent. The header `Wirewatch-Timestamp`
    /// has the time of sending in seconds since 1970, `Wirewatch-Signature` is `v1=` and, in
    /// hexadecimal digits, the HMAC-SHA256 by that key over timestamp, a full stop and the body.
    /// The receiver should compute the same, compare, and refuse old timestamps.
    secret: Option<Secret>,
    /// What is sent. `preset = "slack"`: `{"text": …}` for Slack-compatible receivers, by the
    /// templates `title` and `body` (or `title_file`, `body_file`); 4,000 characters in all.
    /// `preset = "alertmanager"`: the alerts for Alertmanager's API v2, to `/api/v2/alerts`
    /// (`url` may end in that, or in `/api/v2`); they are resolved there after `resolve_after` (1m to 30d,
    /// default 1h).
    ///
    /// `body`, or `body_file`, without a preset: a template of what is sent, as `content_type`
    /// (default `application/json`). What the template inserts is escaped for a JSON string, for
    /// XML and HTML, or for a form, as the type says, and in JSON `{{ alert|tojson }}` writes any
    /// value. A template that fails for a message, or makes no JSON of it, gives way to the JSON that
    /// is sent without one, as `application/json`; of a `text/…` but XML, to headlines, a line each.
    payload: Payload,
    /// `timeout`, `headers`, `proxy`, `http1_only`, `ca_file`: as all sinks over HTTP have them.
    http: HttpKeys,
}

pub(super) const KIND: Kind = Kind {
    name: "webhook",
    summary: "sends alerts as JSON, or as a template says, to any program that takes HTTP",
    example: "\
[[sink]]
kind = \"webhook\"
url = \"http://127.0.0.1:9000/alerts\"
method = \"POST\"
secret = \"example\"
headers = { \"X-Origin\" = \"wirewatch\" }
timeout = \"10s\"
",
    shape: Shape::Messages { per_minute: None },
    read,
};

fn read(table: &mut Table<'_>, around: &Reading<'_>) -> Option<KindSpec> {
    let url = read_url(table, around, ("url", "url_file"));
    let method = method(table);
    let from_url = url.as_ref().and_then(|(_, credentials)| credentials.clone());
    let auth = Auth::read(table, around, from_url);
    let secret = read_secret(table, around, ("secret", "secret_file"));
    let preset = Preset::read(table);
    let payload = preset.and_then(|preset| Payload::read(table, around, preset));
    let http = HttpKeys::read(table, around, auth.as_ref().is_some_and(Auth::is_some));
    let (mut url, _) = url?;
    let payload = payload?;
    if let Payload::Alertmanager { .. } = payload {
        url = SecretUrl::new(alertmanager::endpoint(url.expose()));
    }
    Some(Arc::new(WebhookConfig {
        url,
        method: method?,
        auth: auth?,
        secret: secret?,
        payload,
        http: http?,
    }))
}

fn method(table: &mut Table<'_>) -> Option<Method> {
    if !table.has("method") {
        table.get::<String>("method");
        return Some(Method::POST);
    }
    let At { value, source } = table.get_at::<String>("method")?;
    match value.as_str() {
        "POST" => Some(Method::POST),
        "PUT" => Some(Method::PUT),
        other => {
            let message = format!("`method`: \"{}\" cannot deliver a message", visible(other));
            table.note(table.document().problem(&source, message).hint("\"POST\" or \"PUT\""));
            None
        }
    }
}

impl Config for WebhookConfig {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        let secrets = self.auth.secret().into_iter().chain(self.secret.clone());
        let poster = Poster::new(&self.url, &self.http, secrets, context);
        let (config, clock) = (self.clone(), context.clock.clone());
        Ok(Box::new(WebhookSink { name: name.clone(), config, poster, clock }))
    }
}

struct WebhookSink {
    name: SinkName,
    config: WebhookConfig,
    poster: Poster,
    clock: Clock,
}

impl WebhookSink {
    fn post(&self, batch: &Batch) -> Result<Post, serde_json::Error> {
        let config = &self.config;
        let now = self.clock.now().wall;
        let (body, content_type) = config.payload.body(batch, now, &self.name)?;
        let mut post = Post::new(config.url.expose().clone(), body);
        post.method = config.method.clone();
        post.auth = config.auth.clone();
        post.set("content-type", content_type);
        post.set("idempotency-key", batch.key.as_str());
        if let Some(secret) = &config.secret {
            let seconds = now.as_millis().div_euclid(1000);
            let signature = sign::signature(secret, seconds, &post.body);
            post.headers.insert(sign::TIMESTAMP, HeaderValue::from(seconds));
            post.set(sign::SIGNATURE, &signature);
        }
        Ok(post)
    }
}

#[async_trait]
impl Sink for WebhookSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        if batch.is_empty() {
            return Attempt::default();
        }
        let outcome = match self.post(batch) {
            Ok(post) => self.poster.deliver(&post).await,
            Err(error) => Outcome::Refused { reason: Reason::Internal, message: error.to_string() },
        };
        Attempt::all(outcome, batch.len())
    }

    fn max_batch(&self) -> usize {
        self.config.payload.max_batch()
    }
}

/// How long an alert is active in Alertmanager.
const RESOLVE_AFTER: Duration = Duration::from_secs(3600);

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
