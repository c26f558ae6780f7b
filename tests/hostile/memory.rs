//! T12: many bombs and endless bodies at once.

use std::time::Duration;

use super::packed::{brotli_bomb, gzip, gzip_bomb, zstd_bomb};
use super::reply::{End, Framing, Step, chunk_of, ok};
use super::situation::Situation;
use super::stage::{self, SETTINGS};

/// Feeds of each kind.
const EACH: usize = 8;
const MEMORY_MIB: u64 = 300;

fn bomb(coding: &'static str, bytes: Vec<u8>) -> Situation {
    Situation::new(move |_| ok(bytes.clone()).with("Content-Encoding", coding))
        .asked(1)
        .event("poll_failed")
        .fails("too_large")
}

/// 100 MB of blanks, as one body that ends with the connection, or in chunks.
fn flood(chunked: bool) -> Situation {
    let blanks = vec![b' '; 100_000];
    let (framing, piece) = if chunked {
        (Framing::Unfinished(99), chunk_of(&blanks))
    } else {
        (Framing::None, blanks)
    };
    Situation::new(move |_| {
        let drip = Step::Drip(piece.clone(), Duration::ZERO, 1000);
        ok("<rss>").framed(framing).then(drip).end(End::Close)
    })
    .asked(1)
    .event("poll_failed")
    .fails("too_large")
}

#[test]
fn t12_many_bombs_and_floods_at_once_stay_within_the_bound() {
    // One after the other: two daemons that are short of time show nothing.
    stage::run();
    let gzip_of_brotli = gzip(&brotli_bomb(256));
    let mut situations = Vec::new();
    for n in 0..EACH {
        let kinds = [
            ("gzip", bomb("gzip", gzip_bomb(256))),
            ("brotli", bomb("br", brotli_bomb(64))),
            ("zstd", bomb("zstd", zstd_bomb(1024))),
            ("two", bomb("br, gzip", gzip_of_brotli.clone())),
            ("flood", flood(false)),
            ("chunks", flood(true)),
        ];
        situations.extend(kinds.map(|(kind, situation)| (format!("{kind}_{n}"), situation)));
    }
    let (server, home) = stage::set(SETTINGS, &mut situations);
    let run = stage::play(&server, &home, situations);
    println!("peak resident memory: {} MiB", run.peak);
    assert!(run.peak < MEMORY_MIB, "{} MiB", run.peak);
    run.judge_all();
}
