//! The strides: most of a text is folded many letters at a time, in the lanes of 64-bit numbers.
//! Nothing here branches on a letter.

/// 1 in each byte.
const BYTES: u64 = 0x0101_0101_0101_0101;
/// 1 in each pair of bytes.
const PAIRS: u64 = 0x0001_0001_0001_0001;

const HIGH: u64 = 0x80 * BYTES;

/// 8 bytes with their ASCII capitals made small.
#[inline(always)]
fn small(bytes: u64) -> u64 {
    let low = bytes & !HIGH;
    let from_a = low + (0x80 - 0x41) * BYTES;
    let past_z = low + (0x80 - 0x5B) * BYTES;
    bytes | (from_a & !past_z & !bytes & HIGH) >> 2
}

/// Writes bytes with ASCII capitals made small, and says how many of them come before the first that
/// is not ASCII.
#[inline(always)]
pub(super) fn ascii(from: &[u8], to: &mut [u8]) -> usize {
    if all_ascii(from, to) {
        return from.len();
    }
    let high = from.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight) & HIGH);
    let found = high.zip(0..).find(|(high, _)| *high != 0);
    found.map_or(from.len(), |(high, eights)| 8 * eights + high.trailing_zeros() as usize / 8)
}

/// Writes ASCII with small letters; whether it is nothing else. A loop of unknown length over two
/// slices that are known to be apart: the compiler makes vector code of it, which it does not if it
/// is inlined.
#[inline(never)]
fn all_ascii(from: &[u8], to: &mut [u8]) -> bool {
    let mut any = 0;
    for (to, from) in to.iter_mut().zip(from) {
        *to = from.to_ascii_lowercase();
        any |= from;
    }
    any < 0x80
}

/// The same with 8 bytes.
#[inline(always)]
pub(super) fn ascii8(from: &[u8; 8], to: &mut [u8; 8]) -> usize {
    let bytes = u64::from_le_bytes(*from);
    *to = small(bytes).to_le_bytes();
    (bytes & HIGH).trailing_zeros() as usize / 8
}

/// Writes the folded letters of up to 8 Cyrillic ones, and says how many of them there are before
/// anything else: ё, ѐ, ѝ and letters beyond U+045F are something else.
#[inline(always)]
pub(super) fn cyrillic8(from: &[u8; 16], to: &mut [u8; 8]) -> usize {
    let eight = u128::from_le_bytes(*from);
    let (one, other) = cyrillic4(eight as u64);
    let (two, others) = cyrillic4((eight >> 64) as u64);
    *to = (one | two << 32).to_le_bytes();
    ((u128::from(others) << 64 | u128::from(other)).trailing_zeros() / 16) as usize
}

/// The folded letters of four Cyrillic ones, in the low four bytes; and a 1 in each pair of bytes
/// that is something else.
///
/// Their UTF-8 is D0 80 to D1 9F. The low five bits of the second byte name а-я in either case, and
/// the low four the letters from U+0400 and from U+0450 on; so do the bytes of folded text.
#[inline(always)]
fn cyrillic4(four: u64) -> (u64, u64) {
    let first = four & (0xFF * PAIRS);
    let second = four >> 8 & (0xFF * PAIRS);
    let if_any = |bits: u64| (bits + 0xFF * PAIRS) >> 8 & PAIRS;
    let is_d1 = first & PAIRS;
    // D0 80-8F and D1 90-9F: not а-я.
    let extra = if_any(((second ^ is_d1 << 4) & (0xF0 * PAIRS)) ^ (0x80 * PAIRS)) ^ PAIRS;
    let low = second & (0xF * PAIRS);
    let letters = (0xC0 * PAIRS) | low | (second & (0x10 * PAIRS) & !(extra << 4)) | (extra << 5);
    let not_cyrillic = if_any((first & (0xFE * PAIRS)) ^ (0xD0 * PAIRS)) | is_d1 & second >> 5;
    let marked = extra & !(if_any(low & (0xE * PAIRS)) & if_any(low ^ (0xD * PAIRS)));
    let two = (letters | letters >> 8) & 0x0000_FFFF_0000_FFFF;
    ((two | two >> 16) & 0xFFFF_FFFF, (not_cyrillic | marked) & PAIRS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each letter from U+0400 to U+047F, with what the slow rules make of it.
    #[test]
    fn cyrillic_letters_fold_as_the_alphabet_says_or_are_left_to_others() {
        use crate::rules::fold::alphabet::decode;
        for code in 0x400..0x480 {
            let c = char::from_u32(code).unwrap();
            let text: String = std::iter::repeat_n(c, 8).collect();
            let mut to = [0; 8];
            let count = cyrillic8(text.as_bytes().first_chunk().unwrap(), &mut to);
            let small = c.to_lowercase().next().unwrap();
            let others = ['ё', 'ѐ', 'ѝ'].contains(&small) || code >= 0x460;
            assert_eq!(count, if others { 0 } else { 8 }, "{c}");
            if !others {
                assert_eq!(decode(&to), Some((small, 1)), "{c}");
                assert_eq!(to, [to[0]; 8]);
            }
        }
    }

    #[test]
    fn strides_stop_at_what_is_not_theirs() {
        let cyrillic = |text: &str| {
            let mut bytes = [b'-'; 16];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            cyrillic8(&bytes, &mut [0; 8])
        };
        for (text, want) in [("Харків", 6), ("Їжак b", 4), ("ялёк", 2), ("", 0), ("éж", 0)]
        {
            assert_eq!(cyrillic(text), want, "{text}");
        }
        for at in 0..=64 {
            let mut bytes = *b"AZ@[`{az09 The QUICK brown Fox, MNOPQRSTUVWXYZ jumps OVER 9 dogs";
            let small = bytes.to_ascii_lowercase();
            if at < 64 {
                bytes[at] = 0xD0;
            }
            let (mut to, mut to8) = ([0; 64], [0; 8]);
            assert_eq!(ascii(&bytes, &mut to), at);
            assert_eq!(to[..at], small[..at]);
            assert_eq!(ascii8(bytes.first_chunk().unwrap(), &mut to8), at.min(8));
            assert_eq!(to8[..at.min(8)], small[..at.min(8)]);
        }
    }
}
