//! Messages in a Telegram chat.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use url::Url;

use super::http::{
    HttpKeys, Post, Poster, Reply, SecretUrl, below, lacks_secret, read_base, read_secret,
};
use super::template::markup::{html, html_inert};
use super::template::tags::{self, cut_html, seen_or_quarter};
use super::template::{Markup, Part, Template, read_both, render_both};
use super::{Around, BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::document::{Node, Table};
use crate::model::{Attempt, Batch, Outcome, Reason, Secret, SinkName};

/// Sends messages to a Telegram chat through a bot (<https://core.telegram.org/bots/api#sendmessage>).
/// Make the bot with @BotFather and add it to the chat.
///
/// What a headline says becomes no mention, command, tag or link.
///
/// Telegram has no key by which it could tell a message that is sent again: after a crash between
/// its answer and the note of it, that message comes twice.
#[derive(Clone, Debug)]
pub struct TelegramConfig {
    /// `token`, or `token_file`: the bot's token. Required.
    token: Secret,
    /// `chat_id`: the chat: a number (of a group it is negative), or `"@name"` of a public channel.
    /// Required.
    chat_id: Value,
    /// `message_thread_id`: the topic, in a group that has some.
    message_thread_id: Option<u32>,
    /// `silent`: whether phones make no sound. Default false.
    silent: bool,
    /// `link_preview`: whether Telegram shows a preview of a link. Default false.
    link_preview: bool,
    /// `api`: the Bot API's server. Default `https://api.telegram.org`.
    api: Url,
    /// `title`, or `title_file`: template of the first line, in Telegram's HTML: `<b>`, `<i>`,
    /// `<code>`, `<a href="{{ alert.link|url }}">`, each closed again; a `<` of its own is written
    /// `&lt;`. At most 300 characters. Templates see `form`,
    /// `count`, `level`, `key`, `alert` (the first), `alerts` and `more`; what they insert is
    /// escaped.
    title: Template,
    /// `body`, or `body_file`: template of the rest. At most 3,795 characters: with the title 4,096,
    /// tags not counted.
    body: Template,
    /// `timeout`, `headers`, `proxy`, `http1_only`, `ca_file`: as all sinks over HTTP have them.
    http: HttpKeys,
}

pub(super) const KIND: Kind = Kind {
    name: "telegram",
    summary: "sends messages to a Telegram chat",
    example: "\
[[sink]]
kind = \"telegram\"
token = \"0000:example\"
chat_id = -1000000000000
message_thread_id = 7
silent = false
link_preview = false
api = \"https://api.telegram.org\"
",
    // To one group (core.telegram.org/bots/faq, My bot is hitting limits).
    shape: Shape::Messages { per_minute: Some(20) },
    read,
};

const API: &str = "https://api.telegram.org";

const MARKUP: Markup = Markup {
    escape: html_inert,
    url: html,
    cut: |text, most| cut_html(text, most, seen_or_quarter),
    length: seen_or_quarter,
    check: |html| tags::check(html, &TAGS),
    blank: tags::is_blank,
    ..Markup::PLAIN
};

/// Tags that Telegram knows (core.telegram.org/bots/api#html-style); for others, and for one that
/// is left open, it refuses the message.
const TAGS: [&str; 17] = [
    "a",
    "b",
    "blockquote",
    "code",
    "del",
    "em",
    "i",
    "ins",
    "pre",
    "s",
    "span",
    "strike",
    "strong",
    "tg-emoji",
    "tg-spoiler",
    "tg-time",
    "u",
];

const TITLE: Part =
    Part { key: "title", file_key: "title_file", default: tags::TITLE, limit: 300, markup: MARKUP };

const BODY: Part = Part {
    key: "body",
    file_key: "body_file",
    default: tags::BODY,
    limit: 4096 - 300 - 1,
    markup: MARKUP,
};

/// So that each has a line.
const MAX_BATCH: usize = 18;
/// No wait that an answer asks for is longer.
const MAX_AFTER: u64 = 86_400;
/// What stands for a token that cannot be had from outside.
const UNSEEN: &str = "0:unseen";

fn read(table: &mut Table<'_>, around: &Reading<'_>) -> Option<KindSpec> {
    let token = read_token(table, around);
    let chat_id = read_chat(table);
    let message_thread_id = table.get::<u32>("message_thread_id");
    let silent = table.get::<bool>("silent").unwrap_or(false);
    let link_preview = table.get::<bool>("link_preview").unwrap_or(false);
    let api = read_base(table, "api", API);
    let texts = read_both(table, around, TITLE, BODY);
    let http = HttpKeys::read(table, around, false);
    let (title, body) = texts?;
    Some(Arc::new(TelegramConfig {
        token: token?,
        chat_id: chat_id?,
        message_thread_id,
        silent,
        link_preview,
        api: api?.0,
        title,
        body,
        http: http?,
    }))
}

fn read_token(table: &mut Table<'_>, around: &Around) -> Option<Secret> {
    let source = table.place_of("token").unwrap_or_else(|| table.source().clone());
    let Some(token) = read_secret(table, around, ("token", "token_file"))? else {
        lacks_secret(table, ("token", "token_file"));
        return None;
    };
    if token.expose().is_empty() {
        return Some(Secret::new(UNSEEN));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_');
    if !token.expose().contains(':') || !token.expose().chars().all(allowed) {
        let problem = table.document().problem(&source, "`token` is none of a bot").starred();
        table.note(problem.hint("@BotFather gives it: digits, a colon, letters"));
        return None;
    }
    Some(token)
}

fn read_chat(table: &mut Table<'_>) -> Option<Value> {
    let written = table.required::<Node>("chat_id")?;
    if let Some(number) = written.value.as_integer() {
        return Some(json!(number));
    }
    let text = written.value.as_text().unwrap_or_default();
    if let Ok(number) = text.parse::<i64>() {
        return Some(json!(number));
    }
    if text.len() > 1 && text.starts_with('@') && !text.contains(char::is_whitespace) {
        return Some(json!(text));
    }
    let problem = table.document().problem(&written.source, "`chat_id`: no chat's id");
    table.note(problem.hint("a number such as -1001234567890, or \"@name\" of a public channel"));
    None
}

impl TelegramConfig {
    fn endpoint(&self) -> SecretUrl {
        let bot = format!("bot{}", self.token.expose());
        SecretUrl::new(below(&self.api, &[&bot, "sendMessage"]))
    }
}

impl Config for TelegramConfig {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        let poster = Poster::new(&self.endpoint(), &self.http, [self.token.clone()], context);
        Ok(Box::new(TelegramSink { name: name.clone(), config: self.clone(), poster }))
    }
}

struct TelegramSink {
    name: SinkName,
    config: TelegramConfig,
    poster: Poster,
}

impl TelegramSink {
    fn message(&self, batch: &Batch) -> Value {
        let config = &self.config;
        let (title, body) = render_both(&self.config.title, &self.config.body, batch, &self.name);
        let mut message = json!({
            "chat_id": config.chat_id,
            "text": format!("{title}\n{body}").trim(),
            "parse_mode": "HTML",
            "disable_notification": config.silent,
            "link_preview_options": { "is_disabled": !config.link_preview },
        });
        if let Some(thread) = config.message_thread_id {
            message["message_thread_id"] = json!(thread);
        }
        message
    }

    fn judge(&self, mut reply: Reply) -> Outcome {
        let answer = reply.json();
        let parameter = |name: &str| answer.as_ref()?.get("parameters")?.get(name)?.as_i64();
        if let Some(id) = parameter("migrate_to_chat_id") {
            let says = format!("the chat has become a supergroup; its `chat_id` is {id} now");
            return self.poster.again(&reply, Reason::ClientError, &says);
        }
        let is_no = match &answer {
            Some(answer) => answer["ok"] == json!(false),
            None => begins_with_no(&reply.body),
        };
        if reply.is_success() && (is_no || reply.is_page()) {
            return self.poster.again(&reply, Reason::Protocol, "that is no answer of Telegram's");
        }
        let after = parameter("retry_after").and_then(|after| u64::try_from(after).ok());
        reply.after = reply.after.max(after.map(|s| Duration::from_secs(s.min(MAX_AFTER))));
        self.poster.judge(&reply, None)
    }
}

/// Whether `body`, which may be cut, begins as Telegram's answers do that say no.
fn begins_with_no(body: &[u8]) -> bool {
    let mut bytes = body.iter().filter(|byte| !byte.is_ascii_whitespace());
    br#"{"ok":false"#.iter().all(|expected| bytes.next() == Some(expected))
}

#[async_trait]
impl Sink for TelegramSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        if batch.is_empty() {
            return Attempt::default();
        }
        let url = self.config.endpoint().expose().clone();
        let mut post = Post::json(url, self.message(batch).to_string());
        post.repeatable = false;
        let outcome = match self.poster.send(&post).await {
            Ok(reply) => self.judge(reply),
            Err(outcome) => outcome,
        };
        Attempt::all(outcome, batch.len())
    }

    fn max_batch(&self) -> usize {
        MAX_BATCH
    }
}

#[cfg(test)]
#[path = "telegram_tests.rs"]
mod tests;
