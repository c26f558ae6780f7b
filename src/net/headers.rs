//! What servers say about time in headers: pure readings.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{HeaderMap, HeaderName, RETRY_AFTER};

use crate::model::Timestamp;

/// How long the server asks to be left alone, in either form; `None` for a past date or nonsense.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let wait = match delta_seconds(text(headers, &RETRY_AFTER)?.trim()) {
        Some(seconds) => seconds,
        None => http_date(headers, &RETRY_AFTER)?.since(now),
    };
    (!wait.is_zero()).then_some(wait)
}

/// `delta-seconds` (RFC 9111 §1.2.2); more than 2^31 counts as that.
pub fn delta_seconds(text: &str) -> Option<Duration> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX).min(1 << 31)))
}

/// The moment that the header `name` names (RFC 9110 §5.6.7).
pub fn http_date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text(headers, name)?.trim()).ok()?;
    let since = date.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(i64::try_from(since.as_millis()).ok()?))
}

/// The header `name`, if it is there and is text.
pub fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "1994-11-06T08:49:37Z";
    const DATE_NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const IN_AN_HOUR: &str = "Sun, 06 Nov 1994 09:49:37 GMT";

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let cases = [
            ("120", Some(120)),
            ("0", None),
            (IN_AN_HOUR, Some(3600)),
            (DATE_NOW, None),
            ("Sun, 06 Nov 1904 08:49:37 GMT", None),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
        ];
        for (value, seconds) in cases {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            let wait = retry_after(&headers, Timestamp::parse(NOW).unwrap());
            assert_eq!(wait, seconds.map(Duration::from_secs), "{value}");
        }
    }
}
