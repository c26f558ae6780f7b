//! Dates as feeds write them: RFC 822 and 2822, RFC 3339 and ISO 8601, and what people make of
//! them, in a dozen languages.

use chrono::NaiveDate;

use crate::model::Timestamp;

mod common;
mod words;

/// A longer text is no date.
const MAX_DATE: usize = 128;

/// Reads a date. Without a zone it is taken as UTC, without a time as midnight. `None` if day,
/// month or year cannot be told or do not exist.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_DATE {
        return None;
    }
    common::parse(text).or_else(|| careful(text))
}

/// Reads a date word by word.
fn careful(text: &str) -> Option<Timestamp> {
    if let Some(epoch) = epoch(text) {
        return Some(epoch);
    }
    let mut parts = Parts::default();
    let spaced: String = text.chars().map(separator).collect();
    for word in spaced.split_whitespace() {
        parts.take(word);
    }
    parts.finish()
}

/// Seconds or milliseconds since 1970, written as a bare number.
fn epoch(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))?;
    match text.len() {
        9 | 10 => Some(Timestamp::from_millis(number.saturating_mul(1000))),
        13 => Some(Timestamp::from_millis(number)),
        _ => None,
    }
}

fn separator(c: char) -> char {
    match c {
        ',' | ';' | '(' | ')' | '"' | '|' | '日' | '일' => ' ',
        '年' | '月' | '년' | '월' => '-',
        '\u{2212}' | '\u{2010}' | '\u{2011}' | '\u{2013}' => '-',
        c => c,
    }
}

#[derive(Debug, Default)]
struct Parts {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    /// Milliseconds since midnight.
    time: Option<i64>,
    /// Seconds east of UTC.
    offset: Option<i64>,
    afternoon: Option<bool>,
}

impl Parts {
    /// One word of the date.
    fn take(&mut self, word: &str) {
        let first = word.chars().next().unwrap_or(' ');
        if first == '+' || first == '-' {
            if let Some(offset) = offset(word) {
                self.offset.get_or_insert(offset);
                return;
            }
            return self.take(word.trim_start_matches(['+', '-']));
        }
        if first.is_ascii_digit() {
            self.take_number(word);
        } else {
            self.take_name(word);
        }
    }

    /// A word that begins with a digit: a date, a time, a day, a year, or several of them.
    fn take_number(&mut self, word: &str) {
        if let Some((date, time)) = split_iso(word) {
            self.take_number(date);
            return match time.bytes().take_while(u8::is_ascii_digit).count() {
                4 => self.take_time(&format!("{}:{}", &time[..2], &time[2..])),
                6 => self.take_time(&format!("{}:{}:{}", &time[..2], &time[2..4], &time[4..])),
                _ => self.take(time),
            };
        }
        if word.contains(':') {
            return self.take_time(word);
        }
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = word.split_at(digits);
        let rest = rest.trim_end_matches('.');
        if rest.chars().any(|c| c.is_ascii_digit()) || rest.contains('-') {
            return self.take_date(word);
        }
        if digits == 8 && rest.is_empty() && self.year.is_none() {
            return self.take_date(&format!("{}-{}-{}", &word[..4], &word[4..6], &word[6..8]));
        }
        let Ok(value) = number.parse::<u32>() else { return };
        match rest.to_lowercase().as_str() {
            "am" | "pm" => {
                self.time.get_or_insert(i64::from(value) * 3_600_000);
                self.afternoon = Some(rest.eq_ignore_ascii_case("pm"));
            }
            "h" if value < 24 => drop(self.time.get_or_insert(i64::from(value) * 3_600_000)),
            _ if digits <= 2 && self.day.is_none() => self.day = Some(value),
            _ if self.year.is_none() => self.year = full_year(value, digits),
            _ => {}
        }
        if !rest.is_empty() && self.month.is_none() {
            self.month = words::month(rest);
        }
    }

    /// `2026-11-23`, `23.11.2026`, `11/23/2026`, `23-Nov-2026`.
    fn take_date(&mut self, word: &str) {
        let mut parts = word.split(['-', '/', '.']).filter(|part| !part.is_empty());
        let (Some(a), Some(b)) = (parts.next(), parts.next()) else {
            let year = word.trim_end_matches(['-', '/', '.']);
            self.year = self.year.or(year.parse().ok().and_then(|y| full_year(y, year.len())));
            return;
        };
        let c = parts.next();
        let number = |s: &str| s.parse::<u32>().ok();
        if a.len() == 4 {
            self.year = number(a).and_then(|y| full_year(y, 4));
            self.month = number(b).or_else(|| words::month(b));
            self.day = c.map_or(Some(1), number);
            return;
        }
        let Some(c) = c else { return };
        self.year = number(c).and_then(|y| full_year(y, c.len()));
        match (number(a), number(b)) {
            (Some(day), None) => (self.day, self.month) = (Some(day), words::month(b)),
            (None, Some(day)) => (self.day, self.month) = (Some(day), words::month(a)),
            (Some(a), Some(b)) if word.contains('/') && a <= 12 => {
                (self.month, self.day) = (Some(a), Some(b));
            }
            (a, b) => (self.day, self.month) = (a, b),
        }
    }

    /// `22:14`, `22:14:05.250`, each with what may follow at once: `Z`, `+02:00`, `pm`, `EET`.
    fn take_time(&mut self, word: &str) {
        let end = word
            .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.'))
            .unwrap_or(word.len());
        let (time, rest) = word.split_at(end);
        let mut parts = time.trim_end_matches(['.', ':']).split(':');
        let hours: Option<i64> = parts.next().and_then(|p| p.parse().ok());
        let minutes: Option<i64> = parts.next().map_or(Some(0), |p| p.parse().ok());
        let seconds = parts.next().unwrap_or("0");
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        if let (Some(h @ 0..=24), Some(m @ 0..=59), Ok(s @ 0..=60)) =
            (hours, minutes, whole.parse::<i64>())
        {
            let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
            let millis: i64 = millis.parse().unwrap_or(0);
            self.time.get_or_insert(((h * 60 + m) * 60 + s) * 1000 + millis);
        }
        if !rest.is_empty() {
            self.take(rest);
        }
    }

    /// A word that begins with a letter: half of the day, a zone, a month, or of no weight.
    fn take_name(&mut self, word: &str) {
        let lower = word.to_lowercase();
        match lower.trim_matches('.') {
            "am" | "a.m" => self.afternoon = Some(false),
            "pm" | "p.m" => self.afternoon = Some(true),
            "noon" => drop(self.time.get_or_insert(12 * 3_600_000)),
            _ => {}
        }
        let letters = word.find(|c: char| !c.is_alphabetic()).unwrap_or(word.len());
        let (name, rest) = word.split_at(letters);
        if let Some(zone) = words::zone(name) {
            let more = offset(rest).unwrap_or(0);
            self.offset.get_or_insert(zone + more);
            return;
        }
        if let Some(month) = words::month(&lower) {
            self.month = Some(month);
        }
        let rest = rest.trim_start_matches(['.', '-', '/', '\'', '’']);
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            self.take(rest);
        }
    }

    fn finish(self) -> Option<Timestamp> {
        let date = NaiveDate::from_ymd_opt(self.year?, self.month?, self.day?)?;
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        let mut time = self.time.unwrap_or(0);
        let hour = time / 3_600_000;
        match self.afternoon {
            Some(true) if hour < 12 => time += 12 * 3_600_000,
            Some(false) if hour == 12 => time -= 12 * 3_600_000,
            _ => {}
        }
        let offset = self.offset.unwrap_or(0) * 1000;
        Some(Timestamp::from_millis(days * 86_400_000 + time - offset))
    }
}

/// Splits `2026-11-23T22:14:05Z` at its `T`.
fn split_iso(word: &str) -> Option<(&str, &str)> {
    let at = word.find(['T', 't'])?;
    let (date, time) = (&word[..at], &word[at + 1..]);
    let sound = date.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b'.'));
    (date.len() >= 4 && sound && time.starts_with(|c: char| c.is_ascii_digit()))
        .then_some((date, time))
}

/// A year of two digits lies in 1950 to 2049 (RFC 2822 §4.3).
fn full_year(value: u32, digits: usize) -> Option<i32> {
    let value = i32::try_from(value).ok()?;
    match digits {
        1 | 2 if value < 50 => Some(2000 + value),
        1..=3 => Some(1900 + value),
        4 => Some(value),
        _ => None,
    }
}

/// `+0200`, `-05:30`, `+3`, `+530`, in seconds; at most 15 hours either way.
fn offset(word: &str) -> Option<i64> {
    let sign = match word.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = word[1..].chars().filter(|c| *c != ':').collect();
    if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        3 => (&digits[..1], &digits[1..3]),
        _ => (&digits[..2], &digits[2..4]),
    };
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests;
