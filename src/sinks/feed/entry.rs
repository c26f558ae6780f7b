//! Alerts as Atom. Pure.

use std::fmt::Write;

use super::FeedConfig;
use crate::model::{Alert, AlertRule, Timestamp};
use crate::sinks::message::{clean, link};
use crate::sinks::template::markup::html;

/// Of which category a word is.
const SCHEME: &str = "urn:wirewatch:";
/// How long texts may be, in characters.
const TITLE: usize = 300;
const TEXT: usize = 1000;
const NAME: usize = 100;
const LINK: usize = 2000;
/// How many authors, rules, and tags of a rule there may be.
const MANY: usize = 20;

/// What a feed begins with, up to its entries; `updated`: when the latest of these was raised.
pub(super) fn head(config: &FeedConfig, updated: Timestamp) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    xml.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
    element(&mut xml, "id", &config.id);
    element(&mut xml, "title", &config.title);
    element(&mut xml, "updated", &updated.to_string());
    if let Some(url) = &config.url {
        let _ = writeln!(xml, "  <link rel=\"self\" href=\"{}\"/>", escaped(url.as_str()));
    }
    xml.push_str("  <author><name>wirewatch</name></author>\n");
    let version = env!("CARGO_PKG_VERSION");
    let _ = writeln!(xml, "  <generator version=\"{version}\">{GENERATOR}</generator>");
    xml
}

/// What it ends with.
pub(super) const FOOT: &str = "</feed>\n";

/// By what our own files are known.
pub(super) const GENERATOR: &str = "wirewatch";

/// The id of the entry of `alert`.
pub(super) fn id(alert: &Alert) -> String {
    uuid(&hex(alert.id.as_str()))
}

/// The `urn:uuid:` (RFC 9562, version 8: of one's own making) of the first 16 of `bytes`.
pub(super) fn uuid(bytes: &[u8]) -> String {
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(bytes) {
        *to = *from;
    }
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let mut text = String::from("urn:uuid:");
    for (at, byte) in id.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn hex(text: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    };
    text.as_bytes().chunks(2).map_while(pair).collect()
}

/// `alert` as an `<entry>`, with its line end.
pub(super) fn entry(alert: &Alert) -> String {
    let item = &alert.item;
    let mut xml = String::from("<entry>\n");
    element(&mut xml, "id", &id(alert));
    let title = clean(&item.title, TITLE);
    element(&mut xml, "title", if title.is_empty() { "(no headline)" } else { &title });
    element(&mut xml, "updated", &alert.raised_at.to_string());
    if let Some(published) = item.published {
        element(&mut xml, "published", &published.to_string());
    }
    for name in authors(alert) {
        let _ = writeln!(xml, "  <author><name>{}</name></author>", escaped(&name));
    }
    category(&mut xml, "level", alert.level.as_str(), "");
    category(&mut xml, "feed", alert.feed.id.as_str(), &alert.feed.title);
    for rule in alert.rules.iter().take(MANY) {
        category(&mut xml, "rule", rule.id.as_str(), &rule.title);
    }
    let mut tags: Vec<&str> =
        alert.rules.iter().flat_map(|rule| &rule.tags).map(String::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    for tag in tags.into_iter().take(MANY) {
        category(&mut xml, "tag", tag, "");
    }
    let summary = summary(alert);
    match item.link.as_deref().and_then(|text| link(text, LINK)) {
        Some(link) => {
            let _ = writeln!(xml, "  <link rel=\"alternate\" href=\"{}\"/>", escaped(&link));
            element(&mut xml, "summary", &summary);
        }
        // An entry that leads nowhere must have a content (RFC 4287 §4.1.2).
        None => element(&mut xml, "content", &summary),
    }
    xml.push_str("</entry>\n");
    xml
}

/// Those that the item names, else its feed.
fn authors(alert: &Alert) -> Vec<String> {
    let names = alert.item.authors.iter().map(|name| clean(name, NAME));
    let mut names: Vec<String> = names.filter(|name| !name.is_empty()).take(MANY).collect();
    if names.is_empty() {
        let feed = clean(&alert.feed.title, NAME);
        names.push(if feed.is_empty() { alert.feed.id.to_string() } else { feed });
    }
    names
}

/// The text, and why the alert was raised.
fn summary(alert: &Alert) -> String {
    let text = clean(&alert.item.text, TEXT);
    let rules: Vec<String> = alert.rules.iter().take(MANY).map(of_rule).collect();
    let why = match rules.is_empty() {
        true => alert.level.to_string(),
        false => format!("{}: {}", alert.level, rules.join("; ")),
    };
    if text.is_empty() { format!("[{why}]") } else { format!("{text} [{why}]") }
}

/// `floods (flood*, Харків~)`.
fn of_rule(rule: &AlertRule) -> String {
    let mut terms: Vec<String> = Vec::new();
    for hit in &rule.matches {
        let term = clean(&hit.term, NAME);
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    format!("{} ({})", clean(rule.id.as_str(), NAME), terms.join(", "))
}

fn category(xml: &mut String, scheme: &str, term: &str, label: &str) {
    let (term, label) = (clean(term, NAME), clean(label, NAME));
    let label = match label.is_empty() {
        true => String::new(),
        false => format!(" label=\"{}\"", escaped(&label)),
    };
    let term = escaped(&term);
    let _ = writeln!(xml, "  <category scheme=\"{SCHEME}{scheme}\" term=\"{term}\"{label}/>");
}

fn element(xml: &mut String, name: &str, text: &str) {
    let _ = writeln!(xml, "  <{name}>{}</{name}>", escaped(text));
}

/// `text` as XML has it, in elements and attributes. Characters that XML 1.0 (§2.2) does not know
/// are `�`: of these only U+FFFE and U+FFFF can be left in cleaned text.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len() + 16);
    let known = |c: char| match c {
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    html(&text.chars().map(known).collect::<String>(), &mut xml);
    xml
}
