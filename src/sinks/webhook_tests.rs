use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::model::{Alert, Form};
use crate::sinks::conformance::http::{Heard, Server};
use crate::sinks::tests::{alert, context, delivery, read};

/// Delivers `numbers` in one message by a webhook with these keys, and answers with what came.
async fn heard(keys: &str, numbers: std::ops::Range<u32>) -> Heard {
    let server = Server::start((200, ""), None).await;
    let config = format!("[[sink]]\nkind = \"webhook\"\nurl = \"{}/in\"\n{keys}\n", server.url);
    let (specs, problems) = read(&config, Path::new("/nowhere"));
    assert_eq!(problems, Vec::<String>::new(), "{keys}");
    let sink = specs[0].build(&context(None)).unwrap();
    let form = if numbers.len() == 1 { Form::Single } else { Form::Digest };
    let batch = Batch::new(numbers.map(delivery).collect(), form);
    let attempt = sink.deliver(&batch).await;
    assert_eq!(attempt.outcomes, vec![Outcome::Delivered; batch.len()]);
    server.heard().remove(0)
}

fn body(heard: &Heard) -> Value {
    serde_json::from_str(&heard.body).unwrap()
}

#[test]
fn a_signature_is_the_hmac_of_time_and_body() {
    // Computed with another implementation (Python's hmac).
    let cases = [
        ("key", 0, "", "85841b4efc3cd7776c3c8f9b7cca9e281c550e5d19889d78e9e669c6337f000d"),
        (
            "key",
            1_795_472_046,
            r#"{"id":"x"}"#,
            "d39c7d4c0afc2c09692f909eecd1fb8291e7b305b7a15a5c1f722c6274bcad80",
        ),
        (
            &"k".repeat(200) as &str,
            -1,
            "ї",
            "708b6ee62f1d411ca2c4c59a4a8be8b9f20b0a8da67a56ed7293d68f470ad09c",
        ),
    ];
    for (key, seconds, body, expected) in cases {
        let signature = sign::signature(&Secret::new(key), seconds, body.as_bytes());
        assert_eq!(signature, format!("v1={expected}"), "{key} {seconds} {body}");
    }
}

#[tokio::test]
async fn one_alert_is_sent_as_itself_and_signed() {
    let heard = heard("secret = \"key\"\nusername = \"me\"\npassword = \"pw\"", 1..2).await;
    assert!(heard.head.starts_with("POST /in HTTP/1.1\r\n"), "{}", heard.head);
    let sent: Alert = serde_json::from_str(&heard.body).unwrap();
    assert_eq!(sent, alert(1));
    assert_eq!(heard.header("content-type"), Some("application/json"));
    assert_eq!(heard.header("idempotency-key"), Some(alert(1).id.as_str()));
    assert_eq!(heard.header("authorization"), Some("Basic bWU6cHc="));
    assert_eq!(heard.header("wirewatch-timestamp"), Some("1795472046"));
    let expected = sign::signature(&Secret::new("key"), 1_795_472_046, heard.body.as_bytes());
    assert_eq!(heard.header("wirewatch-signature"), Some(expected.as_str()));
}

#[tokio::test]
async fn several_alerts_are_sent_as_one_message() {
    let heard = heard("method = \"PUT\"", 0..3).await;
    assert!(heard.head.starts_with("PUT /in HTTP/1.1\r\n"), "{}", heard.head);
    assert_eq!(heard.header("wirewatch-signature"), None);
    let key = heard.header("idempotency-key").unwrap();
    let body = body(&heard);
    assert_eq!((&body["schema"], &body["form"]), (&json!(1), &json!("digest")));
    assert_eq!((&body["count"], &body["key"]), (&json!(3), &json!(key)));
    let ids: Vec<&Value> = body["alerts"].as_array().unwrap().iter().map(|a| &a["id"]).collect();
    assert_eq!(ids, [alert(0).id.as_str(), alert(1).id.as_str(), alert(2).id.as_str()]);
}

#[tokio::test]
async fn what_is_sent_is_as_the_schema_says() {
    let schema = |name: &str| -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let mut message = schema("message.schema.json");
    // A validator that fetches nothing finds the alert's schema by its id.
    message["$defs"]["alert"] = schema("alert.schema.json");
    let validator = jsonschema::draft202012::new(&message).unwrap();
    for numbers in [1..2, 0..2, 0..100] {
        let body = body(&heard("", numbers).await);
        let errors: Vec<String> = validator.iter_errors(&body).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let several = body(&heard("", 0..2).await);
    for (place, value) in [
        ("/schema", json!(2)),
        ("/form", json!("lines")),
        ("/key", json!("x")),
        ("/count", json!(1)),
        ("/alerts", json!([])),
        ("/alerts/0/id", json!("x")),
    ] {
        let mut broken = several.clone();
        *broken.pointer_mut(place).unwrap() = value;
        assert!(!validator.is_valid(&broken), "{place}");
    }
    for key in ["schema", "form", "key", "count", "alerts"] {
        let mut broken = several.clone();
        broken.as_object_mut().unwrap().remove(key);
        assert!(!validator.is_valid(&broken), "without {key}");
    }
}

#[tokio::test]
async fn a_template_is_escaped_for_its_type() {
    let cases = [
        (
            "body = '{\"t\": \"{{ alert.feed.title ~ \"\\\"\" }}\", \"all\": {{ alerts|tojson }}}'",
            "application/json",
        ),
        ("body = '<a t=\"{{ \"<>&\" }}\"/>'\ncontent_type = \"text/xml\"", "text/xml"),
        (
            "body = 'title={{ \"a&b=c d\" }}'\ncontent_type = \"application/x-www-form-urlencoded\"",
            "application/x-www-form-urlencoded",
        ),
        (
            "body = '{{ \"<a&b>\" }}'\ncontent_type = \"text/plain; charset=utf-8\"",
            "text/plain; charset=utf-8",
        ),
    ];
    let mut bodies = Vec::new();
    for (keys, content_type) in cases {
        let heard = heard(keys, 1..2).await;
        assert_eq!(heard.header("content-type"), Some(content_type));
        bodies.push(heard.body);
    }
    let json: Value =
        serde_json::from_str(&bodies[0]).unwrap_or_else(|e| panic!("{e}: {}", bodies[0]));
    assert_eq!(json["t"], "Новини\"");
    assert_eq!(json["all"][0]["title"], "Flood warning 1");
    assert_eq!(bodies[1..], ["<a t=\"&lt;&gt;&amp;\"/>", "title=a%26b%3Dc+d", "<a&b>"]);
}

#[tokio::test]
async fn a_template_that_fails_gives_way_to_what_the_receiver_can_read() {
    let fails = "{% if alert.title == 'Flood warning 2' %}{{ alert.rules[7].id }}{% endif %}";

    let cases = [
        (format!("body = '''{{\"t\": \"{fails}\"}}'''"), true),
        ("body = \"{{ 'x' if alert.title == 'Flood warning 2' else 1 }}\"".to_owned(), true),
        (
            format!("body = '''t={fails}'''\ncontent_type = \"application/x-www-form-urlencoded\""),
            true,
        ),
        (format!("body = '''<t>{fails}</t>'''\ncontent_type = \"text/xml\""), true),
        (format!("body = \"\"\"{fails}\"\"\"\ncontent_type = \"text/plain\""), false),
    ];
    for (keys, is_json) in cases {
        let heard = heard(&keys, 2..3).await;
        if is_json {
            assert_eq!(heard.header("content-type"), Some("application/json"), "{keys}");
            let sent: Alert = serde_json::from_str(&heard.body).unwrap();
            assert_eq!(sent, alert(2));
        } else {
            assert_eq!(heard.header("content-type"), Some("text/plain"), "{keys}");
            assert!(heard.body.starts_with("Flood warning 2\n (`body` failed: "), "{}", heard.body);
        }
    }
}

#[tokio::test]
async fn alertmanager_is_told_when_an_alert_ends() {
    let heard = heard("preset = \"alertmanager\"\nresolve_after = \"2h\"", 1..2).await;
    assert!(heard.head.starts_with("POST /in/api/v2/alerts HTTP/1.1\r\n"), "{}", heard.head);
    let expected = json!([{
        "labels": {
            "alertname": "floods", "severity": "high", "feed": "news",
            "alert_id": alert(1).id.as_str(),
        },
        "annotations": {
            "summary": "Flood warning 1",
            "description": "Води річки піднялися, flood follows soon",
            "feed_title": "Новини", "rules": "floods, rivers", "terms": "flood*, річк~",
            "link": "https://example.org/1",
        },
        "startsAt": "2026-11-23T22:14:05Z", "endsAt": "2026-11-24T00:14:06Z",
        "generatorURL": "https://example.org/1",
    }]);
    assert_eq!(body(&heard), expected);
    for (from, to) in [
        ("http://am", "http://am/api/v2/alerts"),
        ("http://am/", "http://am/api/v2/alerts"),
        ("http://am/prefix/", "http://am/prefix/api/v2/alerts"),
        ("http://am/api/v2/alerts", "http://am/api/v2/alerts"),
        ("http://am/api/v2/alerts/", "http://am/api/v2/alerts"),
        ("http://am/api/v2", "http://am/api/v2/alerts"),
        ("http://am/p/api/v2/", "http://am/p/api/v2/alerts"),
        ("http://am/api/v2/alerts?x=1", "http://am/api/v2/alerts?x=1"),
    ] {
        let url = url::Url::parse(from).unwrap();
        assert_eq!(alertmanager::endpoint(&url).as_str(), to);
    }
}

#[test]
fn what_is_wrong_is_told() {
    let cases = [
        ("method = \"GET\"", "`method`: \"GET\" cannot deliver a message"),
        ("preset = \"teams\"", "`preset`: \"teams\" is not known"),
        ("content_type = \"text/plain\"", "`content_type` does nothing here"),
        ("content_type = \"plain\"\nbody = \"x\"", "`content_type` is no media type"),
        ("preset = \"slack\"\ncontent_type = \"text/plain\"", "unknown key `content_type`"),
        ("preset = \"alertmanager\"\nbody = \"x\"", "unknown key `body`"),
        ("resolve_after = \"1h\"", "unknown key `resolve_after`"),
        ("body = \"{{ nothing }}\"", "there is no `nothing`"),
        ("secret = \"\"", "`secret` is empty"),
        ("body = \"{{ alert.title }}\"", "w.toml:4:9: `body`: it makes no JSON: "),
        ("body = '[{% for a in alerts %}{{ a|tojson }}{% endfor %}]'", ", for a group of alerts"),
        ("body = \"{}\"\ncontent_type = \"application/cloudevents+json\"", ""),
    ];
    for (keys, expected) in cases {
        let config = format!("[[sink]]\nkind = \"webhook\"\nurl = \"http://h.example/\"\n{keys}\n");
        let (_, problems) = read(&config, Path::new("/nowhere"));
        match expected {
            "" => assert_eq!(problems, Vec::<String>::new(), "{keys}"),
            _ => assert!(problems.iter().any(|p| p.contains(expected)), "{keys}: {problems:#?}"),
        }
    }
}
