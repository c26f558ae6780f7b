//! Letters of one script that stand in a word of another and look the same.

use std::collections::BTreeMap;

use super::words::Member;
use super::{Lint, Note};
use crate::document::Source;
use crate::rules::detect;
use crate::rules::file::Entry;

/// A term is looked at in no more than this many of its readings.
const READINGS: usize = 1_000;
/// A whole word of look-alikes is told of from this length on: shorter ones are often names.
const WORD: usize = 3;

/// A script in which letters of others are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Greek,
}

impl Script {
    const ALL: [Self; 3] = [Self::Latin, Self::Cyrillic, Self::Greek];

    fn of(c: char) -> Option<Self> {
        match c {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}'
                if c.is_alphabetic() =>
            {
                Some(Self::Latin)
            }
            '\u{400}'..='\u{52f}' => Some(Self::Cyrillic),
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' if c.is_alphabetic() => {
                Some(Self::Greek)
            }
            _ => None,
        }
    }

    /// The same as languages are told by.
    pub(super) fn known(self) -> detect::Script {
        match self {
            Self::Latin => detect::Script::Latin,
            Self::Cyrillic => detect::Script::Cyrillic,
            Self::Greek => detect::Script::Other,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Cyrillic => "Cyrillic",
            Self::Greek => "Greek",
        }
    }
}

/// The script of all letters of `text`; none if there are several, or one that is not known here.
pub(super) fn main(text: &str) -> Option<Script> {
    let mut scripts = text.chars().filter(|c| c.is_alphabetic()).map(Script::of);
    let first = scripts.next()??;
    scripts.all(|script| script == Some(first)).then_some(first)
}

/// Letters that look alike: Latin, Cyrillic, Greek; a space where a script has none.
const ALIKE: [&str; 33] = [
    "AАΑ", "BВΒ", "CС ", "EЕΕ", "HНΗ", "IІΙ", "JЈ ", "KКΚ", "MМΜ", "N Ν", "OОΟ", "PРΡ", "SЅ ",
    "TТΤ", "XХΧ", "YУΥ", "Z Ζ", "aаα", "cсϲ", "eе ", "iіι", "jј ", "kкκ", "oоο", "pрρ", "sѕ ",
    "u υ", "v ν", "xхχ", "yуγ", "ïї ", "ÏЇ ", "bь ",
];

/// The letter of `script` that looks like `c`.
fn twin(c: char, script: Script) -> Option<char> {
    let alike = ALIKE.iter().find(|alike| alike.contains(c))?;
    alike.chars().nth(script as usize).filter(|twin| *twin != ' ')
}

/// The letters of `member` that belong to another script than the word they stand in.
pub(super) fn mixed<'a>(member: &Member<'a>) -> Option<Note<'a>> {
    let text = &member.entry.text;
    if text.is_ascii() {
        return None;
    }
    let mut strays: BTreeMap<usize, Stray> = BTreeMap::new();
    for reading in readings(text) {
        let words: Vec<&[(usize, char)]> = reading
            .split(|(_, c)| Script::of(*c).is_none() && !is_mark(*c))
            .filter(|word| word.iter().any(|(_, c)| Script::of(*c).is_some()))
            .collect();
        for (at, word) in words.iter().enumerate() {
            let others = words.iter().enumerate().filter(|(other, _)| *other != at);
            let around = others.flat_map(|(_, word)| word.iter().copied());
            for stray in strays_of(word, &around.collect::<Vec<_>>()) {
                strays.entry(stray.at).or_insert(stray);
            }
        }
    }
    let (_, first) = strays.first_key_value()?;
    let message = format!(
        "`{text}` mixes scripts: `{}` (U+{:04X}) is a {} letter among {} ones",
        first.letter,
        u32::from(first.letter),
        first.script.name(),
        first.among.name(),
    );
    let hint = if strays.values().all(|stray| stray.twin.is_some()) {
        let twins: BTreeMap<usize, char> =
            strays.iter().filter_map(|(at, stray)| Some((*at, stray.twin?))).collect();
        let whole = text.char_indices().map(|(at, c)| *twins.get(&at).unwrap_or(&c));
        let letters: Vec<String> =
            twins.values().map(|c| format!("{} U+{:04X}", c, u32::from(*c))).collect();
        format!("write `{}`, with {}", whole.collect::<String>(), letters.join(", "))
    } else {
        "write each word in one script".to_owned()
    };
    Some(Note {
        source: place(member.entry, first),
        ..Note::at(member.entry, Lint::MixedScript, message, hint)
    })
}

/// A letter that stands where another script is written.
#[derive(Clone, Copy)]
struct Stray {
    at: usize,
    letter: char,
    script: Script,
    among: Script,
    twin: Option<char>,
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) || c == '\u{ad}'
}

fn count(letters: &[(usize, char)], script: Script) -> usize {
    letters.iter().filter(|(_, c)| Script::of(*c) == Some(script)).count()
}

/// The script of most letters; of two with as many, the one written `around`.
fn main_script(word: &[(usize, char)], around: &[(usize, char)]) -> Option<Script> {
    // Letters without a twin elsewhere say for certain what script a word is in.
    let sure = |script: Script| {
        let letters = word.iter().filter(|(_, c)| Script::of(*c) == Some(script));
        letters
            .filter(|(_, c)| {
                !Script::ALL.iter().any(|other| *other != script && twin(*c, *other).is_some())
            })
            .count()
    };
    Script::ALL.into_iter().filter(|script| count(word, *script) > 0).max_by_key(|script| {
        (sure(*script), count(word, *script), count(around, *script), *script == Script::Cyrillic)
    })
}

fn strays_of(word: &[(usize, char)], around: &[(usize, char)]) -> Vec<Stray> {
    let Some(main) = main_script(word, around) else { return Vec::new() };
    let to = |among: Script| {
        word.iter().filter_map(move |(at, c)| {
            let script = Script::of(*c).filter(|script| *script != among)?;
            Some(Stray { at: *at, letter: *c, script, among, twin: twin(*c, among) })
        })
    };
    let strays: Vec<Stray> = to(main).collect();
    if !strays.is_empty() || word.len() < WORD || count(around, main) > 0 {
        return strays;
    }
    // The whole word in another script than its neighbours, and every letter looks like theirs.
    let theirs = Script::ALL.into_iter().find(|script| count(around, *script) > 0);
    let whole: Vec<Stray> = theirs.into_iter().flat_map(to).collect();
    if whole.iter().all(|stray| stray.twin.is_some()) { whole } else { Vec::new() }
}

/// The letters of `text` with their places, for each choice of its `{a,b}`.
fn readings(text: &str) -> Vec<Vec<(usize, char)>> {
    let mut readings = vec![Vec::new()];
    let letters = |from: usize, part: &str| -> Vec<(usize, char)> {
        part.char_indices().map(|(at, c)| (from + at, c)).collect()
    };
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let plain = rest.find('{').unwrap_or(rest.len());
        let braces = rest[plain..].find('}').map(|end| &rest[plain + 1..plain + end]);
        let Some(options) = braces else {
            readings.iter_mut().for_each(|reading| reading.extend(letters(at, rest)));
            break;
        };
        readings.iter_mut().for_each(|reading| reading.extend(letters(at, &rest[..plain])));
        let mut longer = Vec::new();
        let mut from = at + plain + 1;
        for option in options.split(',') {
            longer.extend(readings.iter().map(|reading| {
                let mut reading = reading.clone();
                reading.extend(letters(from, option));
                reading
            }));
            from += option.len() + 1;
        }
        longer.truncate(READINGS);
        readings = longer;
        at += plain + options.len() + 2;
    }
    readings
}

/// The letter, where the file has the term as it is; else the whole of it.
fn place(entry: &Entry<'_>, stray: &Stray) -> Source {
    let inner = stray.at..stray.at + stray.letter.len_utf8();
    entry.document.within(&entry.source, &entry.text, inner)
}
