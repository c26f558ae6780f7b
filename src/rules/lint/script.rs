//! Letters of one script that stand in a word of another and look the same.

use std::collections::BTreeMap;

use super::words::Member;
use super::{Lint, Note};
use crate::document::Source;
use crate::rules::detect;
use crate::rules::file::Entry;
use crate::rules::letters::case_twin;
use crate::rules::twins::{self, Mix, Script};

/// A term is looked at in no more than this many of its readings.
const READINGS: usize = 1_000;
/// A whole word of look-alikes is told of from this length on: shorter ones are often names.
const WORD: usize = 3;

const ALL: [Script; 3] = [Script::Latin, Script::Cyrillic, Script::Greek];
/// Small letters whose twins look like them as capitals only.
const CAPITALS_ONLY: &str = "bhmntzвнмтβεημτζ";

/// The same as languages are told by.
pub(super) fn known(script: Script) -> detect::Script {
    match script {
        Script::Latin => detect::Script::Latin,
        Script::Cyrillic => detect::Script::Cyrillic,
        Script::Greek => detect::Script::Other,
    }
}

/// Its name.
pub(super) fn name(script: Script) -> &'static str {
    match script {
        Script::Latin => "Latin",
        Script::Cyrillic => "Cyrillic",
        Script::Greek => "Greek",
    }
}

/// The script of all letters of `text`; none if there are several, or one that is not known here.
pub(super) fn main(text: &str) -> Option<Script> {
    let mut scripts = text.chars().filter(|c| c.is_alphabetic()).map(twins::script);
    let first = scripts.next()??;
    scripts.all(|script| script == Some(first)).then_some(first)
}

/// The letter of `script` as which folding may read `c` there.
fn twin(c: char, script: Script) -> Option<char> {
    match (c, script) {
        ('ï', Script::Cyrillic) => Some('ї'),
        ('Ï', Script::Cyrillic) => Some('Ї'),
        _ => case_twin(c, script).or_else(|| twins::twin(c, script)),
    }
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
            .split(|(_, c)| twins::script(*c).is_none() && !is_mark(*c))
            .filter(|word| word.iter().any(|(_, c)| twins::script(*c).is_some()))
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
        name(first.script),
        name(first.among),
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
    letters.iter().filter(|(_, c)| twins::script(*c) == Some(script)).count()
}

/// The script in which folding reads a word, if there is one.
fn script_read(word: &[(usize, char)]) -> Option<Script> {
    let script_at = |at: usize| word.get(at).and_then(|(_, c)| twins::script(*c));
    let beside = |at: usize| at.checked_sub(1).and_then(script_at).or(script_at(at + 1));
    // What is read by its neighbours, before the word is looked at as a whole.
    let by_neighbour = |(at, (_, c)): (usize, &(usize, char))| {
        let script = beside(at).filter(|script| twins::script(*c) != Some(*script));
        let only = |script: &Script| twins::twin(*c, *script).is_none();
        script.filter(only).and_then(|script| twin(*c, script)).unwrap_or(*c)
    };
    let letters: Vec<char> = word.iter().enumerate().map(by_neighbour).collect();
    match twins::mix(letters.iter().copied()) {
        Mix::Pure => letters.into_iter().find_map(twins::script),
        Mix::Read(script) => Some(script),
        Mix::Motley => None,
    }
}

fn strays_of(word: &[(usize, char)], around: &[(usize, char)]) -> Vec<Stray> {
    let to = |among: Script, mended: bool| {
        word.iter().filter_map(move |(at, c)| {
            let script = twins::script(*c).filter(|script| *script != among)?;
            let twin = twin(*c, among).filter(|_| mended);
            Some(Stray { at: *at, letter: *c, script, among, twin })
        })
    };
    let read = script_read(word);
    let most = || {
        let size = |script: &Script| {
            (count(word, *script), count(around, *script), *script == Script::Cyrillic)
        };
        ALL.into_iter().max_by_key(size)
    };
    let Some(main) = read.or_else(most) else { return Vec::new() };
    let strays: Vec<Stray> = to(main, read.is_some()).collect();
    if !strays.is_empty() || word.len() < WORD || count(around, main) > 0 {
        return strays;
    }
    // The whole word in another script than its neighbours, and every letter looks like theirs.
    let theirs = ALL.into_iter().find(|script| count(around, *script) > 0);
    let whole: Vec<Stray> = theirs.into_iter().flat_map(|theirs| to(theirs, true)).collect();
    let alike = |stray: &Stray| stray.twin.is_some() && !CAPITALS_ONLY.contains(stray.letter);
    if whole.iter().all(alike) { whole } else { Vec::new() }
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
