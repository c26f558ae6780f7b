//! The line from a feed to a delivered alert, from outside: the real program, real sockets, a real
//! database.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]
#![expect(clippy::expect_used, reason = "a failing helper fails its test")]

#[path = "../news/document.rs"]
mod document;
#[path = "../news/mod.rs"]
mod news;

mod crashes;
mod home;
mod many;
mod network;
mod once;
mod service;

use std::time::Duration;

use document::Story;
use wirewatch::model::Clock;

/// A story that came out so many hours ago.
fn story(guid: &str, title: &str, hours: u64) -> Story {
    let published = Clock::System.now().wall.minus(Duration::from_secs(3600 * hours));
    Story::new(guid, title, published)
}
