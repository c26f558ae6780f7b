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

impl Script {
    pub(super) const ALL: [Self; 3] = [Self::Latin, Self::Cyrillic, Self::Other];
}

/// How many letters of each script a text has; none if there are too few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scripts([usize; 3]);

impl Scripts {
    /// Those of an item's text.
    pub(super) fn of(item: &Item) -> Self {
        let mut count = [0_usize; 3];
        for script in beginning(item).filter_map(script) {
            count[script as usize] += 1;
        }
        let is_enough = count.into_iter().any(|letters| letters >= MIN_LETTERS);
        if is_enough { Self(count) } else { Self::default() }
    }

    /// Those of a text in this script alone.
    pub(super) fn only(script: Script) -> Self {
        let mut count = [0; 3];
        count[script as usize] = MIN_LETTERS;
        Self(count)
    }

    /// The script of most letters.
    pub(super) fn most(&self) -> Option<Script> {
        Script::ALL
            .into_iter()
            .filter(|script| self.have(*script))
            .max_by_key(|script| self.0[*script as usize])
    }

    pub(super) fn have(&self, script: Script) -> bool {
        self.0[script as usize] > 0
    }

    pub(super) fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is more than a name among other letters: a quarter of all.
    pub(super) fn has_a_share_of(&self, script: Script) -> bool {
        self.have(script) && self.0[script as usize] * 4 >= self.0.iter().sum()
    }

    /// The others.
    pub(super) fn without(mut self, is_out: impl Fn(Script) -> bool) -> Self {
        for script in Script::ALL.into_iter().filter(|script| is_out(*script)) {
            self.0[script as usize] = 0;
        }
        self
    }
}

/// Whether a letter of one of these scripts is anywhere in an item.
pub(super) fn has_letter(item: &Item, is_one: impl Fn(Script) -> bool) -> bool {
    let mut letters = Field::ALL.into_iter().flat_map(|field| item.field(field).chars());
    letters.any(|c| script(c).is_some_and(&is_one))
}

/// The languages (ISO 639-1) that a text may be in: one if it is plain; two or three if it can only
/// be one of these; none if nothing can be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rivals([Option<&'static str>; MAX_RIVALS]);

impl Rivals {
    /// The first [`MAX_RIVALS`] of `codes`.
    pub(super) fn of(codes: impl IntoIterator<Item = &'static str>) -> Self {
        let mut rivals = Self::default();
        for (place, code) in rivals.0.iter_mut().zip(codes) {
            *place = Some(code);
        }
        rivals
    }

    /// The languages.
    pub(super) fn codes(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().flatten().copied()
    }
}

/// The languages that an item may be in.
pub(super) fn detect(item: &Item) -> Rivals {
    let scripts = Scripts::of(item);
    let Some(most) = scripts.most() else { return Rivals::default() };
    // Latin names stand in every text, but other letters not in a Latin one.
    let others = [Script::Cyrillic, Script::Other];
    if most == Script::Latin && others.into_iter().any(|script| scripts.has_a_share_of(script)) {
        return Rivals::default();
    }
    let signs: &Signs = match most {
        Script::Latin => &LATIN_SIGNS,
        Script::Cyrillic => &CYRILLIC_SIGNS,
        Script::Other => return Rivals::of(other(item)),
    };
    let mut points = [0.0_f32; MAX_TONGUES];
    let mut word = Word::default();
    let mut by_letters = 0;
    for c in beginning(item).chain([' ']).flat_map(char::to_lowercase) {
        if c.is_alphabetic() {
            by_letters |= signs.letters.get(&c).copied().unwrap_or_default();
            word.push(c);
        } else if !word.is_empty() {
            share(&mut points, by_letters);
            share(&mut points, signs.words.get(word.letters()).copied().unwrap_or_default());
            by_letters = 0;
            word = Word::default();
        }
    }
    choose(signs.tongues, &points)
}

/// The languages that a text with those points may be in; none if it may be in many.
fn choose(tongues: &[Tongue], points: &[f32; MAX_TONGUES]) -> Rivals {
    let points = || tongues.iter().map(|tongue| tongue.code).zip(points.iter().copied());
    let best = points().map(|(_, points)| points).fold(0.0, f32::max);
    let within = |lead: f32| points().filter(move |(_, points)| *points * lead > best);
    let codes = |lead: f32| Rivals::of(within(lead).map(|(code, _)| code));
    if best >= MIN_POINTS && within(MIN_LEAD).count() == 1 {
        return codes(MIN_LEAD);
    }
    let total: f32 = within(FAR_LEAD).map(|(_, points)| points).sum();
    match total >= MIN_TOTAL && within(FAR_LEAD).count() <= MAX_RIVALS {
        true => codes(FAR_LEAD),
        false => Rivals::default(),
    }
}

/// A word, of which so much is kept as the longest of the small words has.
#[derive(Default)]
struct Word {
    bytes: [u8; Self::MAX],
    len: usize,
    is_cut: bool,
}

impl Word {
    const MAX: usize = 32;

    fn push(&mut self, c: char) {
        match self.bytes.get_mut(self.len..self.len + c.len_utf8()) {
            Some(place) => self.len += c.encode_utf8(place).len(),
            None => self.is_cut = true,
        }
    }

    fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Nothing, if it is longer than any that is looked for.
    fn letters(&self) -> &str {
        let whole = self.bytes.get(..self.len).filter(|_| !self.is_cut);
        whole.and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }
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

/// The script of a letter.
fn script(c: char) -> Option<Script> {
    c.is_alphabetic().then_some(match c {
        '\0'..='\u{2af}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        // Marks that count as letters, as the apostrophe of `пʼять`.
        '\u{2b0}'..='\u{2ff}' => return None,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        _ => Script::Other,
    })
}

/// Scripts that mostly one language has.
fn other(item: &Item) -> Option<&'static str> {
    let mut han = false;
    for c in beginning(item).filter(|c| script(*c) == Some(Script::Other)) {
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
