//! The files that a file of alerts has been renamed to.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::sinks::disk::{folder, sync_folder};

/// No more entries of a folder than this are looked at.
const MAX_ENTRIES: usize = 100_000;

/// A file beside `path` whose name is that of `path` with `.` or `-` and something behind it.
#[derive(Clone, Debug)]
pub(super) struct Sibling {
    pub(super) path: PathBuf,
    pub(super) inode: u64,
    modified: (i64, i64),
    /// `n` of `path.n`.
    number: Option<u32>,
}

impl Sibling {
    /// Whether this one was written to after `other` was renamed; when in doubt it was.
    pub(super) fn is_newer_than(&self, other: &Self) -> bool {
        match (self.number, other.number) {
            (Some(mine), Some(its)) => mine < its,
            _ => self.inode != other.inode && self.modified >= other.modified,
        }
    }
}

/// The siblings of `path`, oldest first, without those that have been compressed.
pub(super) fn of(path: &Path) -> io::Result<Vec<Sibling>> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder(path))?.take(MAX_ENTRIES) {
        let entry = entry?;
        let entry_name = entry.file_name();
        let Some(suffix) = entry_name.to_str().and_then(|text| text.strip_prefix(name)) else {
            continue;
        };
        let compressed = [".gz", ".xz", ".zst", ".bz2"].iter().any(|end| suffix.ends_with(end));
        if !suffix.starts_with(['.', '-']) || compressed {
            continue;
        }
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        if metadata.is_file() {
            found.push(Sibling {
                path: entry.path(),
                inode: metadata.ino(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
                number: suffix.strip_prefix('.').and_then(|number| number.parse().ok()),
            });
        }
    }
    found.sort_by_key(|sibling| (sibling.modified, std::cmp::Reverse(sibling.number)));
    Ok(found)
}

/// `path.number`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

/// Renames `path` to `path.1`, `path.1` to `path.2` and so on up to `keep`; what was `path.keep`
/// is gone. Durable when it answers. A crash in between leaves at most a gap in the numbers.
pub(super) fn shift(path: &Path, keep: u32) -> io::Result<()> {
    let gap = (1..keep).find(|number| !numbered(path, *number).exists()).unwrap_or(keep);
    for number in (1..gap).rev() {
        fs::rename(numbered(path, number), numbered(path, number + 1))?;
    }
    fs::rename(path, numbered(path, 1))?;
    sync_folder(path)
}
