//! The trials of all kinds.

use async_trait::async_trait;
use serde_json::Value;

use super::http::HttpTrial;
use super::syslog::{self, Way};
use super::{Expected, Got, Kept, MARKER, Play, Receiver, Stage, Trial, mail};

/// A trial for each kind, and for some of each of its ways.
pub(super) fn all() -> Vec<Box<dyn Trial>> {
    let mut all: Vec<Box<dyn Trial>> = vec![
        Box::new(Local("log", "")),
        Box::new(Local("file", "path = \"out.jsonl\"\n")),
        Box::new(webhook("secret = \"MARKER\"", json_alerts, |_| {})),
        Box::new(webhook("preset = \"slack\"", text_of_json, check_compatible)),
        Box::new(webhook("preset = \"alertmanager\"", summaries, |_| {})),
        Box::new(webhook(
            "body = \"{% for a in alerts %}{{ a.title }}\\n{% endfor %}\"\ncontent_type = \"text/plain\"",
            str::to_owned,
            |text| assert_eq!(text.lines().count(), text.matches("alert-").count()),
        )),
        Box::new(HttpTrial {
            kind: "slack",
            config: |url, timeout| {
                format!(
                    "[[sink]]\nkind = \"slack\"\nurl = \"{url}/services/{MARKER}/x\"\n\
                     headers = {{ \"X-Key\" = \"{MARKER}\" }}\ntimeout = \"{timeout}\"\n"
                )
            },
            yes: (200, "ok"),
            text: text_of_json,
            check: check_slack,
        }),
        Box::new(HttpTrial {
            kind: "discord",
            config: |url, timeout| {
                format!(
                    "[[sink]]\nkind = \"discord\"\nurl = \"{url}/api/webhooks/1/{MARKER}\"\n\
                     timeout = \"{timeout}\"\n"
                )
            },
            yes: (200, "{\"id\": \"1\"}"),
            text: text_of_embed,
            check: check_discord,
        }),
        Box::new(mail::MailTrial),
        Box::new(syslog::SyslogTrial(Way::Udp)),
        Box::new(syslog::SyslogTrial(Way::Tcp("octets"))),
        Box::new(syslog::SyslogTrial(Way::Tcp("lines"))),
        Box::new(syslog::SyslogTrial(Way::Datagrams)),
        Box::new(syslog::SyslogTrial(Way::Stream)),
    ];
    all.extend(super::chats::all());
    all
}

struct Webhook {
    keys: &'static str,
    inner: HttpTrial,
}

/// A webhook with these keys.
fn webhook(keys: &'static str, text: fn(&str) -> String, check: fn(&str)) -> impl Trial {
    Webhook {
        keys,
        inner: HttpTrial { kind: "webhook", config: basic, yes: (200, ""), text, check },
    }
}

fn basic(url: &str, timeout: &str) -> String {
    format!(
        "[[sink]]\nkind = \"webhook\"\nurl = \"{url}/hooks?key={MARKER}\"\nusername = \"me\"\n\
         password = \"{MARKER}\"\nheaders = {{ \"X-Key\" = \"{MARKER}\" }}\ntimeout = \"{timeout}\"\n"
    )
}

#[async_trait]
impl Trial for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    async fn receiver(&self, stage: &Stage) -> Box<dyn Receiver> {
        let keys = self.keys.replace("MARKER", MARKER);
        Box::new(WithKeys { keys, inner: self.inner.receiver(stage).await })
    }
}

/// A receiver whose config has more keys.
struct WithKeys {
    keys: String,
    inner: Box<dyn Receiver>,
}

#[async_trait]
impl Receiver for WithKeys {
    fn config(&self, timeout: &str) -> String {
        format!("{}{}\n", self.inner.config(timeout), self.keys)
    }

    async fn play(&self, play: Play) {
        self.inner.play(play).await;
    }

    fn expects(&self, play: Play) -> Option<Expected> {
        self.inner.expects(play)
    }

    async fn got(&self) -> Vec<Got> {
        self.inner.got().await
    }

    fn check(&self, text: &str) {
        self.inner.check(text);
    }
}

/// A kind on this machine that writes JSON lines, and its keys.
struct Local(&'static str, &'static str);

struct Lines {
    kind: &'static str,
    keys: &'static str,
    file: std::path::PathBuf,
    log: Kept,
}

#[async_trait]
impl Trial for Local {
    fn kind(&self) -> &'static str {
        self.0
    }

    async fn receiver(&self, stage: &Stage) -> Box<dyn Receiver> {
        let file = stage.folder.path().join("out.jsonl");
        Box::new(Lines { kind: self.0, keys: self.1, file, log: stage.log.clone() })
    }
}

#[async_trait]
impl Receiver for Lines {
    fn config(&self, _: &str) -> String {
        format!("[[sink]]\nkind = \"{}\"\n{}", self.kind, self.keys)
    }

    async fn play(&self, _: Play) {}

    fn expects(&self, play: Play) -> Option<Expected> {
        (play == Play::Accept).then_some(Expected::Delivered)
    }

    async fn got(&self) -> Vec<Got> {
        let text = match self.kind {
            "log" => self.log.text(),
            _ => std::fs::read_to_string(&self.file).unwrap(),
        };
        text.lines().map(|line| Got { raw: line.to_owned(), text: line.to_owned() }).collect()
    }

    fn check(&self, text: &str) {
        assert!(serde_json::from_str::<Value>(text).is_ok(), "{text}");
    }
}

fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// The headlines of one alert or of several.
fn json_alerts(body: &str) -> String {
    let body = json(body);
    let alerts = body["alerts"].as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
    alerts.iter().map(|alert| format!("{}\n", alert["item"]["title"].as_str().unwrap())).collect()
}

fn text_of_json(body: &str) -> String {
    json(body)["text"].as_str().unwrap().to_owned()
}

fn summaries(body: &str) -> String {
    let alerts = json(body);
    let alerts = alerts.as_array().unwrap();
    alerts.iter().map(|alert| format!("{}\n", alert["annotations"]["summary"])).collect()
}

fn text_of_embed(body: &str) -> String {
    let body = json(body);
    assert_eq!(body["allowed_mentions"], serde_json::json!({ "parse": [] }));
    let embed = &body["embeds"][0];
    let part = |name: &str| embed[name].as_str().unwrap().to_owned();
    assert!(part("title").encode_utf16().count() <= 256);
    assert!(part("description").encode_utf16().count() <= 4096);
    format!("{}\n{}", part("title"), part("description"))
}

/// Each `<` that is there begins one of our links.
fn check_slack(text: &str) {
    assert!(text.chars().count() <= 40_000, "{}", text.len());
    for part in text.split('<').skip(1) {
        assert!(part.starts_with("https://example.org/"), "{text}");
        assert!(part.split('>').next().unwrap().matches('|').count() <= 1, "{text}");
    }
    assert!(!text.contains("\nforged"), "{text}");
    assert!(!text.contains(" *") && !text.contains(" _"), "{text}");
}

fn check_compatible(text: &str) {
    check_slack(text);
    assert!(text.chars().count() <= 4000, "{}", text.len());
    assert!(!text.contains("@every") && !text.contains("@chan") && !text.contains("]("), "{text}");
}

fn check_discord(text: &str) {
    assert!(!text.contains("\nforged"), "{text}");
    // What is left without escapes is ours.
    let mut bare = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c => bare.push(c),
        }
    }
    assert!(!bare.contains(['*', '_', '`', '|', '<', '>']), "{bare}");
    for target in bare.split("](").skip(1) {
        assert!(target.starts_with("https://example.org/"), "{target} in {text}");
    }
}
