//! The one pass that finds all terms in a text.
//!
//! A trie over words: from each word of the text it is walked letter by letter, and on into the
//! next words for phrases. The time is linear in the text; the factor is bounded by the longest
//! term, and in practice by the few letters that a word shares with the terms.

use std::collections::HashMap;

use super::fold::{Folded, Gap};
use super::term::Spelling;

/// Finds terms. A faster one can take its place: all that is asked of it is here.
#[derive(Debug)]
pub(super) struct Finder {
    /// The edges of all nodes; those of node `n` are `first[n]..first[n + 1]`, sorted by label.
    edges: Vec<(u8, u32)>,
    first: Vec<u32>,
    /// Where the root's edges lead, by label; 0 for nowhere.
    root: Box<[u32; 256]>,
    /// The patterns; those that end at node `n` are `ends[n]..ends[n + 1]`.
    patterns: Vec<Pattern>,
    ends: Vec<u32>,
}

/// A term found in a text, from its first to its last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// The number under which the term was given.
    pub(super) term: u32,
    pub(super) first: u32,
    pub(super) last: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    term: u32,
    /// For each word, its letters and whether it may go on, if capitals and accents count in it.
    exact: Vec<Option<(Vec<char>, bool)>>,
}

// Labels of edges between words. Folded letters are UTF-8 and hold no ASCII punctuation, so no
// label can be taken for a letter.
const JOINED: u8 = 1;
const ANY_ENDING: u8 = b'*';
const APOSTROPHE: u8 = b'\'';
const SPACE: u8 = b' ';
const FULL_STOP: u8 = b'.';

impl Finder {
    /// A finder of `terms`: numbers, each with a spelling. A term with several spellings comes
    /// several times.
    pub(super) fn new<'a>(terms: impl Iterator<Item = (u32, &'a Spelling)>) -> Self {
        let mut children: HashMap<(u32, u8), u32> = HashMap::new();
        let mut ends: Vec<(u32, Pattern)> = Vec::new();
        let mut nodes = 1;
        for (term, spelling) in terms {
            let mut node = 0;
            for label in labels(spelling) {
                node = *children.entry((node, label)).or_insert_with(|| {
                    nodes += 1;
                    nodes - 1
                });
            }
            let exact = match spelling.words.iter().any(|word| word.exact.is_some()) {
                true => spelling
                    .words
                    .iter()
                    .map(|word| word.exact.clone().map(|letters| (letters, word.open)))
                    .collect(),
                false => Vec::new(),
            };
            ends.push((node, Pattern { term, exact }));
        }
        ends.sort_by_key(|(node, pattern)| (*node, pattern.term));
        ends.dedup();
        let mut sorted: Vec<((u32, u8), u32)> = children.into_iter().collect();
        sorted.sort_unstable();
        let mut root = Box::new([0; 256]);
        for ((_, label), child) in sorted.iter().take_while(|((node, _), _)| *node == 0) {
            root[usize::from(*label)] = *child;
        }
        Self {
            first: starts(nodes, sorted.iter().map(|((node, _), _)| *node)),
            edges: sorted.into_iter().map(|((_, label), child)| (label, child)).collect(),
            root,
            ends: starts(nodes, ends.iter().map(|(node, _)| *node)),
            patterns: ends.into_iter().map(|(_, pattern)| pattern).collect(),
        }
    }

    /// Calls `found` for every place where a term stands in `text`, overlapping ones included.
    pub(super) fn find(&self, text: &Folded<'_>, mut found: impl FnMut(Found)) {
        let mut begun: Vec<(u32, u32)> = Vec::new();
        let mut going: Vec<(u32, u32)> = Vec::new();
        for (number, word) in (0..).zip(0..text.len()) {
            let letters = text.letters(word).as_bytes();
            let mut reached = |node: u32, first: u32| {
                for pattern in range(&self.patterns, &self.ends, node) {
                    if pattern.fits(text, first) {
                        found(Found { term: pattern.term, first, last: number });
                    }
                }
                going.push((node, first));
            };
            for &(node, first) in &begun {
                for label in labels_of(text.gap(word)).into_iter().flatten() {
                    if let Some(node) = self.step(node, label) {
                        self.walk(node, letters, |node| reached(node, first));
                    }
                }
            }
            self.walk(0, letters, |node| reached(node, number));
            begun.clear();
            std::mem::swap(&mut begun, &mut going);
            begun.retain(|(node, _)| self.goes_on(*node));
        }
    }

    /// Follows one word and tells each node where it, or a term with `*` in it, ends.
    fn walk(&self, mut node: u32, letters: &[u8], mut reached: impl FnMut(u32)) {
        for &letter in letters {
            match self.step(node, letter) {
                Some(next) => node = next,
                None => return,
            }
            if let Some(open) = self.step(node, ANY_ENDING) {
                reached(open);
            }
        }
        reached(node);
    }

    fn step(&self, node: u32, label: u8) -> Option<u32> {
        if node == 0 {
            return Some(self.root[usize::from(label)]).filter(|next| *next != 0);
        }
        let edges = self.edges_of(node);
        let at = edges.binary_search_by_key(&label, |(label, _)| *label).ok()?;
        Some(edges[at].1)
    }

    fn edges_of(&self, node: u32) -> &[(u8, u32)] {
        range(&self.edges, &self.first, node)
    }

    /// Whether a phrase goes on from here with another word.
    fn goes_on(&self, node: u32) -> bool {
        self.edges_of(node).iter().any(|&(label, _)| {
            label != ANY_ENDING && (label <= SPACE || label.is_ascii_punctuation())
        })
    }
}

/// Where the run of each of `count` keys begins in the sorted `keys`, and where the last ends.
fn starts(count: u32, keys: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut starts = vec![0; count as usize + 1];
    for key in keys {
        starts[key as usize + 1] += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    starts
}

fn range<'a, T>(all: &'a [T], starts: &[u32], key: u32) -> &'a [T] {
    &all[starts[key as usize] as usize..starts[key as usize + 1] as usize]
}

impl Pattern {
    fn fits(&self, text: &Folded<'_>, first: u32) -> bool {
        (first as usize..).zip(&self.exact).all(|(word, exact)| match exact {
            None => true,
            Some((letters, open)) => {
                let stands = text.exact(word);
                let long_enough = match open {
                    true => stands.len() >= letters.len(),
                    false => stands.len() == letters.len(),
                };
                // A capital in the text passes for a small letter in the term, not the reverse.
                long_enough
                    && letters
                        .iter()
                        .zip(&stands)
                        .all(|(want, c)| want == c || c.to_lowercase().eq([*want]))
            }
        })
    }
}

/// The path of a spelling through the trie.
fn labels(spelling: &Spelling) -> impl Iterator<Item = u8> {
    spelling.words.iter().flat_map(|word| {
        let gap = match word.gap {
            Gap::Stop => None,
            Gap::Joined => Some(JOINED),
            Gap::Apostrophe => Some(APOSTROPHE),
            Gap::Space => Some(SPACE),
            Gap::Mark(mark) => Some(mark),
        };
        gap.into_iter().chain(word.letters.bytes()).chain(word.open.then_some(ANY_ENDING))
    })
}

/// The labels that a gap of the text may stand for.
fn labels_of(gap: Gap) -> [Option<u8>; 2] {
    match gap {
        Gap::Stop => [None, None],
        Gap::Joined => [Some(JOINED), None],
        Gap::Apostrophe => [Some(APOSTROPHE), None],
        Gap::Space => [Some(SPACE), Some(FULL_STOP)],
        // `*` between words of the text is white space to the fold and never comes here.
        Gap::Mark(mark) => [Some(mark).filter(|mark| *mark != ANY_ENDING), None],
    }
}

#[cfg(test)]
#[path = "finder_tests.rs"]
mod tests;
