//! Quiet hours, in the time of a place.

use std::fmt;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan};

use crate::model::{Level, Timestamp};

/// Hours of the day in which a sink is sent only what passes. The rest waits, and goes out when
/// they are over, as a catch-up message or several.
///
/// They go by the wall clock of `zone`. Where it is set forward at night, a time that is skipped
/// stands for that much later; where it is set back, a time that comes twice for the first of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// `from`: when they begin, such as `"22:00"`.
    pub from: TimeOfDay,
    /// `to`: when they end; if that is not after `from`, on the next day. `"24:00"` is the end of
    /// the day. From `"00:00"` to `"24:00"`, at least one day must be left out of `days`.
    pub to: TimeOfDay,
    /// `zone`: a time zone of the IANA database, such as `"Europe/Kyiv"`. Default: the machine's,
    /// or UTC if it has none.
    pub zone: TimeZone,
    /// `days`: the days on which they begin, such as `["sat", "sun"]`. Default: every day.
    pub days: Days,
    /// `through`: levels that are sent all the same. May be empty. Default `["critical"]`.
    pub through: Vec<Level>,
}

/// A time of the day to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(i16);

impl TimeOfDay {
    /// The beginning of the day, `00:00`.
    pub const FIRST: Self = Self(0);
    /// Its end, `24:00`.
    pub const LAST: Self = Self(24 * 60);

    /// Reads `07:00`; hours 0 to 23, and `24:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let two = |text: &str| match text.as_bytes() {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
                Some(i16::from(tens - b'0') * 10 + i16::from(ones - b'0'))
            }
            _ => None,
        };
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        let time = hours * 60 + minutes;
        (minutes < 60 && time <= 24 * 60).then_some(Self(time))
    }

    /// When it is that time on `date` in `zone`.
    fn on(self, date: Date, zone: &TimeZone) -> Option<Timestamp> {
        let (date, minutes) = match self.0 {
            1440 => (date.tomorrow().ok()?, 0),
            minutes => (date, minutes),
        };
        let hour = i8::try_from(minutes / 60).ok()?;
        let minute = i8::try_from(minutes % 60).ok()?;
        let at = zone.to_timestamp(date.at(hour, minute, 0, 0)).ok()?;
        Some(Timestamp::from_millis(at.as_millisecond()))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u8);

impl Days {
    /// All seven.
    pub const ALL: Self = Self(0x7f);
    /// None.
    pub const NONE: Self = Self(0);
    /// What they are called, from Monday.
    pub const NAMES: [&'static str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// These and the one called `name`; `None` if none is.
    pub fn with(self, name: &str) -> Option<Self> {
        let day = Self::NAMES.iter().position(|known| *known == name)?;
        Some(Self(self.0 | 1 << day))
    }

    fn has(self, day: Weekday) -> bool {
        self.0 & 1 << day.to_monday_zero_offset() != 0
    }
}

/// Quiet hours that begin on every day of the week come again within so many days.
const WEEK: i64 = 8;

impl Quiet {
    /// The end of the quiet hours that `at` lies in.
    pub fn until(&self, at: Timestamp) -> Option<Timestamp> {
        let spans = self.spans(at).filter(|(from, to)| *from <= at && at < *to);
        spans.map(|(_, to)| to).max()
    }

    /// When the last quiet hours that were over at `at` ended.
    pub fn ended(&self, at: Timestamp) -> Option<Timestamp> {
        self.spans(at).map(|(_, to)| to).filter(|to| *to <= at).max()
    }

    /// The quiet hours that begin within a week before `at`, those of its day included.
    fn spans(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let instant = Instant::from_millisecond(at.as_millis()).unwrap_or(Instant::UNIX_EPOCH);
        let today = self.zone.to_datetime(instant).date();
        (0..=WEEK).filter_map(move |back| {
            let date = today.checked_sub(back.days()).ok()?;
            if !self.days.has(date.weekday()) {
                return None;
            }
            let last = if self.to > self.from { date } else { date.tomorrow().ok()? };
            let (from, to) = (self.from.on(date, &self.zone)?, self.to.on(last, &self.zone)?);
            (from < to).then_some((from, to))
        })
    }
}
