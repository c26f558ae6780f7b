//! The simulator: the real engines and the real SQLite store, in virtual time, with every fault that
//! can be thought of between them and the world.
//!
//! The clock is turned by hand, and the engines are stepped. Each call of the store, of a sink and of
//! the network comes to a **desk** first and waits there. When all that runs waits at the desk, one
//! call is chosen and its fate decided: done; failed before its effect, or after it; stalled; or the
//! process dies there, before the effect, after it, or (the file) half-way. So a run is the same
//! whenever it is run, whatever the machine's threads do.
//!
//! - `every_call`: each call of a run fails in turn, in each way.
//! - `seeds`: hours and days with faults by chance. A failure prints its seed;
//!   `SIM_SEED=7 cargo test --test sim seeds` runs that one alone, and
//!   `SIM_SEEDS=1000-1999 cargo test --release --test sim seeds` many.
//! - `many`: 100,000 feeds for a day.
//!
//! To hold in the end: each item that matches is one line of the file, and one only; at the receiver
//! of messages each alert has come, and each repeat bears the key of the first; the outbox is empty;
//! no feed waited longer than it should; nothing hangs. A failure prints what happened, line by line.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]
#![expect(clippy::expect_used, reason = "a failing helper fails its test")]
#![expect(clippy::print_stderr, reason = "a failure tells what happened")]

use std::path::Path;

use tempfile::TempDir;

mod chance;
mod daemon;
mod desk;
#[path = "../news/document.rs"]
mod document;
#[path = "../engines/faulty.rs"]
mod faulty;
#[path = "../engines/ground.rs"]
mod ground;
mod simulator;
mod sinks;
mod world;

mod clocks;
mod every_call;
mod many;
mod seeds;

/// A folder of its own, in memory where there is such: a disk decides nothing here, but would be
/// waited for at each of many thousand commits.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap()
}
