//! The trials of the kinds for chats and phones, and of those on this machine that are no lines of
//! JSON: `command` and `feed`.

use std::path::PathBuf;
use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::Value;

use super::http::HttpTrial;
use super::{Expected, Got, MARKER, Play, Receiver, Stage, Trial};
use crate::model::Reason;
use crate::parse;
use crate::sinks::template::tags::{seen_utf16, text_of};

pub(super) fn all() -> Vec<Box<dyn Trial>> {
    vec![
        Box::new(HttpTrial {
            kind: "telegram",
            config: |url, timeout| {
                format!(
                    "[[sink]]\nkind = \"telegram\"\ntoken = \"1:{MARKER}\"\nchat_id = 1\n\
                     api = \"{url}\"\nheaders = {{ \"X-Key\" = \"{MARKER}\" }}\n\
                     timeout = \"{timeout}\"\n"
                )
            },
            yes: (200, "{\"ok\":true,\"result\":{}}"),
            text: |body| string(&json(body)["text"]),
            check: |text| {
                assert!(seen_utf16(text) <= 4096);
                check_html(text);
            },
        }),
        Box::new(HttpTrial {
            kind: "matrix",
            config: |url, timeout| {
                format!(
                    "[[sink]]\nkind = \"matrix\"\nhomeserver = \"{url}\"\nroom = \"!r:x.example\"\n\
                     token = \"{MARKER}\"\ntimeout = \"{timeout}\"\n"
                )
            },
            yes: (200, "{\"event_id\":\"$x\"}"),
            text: text_of_event,
            check: check_html,
        }),
        Box::new(HttpTrial {
            kind: "ntfy",
            config: |url, timeout| {
                format!(
                    "[[sink]]\nkind = \"ntfy\"\nserver = \"{url}\"\ntopic = \"{MARKER}\"\n\
                     username = \"me\"\npassword = \"{MARKER}\"\ntimeout = \"{timeout}\"\n"
                )
            },
            yes: (200, "{\"id\":\"x\"}"),
            text: text_of_notification,
            check: |text| assert!(!text.contains("\nforged"), "{text}"),
        }),
        Box::new(CommandTrial),
        Box::new(FeedTrial),
    ]
}

fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

fn text_of_event(body: &str) -> String {
    assert!(body.len() < 60_000, "{}", body.len());
    let body = json(body);
    assert_eq!(body["m.mentions"], serde_json::json!({}));
    let html = string(&body["formatted_body"]);
    assert_eq!(string(&body["body"]), text_of(&html));
    html
}

fn text_of_notification(body: &str) -> String {
    let body = json(body);
    let (title, message) = (string(&body["title"]), string(&body["message"]));
    assert!(title.len() <= 250 && message.len() <= 4096);
    format!("{title}\n{message}")
}

/// Each tag is one of ours, and is closed.
fn check_html(text: &str) {
    assert!(!text.contains("\nforged") && !text.contains("<br>forged"), "{text}");
    for part in text.split('<').skip(1) {
        let tag = part.split_once('>').unwrap_or_else(|| panic!("{part} in {text}")).0;
        let ours = matches!(tag, "b" | "/b" | "/a" | "br")
            || tag.strip_prefix("a href=\"").is_some_and(|rest| {
                rest.starts_with("https://example.org/") && rest.matches('"').count() == 1
            });
        assert!(ours, "<{tag}> in {text}");
    }
    for name in ["b", "a"] {
        let open =
            text.matches(&format!("<{name}>")).count() + text.matches(&format!("<{name} ")).count();
        assert_eq!(open, text.matches(&format!("</{name}>")).count(), "{text}");
    }
}

/// A shell that appends what it gets to a file.
struct CommandTrial;

struct Program {
    folder: PathBuf,
    play: Mutex<Play>,
}

#[async_trait]
impl Trial for CommandTrial {
    fn kind(&self) -> &'static str {
        "command"
    }

    async fn receiver(&self, stage: &Stage) -> Box<dyn Receiver> {
        let folder = stage.folder.path().to_owned();
        Box::new(Program { folder, play: Mutex::new(Play::Accept) })
    }
}

#[async_trait]
impl Receiver for Program {
    fn config(&self, timeout: &str) -> String {
        let end = match *self.play.lock().unwrap() {
            Play::Status(400) => "env >&2; cat out >&2; exit 65",
            Play::Status(500) => "env >&2; cat out >&2; exit 1",
            Play::Stall => "sleep 1000",
            Play::Drip => "while sleep 0.02; do echo x; done",
            Play::Cut => "echo $TOKEN >&2; kill -9 $$",
            _ => "exit 0",
        };
        format!(
            "[[sink]]\nkind = \"command\"\nprogram = \"/bin/sh\"\nargs = [\"-c\", \"cat >> out; {end}\"]\n\
             env = {{ TOKEN = \"{MARKER}\" }}\ntimeout = \"{timeout}\"\n"
        )
    }

    async fn play(&self, play: Play) {
        *self.play.lock().unwrap() = play;
    }

    fn expects(&self, play: Play) -> Option<Expected> {
        Some(match play {
            Play::Accept => Expected::Delivered,
            Play::Status(400) => Expected::Refused(Reason::Refused),
            Play::Status(500) | Play::Cut => Expected::Retry(Reason::Program),
            Play::Stall | Play::Drip => Expected::Retry(Reason::Timeout),
            _ => return None,
        })
    }

    async fn got(&self) -> Vec<Got> {
        let text = std::fs::read_to_string(self.folder.join("out")).unwrap();
        text.lines().map(|line| Got { raw: line.to_owned(), text: line.to_owned() }).collect()
    }

    fn check(&self, text: &str) {
        json(text);
    }
}

struct FeedTrial;

struct Shelf(PathBuf);

#[async_trait]
impl Trial for FeedTrial {
    fn kind(&self) -> &'static str {
        "feed"
    }

    async fn receiver(&self, stage: &Stage) -> Box<dyn Receiver> {
        Box::new(Shelf(stage.folder.path().join("alerts.atom")))
    }
}

#[async_trait]
impl Receiver for Shelf {
    fn config(&self, _: &str) -> String {
        "[[sink]]\nkind = \"feed\"\n".to_owned()
    }

    async fn play(&self, _: Play) {}

    fn expects(&self, play: Play) -> Option<Expected> {
        (play == Play::Accept).then_some(Expected::Delivered)
    }

    async fn got(&self) -> Vec<Got> {
        let text = std::fs::read_to_string(&self.0).unwrap();
        let input = parse::Input { bytes: text.as_bytes(), content_type: None, url: None };
        let feed = parse::parse(&input).unwrap();
        assert!(feed.repairs.is_empty(), "{:?}", feed.repairs);
        let got = |item: crate::model::Item| Got {
            raw: text.clone(),
            text: format!("{}\n{}", item.title, item.summary),
        };
        feed.items.into_iter().map(got).collect()
    }

    fn check(&self, text: &str) {
        assert!(!text.contains("\nforged"), "{text}");
    }
}
