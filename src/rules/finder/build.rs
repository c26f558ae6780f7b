//! Makes a finder of terms.

use std::collections::HashSet;

use super::common;
use super::probe::{Gates, LONG_STEM, Lead, STEM};
use super::table::{Group, Table};
use super::walk::{CLOSED, LEFT, OPEN, sign};
use super::{Finder, Pattern};
use crate::rules::fold::encode;
use crate::rules::term::{Spelling, TermWord};

impl Finder {
    /// A finder of `terms`: numbers, each with a spelling. A term with several spellings comes
    /// several times.
    pub(in crate::rules) fn new<'a>(terms: impl Iterator<Item = (u32, &'a Spelling)>) -> Self {
        let terms: Vec<(u32, &Spelling)> = terms.collect();
        let anchors = Anchors::new(&terms);
        let (mut paths, mut patterns, mut exact) = (Vec::new(), Vec::new(), Vec::new());
        for (term, spelling) in &terms {
            let start = narrow(paths.len());
            write_path(&spelling.words, anchors.choose(&spelling.words), &mut paths);
            let is_exact = spelling.words.iter().any(|word| word.exact.is_some());
            let exact = is_exact.then(|| {
                let words = spelling.words.iter();
                let words = words.map(|word| Some((word.exact.clone()?, word.open)));
                exact.push(words.collect());
                narrow(exact.len() - 1)
            });
            patterns.push(Pattern { term: *term, start, end: narrow(paths.len()), exact });
        }
        let path = |pattern: &Pattern| &paths[pattern.start as usize..pattern.end as usize];
        patterns.sort_by(|one, two| path(one).cmp(path(two)).then(one.term.cmp(&two.term)));
        // A term may have the same spelling twice.
        patterns.dedup_by(|one, two| {
            one.term == two.term && (one.exact, two.exact) == (None, None) && path(one) == path(two)
        });
        // Those that are compared together stand together.
        let mut sorted = Vec::with_capacity(paths.len());
        for pattern in &mut patterns {
            let start = narrow(sorted.len());
            sorted.extend_from_slice(&paths[pattern.start as usize..pattern.end as usize]);
            (pattern.start, pattern.end) = (start, narrow(sorted.len()));
        }
        let paths = sorted;
        let (groups, leads) = groups(&patterns, &paths);
        let stem_lengths = leads.iter().fold(0, |lengths, lead| match lead {
            Lead::Stem(stem) => lengths | 1 << (8 - stem.leading_zeros() / 8),
            Lead::Word(_) => lengths,
        });
        let (gates, table) = (Gates::new(&leads), Table::new(&groups));
        Self { gates, table, stem_lengths, patterns, paths, exact }
    }
}

/// Terms are far smaller than 4 GiB: a rule file has a megabyte.
fn narrow(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn letters(word: &TermWord) -> Vec<u8> {
    let mut letters = Vec::with_capacity(word.letters.len());
    for c in word.letters.chars() {
        letters.extend_from_slice(encode(c).bytes());
    }
    letters
}

fn write_path(words: &[TermWord], anchor: usize, path: &mut Vec<u8>) {
    let push = |path: &mut Vec<u8>, word: &TermWord| {
        path.extend(letters(word));
        path.push(if word.open { OPEN } else { CLOSED });
    };
    push(path, &words[anchor]);
    for word in &words[anchor + 1..] {
        path.extend(sign(word.gap));
        push(path, word);
    }
    for at in (0..anchor).rev() {
        path.push(LEFT);
        path.extend(sign(words[at + 1].gap));
        push(path, &words[at]);
    }
}

/// The groups of patterns that a word's first bytes lead to, and what these are.
fn groups(patterns: &[Pattern], paths: &[u8]) -> (Vec<(u64, Group)>, Vec<Lead>) {
    let (mut groups, mut leads) = (Vec::<(u64, Group)>::new(), Vec::new());
    for (number, pattern) in (0..).zip(patterns) {
        let path = &paths[pattern.start as usize..pattern.end as usize];
        let len = path.iter().take(LONG_STEM).take_while(|byte| **byte > OPEN).count();
        let mut eight = [0; 8];
        eight[..len].copy_from_slice(&path[..len]);
        let bytes = u64::from_le_bytes(eight);
        let is_stem = path.get(len) == Some(&OPEN) && len < LONG_STEM;
        let (key, lead) = match is_stem {
            true => (bytes | u64::from(OPEN) << (8 * len), Lead::Stem(bytes)),
            false => (bytes, Lead::Word(bytes)),
        };
        match groups.last_mut().filter(|(last, _)| *last == key) {
            Some((_, group)) => group.end = number + 1,
            None => {
                let depth = if len < LONG_STEM { len + 1 } else { len };
                groups.push((key, Group { first: number, end: number + 1, depth: narrow(depth) }));
                leads.push(lead);
            }
        }
    }
    (groups, leads)
}

/// Chooses the word by which a phrase is found.
struct Anchors {
    common: HashSet<String>,
    /// The words that are terms: they are looked for in any case.
    terms: HashSet<(String, bool)>,
}

impl Anchors {
    fn new(terms: &[(u32, &Spelling)]) -> Self {
        let alone = terms.iter().filter_map(|(_, spelling)| match spelling.words.as_slice() {
            [word] => Some((word.letters.clone(), word.open)),
            _ => None,
        });
        let has_phrases = terms.iter().any(|(_, spelling)| spelling.words.len() > 1);
        Self {
            common: if has_phrases { common::words() } else { HashSet::new() },
            terms: alone.collect(),
        }
    }

    fn choose(&self, words: &[TermWord]) -> usize {
        if words.len() < 2 {
            return 0;
        }
        let worth = |word: &TermWord| {
            let letters = letters(word);
            let len = letters.len();
            let rank = match word.open {
                false if self.common.contains(&word.letters) => 0,
                true if len < STEM => 1,
                false if len < 3 => 1,
                _ => 2,
            };
            (rank, self.terms.contains(&(word.letters.clone(), word.open)), len.min(LONG_STEM))
        };
        (0..words.len()).rev().max_by_key(|at| worth(&words[*at])).unwrap_or(0)
    }
}
