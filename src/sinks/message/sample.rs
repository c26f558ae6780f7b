//! Batches to try templates on: each form, and alerts with all there can be and with as little.

use std::sync::Arc;

use crate::model::{
    Alert, AlertFeed, AlertRule, Batch, Delivery, FeedId, Field, Form, Health, HealthChange, Item,
    Level, Match, Reason, RuleId, Status, Timestamp,
};
use crate::sinks::HealthAlerts;

/// A batch to try a template on.
#[derive(Clone, Debug)]
pub(in crate::sinks) struct Sample {
    /// Not empty.
    pub batch: Batch,
    /// What it is, unless it is an alert that has all there can be.
    pub about: Option<&'static str>,
}

/// Samples of each form, of alerts that a sink with this `health` can get.
pub(in crate::sinks) fn samples(health: HealthAlerts) -> Vec<Sample> {
    let (of_rules, of_feeds) = (health != HealthAlerts::Only, health != HealthAlerts::Never);
    let all = || {
        let rules =
            [(full(), None), (bare(), Some("an alert of an item without headline and link"))];
        let feeds = [(of_health(), Some("an alert about a feed, which has no rules"))];
        let rules = rules.into_iter().filter(move |_| of_rules);
        rules.chain(feeds.into_iter().filter(move |_| of_feeds))
    };
    let alone =
        all().map(|(alert, about)| Sample { batch: batch(vec![alert], Form::Single), about });
    let forms = [
        (Form::Group, "a group of alerts"),
        (Form::Digest, "a digest of alerts"),
        (Form::CatchUp, "the alerts of quiet hours"),
    ];
    let together = forms.map(|(form, about)| {
        let two: Vec<Alert> = all().chain(all()).map(|(alert, _)| alert).collect();
        Sample { batch: batch(two, form), about: Some(about) }
    });
    alone.chain(together).collect()
}

fn batch(alerts: Vec<Alert>, form: Form) -> Batch {
    let delivery = |(row, alert)| Delivery {
        row,
        alert: Arc::new(alert),
        attempts: 0,
        first_failed: None,
        message: None,
    };
    Batch::new((1..).zip(alerts).map(delivery).collect(), form)
}

fn feed() -> AlertFeed {
    AlertFeed {
        id: FeedId::new("example"),
        title: "Example News".into(),
        url: "https://news.example/feed".into(),
    }
}

fn moment() -> Timestamp {
    // 2026-11-23T22:14:05Z
    Timestamp::from_millis(1_795_472_045_000)
}

fn full() -> Alert {
    let item = Item {
        id: "sample-1".into(),
        title: "Flood warning for the river".into(),
        link: Some("https://news.example/flood?id=1&lang=en".into()),
        published: Some(moment()),
        updated: Some(moment()),
        summary: "Heavy rain is expected to bring a flood by tonight.".into(),
        authors: vec!["A. Author".into()],
        language: Some("en".into()),
        ..Item::default()
    };
    let hit = |field, text: &str, start| Match {
        term: "flood*".into(),
        field,
        text: text.into(),
        start,
        end: start + text.len(),
    };
    let rule = AlertRule {
        id: RuleId::new("floods"),
        title: "Floods".into(),
        level: Level::High,
        status: Status::default(),
        tags: vec!["water".into()],
        matches: vec![hit(Field::Title, "Flood", 0), hit(Field::Summary, "flood", 34)],
    };
    Alert::raise(feed(), &item, vec![rule], moment())
}

fn bare() -> Alert {
    let item = Item { id: "sample-2".into(), ..Item::default() };
    let hit = Match { term: "x".into(), field: Field::Content, text: "x".into(), start: 0, end: 1 };
    let rule = AlertRule {
        id: RuleId::new("any"),
        title: String::new(),
        level: Level::Informational,
        status: Status::default(),
        tags: Vec::new(),
        matches: vec![hit],
    };
    Alert::raise(feed(), &item, vec![rule], moment())
}

fn of_health() -> Alert {
    let change = HealthChange {
        state: Health::Failing,
        before: Health::Ok,
        reason: Some(Reason::Timeout),
        since: moment(),
        message: "no whole answer within 30s".into(),
    };
    Alert::of_health(feed(), change)
}
