//! wirewatch: a news-feed monitoring daemon.
//!
//! One straight line runs through it: a feed falls due, is fetched, parsed, its new items are
//! matched, and what was found is committed in one transaction; from there each alert is delivered
//! until its sink has it. The modules, in floor order; each uses only those above it in this list:

/// Floor 0, the words: the values that all others speak in.
pub mod model;

/// Between the words and the thinking: TOML files, read so that every mistake is told at once.
pub mod document;

/// Floor 1: the log. Events in words, lines in JSON or text, an output that never stops the daemon.
pub mod observe;

/// Floor 1: alerts and tables as text for a terminal.
pub mod render;

/// Floor 3: where alerts go. One kind of sink, one file.
pub mod sinks;
