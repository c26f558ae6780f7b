//! The places that a search comes upon, no more of them than memory allows.

use super::finder::Place;

/// So many places are kept of one search. A text of that many words has no room in an item of
/// three fields of 1 MiB unless they are of one or two letters, so only terms that overlap come
/// near.
const MAX_PLACES: usize = 1_000_000;
/// Room for so many is kept for the next search.
const KEPT: usize = 100_000;

/// Places of patterns, in the order in which they were found.
///
/// If they are too many, those of the patterns that have most are thinned out: of each the first
/// and the last are kept, as many of all of them. So no pattern, however often it stands there,
/// makes another one go unseen.
#[derive(Debug)]
pub(super) struct Places {
    list: Vec<Place>,
    most: usize,
    has_dropped: bool,
    /// Whether there are so many patterns that thinning out does not help.
    is_full: bool,
}

impl Default for Places {
    fn default() -> Self {
        Self { list: Vec::new(), most: MAX_PLACES, has_dropped: false, is_full: false }
    }
}

impl Places {
    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.list.shrink_to(KEPT);
        (self.has_dropped, self.is_full) = (false, false);
    }

    /// Adds a place.
    pub(super) fn push(&mut self, place: Place) {
        if self.list.len() >= self.most && !self.is_full {
            self.thin_out();
            self.is_full = self.list.len() > self.most / 4 * 3;
        }
        if self.list.len() < self.most {
            self.list.push(place);
        }
    }

    /// All that are kept.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Place> {
        self.list.iter()
    }

    /// Whether there were more.
    pub(super) fn has_dropped(&self) -> bool {
        self.has_dropped
    }

    /// Makes half of the room free, if that leaves one place of each pattern. What it costs is shared
    /// by the places that fill it again.
    fn thin_out(&mut self) {
        self.has_dropped = true;
        self.list.sort_by_key(|place| place.pattern);
        let counts: Vec<usize> = self.of_each().map(<[Place]>::len).collect();
        let share = share(&counts, self.most / 2).max(1);
        let mut kept = Vec::with_capacity(self.list.capacity());
        for of_one in self.of_each() {
            let (first, last) = match of_one.len() <= share {
                true => (of_one, &[][..]),
                false => (&of_one[..share - share / 2], &of_one[of_one.len() - share / 2..]),
            };
            kept.extend_from_slice(first);
            kept.extend_from_slice(last);
        }
        self.list = kept;
    }

    fn of_each(&self) -> impl Iterator<Item = &[Place]> {
        self.list.chunk_by(|one, two| one.pattern == two.pattern)
    }
}

/// How many each may keep so that all together keep no more than `room`; those that have fewer
/// leave the rest to the others.
fn share(counts: &[usize], room: usize) -> usize {
    let mut counts = counts.to_vec();
    counts.sort_unstable();
    let (mut room, mut others) = (room, counts.len());
    for count in counts {
        if count > room / others {
            break;
        }
        (room, others) = (room - count, others - 1);
        if others == 0 {
            return usize::MAX;
        }
    }
    room / others.max(1)
}

#[cfg(test)]
#[path = "places_tests.rs"]
mod tests;
