//! The strides: most of a text is folded many bytes at a time. Written so that the compiler makes
//! vector code of each loop; nothing here branches on a single letter.

/// Writes 32 bytes with ASCII capitals made small, and says how many of them come before the first
/// that is not ASCII.
#[inline(always)]
pub(super) fn ascii32(from: &[u8; 32], to: &mut [u8; 32]) -> usize {
    let mut any = 0;
    for (to, from) in to.iter_mut().zip(from) {
        *to = from.to_ascii_lowercase();
        any |= from;
    }
    if any < 0x80 {
        return 32;
    }
    from.iter().position(|byte| *byte >= 0x80).unwrap_or(32)
}

const HIGH: u64 = 0x8080_8080_8080_8080;
const EACH: u64 = 0x0101_0101_0101_0101;

/// The same with 8 bytes.
#[inline(always)]
pub(super) fn ascii8(from: [u8; 8], to: &mut [u8; 8]) -> usize {
    let bytes = u64::from_le_bytes(from);
    let seven = bytes & !HIGH;
    let capitals = (seven + (0x80 - 0x41) * EACH) & !(seven + (0x80 - 0x5B) * EACH) & HIGH;
    *to = (bytes | capitals >> 2).to_le_bytes();
    ((bytes & HIGH).trailing_zeros() / 8) as usize
}

/// Writes the folded letters of up to 8 Cyrillic ones, and says how many of them there are before
/// anything else: ё, ѐ, ѝ and letters beyond U+045F are something else.
///
/// In UTF-8 the low five bits of the second byte name а-я in either case, and the low four the
/// letters from U+0400 and U+0450 on; so do their bytes in folded text.
#[inline(always)]
pub(super) fn cyrillic8(from: &[u8; 16], to: &mut [u8; 8]) -> usize {
    let mut others = [0; 8];
    for k in 0..8 {
        let (lead, next) = (from[2 * k], from[2 * k + 1]);
        let second = lead & 1;
        // D0 80-8F and D1 90-9F.
        let extra = (next ^ second << 4) & 0xF0 == 0x80;
        let letter = if extra { 0xE0 | next & 0xF } else { 0xC0 | next & 0x1F };
        let other = lead & !1 != 0xD0
            || (second == 1 && next >= 0xA0)
            || letter == 0xE0
            || letter == 0xE1
            || letter == 0xED;
        to[k] = letter;
        others[k] = u8::from(other);
    }
    (u64::from_le_bytes(others).trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_stop_at_what_is_not_theirs() {
        let mut to = [0; 32];
        assert_eq!(ascii32(b"ABYZ@[`{az09 the quick brown fox", &mut to), 32);
    }
}
