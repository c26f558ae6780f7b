//! What a document says about when to ask again: RSS `skipHours` and `skipDays`, and the RDF
//! syndication module's `updatePeriod` and `updateFrequency`. They stand outside the items, and
//! are read from the text itself, so that it makes no difference which reader reads the rest.

use std::time::Duration;

/// A day, in seconds.
const DAY: u32 = 86_400;
/// Most tags that are looked at, before the items and after them.
const MAX_TAGS: usize = 100_000;
/// As the RSS specification spells them; the place in the list is the number.
const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// See the fields of the same names in [`crate::model::ParsedFeed`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hints {
    pub(super) skip_hours: Vec<u8>,
    pub(super) skip_days: Vec<u8>,
    pub(super) update_every: Option<Duration>,
}

/// Reads what stands before the first item and after the last.
pub(super) fn read(text: &str) -> Hints {
    let mut found = Found::default();
    let head = text.match_indices('<').take(MAX_TAGS).find(|(at, _)| opens_item(&text[at + 1..]));
    let Some((head, _)) = head else {
        found.take(text);
        return found.hints();
    };
    let mut ends = text.rmatch_indices("</").take(MAX_TAGS);
    let tail = ends.find(|(at, _)| opens_item(&text[at + 2..]));
    let tail = tail.map_or(text.len(), |(at, _)| at);
    found.take(&text[..head]);
    found.take(&text[tail.max(head)..]);
    found.hints()
}

fn opens_item(inside: &str) -> bool {
    let name = name(inside);
    name.eq_ignore_ascii_case("item") || name.eq_ignore_ascii_case("entry")
}

/// The local name of the tag whose inside starts here, without the slash of an end tag.
fn name(inside: &str) -> &str {
    let end = inside.bytes().take(64).position(|b| !(b.is_ascii_alphanumeric() || b == b':'));
    let name = end.and_then(|end| inside.get(..end)).unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

#[derive(Default)]
struct Found {
    /// One bit for each hour.
    hours: u32,
    /// One bit for each day.
    days: u8,
    period: Option<String>,
    frequency: Option<String>,
}

impl Found {
    /// Goes through the tags of a piece of the document.
    fn take(&mut self, text: &str) {
        let mut inside_hours = false;
        let mut inside_days = false;
        let mut comment = false;
        for piece in text.split('<').take(MAX_TAGS) {
            comment |= piece.starts_with("!--");
            if comment {
                comment = !piece.contains("-->");
                continue;
            }
            let closing = piece.starts_with('/');
            let name = name(piece.strip_prefix('/').unwrap_or(piece)).to_ascii_lowercase();
            let value = piece.split_once('>').map_or("", |(_, value)| value.trim());
            match (name.as_str(), closing) {
                ("skiphours", closing) => inside_hours = !closing,
                ("skipdays", closing) => inside_days = !closing,
                ("hour", false) if inside_hours => self.hours |= hour(value),
                ("day", false) if inside_days => self.days |= day(value),
                ("updateperiod", false) => self.period = Some(value.to_ascii_lowercase()),
                ("updatefrequency", false) => self.frequency = Some(value.to_owned()),
                _ => {}
            }
        }
    }

    fn hints(&self) -> Hints {
        Hints {
            skip_hours: (0..24).filter(|hour| self.hours >> hour & 1 == 1).collect(),
            skip_days: (0..7).filter(|day| self.days >> day & 1 == 1).collect(),
            update_every: self.update_every(),
        }
    }

    /// Without a frequency it is 1, without a period daily; of a period that the module does not
    /// know, nothing follows.
    fn update_every(&self) -> Option<Duration> {
        if self.period.is_none() && self.frequency.is_none() {
            return None;
        }
        let period = match self.period.as_deref().unwrap_or_default() {
            "hourly" => DAY / 24,
            "daily" | "" => DAY,
            "weekly" => 7 * DAY,
            "monthly" => 30 * DAY,
            "yearly" => 365 * DAY,
            _ => return None,
        };
        let frequency = self.frequency.as_deref().and_then(|times| times.parse().ok());
        let frequency = frequency.filter(|times: &u32| *times > 0).unwrap_or(1);
        Some(Duration::from_secs(u64::from(period)) / frequency)
    }
}

/// The bit of an hour of the day; 24 is 0, as RSS 0.91 counts from 1.
fn hour(value: &str) -> u32 {
    match value.parse::<u32>() {
        Ok(hour @ 0..=24) => 1 << (hour % 24),
        _ => 0,
    }
}

fn day(value: &str) -> u8 {
    let day = WEEKDAYS.iter().position(|day| day.eq_ignore_ascii_case(value));
    day.map_or(0, |day| 1 << day)
}

#[cfg(test)]
mod tests;
