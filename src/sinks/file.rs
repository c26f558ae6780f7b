//! Alerts in a file, one JSON object a line.

mod appender;
mod siblings;
mod tail;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::disk::{probe, read_path, reason};
use super::{BuildContext, Config, Kind, KindSpec, Reading, Shape, Sink, SinkError};
use crate::document::{Bytes, Table};
use crate::model::{Attempt, Batch, Outcome, Reason, SinkName};
use crate::retry::{self, Backoff};
use appender::Appender;

/// Writes each alert to a file, as one JSON object a line (`docs/alert.schema.json`). Delivered
/// means that the line is on the disk. Each alert is there once, on a whole line, whatever crash
/// comes between: at its first delivery the sink reads what it wrote last, cuts off an unfinished
/// line, and writes nothing that is there already.
///
/// The file may be renamed by others at any time (as logrotate does it with `create`, or without):
/// the next batch goes to a new one. It must not be copied and emptied (`copytruncate`), since what
/// is written in between would be lost. A second process that writes to the same file is kept out
/// by a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileConfig {
    /// `path`: the file. A relative path starts at the folder of the config file. Its folder is
    /// created if the folder above is there. Default: `alerts.jsonl`, in `$LOGS_DIRECTORY` if
    /// systemd gives one, else beside the config file.
    pub path: PathBuf,
    /// `rotate_size`: before a batch would make the file larger than this, it is renamed to
    /// `path.1`, `path.1` to `path.2`, and so on. At least 1 KiB. Without it the file grows until
    /// something else rotates it: no alert is ever removed unless you ask for it.
    pub rotate_size: Option<u64>,
    /// `keep`: how many renamed files stay; the oldest is removed. 1 to 1000; only with
    /// `rotate_size`. Default 5.
    pub keep: u32,
}

pub(super) const KIND: Kind = Kind {
    name: "file",
    summary: "appends alerts to a file, one JSON object a line",
    example: "\
[[sink]]
kind = \"file\"
path = \"alerts.jsonl\"
rotate_size = \"100MiB\"
keep = 5
",
    shape: Shape::Lines,
    read,
};

const MIN_ROTATE: u64 = 1024;

fn read(table: &mut Table<'_>, around: &Reading<'_>) -> Option<KindSpec> {
    let path = read_path(table, around, "alerts.jsonl");
    let rotating = table.has("rotate_size");
    let rotate_size = table.get_at::<Bytes>("rotate_size");
    if let Some(size) = rotate_size.as_ref().filter(|size| size.value.0 < MIN_ROTATE) {
        let problem = table.document().problem(&size.source, "`rotate_size`: less than 1KiB");
        table.note(problem.hint("leave the key out to let the file grow"));
    }
    let keep = table.get_at::<u32>("keep");
    if let Some(keep) = &keep {
        let problem = |message: &str| table.document().problem(&keep.source, message);
        if !(1..=1000).contains(&keep.value) {
            table.note(problem("`keep`: expected 1 to 1000"));
        } else if !rotating {
            table.note(problem("`keep` does nothing here").hint("add `rotate_size = \"100MiB\"`"));
        }
    }
    Some(Arc::new(FileConfig {
        path: path?,
        rotate_size: rotate_size.map(|size| size.value.0),
        keep: keep.map_or(5, |keep| keep.value),
    }))
}

impl Config for FileConfig {
    fn build(&self, name: &SinkName, context: &BuildContext) -> Result<Box<dyn Sink>, SinkError> {
        probe(name, &self.path)?;
        let appender = Appender::new(self.clone(), context.bookmark.as_ref());
        Ok(Box::new(FileSink { appender: Arc::new(Mutex::new(appender)) }))
    }

    fn writes(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn claim(&self) -> Option<String> {
        Some(format!("the file {}", self.path.display()))
    }
}

struct FileSink {
    appender: Arc<Mutex<Appender>>,
}

#[async_trait]
impl Sink for FileSink {
    async fn deliver(&self, batch: &Batch) -> Attempt {
        let appender = Arc::clone(&self.appender);
        let alerts: Vec<_> =
            batch.deliveries.iter().map(|delivery| Arc::clone(&delivery.alert)).collect();
        let work = move || {
            let mut appender = appender.lock().unwrap_or_else(PoisonError::into_inner);
            appender.deliver(&alerts)
        };
        let (reason, message) = match tokio::task::spawn_blocking(work).await {
            Ok(Ok(bookmark)) => {
                let outcomes = vec![Outcome::Delivered; batch.len()];
                return Attempt { outcomes, bookmark: Some(bookmark), in_part: false };
            }
            Ok(Err(error)) => (reason(&error), error.to_string()),
            Err(panic) => (Reason::Internal, panic.to_string()),
        };
        Attempt::all(Outcome::Retry { reason, message, after: None }, batch.len())
    }

    fn max_batch(&self) -> usize {
        256
    }

    fn backoff(&self) -> Backoff {
        retry::LOCAL
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
