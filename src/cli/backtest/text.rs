//! A backtest as tables and samples, for a terminal. Texts from outside come out clean.

use super::{PerDay, Report};
use crate::model::{Status, Timestamp, visible};
use crate::rules::{Counts, RuleReplayed, Sample};

/// The longest headline that is shown, in characters.
const TITLE: usize = 120;

pub(super) fn text(report: &Report) -> String {
    let mut lines = head(report);
    let replayed = &report.replayed;
    if replayed.items > 0 {
        let compared = report.against.is_some();
        lines.push(String::new());
        lines.extend(alerts(report, compared));
        lines.push(String::new());
        lines.extend(rules(&replayed.rules, compared));
        lines.push(String::new());
        lines.extend(days(report, compared));
        for rule in &replayed.rules {
            lines.extend(samples(rule, compared));
        }
    }
    lines.join("\n")
}

fn head(report: &Report) -> Vec<String> {
    let new = visible(&report.new.join(" ")).into_owned();
    let title = match &report.against {
        Some(old) => format!("{new} against {}", visible(&old.join(" "))),
        None => new,
    };
    let replayed = &report.replayed;
    let seen = match (replayed.first, replayed.last) {
        (Some(first), Some(last)) => {
            format!("{}, first seen from {first} to {last}", items(replayed.items))
        }
        _ => format!("no item was first seen from {} to {}", report.since, report.until),
    };
    let mut lines = vec![title, seen];
    match report.reaches_to {
        None => lines.push("the store has no items".to_owned()),
        Some(reaches) if reaches > report.since => {
            let asked = days_between(report.since, report.until);
            let (unit, factor) = if asked < 2.0 { ("hours", 24.0) } else { ("days", 1.0) };
            lines.push(format!(
                "the store goes back to {reaches} only: {:.1} of the {:.1} {unit} asked for",
                report.covered_days * factor,
                asked * factor,
            ));
        }
        Some(_) => {}
    }
    if report.of_removed_feeds > 0 {
        lines.push(format!(
            "{} of feeds that the config no longer has, taken as without tags",
            items(report.of_removed_feeds)
        ));
    }
    lines
}

fn days_between(from: Timestamp, to: Timestamp) -> f64 {
    to.since(from).as_secs_f64() / super::DAY.as_secs_f64()
}

fn items(count: u64) -> String {
    if count == 1 { "1 item".to_owned() } else { format!("{count} items") }
}

/// Numbers under their heads: without old rules only the new ones' column.
fn row(name: &str, width: usize, cells: &[String; 4], compared: bool) -> String {
    let shown = if compared { &cells[..] } else { &cells[1..2] };
    let cells: String = shown.iter().map(|cell| format!("{cell:>9}")).collect();
    format!("{name:<width$}{cells}")
}

fn heads(compared: bool) -> [String; 4] {
    let new = if compared { "new" } else { "alerts" };
    ["old", new, "added", "lost"].map(str::to_owned)
}

fn cells(counts: Counts) -> [String; 4] {
    let signed = |sign: char, count: u64| match count {
        0 => "0".to_owned(),
        _ => format!("{sign}{count}"),
    };
    let Counts { old, new, added, lost } = counts;
    [old.to_string(), new.to_string(), signed('+', added), signed('-', lost)]
}

fn alerts(report: &Report, compared: bool) -> Vec<String> {
    let mut lines = vec![
        row("", 12, &heads(compared), compared),
        row("alerts", 12, &cells(report.replayed.alerts), compared),
    ];
    let PerDay { old, new } = report.per_day;
    if let Some(new) = new {
        let rate = |rate: Option<f64>| rate.map(|rate| format!("{rate:.1}")).unwrap_or_default();
        let cells = [rate(old), rate(Some(new)), String::new(), String::new()];
        lines.push(row("a day", 12, &cells, compared).trim_end().to_owned());
    }
    lines
}

fn rules(rules: &[RuleReplayed], compared: bool) -> Vec<String> {
    let name = |rule: &RuleReplayed| match (compared, rule.in_old, rule.in_new) {
        _ if rule.status == Status::Deprecated => format!("{} (deprecated)", rule.id),
        (true, false, true) => format!("{} (new)", rule.id),
        (true, true, false) => format!("{} (gone)", rule.id),
        _ => rule.id.to_string(),
    };
    let width = rules.iter().map(|rule| name(rule).len()).max().unwrap_or(0).max(12);
    let mut lines = vec![row("rule", width, &heads(compared), compared) + "   most in a day"];
    for rule in rules {
        let busiest = rule.days.iter().max_by_key(|day| day.counts.new.max(day.counts.old));
        let most = busiest.map_or_else(String::new, |day| {
            format!("   {} on {}", day.counts.new.max(day.counts.old), day.day)
        });
        lines.push(row(&name(rule), width, &cells(rule.fires), compared) + &most);
    }
    lines
}

fn days(report: &Report, compared: bool) -> Vec<String> {
    let mut lines = vec![row("day (UTC)       items", 21, &heads(compared), compared)];
    for day in &report.replayed.days {
        let name = format!("{:<12}{:>9}", day.day, day.items);
        lines.push(row(&name, 21, &cells(day.counts), compared));
    }
    lines
}

fn samples(rule: &RuleReplayed, compared: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let added = if compared { "added" } else { "found" };
    let kinds = [(added, &rule.added, rule.fires.added), ("lost", &rule.lost, rule.fires.lost)];
    for (kind, samples, count) in kinds {
        if samples.is_empty() {
            continue;
        }
        lines.push(String::new());
        lines.push(format!("{}: {kind} {}, the last of them:", rule.id, items(count)));
        lines.extend(samples.iter().flat_map(sample));
    }
    lines
}

fn sample(sample: &Sample) -> Vec<String> {
    let end = sample.title.char_indices().nth(TITLE);
    let (title, cut) = match end {
        Some((at, _)) => (&sample.title[..at], "…"),
        None => (sample.title.as_str(), ""),
    };
    let title = if title.trim().is_empty() { "(no headline)" } else { title };
    let feed = visible(sample.feed.as_str());
    let mut lines = vec![format!("  {}  {feed}  {}{cut}", sample.first_seen, visible(title))];
    let hits: Vec<String> = sample
        .hits
        .iter()
        .map(|hit| {
            let text = visible(&hit.text);
            format!("`{}` hit \"{text}\" in the {}", visible(&hit.term), hit.field.as_str())
        })
        .collect();
    let mut why = hits.join("; ");
    if !sample.still.is_empty() {
        let still: Vec<&str> = sample.still.iter().map(|id| id.as_str()).collect();
        why.push_str(&format!(" (an alert by {} in any case)", still.join(", ")));
    }
    lines.push(format!("    {why}"));
    lines
}
