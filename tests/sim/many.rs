//! A hundred thousand feeds.
