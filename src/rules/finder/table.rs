//! Which patterns begin with the first eight bytes of a word: a hash table with open addressing.

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

/// Groups by key. No key is 0.
#[derive(Debug)]
pub(super) struct Table {
    slots: Vec<(u64, Group)>,
    shift: u32,
}

impl Table {
    /// A table of `groups`, each of a key of its own.
    pub(super) fn new(groups: &[(u64, Group)]) -> Self {
        let size = (groups.len() * 2).next_power_of_two().max(2);
        let empty = (0, Group { first: 0, end: 0, depth: 0 });
        let mut table = Self { slots: vec![empty; size], shift: 64 - size.trailing_zeros() };
        for (key, group) in groups {
            let mut slot = table.home(*key);
            while table.slots[slot].0 != 0 {
                slot = (slot + 1) % size;
            }
            table.slots[slot] = (*key, *group);
        }
        table
    }

    /// The group of `key`.
    pub(super) fn get(&self, key: u64) -> Option<Group> {
        let mut slot = self.home(key);
        loop {
            let (own, group) = self.slots.get(slot)?;
            match *own {
                0 => return None,
                own if own == key => return Some(*group),
                _ => slot = (slot + 1) % self.slots.len(),
            }
        }
    }

    fn home(&self, key: u64) -> usize {
        (hash(key) >> self.shift) as usize
    }
}
