//! Notifications on phones, through ntfy.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use url::Url;

use super::http::{Auth, HttpKeys, Post, Poster, SecretUrl, below, read_base, read_secret};
use super::template::markup::beginning;
use super::template::{self, Markup, Part, Template};
use super::{Around, BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::document::{At, Table};
use crate::model::{Attempt, Batch, Level, Reason, Secret, SinkName};

/// Publishes to a topic of an ntfy server (<https://docs.ntfy.sh/publish/#publish-as-json>). The
/// priority is the level: critical 5, high 4, medium 3, low 2, informational 1. A touch on the
/// notification of a single alert opens its link.
///
/// A message that is sent again has the same `sequence_id`: since version 2.16 it then takes the
/// place of the first.
#[derive(Clone, Debug)]
pub struct NtfyConfig {
    /// `server`: its URL. Default `https://ntfy.sh`.
    server: Url,
    /// `topic`, or `topic_file`: 1 to 64 letters, digits, `-` or `_`. Who knows it can read along,
    /// unless the server asks for an account; so it is never shown. Required.
    topic: Secret,
    /// `token` or `token_file`, or `username` and `password` or `password_file`, if it asks for one.
    auth: Auth,
    /// `message_tags`: ntfy's tags, some of which it shows as pictures. Default: by level
    /// `["rotating_light"]` (critical), `["warning"]` (high), or none.
    message_tags: Option<Vec<String>>,
    /// `title`, or `title_file`: template of the title. At most 250 bytes. Templates see `form`,
    /// `count`, `level`, `key`, `alert` (the first), `alerts` and `more`.
    title: Template,
    /// `body`, or `body_file`: template of the message. At most 4,096 bytes.
    body: Template,
    /// `timeout`, `headers`, `proxy`, `http1_only`, `ca_file`: as all sinks over HTTP have them.
    http: HttpKeys,
}

pub(super) const KIND: Kind = Kind {
    name: "ntfy",
    summary: "publishes notifications through ntfy",
    example: "\
[[sink]]
kind = \"ntfy\"
server = \"https://ntfy.sh\"
topic = \"example\"
token = \"tk_example\"
message_tags = [\"newspaper\"]
",
    // One in five seconds, after a burst of sixty (docs.ntfy.sh/config, Rate limiting).
    shape: Shape::Messages { per_minute: Some(12) },
    read,
};

const SERVER: &str = "https://ntfy.sh";
/// Tags of a message, and the length of each.
const MAX_TAGS: usize = 10;
const MAX_TAG: usize = 64;

const MARKUP: Markup = Markup { cut: cut_bytes, length: str::len, ..Markup::PLAIN };

const TITLE: Part = Part {
    key: "title",
    file_key: "title_file",
    default: template::TITLE,
    limit: 250,
    markup: MARKUP,
};

/// What is longer becomes an attachment (docs.ntfy.sh/publish, Limitations).
const BODY: Part = Part {
    key: "body",
    file_key: "body_file",
    default: "\
{% if count == 1 -%}
{% if alert.text %}{{ alert.text }}

{% endif -%}
{{ alert.feed.title }} · {{ alert.time }}{% if alert.terms %} · {{ alert.terms|join(', ') }}{% endif %}
{%- else -%}
{% for alert in alerts -%}
• {{ alert.level }}: {{ alert.title }} ({{ alert.feed.title }}){% if alert.link %} {{ alert.link }}{% endif %}
{% endfor %}
{%- if more %}and {{ more }} more{% endif %}
{%- endif %}",
    limit: 4096,
    markup: MARKUP,
};

/// So that each has a line.
const MAX_BATCH: usize = 10;

fn read(table: &mut Table<'_>, around: &Reading<'_>) -> Option<KindSpec> {
    let server = read_base(table, "server", SERVER);
    let topic = read_topic(table, around);
    let from_url = server.as_ref().and_then(|(_, credentials)| credentials.clone());
    let auth = Auth::read(table, around, from_url);
    let message_tags = read_tags(table);
    let title = Template::read(table, around, TITLE);
    let body = Template::read(table, around, BODY);
    let http = HttpKeys::read(table, around, auth.as_ref().is_some_and(Auth::is_some));
    Some(Arc::new(NtfyConfig {
        server: server?.0,
        topic: topic?,
        auth: auth?,
        message_tags: message_tags?,
        title: title?,
        body: body?,
        http: http?,
    }))
}

fn read_topic(table: &mut Table<'_>, around: &Around) -> Option<Secret> {
    let source = table.place_of("topic").unwrap_or_else(|| table.source().clone());
    let Some(topic) = read_secret(table, around, ("topic", "topic_file"))? else {
        table.required::<String>("topic");
        return None;
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if topic.expose().len() > 64 || !topic.expose().chars().all(allowed) {
        let problem = table.document().problem(&source, "`topic` is none of ntfy's").starred();
        table.note(problem.hint("1 to 64 letters, digits, `-` or `_`"));
        return None;
    }
    Some(topic)
}

fn read_tags(table: &mut Table<'_>) -> Option<Option<Vec<String>>> {
    if !table.has("message_tags") {
        table.get::<Vec<String>>("message_tags");
        return Some(None);
    }
    let tags = table.get_at::<Vec<At<String>>>("message_tags")?;
    let fits = |tag: &At<String>| {
        !tag.value.is_empty() && tag.value.len() <= MAX_TAG && !tag.value.contains([',', '\n'])
    };
    if tags.value.len() > MAX_TAGS || !tags.value.iter().all(fits) {
        let message = format!("`message_tags`: expected at most {MAX_TAGS} words");
        table.note(table.document().problem(&tags.source, message));
        return None;
    }
    Some(Some(tags.value.into_iter().map(|tag| tag.value).collect()))
}

impl Config for NtfyConfig {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        let home = SecretUrl::new(self.server.clone());
        let secrets = self.auth.secret().into_iter().chain([self.topic.clone()]);
        let poster = Poster::new(&home, &self.http, secrets, context);
        Ok(Box::new(NtfySink { name: name.clone(), config: self.clone(), poster }))
    }
}

struct NtfySink {
    name: SinkName,
    config: NtfyConfig,
    poster: Poster,
}

impl NtfySink {
    fn message(&self, batch: &Batch) -> Value {
        let config = &self.config;
        let level = batch.deliveries.iter().map(|delivery| delivery.alert.level).max();
        let level = level.unwrap_or_default();
        let mut message = json!({
            "topic": config.topic.expose(),
            "title": config.title.render(batch, &self.name),
            "message": config.body.render(batch, &self.name),
            "priority": priority(level),
            "sequence_id": batch.key.as_str(),
        });
        let tags = match (&config.message_tags, level) {
            (Some(own), _) => own.clone(),
            (None, Level::Critical) => vec!["rotating_light".to_owned()],
            (None, Level::High) => vec!["warning".to_owned()],
            (None, _) => Vec::new(),
        };
        if !tags.is_empty() {
            message["tags"] = json!(tags);
        }
        if let [only] = batch.deliveries.as_slice()
            && let Some(link) = super::message::harmless_link(&only.alert)
        {
            message["click"] = json!(link);
        }
        message
    }
}

fn priority(level: Level) -> u8 {
    match level {
        Level::Critical => 5,
        Level::High => 4,
        Level::Medium => 3,
        Level::Low => 2,
        Level::Informational => 1,
    }
}

/// Cuts text at a number of bytes.
fn cut_bytes(text: &str, most: usize) -> String {
    const ELLIPSIS: &str = "…";
    if text.len() <= most {
        return text.to_owned();
    }
    // One byte of the ellipsis is among those that the beginning leaves.
    let room = most.saturating_sub(ELLIPSIS.len() - 1);
    match beginning(text, room, str::len) {
        Some(first) if most >= ELLIPSIS.len() => format!("{}{ELLIPSIS}", first.trim_end()),
        _ => String::new(),
    }
}

#[async_trait]
impl Sink for NtfySink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        if batch.is_empty() {
            return Attempt::default();
        }
        let mut post = Post::json(below(&self.config.server, &[]), self.message(batch).to_string());
        post.auth = self.config.auth.clone();
        let outcome = match self.poster.send(&post).await {
            Ok(reply) if reply.is_success() && reply.is_page() => {
                self.poster.again(&reply, Reason::Protocol, "that is no answer of ntfy's")
            }
            Ok(reply) => self.poster.judge(&reply, None),
            Err(outcome) => outcome,
        };
        Attempt::all(outcome, batch.len())
    }

    fn max_batch(&self) -> usize {
        MAX_BATCH
    }
}

#[cfg(test)]
#[path = "ntfy_tests.rs"]
mod tests;
