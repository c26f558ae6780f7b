//! What a webhook is sent.

use std::time::Duration;

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::{RESOLVE_AFTER, alertmanager};
use crate::document::{At, Table};
use crate::model::{Alert, Batch, SinkName, Timestamp, json_line, visible};
use crate::sinks::Reading;
use crate::sinks::template::markup::{Flaw, as_is, cut_entities, entities, entities_inert, html};
use crate::sinks::template::{self, Markup, Part, Template, read_both, render_both};

/// Bytes of JSON beyond which long texts of the alerts are cut.
const MAX_JSON: usize = 1 << 20;
/// Their length then, in characters.
const MAX_TEXT: usize = 1000;

/// A receiver whose form is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preset {
    None,
    Slack,
    Alertmanager,
}

impl Preset {
    /// Takes `preset` out of a table; `None` if it is wrong; that is noted.
    pub fn read(table: &mut Table<'_>) -> Option<Self> {
        if !table.has("preset") {
            table.get::<String>("preset");
            return Some(Self::None);
        }
        let At { value, source } = table.get_at::<String>("preset")?;
        match value.as_str() {
            "slack" => Some(Self::Slack),
            "alertmanager" => Some(Self::Alertmanager),
            other => {
                let message = format!("`preset`: \"{}\" is not known", visible(other));
                let problem = table.document().problem(&source, message);
                table.note(problem.hint(
                    "\"slack\" or \"alertmanager\"; without it the alerts are sent as JSON, or as \
                     `body` says",
                ));
                None
            }
        }
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    /// The alerts themselves.
    Alerts,
    /// What the config's own template says.
    Own { body: Box<Template>, content_type: String },
    /// `{"text": …}`.
    Slack { title: Box<Template>, body: Box<Template> },
    /// Alertmanager's API v2.
    Alertmanager { resolve_after: Duration },
}

impl Payload {
    /// Takes what `preset` asks for out of a table. `None` if it is wrong; that is noted.
    pub fn read(table: &mut Table<'_>, around: &Reading<'_>, preset: Preset) -> Option<Self> {
        match preset {
            Preset::Slack => {
                let (title, body) = read_both(table, around, SLACK_TITLE, SLACK_BODY)?;
                Some(Self::Slack { title: Box::new(title), body: Box::new(body) })
            }
            Preset::Alertmanager => {
                let resolve_after = read_resolve_after(table)?;
                Some(Self::Alertmanager { resolve_after })
            }
            Preset::None => {
                let own = table.has("body") || table.has("body_file");
                let content_type = content_type(table, own);
                let markup = markup(content_type.as_deref().unwrap_or_default());
                let body = Template::read(table, around, Part { markup, ..OWN })?;
                Some(match own {
                    true => Self::Own { body: Box::new(body), content_type: content_type? },
                    false => Self::Alerts,
                })
            }
        }
    }

    /// The body for `batch`, which `sink` sends at `now`, and of what type it is.
    ///
    /// # Errors
    /// That an alert cannot be written as JSON.
    pub fn body(
        &self,
        batch: &Batch,
        now: Timestamp,
        sink: &SinkName,
    ) -> Result<(String, &str), serde_json::Error> {
        let text = match self {
            Self::Alerts => alerts(batch)?,
            Self::Own { body, content_type } => {
                let text = match is_lines(content_type) {
                    true => Some(body.render(batch, sink)),
                    false => body.render_own(batch, sink),
                };
                match text {
                    Some(text) => return Ok((text, content_type)),
                    None => alerts(batch)?,
                }
            }
            Self::Slack { title, body } => {
                let (title, body) = render_both(title, body, batch, sink);
                let text = format!("{title}\n{body}");
                json!({ "text": text.trim() }).to_string()
            }
            Self::Alertmanager { resolve_after } => {
                json_line(&alertmanager::alerts(batch, now, *resolve_after))?
            }
        };
        Ok((text, JSON))
    }

    /// So many alerts have room in one message.
    pub fn max_batch(&self) -> usize {
        match self {
            Self::Slack { .. } => 10,
            _ => 100,
        }
    }
}

const JSON: &str = "application/json";

fn content_type(table: &mut Table<'_>, own: bool) -> Option<String> {
    if !table.has("content_type") {
        table.get::<String>("content_type");
        return Some(JSON.to_owned());
    }
    let At { value, source } = table.get_at::<String>("content_type")?;
    let fail = |message: &str, hint: &str| {
        table.note(table.document().problem(&source, message).hint(hint));
        None
    };
    let is_type = value.split_once('/').is_some_and(|(kind, rest)| {
        !kind.is_empty() && !rest.is_empty() && value.chars().all(|c| (' '..='~').contains(&c))
    });
    if !is_type {
        return fail("`content_type` is no media type", "such as \"text/plain; charset=utf-8\"");
    }
    if !own {
        return fail("`content_type` does nothing here", "add `body = \"…\"`, a template");
    }
    Some(value)
}

fn is_json(content_type: &str) -> bool {
    let essence = essence(content_type);
    essence.ends_with("/json") || essence.ends_with("+json")
}

/// Whether lines of text can stand for what a template should have made.
fn is_lines(content_type: &str) -> bool {
    let essence = essence(content_type);
    essence.starts_with("text/") && !essence.ends_with("/xml") && !is_json(content_type)
}

/// `text/plain` of `Text/Plain; charset=utf-8`.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn makes_json(text: &str) -> Result<(), Flaw> {
    serde_json::from_str::<IgnoredAny>(text).map(drop).map_err(|error| Flaw {
        message: format!("it makes no JSON: {error}"),
        hint: "`{{ alert|tojson }}` writes any value as JSON, quotes included; or set \
               `content_type`",
    })
}

/// How what a template inserts is escaped in a body of that type.
fn markup(content_type: &str) -> Markup {
    let json = is_json(content_type);
    let escape: fn(&str, &mut String) = match essence(content_type).as_str() {
        "application/x-www-form-urlencoded" => form,
        _ if json => json_inside,
        t if t.ends_with("/html") || t.ends_with("/xml") || t.ends_with("+xml") => html,
        _ => as_is,
    };
    // There is nothing to cut at 1 MiB but by force.
    let check = if json { makes_json } else { Markup::PLAIN.check };
    Markup { escape, url: escape, length: str::len, json, check, ..Markup::PLAIN }
}

fn json_inside(text: &str, out: &mut String) {
    let quoted = serde_json::Value::from(text).to_string();
    out.push_str(&quoted[1..quoted.len() - 1]);
}

fn form(text: &str, out: &mut String) {
    out.extend(url::form_urlencoded::byte_serialize(text.as_bytes()));
}

const OWN: Part = Part {
    key: "body",
    file_key: "body_file",
    default: "{% for alert in alerts %}{{ alert.title }}\n{% endfor %}",
    limit: MAX_JSON,
    markup: Markup::PLAIN,
};

/// Mattermost takes 4,000 characters in its oldest settings, Rocket.Chat 5,000.
const SLACK_TITLE: Part = Part {
    key: "title",
    file_key: "title_file",
    default: template::TITLE,
    limit: 400,
    markup: COMPATIBLE,
};

const SLACK_BODY: Part = Part {
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
- {{ alert.level }}: {% if alert.link %}<{{ alert.link|url }}|{{ alert.title }}>{% else %}{{ alert.title }}{% endif %}
{% endfor %}
{%- if more %}and {{ more }} more{% endif %}
{%- endif %}",
    limit: 3600,
    markup: COMPATIBLE,
};

/// Slack's own escapes; and since others read Markdown and plain `@all` too, a word joiner where
/// these would begin.
const COMPATIBLE: Markup =
    Markup { escape: compatible, url: entities, cut: cut_entities, ..Markup::PLAIN };

fn compatible(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '@' => out.push_str("@\u{2060}"),
            ']' => out.push_str("]\u{2060}"),
            c => entities_inert(c.encode_utf8(&mut [0; 4]), out),
        }
    }
}

/// One that ends as it begins tells nobody.
const RESOLVE_LEAST: Duration = Duration::from_secs(60);
const RESOLVE_MOST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

fn read_resolve_after(table: &mut Table<'_>) -> Option<Duration> {
    let there = table.has("resolve_after");
    let Some(span) = table.get_at::<Duration>("resolve_after") else {
        return (!there).then_some(RESOLVE_AFTER);
    };
    if !(RESOLVE_LEAST..=RESOLVE_MOST).contains(&span.value) {
        let problem = table.document().problem(&span.source, "`resolve_after` is out of bounds");
        table.note(problem.hint("it may be 1m to 30d"));
        return None;
    }
    Some(span.value)
}

/// Several alerts in one message.
#[derive(Serialize)]
struct Several<'a> {
    schema: u32,
    form: &'static str,
    key: &'a str,
    count: usize,
    alerts: Vec<&'a Alert>,
}

/// The JSON of `docs/message.schema.json`.
pub(in crate::sinks) fn alerts(batch: &Batch) -> Result<String, serde_json::Error> {
    let whole: Vec<&Alert> = batch.deliveries.iter().map(|d| &*d.alert).collect();
    if whole.iter().copied().map(weight).sum::<usize>() <= MAX_JSON {
        let text = message(batch, whole)?;
        if text.len() <= MAX_JSON {
            return Ok(text);
        }
    }
    let short: Vec<Alert> = batch.deliveries.iter().map(|d| shortened(&d.alert)).collect();
    message(batch, short.iter().collect())
}

fn message(batch: &Batch, alerts: Vec<&Alert>) -> Result<String, serde_json::Error> {
    if let [only] = alerts.as_slice() {
        return json_line(only);
    }
    json_line(&Several {
        schema: Alert::SCHEMA,
        form: batch.form.as_str(),
        key: batch.key.as_str(),
        count: alerts.len(),
        alerts,
    })
}

/// Bytes of the long texts of an alert.
fn weight(alert: &Alert) -> usize {
    let item = &alert.item;
    let authors: usize = item.authors.iter().map(String::len).sum();
    item.title.len() + item.text.len() + alert.feed.title.len() + authors
}

/// The alert with its long texts cut.
fn shortened(alert: &Alert) -> Alert {
    let mut alert = alert.clone();
    let cut = |text: &mut String| {
        if let Some((at, _)) = text.char_indices().nth(MAX_TEXT) {
            text.truncate(at);
            text.push('…');
        }
    };
    cut(&mut alert.item.title);
    cut(&mut alert.item.text);
    cut(&mut alert.feed.title);
    alert.item.authors.truncate(10);
    alert.item.authors.iter_mut().for_each(cut);
    alert.item.link = alert.item.link.filter(|link| link.len() <= 2 * MAX_TEXT);
    for hit in alert.rules.iter_mut().flat_map(|rule| &mut rule.matches) {
        cut(&mut hit.term);
        cut(&mut hit.text);
    }
    alert
}
