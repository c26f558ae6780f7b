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
    /// The bytes from `at` on, where a character begins, move up by `count` for another one.
    fn insert(&mut self, at: usize, count: usize, start: usize, end: usize);
}

/// For a text whose places nobody asks for.
pub(super) struct Nowhere;

impl Places for Nowhere {
    fn run(&mut self, _: usize, _: usize, _: usize, _: usize) {}
    fn whole(&mut self, _: usize, _: usize, _: usize, _: usize) {}
    fn again(&mut self, _: usize, _: usize, _: usize) {}
    fn reach(&mut self, _: usize, _: usize) {}
    fn insert(&mut self, _: usize, _: usize, _: usize, _: usize) {}
}

/// For each folded byte, where the character that it stands for begins and ends in its field. Kept
/// as the pieces of a text that the fold took at a time.
#[derive(Debug, Default)]
pub(crate) struct Map {
    /// By `at`.
    pieces: Vec<Piece>,
}

/// Folded bytes from `at` to the next piece.
#[derive(Clone, Copy, Debug)]
struct Piece {
    at: u32,
    /// Where the first of them comes from.
    start: u32,
    /// How long the character is that each of them stands for; 0 if all of them stand for the same,
    step: u32,
    /// which ends here.
    end: u32,
}

/// Room for so many pieces is kept for the next text.
const KEPT_PIECES: usize = 1 << 20;

impl Map {
    /// The source of the folded bytes `first..last`; empty if there is none.
    pub(crate) fn span(&self, first: usize, last: usize) -> std::ops::Range<usize> {
        match (self.of(first), last.checked_sub(1).and_then(|last| self.of(last))) {
            (Some((start, _)), Some((_, end))) if start <= end => start as usize..end as usize,
            _ => 0..0,
        }
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.pieces.capacity() * size_of::<Piece>()
    }

    /// Forgets the text, and gives back what one took that is made of nothing but rare characters.
    pub(crate) fn shrink(&mut self) {
        self.pieces.clear();
        self.pieces.shrink_to(KEPT_PIECES);
    }

    /// Forgets the text.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
    }

    /// The source of one folded byte.
    fn of(&self, at: usize) -> Option<(u32, u32)> {
        let at = narrow(at);
        let after = self.pieces.partition_point(|piece| piece.at <= at);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        if piece.step == 0 {
            return Some((piece.start, piece.end));
        }
        let start = piece.start + (at - piece.at) * piece.step;
        Some((start, start + piece.step))
    }

    /// Adds a piece; what was said of the bytes from `at` on is void.
    #[inline]
    fn add(&mut self, piece: Piece) {
        while self.pieces.last().is_some_and(|last| last.at >= piece.at) {
            self.pieces.pop();
        }
        let goes_on = |last: &Piece| {
            let next = last.start + (piece.at - last.at) * last.step;
            last.step == piece.step && last.step > 0 && next == piece.start
        };
        if !self.pieces.last().is_some_and(goes_on) {
            self.pieces.push(piece);
        }
    }
}

/// A field is far smaller than 4 GiB.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

impl Places for &mut Map {
    #[inline]
    fn run(&mut self, at: usize, count: usize, source: usize, step: usize) {
        if count > 0 {
            let (at, start, step) = (narrow(at), narrow(source), narrow(step));
            self.add(Piece { at, start, step, end: 0 });
        }
    }

    fn whole(&mut self, at: usize, _count: usize, start: usize, end: usize) {
        self.add(Piece { at: narrow(at), start: narrow(start), step: 0, end: narrow(end) });
    }

    fn again(&mut self, at: usize, count: usize, end: usize) {
        let start = self.of(at).map_or(end, |(start, _)| start as usize);
        self.whole(at, count, start, end);
    }

    fn reach(&mut self, at: usize, end: usize) {
        if let Some(last) = at.checked_sub(1) {
            self.again(last, 1, end);
        }
    }

    fn insert(&mut self, at: usize, count: usize, start: usize, end: usize) {
        let (at, count) = (narrow(at), narrow(count));
        let after = self.pieces.partition_point(|piece| piece.at < at);
        for piece in &mut self.pieces[after..] {
            piece.at += count;
        }
        self.pieces.insert(after, Piece { at, start: narrow(start), step: 0, end: narrow(end) });
    }
}
