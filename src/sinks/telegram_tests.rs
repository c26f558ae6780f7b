use std::path::Path;

use super::super::conformance::http::Server;
use super::super::tests::{context, deliveries, read as read_config};
use super::*;
use crate::model::Form;

const OK: &str = r#"{"ok":true,"result":{"message_id":7}}"#;

fn sink(keys: &str) -> Box<dyn Sink> {
    let text = format!("[[sink]]\nkind = \"telegram\"\ntoken = \"1:abc\"\n{keys}\n");
    let (specs, problems) = read_config(&text, Path::new("."));
    assert_eq!(problems, Vec::<String>::new());
    specs[0].build(&context(None)).unwrap()
}

#[tokio::test]
async fn a_message_goes_to_the_chat_with_its_markup_and_nothing_unasked_for() {
    let server = Server::start((200, OK), None).await;
    let keys = format!("api = \"{}/proxy/\"\nchat_id = -1001234567890123\n", server.url);
    let mut batch = deliveries([1]);
    batch.form = Form::Single;
    let attempt = sink(&keys).deliver(&batch).await;
    assert_eq!(attempt.outcomes, [Outcome::Delivered]);
    let all = format!("{keys}message_thread_id = 7\nsilent = true\nlink_preview = true");
    sink(&all).deliver(&batch).await;
    let [plain, all] = &server.heard()[..] else { panic!() };
    assert!(plain.head.starts_with("POST /proxy/bot1:abc/sendMessage HTTP"), "{}", plain.head);
    let body: Value = serde_json::from_str(&plain.body).unwrap();
    assert_eq!(body["chat_id"], json!(-1_001_234_567_890_123_i64));
    assert_eq!(body["parse_mode"], json!("HTML"));
    assert_eq!(body["link_preview_options"], json!({ "is_disabled": true }));
    assert_eq!(body["disable_notification"], json!(false));
    assert_eq!(body.get("message_thread_id"), None);
    assert_eq!(
        body["text"].as_str().unwrap(),
        "<b>[high] Flood warning 1</b>\n\
         Води річки піднялися, flood follows soon\n\n\
         Новини · 2026-11-23 22:14 UTC · flood*, річк~\n\
         <a href=\"https://example.org/1\">https://example.org/1</a>"
    );
    let body: Value = serde_json::from_str(&all.body).unwrap();
    assert_eq!(body["message_thread_id"], json!(7));
    assert_eq!(body["link_preview_options"], json!({ "is_disabled": false }));
    assert_eq!(body["disable_notification"], json!(true));
}

#[test]
fn what_telegram_would_refuse_is_told_at_its_line() {
    let cases = [
        (
            "title = \"<h1>{{ alert.title }}</h1>\"",
            "w.toml:5:10: `title`: the service knows no tag `<h1>`",
        ),
        ("body = \"<b>{{ alert.title }}\"", "`body`: `<b>` is not closed"),
        ("body = \"{{ count }} < 3\"", "`body`: there is a `<` that begins no tag"),
        (
            "body = \"x{% if count > 1 %}<br>{% endif %}\"",
            "`body`: the service knows no tag `<br>`, for a group of alerts",
        ),
        ("title = \"\"\nbody = \"<i> </i>\"", "`title` and `body` come to nothing"),
        ("body = \"<blockquote expandable>{{ alert.title }}</blockquote>\"", ""),
    ];
    for (keys, expected) in cases {
        let text =
            format!("[[sink]]\nkind = \"telegram\"\ntoken = \"1:abc\"\nchat_id = 1\n{keys}\n");
        let (_, problems) = read_config(&text, Path::new("."));
        match expected {
            "" => assert_eq!(problems, Vec::<String>::new()),
            _ => assert!(problems[0].contains(expected), "{problems:?}"),
        }
    }
}

#[tokio::test]
async fn what_telegram_says_is_heeded() {
    let limited = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35",
        "parameters":{"retry_after":35}}"#;
    let moved = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded",
        "parameters":{"migrate_to_chat_id":-100777}}"#;
    let gone =
        r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
    let long = format!("{{ \"ok\" : true, \"result\": \"{}", "x".repeat(10_000));
    let long: &'static str = Box::leak(long.into_boxed_str());
    let retry = |reason, message: &str, after: Option<u64>| Outcome::Retry {
        reason,
        message: message.into(),
        after: after.map(Duration::from_secs),
    };
    let says = "HTTP 429 Too Many Requests: Too Many Requests: retry after 35";
    let supergroup = "HTTP 400 Bad Request: the chat has become a supergroup; its `chat_id` is \
        -100777 now";
    let other = "HTTP 200 OK: that is no answer of Telegram's";
    let cases = [
        ((200, OK), Outcome::Delivered),
        ((200, long), Outcome::Delivered),
        ((200, ""), Outcome::Delivered),
        ((429, limited), retry(Reason::RateLimited, says, Some(35))),
        ((400, moved), retry(Reason::ClientError, supergroup, None)),
        ((200, "<html>welcome</html>"), retry(Reason::Protocol, other, None)),
        ((200, r#"{"ok":false}"#), retry(Reason::Protocol, other, None)),
        ((200, r#"{"ok": false, "descr"#), retry(Reason::Protocol, other, None)),
        ((200, r#"{"ok": true, "resu"#), Outcome::Delivered),
        (
            (403, gone),
            Outcome::Refused {
                reason: Reason::Blocked,
                message: "HTTP 403 Forbidden: Forbidden: bot was blocked by the user".into(),
            },
        ),
    ];
    for (answer, expected) in cases {
        let server = Server::start(answer, None).await;
        let keys = format!("api = \"{}\"\nchat_id = \"@desk\"\n", server.url);
        let attempt = sink(&keys).deliver(&deliveries([1, 2])).await;
        assert_eq!(attempt.outcomes, [expected.clone(), expected], "{answer:?}");
    }
}

#[test]
fn what_is_wrong_in_its_config_is_told_without_the_token() {
    let text = r#"
        [[sink]]
        kind = "telegram"
        [[sink]]
        kind = "telegram"
        token = "hunter2"
        chat_id = "desk"
        silent = 1
        [[sink]]
        kind = "telegram"
        token = "1:hunter2 "
        chat_id = 1.5
        api = "ftp://x"
        title = "{{ alrt }}"
    "#;
    let (_, problems) = read_config(text, Path::new("/nowhere"));
    let expected = [
        "[sink] has no `token`",
        "[sink] has no `chat_id`",
        "`token` is none of a bot",
        "`chat_id`: no chat's id",
        "`silent`: expected true or false",
        "`token` is none of a bot",
        "`chat_id`: no chat's id",
        "`api`: only http and https",
        "`title`, line 1 of the template",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for expected in expected {
        assert!(problems.iter().any(|told| told.contains(expected)), "{expected}: {problems:#?}");
    }
    assert!(!problems.join("").contains("hunter2"), "{problems:#?}");
}
