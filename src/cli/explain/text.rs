//! Explanations for people. All that comes from outside is made visible.

use super::subject::Asked;
use crate::model::{Item, Match, Status, visible};
use crate::rules::{Company, Evidence, Explanation, Miss};

/// How much of a field is shown around a place, in characters.
const EXCERPT: usize = 76;
/// How much of that stands before the place.
const BEFORE: usize = 30;
/// So many rules are listed in one line.
const MAX_LISTED: usize = 40;
/// Said of an item in which terms stand more often than is looked at.
pub(super) const HITS_LEFT_OUT: &str = "\
    note: terms stand in it more often than is looked at; of those that stand there most, hits are \
    left out";

/// What the rules make of an item. `whole`: with every miss of a rule, not only the nearest.
pub(super) fn render(asked: &Asked, told: &[Explanation], whole: bool, color: bool) -> String {
    let page = Page { item: &asked.item, color };
    let mut text = page.head(asked);
    for rule in told.iter().filter(|rule| rule.fires) {
        text.push_str(&page.rule("fires", rule));
        for evidence in &rule.hits {
            text.push_str(&page.evidence(evidence));
        }
    }
    let (mut beside, mut far) = (Vec::new(), Vec::new());
    for rule in told.iter().filter(|rule| !rule.fires) {
        if !rule.hits.is_empty() || !rule.misses.is_empty() {
            text.push_str(&page.silent(rule, whole));
        } else if rule.out_of_scope.is_empty() {
            far.push(rule.rule.as_str());
        } else {
            beside.push(rule.rule.as_str());
        }
    }
    text.push_str(&listed("nothing near", &far));
    text.push_str(&listed("out of scope, and nothing near", &beside));
    text
}

fn listed(what: &str, rules: &[&str]) -> String {
    if rules.is_empty() {
        return String::new();
    }
    let shown = rules[..rules.len().min(MAX_LISTED)].join(", ");
    let more = match rules.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{what}: {}{more}\n", visible(&shown))
}

struct Page<'a> {
    item: &'a Item,
    color: bool,
}

impl Page<'_> {
    fn paint(&self, code: &str, clean: &str) -> String {
        if self.color { format!("{code}{clean}\x1b[0m") } else { clean.to_owned() }
    }

    /// The item, unless it is a text from the command line.
    fn head(&self, asked: &Asked) -> String {
        let mut facts = Vec::new();
        facts.extend(asked.feed.as_ref().map(|feed| format!("feed {feed}")));
        facts.extend(self.item.language.as_ref().map(|language| format!("language {language}")));
        facts.extend(self.item.link.clone());
        let title: String = self.item.title.chars().take(2 * EXCERPT).collect();
        let mut text = format!("item: {}\n", self.paint("\x1b[1m", &visible(&title)));
        if !facts.is_empty() {
            text.push_str(&format!("  {}\n", visible(&facts.join("  "))));
        }
        text
    }

    fn rule(&self, word: &str, rule: &Explanation) -> String {
        let Explanation { rule: id, title, level, .. } = rule;
        let name = if title == id.as_str() { String::new() } else { format!(" \"{title}\"") };
        let code = if rule.fires { "\x1b[1;32m" } else { "\x1b[33m" };
        let status = match rule.status {
            Status::Stable => String::new(),
            status => format!(", {status}"),
        };
        let line = format!("{id}{name} ({level}{status})");
        format!("{} {}\n", self.paint(code, word), visible(&line))
    }

    fn evidence(&self, Evidence { hit, with }: &Evidence) -> String {
        let mut text = self.line(&hit_in_words(hit));
        text.push_str(&self.excerpt(hit));
        if let Some(Company { hit, words }) = with {
            let many = if *words == 1 { "word" } else { "words" };
            let company = format!("with {}, {words} {many} away", hit_in_words(hit));
            text.push_str(&self.line(&company));
            text.push_str(&self.excerpt(hit));
        }
        text
    }

    fn silent(&self, rule: &Explanation, whole: bool) -> String {
        let mut text = self.rule("silent", rule);
        for barrier in &rule.out_of_scope {
            text.push_str(&self.line(&format!("out of scope: {barrier}")));
        }
        if !rule.hits.is_empty() {
            text.push_str(&self.line("it would fire otherwise:"));
        }
        for evidence in &rule.hits {
            text.push_str(&self.evidence(evidence));
        }
        let shown = if whole { rule.misses.len() } else { 1 };
        for miss in rule.misses.iter().take(shown) {
            text.push_str(&self.line(&miss.to_string()));
            for place in places(miss) {
                text.push_str(&self.excerpt(place));
            }
        }
        text
    }

    fn line(&self, text: &str) -> String {
        format!("  {}\n", visible(text))
    }

    /// The text around a place on one line, and under it what is meant.
    fn excerpt(&self, at: &Match) -> String {
        let field = self.item.field(at.field);
        let (Some(before), Some(inside), Some(after)) =
            (field.get(..at.start), field.get(at.start..at.end), field.get(at.end..))
        else {
            return String::new();
        };
        let lead: usize = before.chars().rev().take(BEFORE).map(char::len_utf8).sum();
        let (left, before) = before.split_at(before.len() - lead);
        let room = EXCERPT.saturating_sub(before.chars().count());
        let inside: String = inside.chars().take(EXCERPT).collect();
        let room = room.saturating_sub(inside.chars().count());
        let end = after.char_indices().nth(room).map_or(after.len(), |(at, _)| at);
        let mark = |cut: bool| if cut { "…" } else { "" };
        let before = format!("{}{}", mark(!left.is_empty()), visible(before));
        let inside = visible(&inside);
        let after = format!("{}{}", visible(&after[..end]), mark(end < after.len()));
        format!(
            "    {before}{}{after}\n    {}{}\n",
            self.paint("\x1b[1;30;43m", &inside),
            " ".repeat(before.chars().count()),
            "^".repeat(inside.chars().count().max(1)),
        )
    }
}

fn hit_in_words(hit: &Match) -> String {
    let Match { term, field, text, start, .. } = hit;
    format!("`{term}` hit \"{text}\" in the {} at byte {start}", field.as_str())
}

/// The places that a miss speaks of.
fn places(miss: &Miss) -> Vec<&Match> {
    match miss {
        Miss::Vetoed { by, hit } => vec![hit, by],
        Miss::Excepted { phrase, .. } => vec![phrase],
        Miss::Alone { hit, nearest, near, .. } => {
            let company = nearest.as_ref().map(|company| &company.hit);
            let near = near.as_ref().map(|near| &near.place);
            [Some(hit), company, near].into_iter().flatten().collect()
        }
        Miss::Missing { hit, near, .. } => {
            [Some(hit), near.as_ref().map(|near| &near.place)].into_iter().flatten().collect()
        }
        Miss::Field { hit, .. } | Miss::Language { hit, .. } | Miss::Shout { hit } => vec![hit],
        Miss::Near { near } => vec![&near.place],
    }
}
