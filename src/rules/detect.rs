//! What language a text is in, from its small words and its letters.
//!
//! Meant for headlines with a sentence or two. What it is not sure of, it does not say.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::{Field, Item};

use super::tongues::{CYRILLIC, LATIN, Tongue};

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Other,
}

/// So much of an item's text is looked at, in characters.
const ENOUGH: usize = 600;
/// A text of fewer letters has no script to speak of.
const MIN_LETTERS: usize = 4;
/// The best language has at least so many points: more than one word that it alone has.
const MIN_POINTS: f32 = 1.05;
/// And so many times those of the second.
const MIN_LEAD: f32 = 1.4;
/// A language with fewer points than the best by this factor is not thought of any more.
const FAR_LEAD: f32 = 2.0;
/// Of more languages than these that remain, nothing is said.
const MAX_RIVALS: usize = 3;
/// And these have so many points together: more than one word that they alone have.
const MIN_TOTAL: f32 = 1.45;

/// The script of most letters of an item.
pub(super) fn script_of(item: &Item) -> Option<Script> {
    let mut count = [0_usize; 3];
    for c in beginning(item).filter(|c| c.is_alphabetic()) {
        count[script(c) as usize] += 1;
    }
    let most = [Script::Latin, Script::Cyrillic, Script::Other]
        .into_iter()
        .max_by_key(|script| count[*script as usize])?;
    (count[most as usize] >= MIN_LETTERS).then_some(most)
}

/// The language of an item (ISO 639-1), if it is plain. Two or three, if it can only be one of
/// these; none, if nothing can be said.
pub(super) fn detect(item: &Item) -> Vec<&'static str> {
    let signs: &Signs = match script_of(item) {
        Some(Script::Latin) => &LATIN_SIGNS,
        Some(Script::Cyrillic) => &CYRILLIC_SIGNS,
        Some(Script::Other) => return other(item).into_iter().collect(),
        None => return Vec::new(),
    };
    let mut points = [0.0_f32; MAX_TONGUES];
    let mut word = String::new();
    let mut by_letters = 0;
    for c in beginning(item).chain([' ']).flat_map(char::to_lowercase) {
        if c.is_alphabetic() {
            by_letters |= signs.letters.get(&c).copied().unwrap_or_default();
            word.push(c);
        } else if !word.is_empty() {
            share(&mut points, by_letters);
            share(&mut points, signs.words.get(word.as_str()).copied().unwrap_or_default());
            by_letters = 0;
            word.clear();
        }
    }
    choose(signs.tongues, &points)
}

/// The languages that a text with those points may be in; none if it may be in many.
fn choose(tongues: &[Tongue], points: &[f32; MAX_TONGUES]) -> Vec<&'static str> {
    let points = || tongues.iter().map(|tongue| tongue.code).zip(points.iter().copied());
    let best = points().map(|(_, points)| points).fold(0.0, f32::max);
    let within = |lead: f32| points().filter(move |(_, points)| *points * lead > best);
    if best >= MIN_POINTS && within(MIN_LEAD).count() == 1 {
        return within(MIN_LEAD).map(|(code, _)| code).collect();
    }
    let total: f32 = within(FAR_LEAD).map(|(_, points)| points).sum();
    if total >= MIN_TOTAL && within(FAR_LEAD).count() <= MAX_RIVALS {
        return within(FAR_LEAD).map(|(code, _)| code).collect();
    }
    Vec::new()
}

/// One point, shared by the languages of a set.
fn share(points: &mut [f32; MAX_TONGUES], set: u32) {
    let many = f32::from(u8::try_from(set.count_ones()).unwrap_or(u8::MAX));
    for (at, points) in points.iter_mut().enumerate() {
        if set >> at & 1 == 1 {
            *points += 1.0 / many;
        }
    }
}

/// No more languages of one script than a set has bits.
const MAX_TONGUES: usize = 32;

/// For each word and letter, the set of the languages that it speaks for: a bit for each.
struct Signs {
    tongues: &'static [Tongue],
    words: HashMap<&'static str, u32>,
    letters: HashMap<char, u32>,
}

static LATIN_SIGNS: LazyLock<Signs> = LazyLock::new(|| Signs::new(LATIN));
static CYRILLIC_SIGNS: LazyLock<Signs> = LazyLock::new(|| Signs::new(CYRILLIC));

impl Signs {
    fn new(tongues: &'static [Tongue]) -> Self {
        let mut words: HashMap<&str, u32> = HashMap::new();
        let mut letters: HashMap<char, u32> = HashMap::new();
        for (bit, tongue) in tongues.iter().take(MAX_TONGUES).enumerate() {
            for word in tongue.words.split_whitespace() {
                *words.entry(word).or_default() |= 1 << bit;
            }
            for letter in tongue.letters.chars() {
                *letters.entry(letter).or_default() |= 1 << bit;
            }
        }
        Self { tongues, words, letters }
    }
}

/// Whether texts in the language of that code can be told from others by `detect`.
pub(super) fn is_known(code: &str) -> bool {
    OTHER.contains(&code) || LATIN.iter().chain(CYRILLIC).any(|tongue| tongue.code == code)
}

/// The languages that are told by their script.
const OTHER: &[&str] = &["el", "ja", "ko", "he", "ka", "hy", "th", "zh"];

fn beginning(item: &Item) -> impl Iterator<Item = char> {
    let texts = Field::ALL.map(|field| item.field(field));
    texts.into_iter().flat_map(|text| text.chars().chain([' '])).take(ENOUGH)
}

fn script(c: char) -> Script {
    match c {
        '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        _ => Script::Other,
    }
}

/// Scripts that mostly one language has.
fn other(item: &Item) -> Option<&'static str> {
    let mut han = false;
    for c in beginning(item).filter(|c| c.is_alphabetic() && script(*c) == Script::Other) {
        match c {
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => return Some("el"),
            '\u{3040}'..='\u{30ff}' => return Some("ja"),
            '\u{ac00}'..='\u{d7af}' => return Some("ko"),
            '\u{590}'..='\u{5ff}' => return Some("he"),
            '\u{10a0}'..='\u{10ff}' => return Some("ka"),
            '\u{530}'..='\u{58f}' => return Some("hy"),
            '\u{e00}'..='\u{e7f}' => return Some("th"),
            '\u{4e00}'..='\u{9fff}' => han = true,
            // Arabic letters and Indian ones are shared by many languages.
            _ => {}
        }
    }
    han.then_some("zh")
}

#[cfg(test)]
#[path = "detect_tests.rs"]
mod tests;
