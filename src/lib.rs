//! wirewatch: a news-feed monitoring daemon.
//!
//! One straight line runs through it: **a feed falls due, is fetched, parsed, its new items are
//! matched, and what was found is committed in one transaction; from there each alert is delivered
//! until its sink has it.** Everything else looks at that line or runs a piece of it once.
//!
//! The modules stand in floors. Each uses only those on lower floors; neighbours do not know each
//! other. `tests/floors.rs` holds them to it.
//!
//! | floor | modules |
//! |---|---|
//! | 0 the words | [`model`] |
//! | 1 the page, the gate, the voice | [`document`], [`guard`], [`observe`] |
//! | 2 the thinking | [`config`], [`health`], [`novelty`], [`pace`], [`parse`], [`render`], [`retry`], [`rules`], [`schedule`], [`silence`] |
//! | 3 the wire | [`files`], [`net`] |
//! | 4 the edges | [`fetch`], [`metrics`], [`sinks`], [`store`] |
//! | 5 the engines | [`engine`] |
//! | 6 the house | [`app`], [`lifecycle`] |
//! | 7 the door | [`cli`], [`demo`] |

pub mod model;

pub mod document;
pub mod guard;
pub mod observe;

pub mod config;
pub mod health;
pub mod novelty;
pub mod pace;
pub mod parse;
pub mod render;
pub mod retry;
pub mod rules;
pub mod schedule;
pub mod silence;

pub mod files;
pub mod net;

pub mod fetch;
pub mod metrics;
pub mod sinks;
pub mod store;

pub mod engine;

pub mod app;
pub mod lifecycle;

pub mod cli;
pub mod demo;
