//! What the sinks that write files share.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{Around, SinkError};
use crate::document::Table;
use crate::model::{Reason, SinkName};

/// The key `path`, in one spelling, so that two sinks with one file are known. If it is absent:
/// the file `default`, where systemd wants logs, else beside the config.
pub(super) fn read_path(table: &mut Table<'_>, around: &Around, default: &str) -> Option<PathBuf> {
    if !table.has("path") {
        table.get::<String>("path");
        return Some(around.logs.as_deref().unwrap_or(around.base()).join(default));
    }
    let path = table.get_at::<String>("path")?;
    if path.value.is_empty() || path.value.ends_with('/') || path.value.contains('\0') {
        let problem = table.document().problem(&path.source, "`path`: expected a file's name");
        table.note(problem);
        return None;
    }
    Some(around.base().join(path.value).components().collect())
}

/// Finds out whether `path` can be written to, without leaving a trace.
///
/// # Errors
/// Why it cannot.
pub(super) fn probe(sink: &SinkName, path: &Path) -> Result<(), SinkError> {
    try_path(path).map_err(|error| SinkError {
        sink: sink.clone(),
        reason: reason(&error),
        message: format!("cannot write to {}", path.display()),
        source: Some(error),
    })
}

fn try_path(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(there) if there.is_file() => OpenOptions::new().append(true).open(path).map(drop),
        Ok(_) => Err(not_regular()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = folder(path);
            let above = || match folder.parent() {
                Some(above) if !above.as_os_str().is_empty() => above,
                _ => Path::new("."),
            };
            let folder = if folder.exists() { folder } else { above() };
            // A file without a name shows that one with a name could be made.
            tempfile::tempfile_in(folder).map(drop).map_err(|error| {
                io::Error::new(error.kind(), format!("folder {}: {error}", folder.display()))
            })
        }
        Err(error) => Err(error),
    }
}

/// That `path` is there and no file to write into.
pub(super) fn not_regular() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")
}

/// The folder that `path` is in.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the folder of `path` if it is not there, but none above it.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let folder = folder(path);
    if !folder.exists() {
        fs::create_dir(folder)?;
        sync_folder(folder)?;
    }
    Ok(())
}

/// Makes durable which names stand in the folder of `path`.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

/// The class of a failure to write.
pub(super) fn reason(error: &io::Error) -> Reason {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Reason::DiskFull,
        _ => Reason::Write,
    }
}
