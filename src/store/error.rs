//! What can go wrong with a store, and what to do about it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;
use rustix::io::Errno;
use thiserror::Error;

use crate::model::Reason;

/// Why the store could not do what it was asked. Cheap to clone: when one transaction fails, all
/// that shared it hear the same.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// Another process writes to it.
    #[error("{} is in use by another wirewatch process", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// There is none; only a writer makes one.
    #[error("there is no database at {} (the daemon makes it when it starts)", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file, its folder or its lock cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    NotWritable {
        /// What cannot be written.
        path: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    NotReadable {
        /// What cannot be read.
        path: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
    /// A later wirewatch has written it.
    #[error(
        "{} has schema {found}, this wirewatch knows schemas up to {known}: run the later \
         wirewatch, or restore a backup made before the update", path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The latest that this build knows.
        known: u32,
    },
    /// An earlier wirewatch has written it, and a reader does not bring it up to date.
    #[error(
        "{} has schema {found}, this wirewatch needs {known}: start the daemon once, it brings the \
         database up to date", path.display()
    )]
    Older {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The one that this build reads.
        known: u32,
    },
    /// It is damaged, or no database of ours. It is left as it is.
    #[error(
        "{} is damaged or not a wirewatch database ({detail}). It is left as it is, and wirewatch \
         never starts anew by itself. Stop wirewatch and move it away: {}. Then restore a backup in \
         its place, or start anew without one: that forgets what was seen and all that waits",
        path.display(), move_away(path)
    )]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What was noticed.
        detail: String,
    },
    /// Another process has held it up for too long.
    #[error("{} is busy; try again", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// No space left. Nothing of the transaction was stored.
    #[error("no space left to write {}", path.display())]
    DiskFull {
        /// The database.
        path: PathBuf,
    },
    /// The feed is no longer at the version that the commit is built on.
    #[error("the feed was committed by another poll meanwhile")]
    Conflict,
    /// There are so many already.
    #[error("there are {0} {1} already, and no more are kept")]
    TooMany(usize, &'static str),
    /// It was opened for reading only, or to do what an operator wants.
    #[error("the store was not opened for that")]
    ReadOnly,
    /// It was closed, or its thread has died.
    #[error("the store is closed")]
    Closed,
    /// An item, alert or hash list could not be written as, or read back from, its stored form.
    #[error("a stored {what} cannot be read: {detail}")]
    Unreadable {
        /// What it is.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Whatever else SQLite reports.
    #[error("SQLite: {0}")]
    Sqlite(#[source] Arc<rusqlite::Error>),
}

impl StoreError {
    /// The class of failure.
    pub fn reason(&self) -> Reason {
        match self {
            Self::DiskFull { .. } => Reason::DiskFull,
            _ => Reason::Store,
        }
    }

    /// Whether the same may work later though nobody does anything about it.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Locked { .. } | Self::DiskFull { .. } | Self::Busy { .. } | Self::Sqlite(_) => {
                true
            }
            Self::NotWritable { source, .. } | Self::NotReadable { source, .. } => {
                let passing = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::IO];
                passing.iter().any(|errno| source.raw_os_error() == Some(errno.raw_os_error()))
            }
            _ => false,
        }
    }

    /// That the database at `path` is damaged.
    pub(super) fn corrupt(path: &Path, detail: &str) -> Self {
        Self::Corrupt { path: path.to_owned(), detail: detail.to_owned() }
    }

    /// What the operating system refused, while writing `path`.
    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path: path.to_owned() }
            }
            _ => Self::NotWritable { path: path.to_owned(), source: Arc::new(source) },
        }
    }

    /// The same, told apart and with the database's path where SQLite's word is not enough.
    pub(super) fn at(self, path: &Path) -> Self {
        let Self::Sqlite(source) = &self else { return self };
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { path: path.to_owned(), detail: source.to_string() }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy { path: path.to_owned() }
            }
            Some(ErrorCode::DiskFull) => Self::DiskFull { path: path.to_owned() },
            // The index of the log has found no room.
            Some(ErrorCode::SystemIoFailure) if extended(source) == Some(SQLITE_IOERR_SHMSIZE) => {
                Self::DiskFull { path: path.to_owned() }
            }
            Some(ErrorCode::SystemIoFailure) => {
                let errno = io::Error::from_raw_os_error(Errno::IO.raw_os_error());
                Self::NotWritable { path: path.to_owned(), source: Arc::new(errno) }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                // SQLite does not say why it cannot open a file; it may have been one of several.
                let again: io::Result<Vec<_>> = (0..4).map(|_| File::open(path)).collect();
                let why = again.err();
                let detail = why.unwrap_or_else(|| io::Error::other(source.to_string()));
                Self::NotWritable { path: path.to_owned(), source: Arc::new(detail) }
            }
            _ => self,
        }
    }
}

fn extended(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

/// A command for the shell that moves a database and what belongs to it into a folder beside it.
fn move_away(path: &Path) -> String {
    let quoted =
        |suffix: &str| format!("'{}{suffix}'", path.display().to_string().replace('\'', "'\\''"));
    let (all, folder) = (quoted(""), quoted(".damaged"));
    format!("mkdir {folder} && mv {all} {all}-* {folder}/")
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(source))
    }
}
