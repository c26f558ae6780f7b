//! The texts that a term stands for: alternatives chosen, and each name with `~` in each case.

use super::declension::{NoForms, case_forms};
use super::term::{MAX_SPELLINGS, Refused, refuse, too_many};

/// A term as alternatives: plain text, and behind it one of some options.
pub(super) struct Variants<'t> {
    term: &'t str,
    groups: Vec<Group>,
    rest: usize,
}

/// Byte ranges of the term.
struct Group {
    plain: std::ops::Range<usize>,
    options: Vec<std::ops::Range<usize>>,
}

impl<'t> Variants<'t> {
    /// Takes apart the `{…}` of a term.
    pub(super) fn new(term: &'t str) -> Result<Self, Refused> {
        let mut groups = Vec::new();
        let mut count = 1_usize;
        let mut past = 0;
        while let Some(at) = term[past..].find(['{', '}']).map(|at| past + at) {
            let inside = at + 1;
            if term[at..].starts_with('}') {
                return refuse(at, "`}` without `{`", "alternatives are written `{a,b}`");
            }
            let Some(end) = term[inside..].find(['{', '}']).map(|end| inside + end) else {
                return refuse(at, "`{` without `}`", "alternatives are written `{a,b}`");
            };
            if term[end..].starts_with('{') {
                let hint = "write every alternative out: `{ab,ac,d}`";
                return refuse(end, "`{` inside `{…}`", hint);
            }
            let mut options = Vec::new();
            let mut from = inside;
            for option in term[inside..end].split(',') {
                options.push(from..from + option.len());
                from += option.len() + 1;
            }
            count = count.saturating_mul(options.len());
            if count > MAX_SPELLINGS {
                return too_many(at);
            }
            groups.push(Group { plain: past..at, options });
            past = end + 1;
        }
        Ok(Self { term, groups, rest: past })
    }

    /// One text for each choice, the first alternative of all first.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut texts = vec![String::new()];
        for Group { plain, options } in &self.groups {
            let plain = &self.term[plain.clone()];
            let longer = texts.iter().flat_map(|text| {
                options
                    .iter()
                    .map(move |option| format!("{text}{plain}{}", &self.term[option.clone()]))
            });
            texts = longer.collect();
        }
        for text in &mut texts {
            text.push_str(&self.term[self.rest..]);
        }
        texts
    }

    /// Where in the term the byte `at` of the text of that number is written.
    pub(super) fn place(&self, number: usize, at: usize) -> usize {
        let mut left = number;
        let mut chosen: Vec<usize> = Vec::new();
        for group in self.groups.iter().rev() {
            chosen.push(left % group.options.len());
            left /= group.options.len();
        }
        let mut past = 0;
        for (group, choice) in self.groups.iter().zip(chosen.into_iter().rev()) {
            for piece in [&group.plain, &group.options[choice]] {
                if at < past + piece.len() {
                    return piece.start + at - past;
                }
                past += piece.len();
            }
        }
        (self.rest + at.saturating_sub(past)).min(self.term.len())
    }
}

/// `text` with each name that has a `~` in each of its case forms; the names as they stand first.
pub(super) fn in_all_cases(text: &str) -> Result<Vec<String>, Refused> {
    let mut texts = vec![String::new()];
    let mut past = 0;
    while let Some(at) = text[past..].find('~').map(|at| past + at) {
        let from = text[past..at].rfind(|c| !is_of_word(c));
        let from = from.map_or(past, |last| {
            past + last + text[past + last..].chars().next().map_or(0, char::len_utf8)
        });
        match text[at + 1..].chars().next() {
            Some('*') => {
                let hint =
                    "`~` stands for all case forms and for nothing else; leave one of them out";
                return refuse(at + 1, "`*` behind `~`", hint);
            }
            Some(c) if c == '~' || is_of_word(c) => {
                return refuse(
                    at,
                    "`~` inside a word",
                    "`~` stands at the end of a name: `Харків~`",
                );
            }
            _ => {}
        }
        let word = &text[from..at];
        let forms = case_forms(word)
            .or_else(|why| no_forms(why, word, if from < at { from } else { at }))?;
        if texts.len().saturating_mul(forms.len()) > MAX_SPELLINGS {
            return too_many(at);
        }
        let plain = &text[past..from];
        let longer = texts
            .iter()
            .flat_map(|text| forms.iter().map(move |form| format!("{text}{plain}{form}")));
        texts = longer.collect();
        past = at + 1;
    }
    for variant in &mut texts {
        variant.push_str(&text[past..]);
    }
    Ok(texts)
}

/// Letters, marks on them, and apostrophes, which are part of a name (`перемир'я`).
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric()
        || unicode_normalization::char::is_combining_mark(c)
        || matches!(c, '\'' | '’' | 'ʼ' | '‘' | '`' | '´' | '′')
}

/// An ending to show in a hint, in the script of `word`.
pub(super) fn ending_like(word: &str) -> char {
    let is_cyrillic = word.chars().any(|c| matches!(c, '\u{400}'..='\u{52f}'));
    if is_cyrillic { '\u{430}' } else { 'a' }
}

fn no_forms<T>(why: NoForms, word: &str, at: usize) -> Result<T, Refused> {
    let ending = ending_like(word);
    let write_out = format!("write it without `~`, or list its forms: `{word}{{,{ending},…}}`");
    match why {
        NoForms::NoWord => {
            refuse(at, "`~` without a name", "`~` stands at the end of a name: `Харків~`")
        }
        NoForms::NotLetters => refuse(
            at,
            format!("`{word}` is not letters alone, so it has no case forms"),
            "leave the `~` out",
        ),
        NoForms::Mixed => refuse(
            at,
            format!("`{word}` mixes Latin and Cyrillic letters, so no declension fits"),
            "type the whole word in one script",
        ),
        NoForms::Script => refuse(
            at,
            format!("no declension is known of `{word}`: only of Latin and Cyrillic names"),
            "leave the `~` out",
        ),
        NoForms::Short => {
            refuse(at, format!("`{word}` is too short a name to have case forms"), write_out)
        }
        NoForms::Ending => refuse(
            at,
            format!("no declension is known of a name that ends as `{word}` does"),
            write_out,
        ),
    }
}

#[cfg(test)]
#[path = "variants_tests.rs"]
mod tests;
