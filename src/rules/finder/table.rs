//! Which patterns begin with the first eight bytes of a word: a hash table with open addressing.

use super::walk::OPEN;

/// Scatters keys; the upper bits of the product are the good ones (Knuth, TAOCP 3, 6.4).
#[inline(always)]
pub(super) fn hash(key: u64) -> u64 {
    (key ^ key >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Patterns next to each other whose paths have the same `depth` bytes at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) first: u32,
    /// One past the last.
    pub(super) end: u32,
    pub(super) depth: u32,
}

/// Groups by key: the first bytes of their paths, of which none is 0. Small, since each look into it
/// is likely to miss the cache.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<Slot>,
    shift: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: u64,
    first: u32,
    end: u32,
}

impl Table {
    /// A table of `groups`, each of a key of its own.
    pub(super) fn new(groups: &[(u64, Group)]) -> Self {
        let size = (groups.len() + groups.len() / 2).next_power_of_two().max(2);
        let mut table =
            Self { slots: vec![Slot::default(); size], shift: 64 - size.trailing_zeros() };
        for (key, group) in groups {
            let mut slot = table.home(*key);
            while table.slots[slot].key != 0 {
                slot = (slot + 1) % size;
            }
            table.slots[slot] = Slot { key: *key, first: group.first, end: group.end };
        }
        table
    }

    /// The group of `key`.
    #[inline]
    pub(super) fn get(&self, key: u64) -> Option<Group> {
        let mut slot = self.home(key);
        loop {
            let Slot { key: own, first, end } = *self.slots.get(slot)?;
            if own == key {
                return Some(Group { first, end, depth: depth(key) });
            }
            if own == 0 {
                return None;
            }
            slot = (slot + 1) % self.slots.len();
        }
    }

    fn home(&self, key: u64) -> usize {
        (hash(key) >> self.shift) as usize
    }
}

/// How many bytes the paths have in common that begin with `key`: eight letters; or a whole word and
/// the sign for its end, which is no part of the key; or a stem and the sign, which is.
fn depth(key: u64) -> u32 {
    let len = 8 - key.leading_zeros() / 8;
    if len < 8 && !is_stem(key) { len + 1 } else { len }
}

/// Whether the last byte of a key is the sign for an open end.
fn is_stem(key: u64) -> bool {
    let len = 8 - key.leading_zeros() / 8;
    len > 0 && key >> (8 * (len - 1)) == u64::from(OPEN)
}
