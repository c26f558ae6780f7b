//! The two forms in which nearly all dates come, read at once: `Mon, 23 Nov 2026 22:14:05 +0200`
//! and `2026-11-23T22:14:05+02:00`. All else is left to the careful reading in [`super`], which
//! makes the same of these.

use chrono::NaiveDate;

use crate::model::Timestamp;

const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// Reads a date in one of the two forms; `None` for any other.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.as_bytes();
    if text.get(4) == Some(&b'-') { iso(text) } else { rfc_822(text) }
}

fn iso(text: &[u8]) -> Option<Timestamp> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', clock @ ..] = text else { return None };
    let (time, zone) = time(clock)?;
    let offset = match zone {
        b"Z" => 0,
        [sign, h1, h2, b':', m1, m2] => offset(*sign, &[*h1, *h2, *m1, *m2])?,
        _ => return None,
    };
    moment(
        number(&[*y1, *y2, *y3, *y4])?,
        number(&[*m1, *m2])?,
        number(&[*d1, *d2])?,
        time - offset,
    )
}

fn rfc_822(text: &[u8]) -> Option<Timestamp> {
    let date = match text.split_at_checked(3)? {
        (day, [b',', b' ', date @ ..]) if WEEKDAYS.contains(&day) => date,
        _ => text,
    };
    let (day, rest) = match date {
        [a, b' ', rest @ ..] => (number(&[*a])?, rest),
        [a, b, b' ', rest @ ..] => (number(&[*a, *b])?, rest),
        _ => return None,
    };
    let (month, rest) = rest.split_at_checked(3)?;
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let [b' ', y1, y2, y3, y4, b' ', clock @ ..] = rest else { return None };
    let (time, zone) = time(clock)?;
    let offset = match zone {
        b" GMT" | b" UTC" | b" Z" => 0,
        [b' ', sign, digits @ ..] => {
            offset(*sign, digits.first_chunk::<4>().filter(|_| digits.len() == 4)?)?
        }
        _ => return None,
    };
    moment(number(&[*y1, *y2, *y3, *y4])?, month, day, time - offset)
}

/// `22:14:05`, as seconds, and what follows.
fn time(clock: &[u8]) -> Option<(i64, &[u8])> {
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = clock else { return None };
    let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
    let seconds = number(&[*s1, *s2])?;
    let sound = hours < 24 && minutes < 60 && seconds < 60;
    sound.then_some((i64::from((hours * 60 + minutes) * 60 + seconds), rest))
}

/// A sign and four digits, as seconds.
fn offset(sign: u8, digits: &[u8; 4]) -> Option<i64> {
    let (hours, minutes) = (number(&digits[..2])?, number(&digits[2..])?);
    let seconds = i64::from(hours * 60 + minutes) * 60;
    let seconds = (hours < 15 && minutes < 60).then_some(seconds)?;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

fn moment(year: u32, month: u32, day: u32, seconds: i64) -> Option<Timestamp> {
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    Some(Timestamp::from_millis((days * 86_400 + seconds) * 1000))
}

/// Digits and nothing else; at most nine.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0'))
    })
}
