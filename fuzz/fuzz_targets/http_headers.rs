//! Cache-Control, Expires, Date, Age and Retry-After, one in each line as `name: value`: HTTP dates
//! and seconds in any shape. Nothing panics, and no wait is longer than the largest that HTTP knows
//! or the farthest date that it can write.

#![no_main]

use std::hint::black_box;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use wirewatch::fetch::headers::{fresh_for, retry_after};
use wirewatch::model::Timestamp;

/// Ten thousand years.
const LONGEST: Duration = Duration::from_secs(10_000 * 366 * 86_400);

fuzz_target!(|data: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(32) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let Some(now) = Timestamp::parse("2026-11-26T12:00:00Z") else { return };
    black_box(fresh_for(&headers, now));
    assert!(retry_after(&headers, now).is_none_or(|wait| !wait.is_zero() && wait < LONGEST));
});
