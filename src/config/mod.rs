//! What is written in the config file, read and checked value by value. What runs is made from it
//! by `engine::plan`, which also reads the files that it names.

mod feed;
mod metrics;
mod opml;
mod overlay;
mod route;
mod secret;
mod sections;

pub use feed::{FeedDraft, name_feeds, read_feed, read_url_list};
pub use metrics::MetricsSection;
pub use opml::read_opml;
pub use overlay::Overlay;
pub use route::{ProxyChoice, RouteDraft};
pub use secret::{SecretSource, read_headers, read_secret};
pub use sections::{LogSection, NetSection, PollSection, StoreSection};

use crate::document::{At, Table};

/// The config file, but for its `[[sink]]` tables, which the sinks read themselves.
#[derive(Clone, Debug)]
pub struct Config {
    /// Globs of rule files, relative to the config file.
    pub rules: Vec<At<String>>,
    /// Globs of feed files (TOML, OPML, or a text file with a URL a line), and URLs.
    pub feeds: Vec<At<String>>,
    /// The inline `[[feed]]` tables.
    pub inline: Vec<FeedDraft>,
    /// `[poll]`.
    pub poll: PollSection,
    /// `[net]`.
    pub net: NetSection,
    /// `[store]`.
    pub store: StoreSection,
    /// `[log]`.
    pub log: LogSection,
    /// `[metrics]`.
    pub metrics: MetricsSection,
}

impl Config {
    /// Reads all but the sinks from the root table, with `overlay` over it. Problems are noted; a
    /// value that is wrong counts as absent.
    pub fn read(root: &mut Table<'_>, overlay: &Overlay) -> Self {
        overlay.apply_root(root);
        Self {
            rules: root.get("rules").unwrap_or_default(),
            feeds: root.get("feeds").unwrap_or_default(),
            inline: root.tables("feed").into_iter().filter_map(read_feed).collect(),
            poll: PollSection::read(overlay.section(root, "poll")),
            net: NetSection::read(overlay.section(root, "net")),
            store: StoreSection::read(overlay.section(root, "store")),
            log: LogSection::read(overlay.section(root, "log")),
            metrics: MetricsSection::read(overlay.section(root, "metrics")),
        }
    }
}

#[cfg(test)]
mod tests;
