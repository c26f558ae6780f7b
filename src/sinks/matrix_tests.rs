use std::path::Path;

use super::super::conformance::http::Server;
use super::super::tests::{alert, context, deliveries, delivery, read as read_config};
use super::*;
use crate::model::Form;

const OK: &str = r#"{"event_id": "$abc"}"#;

fn sink(url: &str, keys: &str) -> Box<dyn Sink> {
    let text = format!(
        "[[sink]]\nkind = \"matrix\"\nhomeserver = \"{url}\"\nroom = \"!a/b:example.org\"\n\
         token = \"syt_x\"\n{keys}\n"
    );
    let (specs, problems) = read_config(&text, Path::new("."));
    assert_eq!(problems, Vec::<String>::new());
    specs[0].build(&context(None)).unwrap()
}

#[tokio::test]
async fn a_message_is_put_under_its_key_as_text_and_as_html() {
    let server = Server::start((200, OK), None).await;
    let mut alert = alert(1);
    alert.item.title = "a < b & c".into();
    let delivery = crate::model::Delivery { alert: Arc::new(alert), ..delivery(1) };
    let batch = Batch::new(vec![delivery], Form::Single);
    for keys in ["", "msgtype = \"m.notice\""] {
        let attempt = sink(&server.url, keys).deliver(&batch).await;
        assert_eq!(attempt.outcomes, [Outcome::Delivered]);
    }
    let [text, notice] = &server.heard()[..] else { panic!() };
    let path = "/_matrix/client/v3/rooms/!a%2Fb:example.org/send/m.room.message/";
    assert!(
        text.head.starts_with(&format!("PUT {path}{} HTTP", batch.key.as_str())),
        "{}",
        text.head
    );
    assert_eq!(text.header("authorization"), Some("Bearer syt_x"));
    let body: Value = serde_json::from_str(&text.body).unwrap();
    assert_eq!((&body["msgtype"], &body["m.mentions"]), (&json!("m.text"), &json!({})));
    assert_eq!(body["format"], json!("org.matrix.custom.html"));
    assert_eq!(
        body["formatted_body"].as_str().unwrap(),
        "<b>[high] a &lt; b &amp; c</b><br>Води річки піднялися, flood follows soon<br><br>\
         Новини · 2026-11-23 22:14 UTC · flood*, річк~<br>\
         <a href=\"https://example.org/1\">https://example.org/1</a>"
    );
    assert_eq!(
        body["body"].as_str().unwrap(),
        "[high] a < b & c\nВоди річки піднялися, flood follows soon\n\n\
         Новини · 2026-11-23 22:14 UTC · flood*, річк~\nhttps://example.org/1"
    );
    let body: Value = serde_json::from_str(&notice.body).unwrap();
    assert_eq!(body["msgtype"], json!("m.notice"));
}

#[tokio::test]
async fn what_the_server_says_is_heeded() {
    let limited =
        r#"{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":2500}"#;
    let away = r#"{"errcode":"M_FORBIDDEN","error":"User is not in the room"}"#;
    let cases = [
        ((200, OK), Outcome::Delivered),
        ((200, ""), Outcome::Delivered),
        (
            (429, limited),
            Outcome::Retry {
                reason: Reason::RateLimited,
                message: "HTTP 429 Too Many Requests: M_LIMIT_EXCEEDED: Too Many Requests".into(),
                after: Some(Duration::from_millis(2500)),
            },
        ),
        (
            (403, away),
            Outcome::Refused {
                reason: Reason::Blocked,
                message: "HTTP 403 Forbidden: M_FORBIDDEN: User is not in the room".into(),
            },
        ),
        (
            (200, "<html>welcome</html>"),
            Outcome::Retry {
                reason: Reason::Protocol,
                message: "HTTP 200 OK: that is no answer of Matrix's".into(),
                after: None,
            },
        ),
    ];
    for (answer, expected) in cases {
        let server = Server::start(answer, None).await;
        let attempt = sink(&server.url, "").deliver(&deliveries([1])).await;
        assert_eq!(attempt.outcomes, [expected], "{answer:?}");
    }
}

#[tokio::test]
async fn the_longest_message_fits_an_event() {
    let server = Server::start((200, OK), None).await;
    let keys = "title = \"{% for n in range(3000) %}\\\\\\\\{% endfor %}\"\n\
        body = \"{% for n in range(9000) %}\\n&amp;\\\\\\\\{% endfor %}\"";
    sink(&server.url, keys).deliver(&deliveries([1])).await;
    let heard = server.heard();
    // Beside it stand the ids and signatures that the server adds.
    assert!((40_000..60_000).contains(&heard[0].body.len()), "{}", heard[0].body.len());
}

#[test]
fn what_is_wrong_in_its_config_is_told() {
    let text = r##"
        [[sink]]
        kind = "matrix"
        [[sink]]
        kind = "matrix"
        homeserver = "example.org"
        room = "#desk:example.org"
        token = ""
        msgtype = "m.emote"
        [[sink]]
        kind = "matrix"
        homeserver = "https://example.org"
        room = "desk"
        token_file = "nowhere"
    "##;
    let (_, problems) = read_config(text, Path::new("/nowhere"));
    let expected = [
        "[sink] has no `homeserver`",
        "[sink] has no `room`",
        "[sink] has no `token`",
        "`homeserver`: no absolute URL",
        "`room`: that is an alias, which is not looked up",
        "`token` is empty",
        "`msgtype`: \"m.emote\" is not known",
        "`room`: \"desk\" is no room's id",
        "the secret file /nowhere/nowhere",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for expected in expected {
        assert!(problems.iter().any(|told| told.contains(expected)), "{expected}: {problems:#?}");
    }
}
