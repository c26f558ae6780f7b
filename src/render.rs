//! Alerts and tables as text for a terminal. Pure; texts from outside come out clean (see
//! `visible`).

use std::ops::Range;

use crate::model::{Alert, AlertRule, Excerpt, Field, Level, Status, visible};

/// How much of an excerpt is shown, in characters.
const EXCERPT: usize = 160;
/// How much of that may stand before the match.
const BEFORE: usize = 50;
/// The longest headline, title or link, in bytes; the rest is left out.
const MAX_TEXT: usize = 4096;
/// No more matches than this are highlighted.
const MAX_MARKS: usize = 64;

/// `alert` on two to five lines, the last with its line end: time, level and headline; feed and
/// date; the rules with what they found; the link; the text around the match. With `color` the
/// level is coloured and what matched stands out.
pub fn alert(alert: &Alert, color: bool) -> String {
    let ink = Ink { color };
    let title = clipped(&alert.item.title);
    let title = if title.trim().is_empty() { "(no headline)" } else { title };
    let level = ink.paint(level_color(alert.level), &format!("{:>13}", alert.level.as_str()));
    let headline = ink.marked(title, title_marks(alert), "\x1b[1m");
    let mut text = format!("{} {level}  {headline}\n", ink.dim(&alert.raised_at.to_string()));
    let mut line = |content: &str| {
        text.push_str("  ");
        text.push_str(content);
        text.push('\n');
    };
    let feed = visible(clipped(&alert.feed.title));
    match alert.item.published {
        Some(published) => line(&format!("{feed}  {}", ink.dim(&format!("of {published}")))),
        None => line(&feed),
    }
    if !alert.rules.is_empty() {
        line(&rules(&alert.rules));
    }
    if let Some(link) = &alert.item.link {
        line(&ink.paint("\x1b[4m", &visible(clipped(link))));
    }
    if let Some(excerpt) = excerpt(alert, ink) {
        line(&excerpt);
    }
    text
}

fn clipped(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

fn level_color(level: Level) -> &'static str {
    match level {
        Level::Critical => "\x1b[1;37;41m",
        Level::High => "\x1b[1;31m",
        Level::Medium => "\x1b[33m",
        Level::Low => "\x1b[36m",
        Level::Informational => "\x1b[2m",
    }
}

/// `floods (flood*, Харків~), kharkiv (Харків~)`.
fn rules(rules: &[AlertRule]) -> String {
    let shown = rules.iter().map(|rule| {
        let mut terms: Vec<&str> = Vec::new();
        for hit in &rule.matches {
            if !terms.contains(&hit.term.as_str()) {
                terms.push(&hit.term);
            }
        }
        let status = match rule.status {
            Status::Stable => String::new(),
            status => format!(", {status}"),
        };
        let text = format!("{}{status} ({})", rule.id, terms.join(", "));
        visible(&text).into_owned()
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn title_marks(alert: &Alert) -> Vec<Range<usize>> {
    let hits = alert.rules.iter().flat_map(|rule| &rule.matches);
    let hits = hits.filter(|hit| hit.field == Field::Title);
    hits.map(|hit| hit.start..hit.end).take(MAX_MARKS).collect()
}

/// A line of the excerpt that begins shortly before the first match in it.
fn excerpt(alert: &Alert, ink: Ink) -> Option<String> {
    let text = alert.item.text.as_str();
    if text.trim().is_empty() {
        return None;
    }
    let hits = alert.rules.iter().flat_map(|rule| &rule.matches);
    let needles = hits.filter(|hit| hit.field != Field::Title && !hit.text.is_empty());
    // The excerpt has lost its place in the field, so the matches are found again by their text.
    let mut marks: Vec<Range<usize>> = needles
        .take(MAX_MARKS)
        .filter_map(|hit| text.find(&hit.text).map(|at| at..at + hit.text.len()))
        .collect();
    marks.sort_by_key(|mark| mark.start);
    let first = marks.first().map_or(0, |mark| mark.start);
    let lead = text[..first].chars().rev().take(BEFORE).map(char::len_utf8).sum::<usize>();
    let total = text.chars().count();
    let start = if total <= EXCERPT { 0 } else { first - lead };
    let rest = &text[start..];
    let end = rest.char_indices().nth(EXCERPT).map_or(rest.len(), |(at, _)| at);
    let shift = |mark: &Range<usize>| {
        mark.start.checked_sub(start).zip(mark.end.checked_sub(start)).map(|(from, to)| from..to)
    };
    let marked = ink.marked(&rest[..end], marks.iter().filter_map(shift).collect(), "");
    let before = if start > 0 { "…" } else { "" };
    let after = if end < rest.len() { "…" } else { "" };
    Some(format!("{before}{marked}{after}"))
}

#[derive(Clone, Copy)]
struct Ink {
    color: bool,
}

impl Ink {
    fn paint(self, code: &str, clean: &str) -> String {
        if self.color && !code.is_empty() {
            format!("{code}{clean}\x1b[0m")
        } else {
            clean.to_owned()
        }
    }

    fn dim(self, clean: &str) -> String {
        self.paint("\x1b[2m", clean)
    }

    /// `text`, cleaned, in `code`, with the `marks` (byte ranges of it) standing out. A mark that
    /// is not within the text on character boundaries is left out.
    fn marked(self, text: &str, mut marks: Vec<Range<usize>>, code: &str) -> String {
        marks.sort_by_key(|mark| mark.start);
        let mut out = String::new();
        let mut at = 0;
        for mark in marks {
            let from = mark.start.max(at);
            let to = mark.end.min(text.len());
            let (Some(before), Some(inside)) = (text.get(at..from), text.get(from..to)) else {
                continue;
            };
            if !before.is_empty() {
                out.push_str(&self.paint(code, &visible(before)));
            }
            if !inside.is_empty() {
                out.push_str(&self.paint("\x1b[1;30;43m", &visible(inside)));
            }
            at = to;
        }
        if let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            out.push_str(&self.paint(code, &visible(rest)));
        }
        out
    }
}

/// Rows under a header in columns that are as wide as their widest cell, in characters, two spaces
/// apart. A column of nothing but numbers and `-` is set to the right. Missing cells are empty,
/// cells beyond the header are left out, and a cell is cut after [`MAX_CELL`] characters.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |row: &Vec<String>, column: usize| cut(row.get(column).map_or("", String::as_str));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| (0..header.len()).map(|column| cell(row, column)).collect())
        .collect();
    let columns: Vec<(usize, bool)> = header
        .iter()
        .enumerate()
        .map(|(column, title)| {
            let column = || cells.iter().map(move |row| row[column].as_str());
            let width = column().chain([*title]).map(|text| text.chars().count()).max();
            (width.unwrap_or(0), !cells.is_empty() && column().all(is_number))
        })
        .collect();
    let mut text = String::new();
    let titles = header.iter().map(|title| (*title).to_owned()).collect();
    for row in std::iter::once(&titles).chain(&cells) {
        let mut line = String::new();
        for ((width, right), content) in columns.iter().zip(row) {
            if *right {
                line.push_str(&format!("{content:>width$}  "));
            } else {
                line.push_str(&format!("{content:<width$}  "));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The longest cell of a [`table`], in characters.
pub const MAX_CELL: usize = 80;

fn cut(text: &str) -> String {
    let text = visible(text);
    match text.char_indices().nth(MAX_CELL) {
        Some(_) => text.chars().take(MAX_CELL - 1).chain(['…']).collect(),
        None => text.into_owned(),
    }
}

fn is_number(text: &str) -> bool {
    text == "-" || text.bytes().any(|b| b.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

// The excerpt of an alert is short enough to be searched for every match.
const _: () = assert!(Excerpt::CHARS * MAX_MARKS < 100_000);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AlertFeed, FeedId, Item, Match, RuleId, Timestamp};

    fn hit(term: &str, field: Field, text: &str, inside: &str) -> Match {
        let start = inside.find(text).unwrap();
        let end = start + text.len();
        Match { term: term.into(), field, text: text.into(), start, end }
    }

    fn sample() -> Alert {
        let item = Item {
            id: "1".into(),
            title: "Повінь у Харкові".into(),
            link: Some("https://example.org/1".into()),
            published: Timestamp::parse("2026-11-23T22:10:00Z"),
            summary: format!(
                "{} The flood has reached Kharkiv. {}",
                "a ".repeat(90),
                "b ".repeat(90)
            ),
            ..Item::default()
        };
        let matches = vec![
            hit("повінь", Field::Title, "Повінь", &item.title),
            hit("Харків~", Field::Title, "Харкові", &item.title),
            hit("flood*", Field::Summary, "flood", &item.summary),
        ];
        let rule = AlertRule {
            id: RuleId::new("floods"),
            title: "Floods".into(),
            level: Level::High,
            status: Status::default(),
            tags: vec![],
            matches,
        };
        let feed = AlertFeed {
            id: FeedId::new("news"),
            title: "News".into(),
            url: "https://example.org/feed".into(),
        };
        Alert::raise(feed, &item, vec![rule], Timestamp::parse("2026-11-23T22:14:05Z").unwrap())
    }

    #[test]
    fn an_alert_is_readable_without_colour() {
        let text = alert(&sample(), false);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..4],
            [
                "2026-11-23T22:14:05Z          high  Повінь у Харкові",
                "  News  of 2026-11-23T22:10:00Z",
                "  floods (повінь, Харків~, flood*)",
                "  https://example.org/1",
            ]
        );
        assert!(lines[4].starts_with("  …") && lines[4].ends_with('…'), "{}", lines[4]);
        assert!(lines[4].contains("The flood has reached Kharkiv."));
        assert_eq!(lines[4].chars().count(), EXCERPT + 4);
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn what_matched_stands_out_in_colour() {
        let text = alert(&sample(), true);
        for marked in ["Повінь", "Харкові", "flood"] {
            assert!(text.contains(&format!("\x1b[1;30;43m{marked}\x1b[0m")), "{text}");
        }
        assert!(text.contains("\x1b[1;31m         high\x1b[0m"), "{text:?}");
    }

    #[test]
    fn hostile_texts_and_offsets_do_no_harm() {
        let mut evil = sample();
        let text = "\u{1b}[2J\n\u{202e}x\u{9b}";
        evil.item.title = format!("ї{text}");
        evil.item.text = text.into();
        evil.item.link = Some(text.into());
        evil.feed.title = text.into();
        evil.rules[0].matches[2].term = text.into();
        for (start, end) in [(1, 2), (0, 1), (5, 3), (0, 999), (999, 1000), (usize::MAX, 0)] {
            evil.rules[0].matches[0].start = start;
            evil.rules[0].matches[0].end = end;
            evil.rules[0].matches[1].end = usize::MAX;
            let plain = alert(&evil, false);
            let raw = plain.lines().flat_map(str::chars).find(|c| crate::model::is_unprintable(*c));
            assert_eq!(raw, None, "{plain:?}");
            assert_eq!(plain.lines().count(), 5);
            let colored = alert(&evil, true);
            assert!(!colored.contains("\x1b[2J") && !colored.contains('\u{9b}'));
            assert!(plain.contains("ї␛[2J␊\u{fffd}x\u{fffd}"), "{plain:?}");
        }
    }

    #[test]
    fn an_alert_without_headline_link_date_or_text_is_still_told() {
        let mut bare = sample();
        bare.item.title = " ".into();
        bare.item.link = None;
        bare.item.published = None;
        bare.item.text = String::new();
        let text = alert(&bare, false);
        assert!(text.contains("high  (no headline)\n  News\n  floods"), "{text}");
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn long_texts_are_clipped() {
        let mut long = sample();
        long.item.title = "ї".repeat(1_000_000);
        long.item.link = Some(long.item.title.clone());
        long.feed.title = long.item.title.clone();
        assert!(alert(&long, true).len() < 4 * MAX_TEXT);
    }

    #[test]
    fn columns_are_as_wide_as_they_need_to_be() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let rows: Vec<Vec<String>> = vec![
            row(&["Українська правда", "12", "ok"]),
            row(&["bbc", "-", "a\nb", "more"]),
            row(&[]),
        ];
        assert_eq!(
            table(&["feed", "items", "state"], &rows[..2]),
            "feed               items  state\n\
             Українська правда     12  ok\n\
             bbc                    -  a␊b\n"
        );
        assert!(table(&["feed", "items"], &rows).ends_with("bbc                -\n\n"));
        assert_eq!(table(&["feed"], &[]), "feed\n");
        let long = table(&["x", "y"], &[vec!["я".repeat(500), "1".into()]]);
        assert_eq!(long.lines().nth(1).unwrap().chars().count(), MAX_CELL + 3);
    }
}
