//! What terms find in the texts that other terms stand for.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::rc::Rc;

use crate::rules::file::Entry;
use crate::rules::fold::Gap;
use crate::rules::term::{Spelling, TermWord};

/// A term of a rule file: where it stands, and how it may be spelt.
#[derive(Clone)]
pub(super) struct Member<'a> {
    pub(super) entry: &'a Entry<'a>,
    /// The list that it stands in, if it does.
    pub(super) list: Option<&'a str>,
    pub(super) spelt: Rc<[Spelling]>,
}

/// Tells terms from each other, wherever they are met.
pub(super) type Key = *const ();

impl Member<'_> {
    /// The same for all clones of a member, and for no other.
    pub(super) fn key(&self) -> Key {
        std::ptr::from_ref(self.entry).cast()
    }

    /// "`Sumy`", or "`Sumy` (in `@towns`)" for a term of another list than `list`.
    pub(super) fn name_beside(&self, list: Option<&str>) -> String {
        match self.list.filter(|_| self.list != list) {
            Some(list) => format!("`{}` (in `@{list}`)", self.entry.text),
            None => format!("`{}`", self.entry.text),
        }
    }
}

/// Terms by their words, to be looked up in the words of others.
#[derive(Default)]
pub(super) struct Words<'a> {
    pub(super) members: Vec<Member<'a>>,
    /// Whether there are regular expressions beside them, which may find anything.
    pub(super) has_pattern: bool,
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    /// Where whole words lead, and those with `*`.
    closed: BTreeMap<String, u32>,
    open: BTreeMap<String, u32>,
    /// The members that end here, and which of their spellings does.
    ends: Vec<(u32, u32)>,
}

/// A member that stands in a spelling, from one of its words to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inside {
    pub(super) member: usize,
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Inside {
    /// Whether it stands for the spelling from end to end.
    pub(super) fn is_whole(self, spelling: &Spelling) -> bool {
        self.first == 0 && self.last + 1 == spelling.words.len()
    }

    /// How many words of the spelling it leaves out.
    pub(super) fn left_out(self, spelling: &Spelling) -> usize {
        spelling.words.len() - (self.last - self.first + 1)
    }
}

impl<'a> Words<'a> {
    /// Of `members` those without a spelling are regular expressions.
    pub(super) fn new(mut members: Vec<Member<'a>>) -> Self {
        let all = members.len();
        members.retain(|member| !member.spelt.is_empty());
        let has_pattern = members.len() < all;
        let mut nodes = vec![Node::default()];
        for (number, member) in (0..).zip(&members) {
            for (spelling, spelt) in (0..).zip(member.spelt.iter()) {
                let mut at = 0;
                for word in &spelt.words {
                    let next = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
                    let node = &mut nodes[at as usize];
                    let edges = if word.open { &mut node.open } else { &mut node.closed };
                    at = *edges.entry(word.letters.clone()).or_insert(next);
                    if at == next {
                        nodes.push(Node::default());
                    }
                }
                nodes[at as usize].ends.push((number, spelling));
            }
        }
        Self { members, has_pattern, nodes }
    }

    /// Every member that is found in every text that `spelling` stands for, where `wanted`.
    pub(super) fn inside(
        &self,
        spelling: &Spelling,
        mut wanted: impl FnMut(Inside) -> bool,
    ) -> Option<Inside> {
        (0..spelling.words.len()).find_map(|first| {
            let mut begun = vec![(0, first)];
            while let Some((node, at)) = begun.pop() {
                let Some(word) = spelling.words.get(at) else { continue };
                for next in self.certain(node, word) {
                    for (member, number) in &self.nodes[next as usize].ends {
                        let found = Inside { member: *member as usize, first, last: at };
                        let spelt = &self.members[found.member].spelt[*number as usize];
                        if covers(spelt, &spelling.words[first..=at]) && wanted(found) {
                            return Some(found);
                        }
                    }
                    begun.push((next, at + 1));
                }
            }
            None
        })
    }

    /// Whether a member may be found in a text that `spelling` stands for.
    pub(super) fn may_be_inside(&self, spelling: &Spelling) -> bool {
        self.each_that_may_be_inside(spelling, |_| true)
    }

    /// Tells the number of every member that may be found in a text that `spelling` stands for,
    /// until `enough`; answers whether it was.
    pub(super) fn each_that_may_be_inside(
        &self,
        spelling: &Spelling,
        mut enough: impl FnMut(usize) -> bool,
    ) -> bool {
        (0..spelling.words.len()).any(|first| {
            let mut begun = vec![(0, first)];
            while let Some((node, at)) = begun.pop() {
                let Some(word) = spelling.words.get(at) else { continue };
                for next in self.certain(node, word).chain(self.possible(node, word)) {
                    for (member, number) in &self.nodes[next as usize].ends {
                        let spelt = &self.members[*member as usize].spelt[*number as usize];
                        let meets = gaps_meet(spelt, &spelling.words[first..=at]);
                        if meets && enough(*member as usize) {
                            return true;
                        }
                    }
                    begun.push((next, at + 1));
                }
            }
            false
        })
    }

    /// Where `word` leads from a node, whatever stands for its `*`.
    fn certain<'w>(&'w self, node: u32, word: &'w TermWord) -> impl Iterator<Item = u32> + 'w {
        let node = &self.nodes[node as usize];
        let closed = node.closed.get(&word.letters).filter(|_| !word.open);
        let ends = word.letters.char_indices().map(|(at, c)| at + c.len_utf8());
        let ends = ends.filter(|_| !node.open.is_empty());
        let open = ends.filter_map(|end| node.open.get(&word.letters[..end]));
        closed.into_iter().chain(open).copied()
    }

    /// Where it leads with some ending in place of its `*`.
    fn possible<'w>(&'w self, node: u32, word: &'w TermWord) -> impl Iterator<Item = u32> + 'w {
        let node = &self.nodes[node as usize];
        let longer = |edges: &'w BTreeMap<String, u32>| {
            let from = (Bound::Included(word.letters.as_str()), Bound::Unbounded);
            let fits = move |(letters, _): &(&String, &u32)| letters.starts_with(&word.letters);
            edges.range::<str, _>(from).take_while(fits).map(|(_, next)| *next)
        };
        let both = longer(&node.closed).chain(longer(&node.open));
        both.filter(|_| word.open)
    }
}

/// Whether `spelt`, whose letters fit those of `words`, fits them in what stands between, and where
/// capitals and accents count.
fn covers(spelt: &Spelling, words: &[TermWord]) -> bool {
    let mut pairs = spelt.words.iter().zip(words).enumerate();
    pairs.all(|(at, (finds, word))| {
        (at == 0 || gap_covers(finds.gap, word.gap)) && exact_covers(finds, word)
    })
}

fn gap_covers(finds: Gap, gap: Gap) -> bool {
    finds == gap || (finds == Gap::Mark(b'.') && gap == Gap::Space)
}

fn gaps_meet(spelt: &Spelling, words: &[TermWord]) -> bool {
    let mut pairs = spelt.words.iter().zip(words).skip(1);
    pairs.all(|(one, two)| gap_covers(one.gap, two.gap) || gap_covers(two.gap, one.gap))
}

fn exact_covers(finds: &TermWord, word: &TermWord) -> bool {
    let Some(letters) = &finds.exact else { return true };
    let Some(written) = &word.exact else { return false };
    let long_enough = match finds.open {
        true => written.len() >= letters.len(),
        false => written.len() == letters.len(),
    };
    // A capital passes for a small letter, as in the finder.
    long_enough && letters.iter().zip(written).all(|(a, b)| a == b || b.to_lowercase().eq([*a]))
}
