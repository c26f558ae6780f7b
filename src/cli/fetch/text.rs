//! A fetch for people. All that comes from outside is made visible.

use std::time::Duration;

use super::report::{HopFacts, Report, Wait, Wish};
use crate::model::visible;

/// Request headers that every request has alike are shown after those that tell more.
const DULL: [&str; 3] = ["user-agent", "accept", "accept-encoding"];

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for hop in &report.hops {
        text.push_str(&of_hop(hop));
        text.push('\n');
    }
    let mut fact = |name: &str, value: &str| {
        text.push_str(&format!("{name:<10} {}\n", visible(value)));
    };
    if let Some(to) = &report.moved_to {
        fact("moved", &format!("for good, to {to}"));
    }
    if let Some(body) = &report.body {
        let decoded = match (body.decoded_bytes, body.codings.is_empty()) {
            (Some(bytes), false) => {
                format!(", {bytes} after {} is undone", body.codings.join(", "))
            }
            (None, false) => format!(", in {}", body.codings.join(", ")),
            (_, true) => String::new(),
        };
        fact("body", &format!("{} bytes on the wire{decoded}", body.wire_bytes));
    }
    if let Some(charset) = &report.charset {
        fact("charset", &format!("{}: {}", charset.name, charset.why));
    }
    if let Some(feed) = &report.feed {
        let title = feed.title.as_deref().unwrap_or("(no title)");
        fact("feed", &format!("{title} ({:?}), {} items", feed.kind, feed.items));
        for item in &feed.first {
            let when = item.published.map_or_else(|| "-".to_owned(), |at| at.to_string());
            let title = if item.title.is_empty() { "(no title)" } else { &item.title };
            fact("", &format!("{when}  {title}"));
        }
        if feed.items > feed.first.len() {
            fact("", &format!("… and {} more", feed.items - feed.first.len()));
        }
        let repairs = feed.repairs.join(", ");
        fact("repairs", if repairs.is_empty() { "none" } else { &repairs });
    }
    match &report.asked {
        Some(Wish { wait_ms, counts_ms, why }) => {
            fact("freshness", &format!("{}, by {why}", wish(*wait_ms, *counts_ms)));
        }
        None if report.error.is_none() => fact("freshness", "the server asks for no wait"),
        None => {}
    }
    if let Some(error) = &report.error {
        fact("error", &format!("{}: {}", error.reason, error.message));
        if let (Some(host), Some(wait), Some(counts)) =
            (&error.host, error.retry_after_ms, error.counts_ms)
        {
            fact("asked", &format!("{host} is to be left alone for {}", wish(wait, counts)));
        }
    }
    if let Some(Wait { wait_ms, why }) = &report.next {
        fact("next poll", &format!("in {}, by {why}", span(*wait_ms)));
    }
    text
}

fn of_hop(hop: &HopFacts) -> String {
    let mut text = format!("GET {}\n", visible(&hop.url));
    let (dull, telling): (Vec<_>, Vec<_>) =
        hop.request.iter().partition(|(name, _)| DULL.contains(&name.as_str()));
    for (name, value) in telling.into_iter().chain(dull) {
        text.push_str(&format!("  > {}: {}\n", visible(name), visible(value)));
    }
    if !hop.addresses.is_empty() {
        text.push_str(&format!("  the name leads to {}\n", hop.addresses.join(", ")));
    }
    if let Some(peer) = &hop.peer {
        text.push_str(&format!("  connected to {peer}\n"));
    }
    match (hop.status, &hop.version) {
        (Some(status), version) => {
            let version = version.as_deref().unwrap_or_default();
            text.push_str(&format!("  {version} {status}\n"));
        }
        (None, _) => text.push_str("  no answer\n"),
    }
    for (name, value) in &hop.response {
        text.push_str(&format!("  < {}: {}\n", visible(name), visible(value)));
    }
    let took = |ms: Option<u64>| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    let bytes = hop.body_bytes.map(|bytes| format!(" for {bytes} bytes")).unwrap_or_default();
    text.push_str(&format!(
        "  dns {}, connect {}, tls {}, first byte {}, body {}{bytes}\n",
        took(hop.dns_ms),
        took(hop.connect_ms),
        took(hop.tls_ms),
        took(hop.first_byte_ms),
        took(hop.body_ms),
    ));
    text
}

/// What is asked, and what of it counts.
fn wish(asked: u64, counts: u64) -> String {
    match counts < asked {
        true => format!("{}, but no more than {} counts (max_interval)", span(asked), span(counts)),
        false => span(asked),
    }
}

/// A span in whole seconds, if it is one or more.
fn span(millis: u64) -> String {
    let span = Duration::from_millis(millis);
    let whole = Duration::from_secs(span.as_secs());
    humantime::format_duration(if whole.is_zero() { span } else { whole }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_told_with_what_counts() {
        let day = 86_400_000;
        assert_eq!(wish(day, day), "1day");
        assert_eq!(wish(30 * day, day), "30days, but no more than 1day counts (max_interval)");
    }
}
