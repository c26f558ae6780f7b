//! What nearly was a hit: for each term that hit nothing, the place in the text that comes nearest.
//!
//! Built to explain, never to match: it is asked about an item that somebody wonders about.

use std::collections::HashMap;

use serde::Serialize;

use crate::model::Field;

use super::finder::Finder;
use super::fold::{Folded, Gap};
use super::reading::Reading;
use super::term::{Spelling, TermWord};

/// Why the place is no hit, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nearness {
    /// The letters are those of the term, but it wants other capitals.
    Cased,
    /// The same, but it wants other accents.
    Accented,
    /// The words of the phrase, with something else between them than it wants.
    Apart,
    /// The word goes on where the term ends.
    Begins,
    /// The word has another ending.
    Ending,
    /// One letter is another, missing, too much or swapped with its neighbour.
    Letter,
}

/// A place that comes near to a term. Words are counted through all fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NearHit {
    pub(super) nearness: Nearness,
    pub(super) field: Field,
    pub(super) first: u32,
    pub(super) last: u32,
}

/// So many words of an item are looked at; what stands behind them is near to nothing.
const MAX_WORDS: usize = 50_000;
/// So many words are compared with words of an item, and so many phrases tried on it.
const MAX_TRIES: usize = 1_000_000;
/// A word that goes on has at least so many letters of the term.
const MIN_BEGIN: usize = 4;
/// Words of fewer letters are not near to others.
const MIN_LETTERS: usize = 5;
/// An ending is at most this long.
const MAX_ENDING: usize = 3;
/// By so many letters of a word its neighbours are looked up.
const KEY: usize = 2;

/// Finds what comes near to terms.
#[derive(Debug)]
pub(super) struct NearFinder {
    spellings: Vec<(u32, Spelling)>,
    /// As the rules' finder, but capitals and accents count nowhere.
    relaxed: Finder,
    /// The words of all spellings, each once.
    words: Vec<Entry>,
    numbers: HashMap<String, usize>,
    /// The words by their [`keys`].
    by_key: HashMap<Key, Vec<usize>>,
}

/// A word, and where it stands in the spellings: in which, and as which word of it.
#[derive(Debug)]
struct Entry {
    letters: String,
    /// How many.
    count: usize,
    at: Vec<(usize, usize)>,
    /// Whether it may go on in one of them.
    open: bool,
}

/// The words of an item, in reading order.
struct Words<'r, 'a> {
    all: Vec<(Field, &'r Folded<'a>, usize)>,
}

impl NearFinder {
    /// For terms, by number, with their spellings.
    pub(super) fn new(spellings: Vec<(u32, Spelling)>) -> Self {
        let mut words: Vec<Entry> = Vec::new();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        for (at, (_, spelling)) in spellings.iter().enumerate() {
            for (number, word) in spelling.words.iter().enumerate() {
                let next = words.len();
                let own = *numbers.entry(word.letters.clone()).or_insert(next);
                if own == next {
                    words.push(Entry {
                        letters: word.letters.clone(),
                        count: word.letters.chars().count(),
                        at: Vec::new(),
                        open: false,
                    });
                }
                words[own].at.push((at, number));
                words[own].open |= word.open;
            }
        }
        let mut by_key: HashMap<Key, Vec<usize>> = HashMap::new();
        for (number, word) in words.iter().enumerate() {
            for key in keys(&word.letters) {
                by_key.entry(key).or_default().push(number);
            }
        }
        let mut relaxed = Vec::new();
        for (term, spelling) in &spellings {
            if spelling.words.iter().any(|word| word.exact.is_some()) {
                let mut plain = spelling.clone();
                plain.words.iter_mut().for_each(|word| word.exact = None);
                relaxed.push((*term, plain));
            }
        }
        let relaxed = Finder::new(relaxed.iter().map(|(term, spelling)| (*term, spelling)));
        Self { spellings, relaxed, words, numbers, by_key }
    }

    /// The nearest place of each term that has one, by its number. What is a hit is not among them.
    pub(super) fn find(&self, reading: &Reading<'_>) -> HashMap<u32, NearHit> {
        let mut best = Best { of: HashMap::new(), tries: 0 };
        self.find_relaxed(reading, &mut best);
        let words = Words::new(reading);
        let mut looked_up: HashMap<&str, Vec<(usize, Option<Nearness>)>> = HashMap::new();
        for at in 0..words.all.len() {
            let word = words.letters(at);
            let near = looked_up.entry(word).or_insert_with(|| self.neighbours(word, &mut best));
            for (of_term, nearness) in near.iter() {
                for (spelling, number) in &self.words[*of_term].at {
                    if !best.may_try() {
                        return best.of;
                    }
                    self.try_on(&words, at, (*spelling, *number), *nearness, &mut best);
                }
            }
        }
        best.of
    }

    /// Terms that would hit if capitals and accents did not count.
    fn find_relaxed(&self, reading: &Reading<'_>, best: &mut Best) {
        for (field, folded, before) in reading.fields() {
            self.relaxed.find(folded, |found| {
                let nearness = match self.is_cased(found.term, folded, found.first) {
                    Some(true) => Nearness::Cased,
                    Some(false) => Nearness::Accented,
                    None => return,
                };
                let (first, last) = (found.first + before, found.last + before);
                best.note(found.term, NearHit { nearness, field, first, last });
            });
        }
    }

    /// Whether only capitals are wrong with what stands at `first`; `None` if nothing is.
    fn is_cased(&self, term: u32, text: &Folded<'_>, first: u32) -> Option<bool> {
        let mut nearest: Option<bool> = None;
        let from = self.spellings.partition_point(|(number, _)| *number < term);
        for (_, spelling) in self.spellings[from..].iter().take_while(|(number, _)| *number == term)
        {
            let mut cased = true;
            let mut all_fit = true;
            let mut is_here = true;
            for (at, word) in (first as usize..).zip(&spelling.words) {
                is_here &= fits(word, text.letters(at));
                let Some(want) = &word.exact else { continue };
                let stands = text.exact(at);
                let lower = |letters: &[char]| -> String {
                    letters.iter().flat_map(|c| c.to_lowercase()).collect()
                };
                all_fit &= want.len() <= stands.len()
                    && want
                        .iter()
                        .zip(&stands)
                        .all(|(want, c)| want == c || c.to_lowercase().eq([*want]));
                cased &= lower(&stands).starts_with(&lower(want));
            }
            match (is_here, all_fit) {
                (true, true) => return None,
                (true, false) => nearest = Some(nearest.unwrap_or(false) | cased),
                (false, _) => {}
            }
        }
        nearest
    }

    /// The words of terms, by number, that a word of a text is (`None`) or comes near to.
    fn neighbours(&self, word: &str, best: &mut Best) -> Vec<(usize, Option<Nearness>)> {
        let mut near: Vec<(usize, Option<Nearness>)> =
            self.numbers.get(word).map(|own| (*own, None)).into_iter().collect();
        let count = word.chars().count();
        for number in keys(word).filter_map(|key| self.by_key.get(&key)).flatten() {
            if !best.may_try() {
                break;
            }
            let entry = &self.words[*number];
            if entry.count > count + MAX_ENDING || entry.letters == word {
                continue;
            }
            let of_term = (entry.letters.as_str(), entry.count);
            let as_open = || {
                let beginning = (&word[..beginning(word, entry.count)], entry.count.min(count));
                compare(of_term, beginning).filter(|_| entry.open)
            };
            // A stem is meant to be as long as it is written.
            let is_cut = entry.open && count < entry.count;
            let nearness = compare(of_term, (word, count))
                .or_else(as_open)
                .filter(|nearness| !is_cut || *nearness == Nearness::Letter);
            near.extend(nearness.map(|nearness| (*number, Some(nearness))));
        }
        near.sort_unstable();
        near.dedup();
        near
    }

    /// Notes it if the spelling stands near the word at `at`, which is its word `number` or, with a
    /// nearness, comes near to that.
    fn try_on(
        &self,
        words: &Words<'_, '_>,
        at: usize,
        (spelling, number): (usize, usize),
        nearness: Option<Nearness>,
        best: &mut Best,
    ) {
        let (term, Spelling { words: of_term }) = &self.spellings[spelling];
        let Some(first) = at.checked_sub(number) else { return };
        let stands = first..first + of_term.len();
        if !words.are_in_one_field(stands.clone()) {
            return;
        }
        let others = || stands.clone().zip(of_term).filter(|(place, _)| *place != at);
        if !others().all(|(place, word)| fits(word, words.letters(place))) {
            return;
        }
        let apart = stands.clone().zip(of_term).skip(1).any(|(place, word)| {
            let gap = words.gap(place);
            gap != word.gap && !(gap == Gap::Space && word.gap == Gap::Mark(b'.'))
        });
        let nearness = match nearness {
            // Each place is tried once, from its first word.
            None if number == 0 && apart => Nearness::Apart,
            Some(Nearness::Begins) if of_term[number].open => return,
            Some(nearness) if !apart => nearness,
            _ => return,
        };
        let word = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        let hit = NearHit {
            nearness,
            field: words.all[at].0,
            first: word(stands.start),
            last: word(stands.end - 1),
        };
        best.note(*term, hit);
    }
}

/// The nearest place of each term so far.
struct Best {
    of: HashMap<u32, NearHit>,
    tries: usize,
}

impl Best {
    fn note(&mut self, term: u32, hit: NearHit) {
        let best = self.of.entry(term).or_insert(hit);
        if (hit.nearness, hit.first) < (best.nearness, best.first) {
            *best = hit;
        }
    }

    fn may_try(&mut self) -> bool {
        self.tries += 1;
        self.tries <= MAX_TRIES
    }
}

impl<'r, 'a> Words<'r, 'a> {
    fn new(reading: &'r Reading<'a>) -> Self {
        let of_field = |(field, folded, _): (Field, &'r Folded<'a>, u32)| {
            (0..folded.len()).map(move |word| (field, folded, word))
        };
        Self { all: reading.fields().flat_map(of_field).take(MAX_WORDS).collect() }
    }

    fn letters(&self, at: usize) -> &'r str {
        self.all.get(at).map_or("", |(_, folded, word)| folded.letters(*word))
    }

    fn gap(&self, at: usize) -> Gap {
        self.all.get(at).map_or(Gap::Stop, |(_, folded, word)| folded.gap(*word))
    }

    fn are_in_one_field(&self, range: std::ops::Range<usize>) -> bool {
        self.all.get(range).is_some_and(|words| {
            words.first().zip(words.last()).is_some_and(|(first, last)| first.0 == last.0)
        })
    }
}

fn fits(word: &TermWord, letters: &str) -> bool {
    if word.open { letters.starts_with(&word.letters) } else { letters == word.letters }
}

/// Where in a word letters stand, and which.
type Key = (u8, [char; KEY]);

/// Its first letters, its last, and those behind the first: of two words of which one begins with
/// the other, or that differ in one letter, one of these is mostly the same. None for short words.
fn keys(word: &str) -> impl Iterator<Item = Key> {
    let letters: Vec<char> = word.chars().collect();
    let last = letters.len().saturating_sub(KEY);
    let key = |(place, at): (u8, usize)| Some((place, *letters.get(at..)?.first_chunk()?));
    let places = [(0, 0), (1, 1), (2, last)].into_iter().filter(|_| letters.len() >= MIN_BEGIN);
    places.filter_map(key).collect::<Vec<Key>>().into_iter()
}

/// Where the first `letters` of the word end.
fn beginning(word: &str, letters: usize) -> usize {
    word.char_indices().nth(letters).map_or(word.len(), |(at, _)| at)
}

/// How near a word of a text comes to another one, of a term, both with their number of letters.
fn compare((of_term, want): (&str, usize), (word, is): (&str, usize)) -> Option<Nearness> {
    if want.min(is) < MIN_BEGIN {
        return None;
    }
    if word.starts_with(of_term) {
        return Some(Nearness::Begins);
    }
    if want.abs_diff(is) > MAX_ENDING {
        return None;
    }
    let same = of_term.chars().zip(word.chars()).take_while(|(one, two)| one == two).count();
    // Endings are short beside the stem; in Cyrillic script, names of four letters are declined.
    let stem = if of_term.is_ascii() { want.max(is) * 2 / 3 + 1 } else { 0 };
    if same >= stem.max(MIN_BEGIN) && want - same <= MAX_ENDING && is - same <= MAX_ENDING {
        return Some(Nearness::Ending);
    }
    let may_be = want.min(is) >= MIN_LETTERS && want.abs_diff(is) <= 1;
    (may_be && strsim::osa_distance(of_term, word) == 1).then_some(Nearness::Letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_near_by_their_beginning_ending_or_one_letter() {
        use Nearness::{Begins, Ending, Letter};
        for (of_term, word, want) in [
            ("zelensky", "zelenskygate", Some(Begins)),
            ("trump", "trumpet", Some(Begins)),
            ("харків", "харкову", Some(Ending)),
            ("ceasefire", "ceasefires", Some(Begins)),
            ("ceasefires", "ceasefire", Some(Ending)),
            ("zelensky", "selensky", Some(Letter)),
            ("zelensky", "zelnesky", Some(Letter)),
            ("lavrov", "lavorv", Some(Letter)),
            ("sumy", "suma", None),
            ("state", "station", None),
            ("суми", "сума", None),
            ("rubio", "radio", None),
            ("kyiv", "kiev", None),
        ] {
            let counted = |word: &'static str| (word, word.chars().count());
            assert_eq!(compare(counted(of_term), counted(word)), want, "{of_term} {word}");
        }
    }
}
