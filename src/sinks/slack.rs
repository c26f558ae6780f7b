//! Messages in a Slack channel.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::http::{HttpKeys, Post, Poster, SecretUrl, read_url};
use super::template::markup::{cut_entities, entities, entities_inert};
use super::template::{self, Markup, Part, Template, read_both, render_both};
use super::{BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::document::Table;
use crate::model::{Attempt, Batch, Reason, SinkName};

/// Sends messages to a Slack channel through an incoming webhook
/// (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>). For receivers that
/// only speak Slack's form, such as Mattermost, take `kind = "webhook"` with `preset = "slack"`.
///
/// Nobody is notified by what a headline says: mentions in it are text. A web address in it is a
/// link, without a preview.
#[derive(Clone, Debug)]
pub struct SlackConfig {
    /// `url`, or `url_file`: the webhook's URL. Who knows it can post; it is never shown.
    url: SecretUrl,
    /// `title`, or `title_file`: template of the first line, in Slack's mrkdwn. At most 600
    /// characters. Templates see `form`, `count`, `level`, `key`, `alert` (the first), `alerts` and
    /// `more`; what they insert is escaped; `<{{ alert.link|url }}|text>` makes a link.
    title: Template,
    /// `body`, or `body_file`: template of the rest. At most 12,000 characters.
    body: Template,
    /// `timeout`, `headers`, `proxy`, `http1_only`, `ca_file`: as all sinks over HTTP have them.
    http: HttpKeys,
}

pub(super) const KIND: Kind = Kind {
    name: "slack",
    summary: "sends messages to a Slack channel",
    example: "\
[[sink]]
kind = \"slack\"
url = \"https://hooks.slack.com/services/T0000/B0000/example\"
timeout = \"10s\"
",
    // One a second, with short bursts (docs.slack.dev, rate limits).
    shape: Shape::Messages { per_minute: Some(60) },
    read,
};

/// `&`, `<` and `>` must be escaped (docs.slack.dev, formatting message text): mentions and
/// links with words of their own stand in angle brackets, and names are not looked for without
/// them. There is no escape for what
/// makes text bold, italic, struck out or code; a word joiner before it takes its meaning.
const MRKDWN: Markup =
    Markup { escape: entities_inert, url: entities, cut: cut_entities, ..Markup::PLAIN };

const TITLE: Part = Part {
    key: "title",
    file_key: "title_file",
    default: template::TITLE,
    limit: 600,
    markup: MRKDWN,
};

/// Slack takes 40,000 characters; nobody reads so many.
const BODY: Part = Part {
    key: "body",
    file_key: "body_file",
    default: "\
{% if count == 1 -%}
{{ alert.feed.title }} · {{ alert.time }}{% if alert.terms %} · {{ alert.terms|join(', ') }}{% endif %}
{%- if alert.text %}
{{ alert.text }}{% endif %}
{%- if alert.link %}
<{{ alert.link|url }}>{% endif %}
{%- else -%}
{% for alert in alerts -%}
• {{ alert.level }}: {% if alert.link %}<{{ alert.link|url }}|{{ alert.title }}>{% else %}{{ alert.title }}{% endif %} ({{ alert.feed.title }})
{% endfor %}
{%- if more %}and {{ more }} more{% endif %}
{%- endif %}",
    limit: 12_000,
    markup: MRKDWN,
};

/// So that each has a line, were it nothing but `&`.
const MAX_BATCH: usize = 25;

fn read(table: &mut Table<'_>, around: &Reading<'_>) -> Option<KindSpec> {
    let url = read_url(table, around, ("url", "url_file"));
    let texts = read_both(table, around, TITLE, BODY);
    let http = HttpKeys::read(table, around, false);
    let ((url, _), (title, body)) = (url?, texts?);
    Some(Arc::new(SlackConfig { url, title, body, http: http? }))
}

impl Config for SlackConfig {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        let poster = Poster::new(&self.url, &self.http, [], context);
        Ok(Box::new(SlackSink { name: name.clone(), config: self.clone(), poster }))
    }
}

struct SlackSink {
    name: SinkName,
    config: SlackConfig,
    poster: Poster,
}

#[async_trait]
impl Sink for SlackSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        if batch.is_empty() {
            return Attempt::default();
        }
        let SlackConfig { title, body, .. } = &self.config;
        let (title, body) = render_both(title, body, batch, &self.name);
        let message = json!({
            "text": format!("{title}\n{body}").trim(),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        // Errors are words in plain text, such as `no_service` and `channel_is_archived`.
        let mut post = Post::json(self.config.url.expose().clone(), message.to_string());
        post.set("idempotency-key", batch.key.as_str());
        // Slack does not look at the key.
        post.repeatable = false;
        let outcome = match self.poster.send(&post).await {
            Ok(reply) if reply.is_success() && reply.is_page() => {
                self.poster.again(&reply, Reason::Protocol, "that is no answer of Slack's")
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
