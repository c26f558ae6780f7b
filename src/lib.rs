//! wirewatch: a news-feed monitoring daemon.
//!
//! One straight line runs through it: a feed falls due, is fetched, parsed, its new items are
//! matched, and what was found is committed in one transaction; from there each alert is delivered
//! until its sink has it. The modules, in floor order; each uses only those above it in this list:

/// Floor 0, the words: the values that all others speak in.
pub mod model;

/// Between the words and the thinking: TOML files, read so that every mistake is told at once.
pub mod document;

/// Floor 1: which addresses may be fetched.
pub mod guard;

/// Floor 2: what is written in the config.
pub mod config;

/// Floor 2: when a feed is polled next.
pub mod schedule;

/// Floor 2: when what failed is tried again.
pub mod retry;

/// Floor 3: connections behind the guard.
pub mod net;

/// Floor 4: the HTTP part of a poll.
pub mod fetch;
