//! The engines by their steps: a clock turned by hand, the real store, a scripted network.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]
#![expect(clippy::expect_used, reason = "a failing helper fails its test")]

mod bench;
#[path = "../news/document.rs"]
mod document;
#[expect(dead_code, reason = "only the simulator has an usher")]
mod faulty;
mod ground;
mod health;
mod hook;
mod wire;

mod delivering;
mod failing;
mod pacing;
mod polling;
mod pruning;
mod same;
mod silenced;
