//! The latest alerts as an Atom feed, for those who would rather subscribe.

mod entry;
mod shelf;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use url::Url;

use self::shelf::{Added, Shelf};
use super::disk::{probe, read_path, reason};
use super::{BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::document::{At, Table};
use crate::model::{Attempt, Batch, Outcome, Reason, SinkName, is_unprintable};
use crate::observe::events::FeedFileSetAside;
use crate::retry::{self, Backoff};

/// Keeps an Atom file (RFC 4287) with the latest alerts, the newest first: for a feed reader that
/// can read it, or for a web server to hand out. Each alert is one entry with an id of its own that
/// stays the same; rules, their tags, the level and the feed are its categories.
///
/// Delivered means that the whole file is on the disk. It is replaced in one step, so that a reader
/// never sees half of it. What stands in it stays over restarts. A file of that name that wirewatch
/// has not written, or can no longer read, is not overwritten but renamed to `path.aside`,
/// `path.aside-2` and so on, and the log says so (`feed_file_set_aside`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedConfig {
    /// `path`: the file. A relative path starts at the folder of the config file. Its folder is
    /// created if the folder above is there. Default: `alerts.atom`, in `$LOGS_DIRECTORY` if
    /// systemd gives one, else beside the config file.
    pub path: PathBuf,
    /// `max_entries`: how many alerts it holds; the oldest make room. 1 to 10000. Default 100.
    pub max_entries: u32,
    /// `title`: what the feed calls itself. Default `wirewatch alerts`.
    pub title: String,
    /// `id`: what the feed is known by, a URI. Default: a `urn:uuid:` that is made from `path`; give
    /// one of your own if several machines publish the same path.
    pub id: String,
    /// `url`: where the file can be had, if it is published: the feed's link to itself.
    pub url: Option<Url>,
}

pub(super) const KIND: Kind = Kind {
    name: "feed",
    summary: "keeps an Atom file of the latest alerts",
    example: "\
[[sink]]
kind = \"feed\"
path = \"alerts.atom\"
max_entries = 100
title = \"wirewatch alerts\"
id = \"tag:example.org,2026:alerts\"
url = \"https://example.org/alerts.atom\"
",
    shape: Shape::Lines,
    read,
};

const TITLE: &str = "wirewatch alerts";
const MAX_ENTRIES: u32 = 10_000;
/// Characters of title and id.
const MAX_TEXT: usize = 300;
/// Alerts that are taken at once.
const MAX_BATCH: usize = 64;

fn read(table: &mut Table<'_>, around: &Reading<'_>) -> Option<KindSpec> {
    let path = read_path(table, around, "alerts.atom");
    let max_entries = table.get_at::<u32>("max_entries");
    if let Some(max) = max_entries.as_ref().filter(|max| !(1..=MAX_ENTRIES).contains(&max.value)) {
        let message = format!("`max_entries`: expected 1 to {MAX_ENTRIES}");
        table.note(table.document().problem(&max.source, message));
    }
    let title = table.get_at::<String>("title");
    if let Some(title) = &title
        && !is_line(&title.value)
    {
        let message = format!("`title`: expected 1 to {MAX_TEXT} characters on one line");
        table.note(table.document().problem(&title.source, message));
    }
    let id = table.get_at::<String>("id");
    if let Some(id) = &id
        && (!is_line(&id.value) || Url::parse(&id.value).is_err())
    {
        let problem = table.document().problem(&id.source, "`id`: expected a URI");
        table.note(problem.hint("such as \"tag:example.org,2026:alerts\""));
    }
    let url = read_url(table);
    let path = path?;
    Some(Arc::new(FeedConfig {
        max_entries: max_entries.map_or(100, |max| max.value),
        title: title.map_or_else(|| TITLE.to_owned(), |title| title.value),
        id: id.map_or_else(|| id_of(&path), |id| id.value),
        url,
        path,
    }))
}

fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MAX_TEXT && !text.chars().any(is_unprintable)
}

fn read_url(table: &mut Table<'_>) -> Option<Url> {
    let At { value, source } = table.get_at::<String>("url")?;
    match Url::parse(&value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Some(url),
        _ => {
            let problem = table.document().problem(&source, "`url`: expected an http or https URL");
            table.note(problem);
            None
        }
    }
}

fn id_of(path: &Path) -> String {
    let digest =
        Sha256::new().chain_update("feed\0").chain_update(path.as_os_str().as_encoded_bytes());
    entry::uuid(&digest.finalize())
}

impl Config for FeedConfig {
    fn build(&self, name: &SinkName, _: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        probe(name, &self.path)?;
        Ok(Box::new(FeedSink { name: name.clone(), config: Arc::new(self.clone()) }))
    }

    fn writes(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn claim(&self) -> Option<String> {
        Some(format!("the file {}", self.path.display()))
    }
}

struct FeedSink {
    name: SinkName,
    config: Arc<FeedConfig>,
}

#[async_trait]
impl Sink for FeedSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        if batch.is_empty() {
            return Attempt::all(Outcome::Delivered, 0);
        }
        let config = Arc::clone(&self.config);
        let alerts: Vec<_> =
            batch.deliveries.iter().map(|delivery| Arc::clone(&delivery.alert)).collect();
        let work = move || Shelf::new(&config).add(&alerts);
        let (reason, message) = match tokio::task::spawn_blocking(work).await {
            Ok(Ok(Added { aside })) => {
                if let Some((kept, message)) = aside {
                    let kept = kept.display().to_string();
                    FeedFileSetAside { sink: &self.name, kept: &kept, message: &message }.log();
                }
                return Attempt::all(Outcome::Delivered, batch.len());
            }
            Ok(Err(error)) => (reason(&error), format!("{}: {error}", self.config.path.display())),
            Err(panic) => (Reason::Internal, panic.to_string()),
        };
        Attempt::all(Outcome::Retry { reason, message, after: None }, batch.len())
    }

    fn max_batch(&self) -> usize {
        MAX_BATCH.min(usize::try_from(self.config.max_entries).unwrap_or(MAX_BATCH)).max(1)
    }

    fn backoff(&self) -> Backoff {
        retry::LOCAL
    }
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
