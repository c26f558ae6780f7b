//! Messages in a Discord channel.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use url::Url;

use super::http::{HttpKeys, Post, Poster, Reply, SecretUrl, read_url};
use super::template::markup::{beginning, utf16};
use super::template::{self, Markup, Part, Template, read_both, render_both};
use super::{BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::document::Table;
use crate::model::{Attempt, Batch, Level, Reason, SinkName};

/// Sends messages to a Discord channel through a webhook
/// (<https://discord.com/developers/docs/resources/webhook#execute-webhook>), each with one embed.
///
/// Nobody is pinged, whatever a headline says: mentions are switched off. A web address in it is a
/// link.
#[derive(Clone, Debug)]
pub struct DiscordConfig {
    /// `url`, or `url_file`: the webhook's URL. Who knows it can post; it is never shown. A
    /// `thread_id` in its query is kept.
    url: SecretUrl,
    /// `title`, or `title_file`: template of the embed's title. At most 256 characters. Templates
    /// see `form`, `count`, `level`, `key`, `alert` (the first), `alerts` and `more`; what they
    /// insert is escaped.
    title: Template,
    /// `body`, or `body_file`: template of the embed's text, in Discord's Markdown. At most 4,096
    /// characters. `[text]({{ alert.link|url }})` makes a link.
    body: Template,
    /// `timeout`, `headers`, `proxy`, `http1_only`, `ca_file`: as all sinks over HTTP have them.
    http: HttpKeys,
}

pub(super) const KIND: Kind = Kind {
    name: "discord",
    summary: "sends messages to a Discord channel",
    example: "\
[[sink]]
kind = \"discord\"
url = \"https://discord.com/api/webhooks/0000/example\"
timeout = \"10s\"
",
    // Thirty a minute for a webhook's channel.
    shape: Shape::Messages { per_minute: Some(30) },
    read,
};

const MARKDOWN: Markup =
    Markup { escape: markdown, cut: cut_markdown, length: utf16, ..Markup::PLAIN };

const TITLE: Part = Part {
    key: "title",
    file_key: "title_file",
    default: template::TITLE,
    limit: 256,
    markup: MARKDOWN,
};

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
• {{ alert.level }}: {% if alert.link %}[{{ alert.title }}]({{ alert.link|url }}){% else %}{{ alert.title }}{% endif %} ({{ alert.feed.title }})
{% endfor %}
{%- if more %}and {{ more }} more{% endif %}
{%- endif %}",
    limit: 4096,
    markup: MARKDOWN,
};

/// So that each has a line, were it nothing but asterisks.
const MAX_BATCH: usize = 20;
/// No wait that an answer asks for is longer.
const MAX_AFTER: f64 = 86_400.0;

fn read(table: &mut Table<'_>, around: &Reading<'_>) -> Option<KindSpec> {
    let url = read_url(table, around, ("url", "url_file"));
    let texts = read_both(table, around, TITLE, BODY);
    let http = HttpKeys::read(table, around, false);
    let ((url, _), (title, body)) = (url?, texts?);
    Some(Arc::new(DiscordConfig { url, title, body, http: http? }))
}

impl Config for DiscordConfig {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        let poster = Poster::new(&self.url, &self.http, [], context);
        Ok(Box::new(DiscordSink { name: name.clone(), config: self.clone(), poster }))
    }
}

struct DiscordSink {
    name: SinkName,
    config: DiscordConfig,
    poster: Poster,
}

impl DiscordSink {
    fn message(&self, batch: &Batch) -> Value {
        let DiscordConfig { title, body, .. } = &self.config;
        let (title, body) = render_both(title, body, batch, &self.name);
        let mut embed = json!({
            "title": title,
            "description": body,
            "color": color(batch.deliveries.iter().map(|d| d.alert.level).max()),
        });
        if let [only] = batch.deliveries.as_slice() {
            embed["timestamp"] = json!(only.alert.raised_at);
            if let Some(link) = super::message::harmless_link(&only.alert) {
                embed["url"] = json!(link);
            }
        }
        json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
    }
}

#[async_trait]
impl Sink for DiscordSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        if batch.is_empty() {
            return Attempt::default();
        }
        let mut post =
            Post::json(waited_for(self.config.url.expose()), self.message(batch).to_string());
        post.set("idempotency-key", batch.key.as_str());
        // Discord does not look at the key.
        post.repeatable = false;
        let outcome = match self.poster.send(&post).await {
            Ok(reply) if reply.is_success() && reply.is_page() => {
                self.poster.again(&reply, Reason::Protocol, "that is no answer of Discord's")
            }
            Ok(mut reply) => {
                reply.after = reply.after.max(retry_after(&reply));
                self.poster.judge(&reply, None)
            }
            Err(outcome) => outcome,
        };
        Attempt::all(outcome, batch.len())
    }

    fn max_batch(&self) -> usize {
        MAX_BATCH
    }
}

/// `url` with `wait=true`, whatever it says of that itself. Without it the answer comes before the
/// message is there, and says nothing.
fn waited_for(url: &Url) -> Url {
    let others = url.query_pairs().filter(|(name, _)| name != "wait");
    let mut waited = url.clone();
    waited.query_pairs_mut().clear().extend_pairs(others).append_pair("wait", "true");
    waited
}

/// `retry_after` of a 429: seconds, with a fraction that the header lacks.
fn retry_after(reply: &Reply) -> Option<Duration> {
    let seconds = reply.json()?.get("retry_after")?.as_f64()?;
    (reply.status == 429 && seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(MAX_AFTER)))
}

fn color(level: Option<Level>) -> u32 {
    match level {
        Some(Level::Critical) => 0x99_00_00,
        Some(Level::High) => 0xdd_33_33,
        Some(Level::Medium) => 0xdd_aa_33,
        Some(Level::Low) => 0x33_88_bb,
        Some(Level::Informational) | None => 0x88_88_88,
    }
}

/// Backslashes before all that Discord's Markdown reads; what counts at the beginning of a line
/// only, there.
fn markdown(text: &str, out: &mut String) {
    for (at, c) in text.char_indices() {
        let marks =
            matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '(' | ')' | '<' | '>');
        if marks || (at == 0 && matches!(c, '#' | '-' | '+')) {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Cuts before an escape or a link that would be cut in two.
fn cut_markdown(text: &str, most: usize) -> String {
    let Some(mut first) = beginning(text, most, utf16) else { return text.to_owned() };
    if most == 0 {
        return String::new();
    }
    if let Some(open) = open_link(first) {
        first = &first[..open];
    }
    let slashes = first.len() - first.trim_end_matches('\\').len();
    first = &first[..first.len() - slashes % 2];
    format!("{}…", first.trim_end())
}

/// Where a link begins that is not ended.
fn open_link(text: &str) -> Option<usize> {
    let mut open = None;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'[' => open = Some(at),
            b')' => open = None,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
#[path = "discord_tests.rs"]
mod tests;
