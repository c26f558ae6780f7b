//! How often a feed brings news, and when it is due to be doubted.

use std::time::Duration;

use crate::model::{Condition, Habit, Timestamp};

/// A feed's habit is not known before it was watched for so long: nights, and weekends.
pub const LEAST_WATCH: Duration = Duration::from_secs(7 * 86_400);
/// … and has brought news so often.
pub const LEAST_TIMES: u32 = 8;
/// So many times the interval is no silence yet, whatever the habit.
const LEAST_POLLS: u32 = 12;
/// A feed is fetched whole so often although its server says that nothing is new.
const FULL_EVERY: Duration = Duration::from_secs(7 * 86_400);
/// … and so often when it is overdue.
const FULL_AT_MOST: Duration = Duration::from_secs(86_400);

/// The habit after a good poll at `now`, which brought something new or did not.
pub fn saw_news(old: &Habit, news: bool, now: Timestamp) -> Habit {
    let mut habit = *old;
    habit.watched_since.get_or_insert(now);
    let week = *habit.week.get_or_insert(now);
    if now.since(week) >= LEAST_WATCH {
        habit.longest_before = habit.longest;
        habit.longest = Duration::ZERO;
        habit.week = Some(now);
    }
    if news {
        if let Some(last) = habit.last_news {
            habit.longest = habit.longest.max(now.since(last));
        }
        habit.last_news = Some(now);
        habit.times = habit.times.saturating_add(1);
    }
    habit
}

/// The longest that the feed usually brings nothing; `None` as long as that is not known.
pub fn usual(habit: &Habit, interval: Duration, now: Timestamp) -> Option<Duration> {
    let watched = now.since(habit.watched_since?);
    let known = watched >= LEAST_WATCH && habit.times >= LEAST_TIMES;
    let least = interval.saturating_mul(LEAST_POLLS);
    known.then(|| habit.longest.max(habit.longest_before).max(least))
}

/// For how long the feed has brought nothing.
pub fn quiet_for(habit: &Habit, now: Timestamp) -> Duration {
    now.since(habit.last_news.or(habit.watched_since).unwrap_or(now))
}

/// Whether the next poll at `now` should be without validators: because the server's word is
/// distrusted, because the feed is overdue by its habit, or because that has not been done for a
/// week. A server that always answers 304, or a cache on the way, is found out so.
pub fn wants_full(condition: &Condition, interval: Duration, now: Timestamp) -> bool {
    if condition.distrusted_until.is_some_and(|until| now < until) {
        return true;
    }
    let Some(last) = condition.full_at else { return false };
    let since = now.since(last);
    let overdue = usual(&condition.habit, interval, now)
        .is_some_and(|usual| quiet_for(&condition.habit, now) > usual);
    since >= FULL_EVERY || (overdue && since >= FULL_AT_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn noon() -> Timestamp {
        Timestamp::parse("2026-03-01T12:00:00Z").unwrap()
    }

    /// A feed that brings news every `every` hours but by night, for so many days.
    fn watched(days: u32, every: u32) -> Habit {
        (0..days * 24).fold(Habit::default(), |habit, hour| {
            let news = hour % every == 0 && hour % 24 >= 8;
            saw_news(&habit, news, noon().plus(hour * HOUR))
        })
    }

    #[test]
    fn a_habit_is_known_after_a_week_and_holds_the_nights() {
        let after =
            |days: u32, every| usual(&watched(days, every), HOUR, noon().plus(days * 24 * HOUR));
        assert_eq!(after(6, 1), None);
        assert_eq!(after(9, 1), Some(12 * HOUR), "the floor of twelve intervals");
        assert_eq!(after(9, 4), Some(12 * HOUR));
        assert_eq!(after(9, 100), None, "it has not brought news often enough");
        let hourly = usual(&watched(9, 1), HOUR / 60, noon().plus(9 * 24 * HOUR));
        assert_eq!(hourly, Some(9 * HOUR), "from eleven at night to eight");
    }

    #[test]
    fn a_habit_forgets_what_is_two_weeks_past() {
        let mut habit = Habit { longest: 90 * HOUR, ..watched(9, 1) };
        for hour in 9 * 24..30 * 24 {
            habit = saw_news(&habit, true, noon().plus(hour * HOUR));
        }
        assert_eq!(habit.longest.max(habit.longest_before), HOUR);
    }

    #[test]
    fn silence_counts_from_the_last_news() {
        let habit = saw_news(&Habit::default(), false, noon());
        assert_eq!(quiet_for(&habit, noon().plus(HOUR)), HOUR);
        let habit = saw_news(&habit, true, noon().plus(HOUR));
        let habit = saw_news(&habit, false, noon().plus(3 * HOUR));
        assert_eq!(quiet_for(&habit, noon().plus(3 * HOUR)), 2 * HOUR);
        assert_eq!(quiet_for(&Habit::default(), noon()), Duration::ZERO);
    }

    #[test]
    fn a_feed_is_fetched_whole_when_it_is_overdue_or_a_week_has_passed() {
        let now = noon().plus(9 * 24 * HOUR);
        let known = watched(9, 1);
        let overdue = Habit { last_news: Some(now.minus(20 * HOUR)), ..known };
        let cases = [
            ("never fetched", Habit::default(), None, None, false),
            ("fetched a day ago", known, Some(24), None, false),
            ("fetched a week ago", known, Some(7 * 24), None, true),
            ("overdue", overdue, Some(24), None, true),
            ("overdue, but fetched today", overdue, Some(23), None, false),
            ("distrusted", known, Some(1), Some(1), true),
            ("trusted again", known, Some(1), Some(-1), false),
        ];
        for (what, habit, full, distrusted, wants) in cases {
            let condition = Condition {
                habit,
                full_at: full.map(|hours: u32| now.minus(hours * HOUR)),
                distrusted_until: distrusted.map(|hours: i32| match hours {
                    ..0 => now.minus(hours.unsigned_abs() * HOUR),
                    _ => now.plus(hours.unsigned_abs() * HOUR),
                }),
                ..Condition::default()
            };
            assert_eq!(wants_full(&condition, HOUR, now), wants, "{what}");
        }
    }
}
