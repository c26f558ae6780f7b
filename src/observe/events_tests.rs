use super::super::manual;
use super::super::tests::logged;
use super::*;

#[test]
fn the_manual_says_what_the_code_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, manual()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert_eq!(written, manual(), "run the tests once with UPDATE_DOCS=1");
    assert!(manual().contains(&super::super::MAX_TEXT.to_string()));
}

#[test]
fn names_are_constant_lowercase_and_unique() {
    let word = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || "_.".contains(c));
    let mut names = std::collections::BTreeSet::new();
    for event in all() {
        assert!(word(event.name) && names.insert(event.name), "{}", event.name);
        assert!(event.meaning.starts_with(' ') && event.meaning.ends_with('.'));
        for (field, meaning) in event.fields {
            assert!(word(field) && !["ts", "level", "event"].contains(field), "{field}");
            assert!(meaning.starts_with(' ') && meaning.ends_with('.'), "{field}");
        }
    }
}

#[test]
fn an_event_is_written_as_it_is_described() {
    let feed = FeedId::new("bbc");
    let retry_at = Timestamp::parse("2026-11-23T22:15:00Z").unwrap();
    let repairs: &[Repair] = &["charset:http".into(), "entities".into()];
    let lines = logged(Some("wirewatch=debug"), || {
        PollFailed {
            feed: &feed,
            reason: Reason::Timeout,
            message: "no answer within 30 s\nforged",
            errors: 1,
            retry_at,
        }
        .log();
        PollOk {
            feed: &feed,
            status: 304,
            items: None,
            new: 0,
            revised: 0,
            alerts: 0,
            body_bytes: 0,
            duration_ms: Duration::from_millis(12),
            repairs,
        }
        .log();
        ClockJumped { seconds: -3600 }.log();
    });
    let facts = |index: usize| {
        let mut line = lines[index].as_object().unwrap().clone();
        line.remove("ts");
        serde_json::Value::Object(line)
    };
    assert_eq!(
        facts(0),
        serde_json::json!({
            "level": "warn", "event": "poll_failed", "feed": "bbc", "reason": "timeout",
            "message": "no answer within 30 s\nforged", "errors": 1,
            "retry_at": "2026-11-23T22:15:00Z"
        })
    );
    assert_eq!(
        facts(1),
        serde_json::json!({
            "level": "debug", "event": "poll_ok", "feed": "bbc", "status": 304, "new": 0,
            "revised": 0, "alerts": 0, "body_bytes": 0, "duration_ms": 12,
            "repairs": "charset:http,entities"
        })
    );
    assert_eq!(facts(2)["seconds"], -3600);
    for line in &lines {
        let described = all().find(|event| line["event"] == event.name).unwrap();
        for field in line.as_object().unwrap().keys() {
            let known = described.fields.iter().any(|(name, _)| name == field);
            assert!(known || ["ts", "level", "event"].contains(&field.as_str()), "{field}");
        }
    }
}
