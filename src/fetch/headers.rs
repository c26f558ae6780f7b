//! What response headers say about time: pure readings.

use std::time::Duration;

use reqwest::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap};

use crate::model::Timestamp;
use crate::net::headers::{delta_seconds, http_date, text};
use crate::schedule::Why;

/// For how long the answer stays fresh (RFC 9111 §4.2): `max-age`, else `Expires` by the server's
/// own clock, less `Age`; and which of the two. Zero if it says nothing, or that it must not be
/// reused.
pub fn fresh_for(headers: &HeaderMap, now: Timestamp) -> (Duration, Why) {
    let directives = headers.get_all(CACHE_CONTROL).iter().flat_map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>()
    });
    let mut max_age = None;
    for directive in directives {
        match directive.split_once('=').unwrap_or((&directive, "")) {
            ("no-cache" | "no-store", _) => return (Duration::ZERO, Why::MaxAge),
            ("max-age", seconds) if max_age.is_none() => {
                max_age = Some(delta_seconds(seconds.trim().trim_matches('"')).unwrap_or_default());
            }
            _ => {}
        }
    }
    let lifetime = max_age.or_else(|| {
        let expires = http_date(headers, &EXPIRES)?;
        Some(expires.since(http_date(headers, &DATE).unwrap_or(now)))
    });
    let age = text(headers, &AGE).and_then(|age| delta_seconds(age.trim())).unwrap_or_default();
    let by = if max_age.is_some() { Why::MaxAge } else { Why::Expires };
    (lifetime.unwrap_or_default().saturating_sub(age), by)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        map
    }

    const NOW: &str = "1994-11-06T08:49:37Z";
    const DATE_NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const IN_AN_HOUR: &str = "Sun, 06 Nov 1994 09:49:37 GMT";

    #[test]
    fn freshness_is_what_the_headers_grant() {
        let cases: [(&[(&'static str, &str)], u64); 13] = [
            (&[], 0),
            (&[("cache-control", "public, Max-Age=300")], 300),
            (&[("cache-control", "max-age=\"300\"")], 300),
            (&[("cache-control", "max-age=300"), ("age", "100")], 200),
            (&[("cache-control", "max-age=300"), ("age", "900")], 0),
            (&[("cache-control", "s-maxage=300")], 0),
            (&[("cache-control", "max-age=300, no-cache")], 0),
            (&[("cache-control", "no-store"), ("cache-control", "max-age=5")], 0),
            (&[("cache-control", "max-age=-5"), ("expires", IN_AN_HOUR)], 0),
            (&[("cache-control", "max-age=99999999999999999999999")], 1 << 31),
            (&[("date", DATE_NOW), ("expires", IN_AN_HOUR)], 3600),
            (&[("expires", IN_AN_HOUR)], 3600),
            (&[("expires", "0")], 0),
        ];
        for (pairs, seconds) in cases {
            let (fresh, by) = fresh_for(&headers(pairs), Timestamp::parse(NOW).unwrap());
            let max_age = pairs.iter().any(|(_, value)| value.contains("ax-"));
            assert!(fresh.is_zero() || max_age == (by == Why::MaxAge), "{pairs:?}: {by:?}");
            assert_eq!(fresh, Duration::from_secs(seconds), "{pairs:?}");
        }
    }
}
