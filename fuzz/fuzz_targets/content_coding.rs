//! Content codings undone: the first byte says which, the rest is the body. No layer gives more
//! than the limit, whatever is in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wirewatch::fetch::{Coding, decode};

const LIMIT: u64 = 64 << 10;
const CODINGS: [Coding; 4] = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else { return };
    let mut codings = vec![CODINGS[usize::from(choice & 3)]];
    if choice & 4 != 0 {
        codings.push(CODINGS[usize::from(choice >> 3 & 3)]);
    }
    if let Ok(decoded) = decode(body, &codings, LIMIT) {
        assert!(decoded.len() as u64 <= LIMIT);
    }
});
