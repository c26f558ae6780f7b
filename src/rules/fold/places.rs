//! Where folded bytes come from. An item is folded without this; it is folded again, with it, when
//! there is something to show.

/// Told where each folded byte comes from.
pub(super) trait Places {
    /// The bytes `at..at + count` stand for as many characters, each `step` bytes long, from
    /// `source` on.
    fn run(&mut self, at: usize, count: usize, source: usize, step: usize);
    /// The bytes `at..at + count` stand for what is between `start` and `end`.
    fn whole(&mut self, at: usize, count: usize, start: usize, end: usize);
    /// The byte `at`, and `count` in its place, stand for what it stood for and all up to `end`.
    fn again(&mut self, at: usize, count: usize, end: usize);
    /// The byte before `at` reaches to `end`: a mark belongs to it.
    fn reach(&mut self, at: usize, end: usize);
    /// The bytes from `at` on move up by `count`.
    fn shift(&mut self, at: usize, len: usize, count: usize);
}

/// For a text whose places nobody asks for.
pub(super) struct Nowhere;

impl Places for Nowhere {
    fn run(&mut self, _: usize, _: usize, _: usize, _: usize) {}
    fn whole(&mut self, _: usize, _: usize, _: usize, _: usize) {}
    fn again(&mut self, _: usize, _: usize, _: usize) {}
    fn reach(&mut self, _: usize, _: usize) {}
    fn shift(&mut self, _: usize, _: usize, _: usize) {}
}

/// For each folded byte, where the character that it stands for begins and ends in its field.
#[derive(Debug, Default)]
pub(crate) struct Map {
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl Map {
    /// The source of the folded bytes `first..last`; empty if there is none.
    pub(crate) fn span(&self, first: usize, last: usize) -> std::ops::Range<usize> {
        let start = self.starts.get(first);
        let end = last.checked_sub(1).and_then(|last| self.ends.get(last));
        match (start, end) {
            (Some(start), Some(end)) if start <= end => *start as usize..*end as usize,
            _ => 0..0,
        }
    }

    fn grow(&mut self, len: usize) {
        if self.starts.len() < len {
            self.starts.resize(len + len / 2, 0);
            self.ends.resize(len + len / 2, 0);
        }
    }
}

/// A field is far smaller than 4 GiB.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

impl Places for &mut Map {
    fn run(&mut self, at: usize, count: usize, source: usize, step: usize) {
        self.grow(at + count);
        let places = self.starts[at..at + count].iter_mut().zip(&mut self.ends[at..at + count]);
        for (number, (start, end)) in places.enumerate() {
            *start = narrow(source + number * step);
            *end = narrow(source + (number + 1) * step);
        }
    }

    fn whole(&mut self, at: usize, count: usize, start: usize, end: usize) {
        self.grow(at + count);
        self.starts[at..at + count].fill(narrow(start));
        self.ends[at..at + count].fill(narrow(end));
    }

    fn again(&mut self, at: usize, count: usize, end: usize) {
        self.grow(at + count);
        self.whole(at, count, self.starts[at] as usize, end);
    }

    fn reach(&mut self, at: usize, end: usize) {
        if let Some(last) = at.checked_sub(1).and_then(|last| self.ends.get_mut(last)) {
            *last = narrow(end);
        }
    }

    fn shift(&mut self, at: usize, len: usize, count: usize) {
        self.grow(len + count);
        self.starts.copy_within(at..len, at + count);
        self.ends.copy_within(at..len, at + count);
    }
}
