//! The comparison of a word and its neighbours with the terms.
//!
//! A pattern is kept as its *path*: the letters of its anchor and a sign for its end; for each word
//! to the right, a sign for what stands before it, its letters, a sign for its end; and then the
//! words to the left, each behind [`LEFT`] and a sign for what stands after it. Paths are sorted, so
//! that those with the same beginning are next to each other, and are followed like the branches of
//! a trie: each byte leaves a smaller group.

use super::probe::{LONG_STEM, cut};
use super::table::Group;
use super::{Finder, Place, Watch};
use crate::rules::fold::{Gap, Text};

// Signs in paths. Folded letters are neither control characters nor ASCII punctuation.
/// The word ends here.
pub(super) const CLOSED: u8 = 1;
/// The word may go on.
pub(super) const OPEN: u8 = 2;
/// The next word stands to the left of all before.
pub(super) const LEFT: u8 = 3;
const JOINED: u8 = 4;
const APOSTROPHE: u8 = b'\'';
const SPACE: u8 = b' ';
const FULL_STOP: u8 = b'.';

/// The sign for what a term has between two words; none for what no phrase crosses.
pub(super) fn sign(gap: Gap) -> Option<u8> {
    match gap {
        Gap::Stop => None,
        Gap::Joined => Some(JOINED),
        Gap::Apostrophe => Some(APOSTROPHE),
        Gap::Space => Some(SPACE),
        Gap::Mark(mark) => Some(mark),
    }
}

/// The signs in terms for which a gap of the text may stand.
fn signs_for(gap: Gap) -> [Option<u8>; 2] {
    [sign(gap), (gap == Gap::Space).then_some(FULL_STOP)]
}

/// The words of the text that are compared so far: from byte to byte.
#[derive(Clone, Copy)]
struct Stand {
    start: usize,
    end: usize,
}

pub(super) struct Walk<'a, W> {
    pub(super) finder: &'a Finder,
    pub(super) text: &'a Text,
    pub(super) watch: &'a mut W,
}

impl<W: Watch> Walk<'_, W> {
    /// Finds the patterns whose anchors are words that begin at `places`. They are all looked up
    /// before any is compared, so that the memory is asked for many things at once.
    pub(super) fn all(&mut self, places: &[u32]) {
        for places in places.chunks(AT_ONCE) {
            let mut found = [(0, NONE); AT_ONCE];
            let mut count = 0;
            for place in places {
                let start = *place as usize;
                let len = self.text.word_end(start).min(start + 8) - start;
                let bytes = cut(self.text.eight(start), len);
                self.watch.steps(1);
                found[count] = (start, self.finder.table.get(bytes).unwrap_or(NONE));
                count += usize::from(found[count].1 != NONE);
            }
            for (start, group) in &found[..count] {
                self.from(*start, *group);
            }
            if self.finder.stem_lengths != 0 {
                places.iter().for_each(|place| self.go_from_stems(*place as usize));
            }
        }
    }

    /// Compares the word that begins at `start` with those that have its first bytes.
    fn from(&mut self, start: usize, group: Group) {
        let end = self.text.word_end(start);
        let stand = Stand { start, end };
        if end - start < 8 {
            // The whole word, and the sign for its end.
            self.after(group, stand);
        } else {
            self.word(group, start + 8, end, stand);
        }
    }

    /// Finds the patterns whose anchor is a short `stem*` that the word at `start` begins with.
    fn go_from_stems(&mut self, start: usize) {
        let end = self.text.word_end(start);
        let len = (end - start).min(8);
        let bytes = self.text.eight(start);
        for stem in self.finder.stems().skip_while(|stem| *stem > len) {
            self.watch.steps(1);
            let key = cut(bytes, stem) | u64::from(OPEN) << (8 * stem);
            if let Some(group) = self.finder.table.get(key) {
                self.after(group, Stand { start, end });
            }
        }
    }

    /// Compares the rest of a word, the bytes from `at` to `end`.
    fn word(&mut self, mut group: Group, mut at: usize, end: usize, stand: Stand) {
        if group.end - group.first == 1 {
            return self.word_alone(group, at, end, stand);
        }
        loop {
            if let Some(open) = self.child(group, OPEN) {
                self.after(open, stand);
            }
            let letter = self.text.bytes().get(at).filter(|_| at < end);
            let Some(next) = letter.and_then(|letter| self.child(group, *letter)) else { break };
            (group, at) = (next, at + 1);
        }
        if at == end
            && let Some(closed) = self.child(group, CLOSED)
        {
            self.after(closed, stand);
        }
    }

    /// The same with the only pattern of a group.
    fn word_alone(&mut self, group: Group, at: usize, end: usize, stand: Stand) {
        let Some(pattern) = self.finder.patterns.get(group.first as usize) else { return };
        let path = self.finder.path(pattern).get(group.depth as usize..).unwrap_or_default();
        let text = self.text.bytes().get(at..end).unwrap_or_default();
        let same = text.iter().zip(path).take_while(|(one, two)| one == two).count();
        self.watch.steps(1 + same);
        let fits = match path.get(same) {
            Some(&OPEN) => true,
            Some(&CLOSED) => same == text.len(),
            _ => false,
        };
        if fits {
            let same = u32::try_from(same).unwrap_or_default();
            self.after(Group { depth: group.depth + same + 1, ..group }, stand);
        }
    }

    /// Tells of the patterns that end here, and goes on with the next word of the others.
    fn after(&mut self, mut group: Group, stand: Stand) {
        while let Some(pattern) = self.finder.patterns.get(group.first as usize)
            && group.first < group.end
            && pattern.end - pattern.start == group.depth
        {
            let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let (start, end) = (narrow(stand.start), narrow(stand.end));
            self.watch.steps(1);
            self.watch.found(Place { pattern: group.first, start, end });
            group.first += 1;
        }
        if group.first == group.end {
            return;
        }
        let left = self.child(group, LEFT);
        if let Some(left) = left {
            self.go_left(left, stand);
            group.first = left.end;
        }
        if group.first < group.end {
            self.go_right(group, stand);
        }
    }

    fn go_right(&mut self, group: Group, stand: Stand) {
        let Some(start) = self.text.next_word(stand.end) else { return };
        let end = self.text.word_end(start);
        self.watch.steps(start - stand.end);
        for sign in signs_for(self.text.gap(stand.end, start)).into_iter().flatten() {
            if let Some(group) = self.child(group, sign) {
                self.word(group, start, end, Stand { end, ..stand });
            }
        }
    }

    fn go_left(&mut self, group: Group, stand: Stand) {
        let Some((start, end)) = self.text.word_before(stand.start) else { return };
        self.watch.steps(stand.start - end);
        for sign in signs_for(self.text.gap(end, stand.start)).into_iter().flatten() {
            if let Some(group) = self.child(group, sign) {
                self.word(group, start, end, Stand { start, ..stand });
            }
        }
    }

    /// The patterns of a group whose paths go on with `byte`.
    fn child(&mut self, group: Group, byte: u8) -> Option<Group> {
        self.watch.steps(1);
        let patterns = self.finder.patterns.get(group.first as usize..group.end as usize)?;
        // What has ended comes before what goes on.
        let next = |pattern: &super::Pattern| {
            let at = pattern.start + group.depth;
            if at < pattern.end { self.finder.paths.get(at as usize).copied() } else { None }
        };
        let (first, end) = match patterns.len() {
            0..=LINEAR => {
                let first = patterns.iter().position(|pattern| next(pattern) == Some(byte))?;
                let more = patterns[first..].iter().take_while(|p| next(p) == Some(byte)).count();
                (first, first + more)
            }
            _ => (
                patterns.partition_point(|pattern| next(pattern) < Some(byte)),
                patterns.partition_point(|pattern| next(pattern) <= Some(byte)),
            ),
        };
        let number = |at: usize| group.first + u32::try_from(at).unwrap_or_default();
        (first < end).then(|| Group {
            first: number(first),
            end: number(end),
            depth: group.depth + 1,
        })
    }
}

/// So many words are looked up at once.
const AT_ONCE: usize = 32;
const NONE: Group = Group { first: 0, end: 0, depth: 0 };

/// Groups up to this size are searched from the beginning.
const LINEAR: usize = 8;

impl Finder {
    /// The lengths of `stem*` that are looked up by their own letters, the longest first.
    fn stems(&self) -> impl Iterator<Item = usize> + use<> {
        let lengths = self.stem_lengths;
        (1..LONG_STEM).rev().filter(move |len| lengths >> len & 1 != 0)
    }
}

/// The words of a path in reading order, with a space between them.
pub(super) fn spelling(path: &[u8]) -> Vec<u8> {
    let mut spelling: Vec<u8> = Vec::new();
    for word in path.split_inclusive(|byte| *byte <= OPEN) {
        let letters = &word[..word.len() - 1];
        match letters {
            [LEFT, _, letters @ ..] => {
                spelling.insert(0, b' ');
                spelling.splice(0..0, letters.iter().copied());
            }
            letters if spelling.is_empty() => spelling.extend(letters),
            [_, letters @ ..] => {
                spelling.push(b' ');
                spelling.extend(letters);
            }
            [] => {}
        }
    }
    spelling
}
