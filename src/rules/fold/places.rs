//! Where folded bytes come from. An item is folded without this. When there is something to show,
//! the characters before it are counted, as long as each gave one byte; else the item is folded
//! again, with this.

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
    /// From `at` on there may be more or fewer bytes than characters.
    fn odd(&mut self, _at: usize) {}
}

/// For a text whose places nobody asks for yet: only how far each byte stands for one character.
pub(super) struct Plain(pub(super) usize);

impl Plain {
    /// Nothing that is not so has been seen.
    pub(super) const ALL: Self = Self(usize::MAX);
}

impl Places for &mut Plain {
    fn run(&mut self, _: usize, _: usize, _: usize, _: usize) {}
    fn whole(&mut self, _: usize, _: usize, _: usize, _: usize) {}
    fn again(&mut self, at: usize, _: usize, _: usize) {
        self.odd(at);
    }
    fn reach(&mut self, at: usize, _: usize) {
        self.odd(at);
    }
    fn insert(&mut self, at: usize, _: usize, _: usize, _: usize) {
        self.odd(at);
    }
    #[inline]
    fn odd(&mut self, at: usize) {
        self.0 = self.0.min(at.saturating_sub(1));
    }
}

/// For each folded byte, where the character that it stands for begins and ends in its field. Kept
/// as the pieces of a text that the fold took at a time, or, where each byte stands for one
/// character, as the count of characters.
#[derive(Debug, Default)]
pub(crate) struct Map {
    /// By `at`.
    pieces: Vec<Piece>,
    counts: Counts,
}

/// How many characters begin before each [`Counts::BLOCK`] bytes of some fields.
#[derive(Debug, Default)]
struct Counts {
    before: Vec<u32>,
    /// For each field: its first folded byte, and its first number in `before`.
    fields: Vec<(usize, usize)>,
}

impl Counts {
    const BLOCK: usize = 64;

    fn clear(&mut self) {
        self.before.clear();
        self.fields.clear();
    }

    fn add(&mut self, field: &str, start: usize) {
        self.fields.push((start, self.before.len()));
        // The last bytes, fewer than a block, are the last block's.
        let (blocks, _) = field.as_bytes().as_chunks::<{ Self::BLOCK }>();
        let counts = blocks
            .iter()
            .map(|block| block.iter().map(|byte| u8::from(is_start(*byte))).sum::<u8>());
        let mut sum = 0;
        self.before.push(0);
        self.before.extend(counts.map(|count| {
            sum += u32::from(count);
            sum
        }));
    }

    /// The source of one folded byte, in its field.
    fn of(&self, at: usize, field: &str) -> Option<(usize, usize)> {
        let number = self.fields.partition_point(|(start, _)| *start <= at).checked_sub(1)?;
        let (start, first) = self.fields[number];
        // A field begins with a stop.
        let Some(nth) = (at - start).checked_sub(1) else { return Some((0, 0)) };
        let end = self.fields.get(number + 1).map_or(self.before.len(), |(_, first)| *first);
        let before = &self.before[first..end];
        let block = before.partition_point(|before| *before as usize <= nth).checked_sub(1)?;
        let bytes = field.as_bytes().get(block * Self::BLOCK..)?;
        let mut starts = (block * Self::BLOCK..).zip(bytes).filter(|(_, byte)| is_start(**byte));
        let (start, first) = starts.nth(nth - before[block] as usize)?;
        Some((start, start + len_of(*first)))
    }
}

/// Whether a character begins with that byte of UTF-8.
fn is_start(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// How many bytes a character has that begins with that one.
fn len_of(first: u8) -> usize {
    match first {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
    }
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
    /// The source, in its field, of the folded bytes `first..last`; empty if there is none.
    pub(crate) fn span(&self, first: usize, last: usize, field: &str) -> std::ops::Range<usize> {
        let of = |at: usize| match self.counts.fields.is_empty() {
            true => self.of(at).map(|(start, end)| (start as usize, end as usize)),
            false => self.counts.of(at, field),
        };
        match (of(first), last.checked_sub(1).and_then(of)) {
            (Some((start, _)), Some((_, end))) if start <= end => start..end,
            _ => 0..0,
        }
    }

    /// Counts the characters of a text of which each folded byte is one.
    pub(super) fn count<'t>(&mut self, fields: impl Iterator<Item = (&'t str, usize)>) {
        self.clear();
        fields.for_each(|(field, start)| self.counts.add(field, start));
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.pieces.capacity() * size_of::<Piece>()
    }

    #[cfg(test)]
    pub(crate) fn is_counted(&self) -> bool {
        !self.counts.fields.is_empty()
    }

    /// Forgets the text, and gives back what one took that is made of nothing but rare characters.
    pub(crate) fn shrink(&mut self) {
        self.clear();
        self.pieces.shrink_to(KEPT_PIECES);
    }

    /// Forgets the text.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.counts.clear();
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
