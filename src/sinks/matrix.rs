//! Messages in a Matrix room.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::http::{
    Auth, HttpKeys, Post, Poster, Reply, SecretUrl, below, lacks_secret, read_base, read_token,
};
use super::template::markup::html;
use super::template::tags::{self, cut_html, json_bytes, text_of};
use super::template::{Markup, Part, Template, read_both, render_both};
use super::{BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::document::{At, Table};
use crate::model::{Attempt, Batch, Outcome, Reason, Secret, SinkName, visible};

/// Sends messages to a Matrix room
/// (<https://spec.matrix.org/latest/client-server-api/#sending-events-to-a-room>). Make a user of
/// its own, let it join the room, and take its access token.
///
/// A message that is sent again has the same transaction id, so that the server keeps it as one.
/// Messages are not encrypted: in a room with encryption they stand as they are. Nobody is pinged,
/// whatever a headline says. Most programs make a link of a web address in it.
#[derive(Clone, Debug)]
pub struct MatrixConfig {
    /// `homeserver`: the URL of the user's server. Required.
    homeserver: Url,
    /// `room`: the room's id, which begins with `!`. Required.
    room: String,
    /// `token`, or `token_file`: the user's access token. Required.
    token: Secret,
    /// `msgtype`: `m.text` (default), or `m.notice`, which most programs show without a sound.
    msgtype: &'static str,
    /// `title`, or `title_file`: template of the first line, in Matrix's HTML: `<b>`, `<i>`,
    /// `<code>`, `<a href="{{ alert.link|url }}">`. Line ends stay. At most 2,000 bytes. Templates
    /// see `form`, `count`, `level`, `key`, `alert` (the first), `alerts` and `more`; what they
    /// insert is escaped.
    title: Template,
    /// `body`, or `body_file`: template of the rest. At most 24,000 bytes. The text without tags goes
    /// along for programs that show none.
    body: Template,
    /// `timeout`, `headers`, `proxy`, `http1_only`, `ca_file`: as all sinks over HTTP have them.
    http: HttpKeys,
}

pub(super) const KIND: Kind = Kind {
    name: "matrix",
    summary: "sends messages to a Matrix room",
    example: "\
[[sink]]
kind = \"matrix\"
homeserver = \"https://matrix.example.org\"
room = \"!example:example.org\"
token = \"example\"
msgtype = \"m.text\"
",
    // What Synapse bears of a user by default, after a burst of ten (`rc_message`).
    shape: Shape::Messages { per_minute: Some(12) },
    read,
};

const MARKUP: Markup = Markup {
    escape: html,
    url: html,
    cut: |text, most| cut_html(text, most, json_bytes),
    length: json_bytes,
    blank: tags::is_blank,
    ..Markup::PLAIN
};

/// An event may have 65,536 bytes (Client-Server API, Size limits); the text goes out twice.
const TITLE: Part = Part {
    key: "title",
    file_key: "title_file",
    default: tags::TITLE,
    limit: 2_000,
    markup: MARKUP,
};

const BODY: Part =
    Part { key: "body", file_key: "body_file", default: tags::BODY, limit: 24_000, markup: MARKUP };

/// So that each has a line, were it nothing but `&`.
const MAX_BATCH: usize = 30;
/// No wait that an answer asks for is longer.
const MAX_AFTER: u64 = 86_400_000;

fn read(table: &mut Table<'_>, around: &Reading<'_>) -> Option<KindSpec> {
    let homeserver = match table.has("homeserver") {
        true => read_base(table, "homeserver", ""),
        false => {
            table.required::<String>("homeserver");
            None
        }
    };
    let room = read_room(table);
    let token = read_token(table, around);
    if let Some(None) = token {
        lacks_secret(table, ("token", "token_file"));
    }
    let msgtype = read_msgtype(table);
    let texts = read_both(table, around, TITLE, BODY);
    let http = HttpKeys::read(table, around, true);
    let (title, body) = texts?;
    Some(Arc::new(MatrixConfig {
        homeserver: homeserver?.0,
        room: room?,
        token: token??,
        msgtype: msgtype?,
        title,
        body,
        http: http?,
    }))
}

fn read_room(table: &mut Table<'_>) -> Option<String> {
    let At { value, source } = table.required::<String>("room")?;
    // A room's id has no more bytes (Client-Server API, Size limits).
    let fits = (2..=255).contains(&value.len()) && !value.contains(char::is_whitespace);
    if value.starts_with('!') && fits {
        return Some(value);
    }
    let message = match value.starts_with('#') {
        true => "`room`: that is an alias, which is not looked up".to_owned(),
        false => format!("`room`: \"{}\" is no room's id", visible(&value)),
    };
    let problem = table.document().problem(&source, message);
    table.note(problem.hint("its id begins with `!`; Element shows it in the room's settings"));
    None
}

fn read_msgtype(table: &mut Table<'_>) -> Option<&'static str> {
    const KNOWN: [&str; 2] = ["m.text", "m.notice"];
    if !table.has("msgtype") {
        table.get::<String>("msgtype");
        return Some(KNOWN[0]);
    }
    let At { value, source } = table.get_at::<String>("msgtype")?;
    let known = KNOWN.into_iter().find(|known| *known == value);
    if known.is_none() {
        let message = format!("`msgtype`: \"{}\" is not known", visible(&value));
        table.note(table.document().problem(&source, message).hint("\"m.text\" or \"m.notice\""));
    }
    known
}

impl Config for MatrixConfig {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        let home = SecretUrl::new(self.homeserver.clone());
        let poster = Poster::new(&home, &self.http, [self.token.clone()], context);
        Ok(Box::new(MatrixSink { name: name.clone(), config: self.clone(), poster }))
    }
}

struct MatrixSink {
    name: SinkName,
    config: MatrixConfig,
    poster: Poster,
}

impl MatrixSink {
    fn event(&self, batch: &Batch) -> Value {
        let MatrixConfig { title, body, .. } = &self.config;
        let (title, body) = render_both(title, body, batch, &self.name);
        let html = format!("{title}\n{body}");
        let html = html.trim();
        json!({
            "msgtype": self.config.msgtype,
            "body": text_of(html),
            "format": "org.matrix.custom.html",
            "formatted_body": html.replace('\n', "<br>"),
            // Since it is there, no name in the text counts as a mention.
            "m.mentions": {},
        })
    }

    fn post(&self, batch: &Batch) -> Post {
        let config = &self.config;
        let room = ["_matrix", "client", "v3", "rooms", &config.room];
        let send = ["send", "m.room.message", batch.key.as_str()];
        let url = below(&below(&config.homeserver, &room), &send);
        let mut post = Post::json(url, self.event(batch).to_string());
        post.method = Method::PUT;
        post.auth = Auth::Bearer(config.token.clone());
        post
    }

    fn judge(&self, mut reply: Reply) -> Outcome {
        let answer = reply.json().unwrap_or_default();
        if reply.is_success() && (answer["errcode"].is_string() || reply.is_page()) {
            return self.poster.again(&reply, Reason::Protocol, "that is no answer of Matrix's");
        }
        let after = answer["retry_after_ms"].as_u64().filter(|_| reply.status == 429);
        let after = after.map(|ms| Duration::from_millis(ms.min(MAX_AFTER)));
        reply.after = reply.after.max(after);
        let says = match (answer["errcode"].as_str(), answer["error"].as_str()) {
            (Some(code), Some(error)) => Some(format!("{code}: {error}")),
            _ => None,
        };
        self.poster.judge(&reply, says.as_deref())
    }
}

#[async_trait]
impl Sink for MatrixSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        if batch.is_empty() {
            return Attempt::default();
        }
        let outcome = match self.poster.send(&self.post(batch)).await {
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
#[path = "matrix_tests.rs"]
mod tests;
