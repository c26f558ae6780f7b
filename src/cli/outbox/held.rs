//! What is due and waits all the same, because the config says so.

use crate::model::Timestamp;
use crate::pace::Pacing;
use crate::store::OutboxRow;

/// Whether a row is due and was never tried.
pub(super) fn is_fresh(row: &OutboxRow, now: Timestamp) -> bool {
    !row.dead && row.attempts == 0 && row.due <= now
}

/// Why what is due for the sink `name` may wait, in a sentence; `None` if nothing paces it.
pub(super) fn why(pacing: &Pacing, now: Timestamp, name: &str) -> Option<String> {
    if let Some((quiet, until)) =
        pacing.quiet.as_ref().and_then(|quiet| Some((quiet, quiet.until(now)?)))
    {
        let through: Vec<&str> = quiet.through.iter().map(|level| level.as_str()).collect();
        let but = match through.is_empty() {
            true => String::new(),
            false => format!(", but for {}", through.join(", ")),
        };
        return Some(format!(
            "{name}: quiet hours until {until}{but}; what is due waits till then"
        ));
    }
    let gathers = pacing.group_for.map(|window| {
        format!("what comes within {} goes out together", humantime::format_duration(window))
    });
    let rate = pacing.max_per_minute.map(|most| format!("at most {most} a minute are sent"));
    let reasons: Vec<String> = gathers.into_iter().chain(rate).collect();
    match reasons.is_empty() {
        true => None,
        false => Some(format!("{name}: {}; what is due may wait for that", reasons.join(", and "))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Level;
    use crate::pace::{Days, Quiet, TimeOfDay};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn it_is_said_why_what_is_due_waits() {
        let noon = at("2026-11-27T12:00:00Z");
        let plain = Pacing::default();
        assert_eq!(why(&plain, noon, "desk"), None);
        let rate = Pacing { max_per_minute: Some(4), ..Pacing::default() };
        let words = "desk: at most 4 a minute are sent; what is due may wait for that";
        assert_eq!(why(&rate, noon, "desk").as_deref(), Some(words));
        let both = Pacing { group_for: Some(Duration::from_secs(120)), ..rate };
        let words = "desk: what comes within 2m goes out together, and at most 4 a minute are \
            sent; what is due may wait for that";
        assert_eq!(why(&both, noon, "desk").as_deref(), Some(words));
        let quiet = Quiet {
            from: TimeOfDay::parse("22:00").unwrap(),
            to: TimeOfDay::parse("06:00").unwrap(),
            zone: jiff::tz::TimeZone::UTC,
            days: Days::ALL,
            through: vec![Level::Critical],
        };
        let quiet = Pacing { quiet: Some(quiet), ..both };
        let words = "desk: quiet hours until 2026-11-28T06:00:00Z, but for critical; what is due \
            waits till then";
        assert_eq!(why(&quiet, at("2026-11-27T23:00:00Z"), "desk").as_deref(), Some(words));
        assert!(why(&quiet, noon, "desk").unwrap().contains("within 2m"));
    }
}
