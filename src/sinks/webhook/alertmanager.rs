//! Alerts in the form of Alertmanager's API v2 (its `api/v2/openapi.yaml`).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use url::Url;

use crate::model::{Alert, Batch, Timestamp};
use crate::sinks::message::{BOUNDS, Entry};

/// Where alerts are posted to.
const PATH: &str = "/api/v2/alerts";
/// Where the API is.
const API: &str = "/api/v2";

/// An alert there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Active {
    labels: BTreeMap<&'static str, String>,
    annotations: BTreeMap<&'static str, String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    #[serde(rename = "generatorURL", skip_serializing_if = "String::is_empty")]
    generator_url: String,
}

/// `url` with the API's path, or what is missing of it.
pub(super) fn endpoint(url: &Url) -> Url {
    let mut url = url.clone();
    let path = url.path().trim_end_matches('/');
    let before = [PATH, API].into_iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    let whole = format!("{before}{PATH}");
    url.set_path(&whole);
    url
}

/// The alerts of `batch`, active until `resolve_after` from `now`. Their labels name them (two with
/// the same labels are one to Alertmanager), so the alert's id is among them.
pub(super) fn alerts(batch: &Batch, now: Timestamp, resolve_after: Duration) -> Vec<Active> {
    let active = |alert: &Alert| {
        let entry = Entry::of(alert, BOUNDS[0]);
        // The rule that made the level, the first of them.
        let rule = alert.rules.iter().find(|rule| rule.level == alert.level);
        let name = rule.map_or("feed_health", |rule| rule.id.as_str());
        let labels = [
            ("alertname", name.to_owned()),
            ("severity", alert.level.to_string()),
            ("feed", alert.feed.id.as_str().to_owned()),
            ("alert_id", alert.id.as_str().to_owned()),
        ];
        let rules: Vec<&str> = alert.rules.iter().map(|rule| rule.id.as_str()).collect();
        let annotations = [
            ("summary", entry.title.clone()),
            ("description", entry.text.clone()),
            ("feed_title", entry.feed_title().to_owned()),
            ("rules", rules.join(", ")),
            ("terms", entry.terms.join(", ")),
            ("link", entry.link.clone()),
        ];
        Active {
            // An empty label or annotation is none.
            labels: labels.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            annotations: annotations.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
            starts_at: alert.raised_at.min(now),
            ends_at: now.plus(resolve_after),
            generator_url: entry.link,
        }
    };
    batch.deliveries.iter().map(|delivery| active(&delivery.alert)).collect()
}
