use std::path::Path;

use super::super::conformance::http::Server;
use super::super::tests::{alert, context, deliveries, delivery, read as read_config};
use super::*;
use crate::model::{Delivery, Form, Outcome};

const OK: &str = r#"{"id":"abc","time":1,"event":"message"}"#;

fn sink(url: &str, keys: &str) -> Box<dyn Sink> {
    let text =
        format!("[[sink]]\nkind = \"ntfy\"\nserver = \"{url}\"\ntopic = \"desk-1_X\"\n{keys}\n");
    let (specs, problems) = read_config(&text, Path::new("."));
    assert_eq!(problems, Vec::<String>::new());
    specs[0].build(&context(None)).unwrap()
}

#[tokio::test]
async fn a_notification_has_priority_link_and_key() {
    let server = Server::start((200, OK), None).await;
    let batch = Batch::new(vec![delivery(1)], Form::Single);
    let attempt = sink(&format!("{}/ntfy/", server.url), "token = \"tk_x\"").deliver(&batch).await;
    assert_eq!(attempt.outcomes, [Outcome::Delivered]);
    let heard = server.heard().remove(0);
    assert!(heard.head.starts_with("POST /ntfy HTTP"), "{}", heard.head);
    assert_eq!(heard.header("authorization"), Some("Bearer tk_x"));
    let body: Value = serde_json::from_str(&heard.body).unwrap();
    let expected = json!({
        "topic": "desk-1_X",
        "title": "[high] Flood warning 1",
        "message": "Води річки піднялися, flood follows soon\n\n\
            Новини · 2026-11-23 22:14 UTC · flood*, річк~",
        "priority": 4,
        "tags": ["warning"],
        "click": "https://example.org/1",
        "sequence_id": alert(1).id,
    });
    assert_eq!(body, expected);
    let mut several = deliveries([1, 2]);
    several.form = Form::Group;
    sink(&server.url, "message_tags = []").deliver(&several).await;
    let body: Value = serde_json::from_str(&server.heard()[1].body).unwrap();
    assert_eq!((body.get("click"), body.get("tags")), (None, None));
    assert_eq!(body["title"], json!("[high] 2 alerts"));
    assert_eq!(
        body["message"],
        json!(
            "• high: Flood warning 1 (Новини) https://example.org/1\n\
            • high: Flood warning 2 (Новини) https://example.org/2\n"
        )
    );
}

#[tokio::test]
async fn the_level_gives_priority_and_tags() {
    let server = Server::start((200, OK), None).await;
    let expected = [
        (Level::Informational, 1, json!(null)),
        (Level::Low, 2, json!(null)),
        (Level::Medium, 3, json!(null)),
        (Level::High, 4, json!(["warning"])),
        (Level::Critical, 5, json!(["rotating_light"])),
    ];
    for (level, priority, tags) in expected {
        let mut alert = alert(1);
        alert.level = level;
        let delivery = Delivery { alert: Arc::new(alert), ..delivery(1) };
        sink(&server.url, "").deliver(&Batch::new(vec![delivery], Form::Single)).await;
        let body: Value = serde_json::from_str(&server.heard().pop().unwrap().body).unwrap();
        assert_eq!((&body["priority"], &body["tags"]), (&json!(priority), &tags));
    }
}

#[tokio::test]
async fn what_ntfy_says_is_heeded() {
    let limited = r#"{"code":42901,"http":429,"error":"limit reached: too many requests"}"#;
    let long = format!("{{\"id\": \"x\", \"message\": \"{}", "x".repeat(10_000));
    let long: &'static str = Box::leak(long.into_boxed_str());
    let retry =
        |reason, message: &str| Outcome::Retry { reason, message: message.into(), after: None };
    let says = "HTTP 429 Too Many Requests: limit reached: too many requests";
    let other = "HTTP 200 OK: that is no answer of ntfy's";
    let cases = [
        ((200, OK), Outcome::Delivered),
        ((200, long), Outcome::Delivered),
        ((429, limited), retry(Reason::RateLimited, says)),
        ((200, "<html>welcome</html>"), retry(Reason::Protocol, other)),
        ((200, ""), Outcome::Delivered),
    ];
    for (answer, expected) in cases {
        let server = Server::start(answer, None).await;
        let attempt = sink(&server.url, "").deliver(&deliveries([1])).await;
        assert_eq!(attempt.outcomes, [expected], "{answer:?}");
    }
}

#[test]
fn bytes_are_cut_between_characters() {
    for (text, most, expected) in [
        ("abc", 3, "abc"),
        ("abcd", 3, "…"),
        ("abcde", 4, "a…"),
        ("повінь", 9, "пов…"),
        ("повінь", 8, "по…"),
        ("ab  cd", 5, "ab…"),
        ("abcd", 2, ""),
        ("abcd", 0, ""),
    ] {
        assert_eq!(cut_bytes(text, most), expected, "{text} {most}");
        assert!(expected.len() <= most);
    }
}

#[test]
fn what_is_wrong_in_its_config_is_told_without_the_topic() {
    let text = r#"
        [[sink]]
        kind = "ntfy"
        [[sink]]
        kind = "ntfy"
        topic = "hunter2/x"
        server = "ntfy.lan"
        message_tags = ["a,b"]
    "#;
    let (_, problems) = read_config(text, Path::new("/nowhere"));
    let expected = [
        "[sink] has no `topic`",
        "`topic` is none of ntfy's",
        "`server`: no absolute URL",
        "`message_tags`: expected at most 10 words",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for expected in expected {
        assert!(problems.iter().any(|told| told.contains(expected)), "{expected}: {problems:#?}");
    }
    assert!(!problems.join("").contains("hunter2"), "{problems:#?}");
}
