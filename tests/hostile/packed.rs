//! Content codings as servers apply them, and bombs.

use std::io::Write;
use std::sync::OnceLock;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// With a window of 2^`window` bytes.
pub fn zstd(text: &[u8], window: u32) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(window).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Bits, the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    free: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let bit = u8::from(value >> at & 1 == 1);
            *self.bytes.last_mut().unwrap() |= bit << (8 - self.free);
            self.free -= 1;
        }
    }

    fn align(&mut self) {
        self.free = 0;
    }
}

/// Brotli that stores its text (RFC 7932 §9.2).
pub fn brotli(text: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0, 1); // a window of 64 KiB
    for piece in text.chunks(1 << 16) {
        bits.put(0, 1); // not the last block
        bits.put(0, 2); // its length in four nibbles
        bits.put(u32::try_from(piece.len()).unwrap() - 1, 16);
        bits.put(1, 1); // stored
        bits.align();
        bits.bytes.extend_from_slice(piece);
    }
    bits.put(0b11, 2); // the last block, which is empty
    bits.bytes
}

/// `blocks` times 16 MiB of zeros in Brotli, some 25 bytes each: four literal zeros, and one copy
/// of all that is left from four bytes back.
pub fn brotli_bomb(blocks: usize) -> Vec<u8> {
    const LENGTH: u32 = 1 << 24;
    let mut bits = Bits::default();
    bits.put(0, 1);
    for _ in 0..blocks {
        bits.put(0, 1);
        bits.put(2, 2); // its length in six nibbles
        bits.put(LENGTH - 1, 24);
        bits.put(0, 1); // not stored
        bits.put(0, 3); // one block type for literals, commands and distances
        bits.put(0, 6); // no postfix, no direct distances
        bits.put(0, 2); // context mode
        bits.put(0, 2); // one tree for literals, one for distances
        simple_code(&mut bits, 0, 8); // each literal is a zero
        simple_code(&mut bits, 384 + (4 << 3) + 7, 10); // insert four, copy 2118 and more
        simple_code(&mut bits, 0, 6); // as far back as last time, at first four
        bits.put(LENGTH - 4 - 2118, 24);
        bits.put(0, 1); // a block of metadata that is empty, to end at a byte
        bits.put(3, 2);
        bits.put(0, 3);
        bits.align();
    }
    bits.put(0b11, 2);
    bits.bytes
}

/// A prefix code with one symbol, which takes no bits.
fn simple_code(bits: &mut Bits, symbol: u32, width: u32) {
    bits.put(1, 2);
    bits.put(0, 2);
    bits.put(symbol, width);
}

/// `members` times 4 MiB of zeros.
pub fn gzip_bomb(members: usize) -> Vec<u8> {
    static MEMBER: OnceLock<Vec<u8>> = OnceLock::new();
    MEMBER.get_or_init(|| gzip(&vec![0; 4 << 20])).repeat(members)
}

/// `mebibytes` of zeros in one frame (RFC 8878 §3.1.1) of blocks that repeat one byte.
pub fn zstd_bomb(mebibytes: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd];
    frame.push(0); // neither content size nor checksum
    frame.push(8 << 3); // a window of 256 KiB
    let block = |last: u32| (128 << 10 << 3 | 1 << 1 | last).to_le_bytes();
    for left in (0..8 * mebibytes).rev() {
        frame.extend_from_slice(&block(u32::from(left == 0))[..3]);
        frame.push(0);
    }
    frame
}

#[test]
fn what_is_packed_here_can_be_unpacked() {
    use wirewatch::fetch::{Coding, decode};
    let text = "A flood. ".repeat(20_000).into_bytes();
    let cases = [
        (gzip(&text), Coding::Gzip),
        (zlib(&text), Coding::Deflate),
        (deflate(&text), Coding::Deflate),
        (brotli(&text), Coding::Brotli),
        (zstd(&text, 18), Coding::Zstd),
    ];
    for (packed, coding) in cases {
        assert_eq!(decode(&packed, &[coding], 1 << 20).unwrap(), text, "{coding:?}");
    }
    let bombs = [
        (gzip_bomb(4), Coding::Gzip),
        (brotli_bomb(1), Coding::Brotli),
        (zstd_bomb(16), Coding::Zstd),
    ];
    for (packed, coding) in bombs {
        assert!(decode(&packed, &[coding], 1 << 24).unwrap() == vec![0; 1 << 24], "{coding:?}");
    }
}
