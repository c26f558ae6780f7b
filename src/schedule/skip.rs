//! Hours and days in which a feed does not want to be polled (RSS 2.0, `skipHours`, `skipDays`).

use crate::model::{Timestamp, Wishes};

const HOUR: i64 = 3_600_000;

/// The beginning of the first hour after `at` that is not to be left out; `None` if that of `at`
/// itself is not, or if none of a week is left.
pub(super) fn past(wishes: &Wishes, at: Timestamp) -> Option<Timestamp> {
    let first = at.as_millis().div_euclid(HOUR);
    let free = (0..=7 * 24).find(|hours| !is_left_out(wishes, first + hours))?;
    (free > 0).then(|| Timestamp::from_millis((first + free) * HOUR))
}

/// Whether to leave out an hour, counted from the beginning of 1970, a Thursday.
fn is_left_out(wishes: &Wishes, hour: i64) -> bool {
    let of_day = hour.rem_euclid(24);
    let of_week = (hour.div_euclid(24) + 3).rem_euclid(7);
    wishes.skip_hours >> of_day & 1 == 1 || wishes.skip_days >> of_week & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_free_hour_is_found() {
        let wishes = |skip_hours, skip_days| Wishes { skip_hours, skip_days, ..Wishes::default() };
        let night = 0b1111;
        let weekend = 0b110_0000;
        let cases = [
            ("no wish", wishes(0, 0), "2026-03-06T03:10:00Z", None),
            ("by day", wishes(night, 0), "2026-03-06T04:00:00Z", None),
            ("by night", wishes(night, 0), "2026-03-06T00:00:00Z", Some("2026-03-06T04:00:00Z")),
            ("its last", wishes(night, 0), "2026-03-06T03:59:59Z", Some("2026-03-06T04:00:00Z")),
            (
                "midnight",
                wishes(1 << 23 | 1, 0),
                "2026-03-06T23:05:00Z",
                Some("2026-03-07T01:00:00Z"),
            ),
            ("Friday", wishes(0, weekend), "2026-03-06T23:59:00Z", None),
            ("Saturday", wishes(0, weekend), "2026-03-07T00:00:00Z", Some("2026-03-09T00:00:00Z")),
            ("both", wishes(night, weekend), "2026-03-08T09:00:00Z", Some("2026-03-09T04:00:00Z")),
            ("all hours", wishes(0xFF_FFFF, 0), "2026-03-06T03:10:00Z", None),
            ("all days", wishes(0, 0x7F), "2026-03-06T03:10:00Z", None),
            ("before 1970", wishes(night, 0), "1969-12-31T01:00:00Z", Some("1969-12-31T04:00:00Z")),
        ];
        for (what, wishes, at, expected) in cases {
            let at = Timestamp::parse(at).unwrap();
            let found = past(&wishes, at);
            assert_eq!(found, expected.and_then(Timestamp::parse), "{what}");
        }
    }
}
