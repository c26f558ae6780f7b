use std::io::{self, Write};

use serde_json::json;

use super::super::tests::{Kept, alert, deliveries, log_to};
use super::*;
use crate::model::{Health, HealthChange};
use crate::observe::{LogStyle, events};

#[tokio::test]
async fn an_alert_is_one_flat_line() {
    let kept = Kept::default();
    let sink = Log { stream: log_to(kept.clone(), LogStyle::Json) };
    let attempt = sink.deliver(&deliveries(1..3)).await;
    assert_eq!(attempt.outcomes, [Outcome::Delivered, Outcome::Delivered]);
    let text = kept.text();
    assert_eq!(text.lines().count(), 2);
    let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(
        line,
        json!({
            "ts": "2026-11-23T22:14:06Z", "level": "info", "event": "alert",
            "alert.id": alert(1).id.as_str(), "alert.level": "high",
            "alert.raised_at": "2026-11-23T22:14:05Z",
            "rules": "floods,rivers", "tags": "water,land", "terms": "flood*; річк~",
            "matches": "Flood; flood; річки", "feed.id": "news", "feed.title": "Новини",
            "item.id": "item-1", "item.title": "Flood warning 1",
            "item.link": "https://example.org/1", "item.authors": "A. Author; B. Author",
            "item.published": "2026-11-23T22:10:00.250Z",
            "item.first_seen": "2026-11-23T22:14:05Z", "item.language": "en",
            "item.text": "Води річки піднялися, flood follows\u{2028}soon"
        })
    );
    assert!(!text.contains('\u{2028}'));
}

#[test]
fn the_fields_are_those_of_the_manual() {
    let mut full = alert(1);
    full.item.updated = full.item.published;
    full.health = Some(HealthChange {
        state: Health::Blocked,
        before: Health::Ok,
        reason: Some(Reason::Blocked),
        since: full.raised_at,
        message: String::new(),
    });
    let event = event(&full, full.raised_at);
    let written: Vec<&str> = event.fields.iter().map(|(name, _)| name.as_ref()).collect();
    let described: Vec<&str> = events::ALERT.fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(written, described);
    assert_eq!((event.name.as_ref(), event.level), (events::ALERT.name, events::ALERT.level));
}

#[test]
fn lists_are_bounded() {
    let names: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    let Some(Value::Text(text)) = list(names.iter().map(String::as_str), ",") else {
        panic!("text")
    };
    assert_eq!(text.split(',').count(), MAX_LIST);
    assert_eq!(list(std::iter::empty(), ","), None);
}

#[tokio::test]
async fn in_text_it_is_for_reading() {
    let kept = Kept::default();
    let sink = Log { stream: log_to(kept.clone(), LogStyle::Text) };
    sink.deliver(&deliveries([7])).await;
    assert_eq!(kept.text(), render::alert(&alert(7), false));
}

struct Full(u32);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_is_not_out_is_tried_again() {
    let sink = Log { stream: log_to(Full(1), LogStyle::Json) };
    let outcomes = sink.deliver(&deliveries(1..4)).await.outcomes;
    assert_eq!(outcomes[0], Outcome::Delivered);
    for outcome in &outcomes[1..] {
        let Outcome::Retry { reason, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(*reason, Reason::DiskFull);
    }
    assert_eq!(outcomes.len(), 3);
    sink.stream.close(std::time::Duration::from_secs(10));
    let Outcome::Retry { reason, .. } = &sink.deliver(&deliveries([1])).await.outcomes[0] else {
        panic!("retry")
    };
    assert_eq!(*reason, Reason::Write);
}
