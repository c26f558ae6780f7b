//! Appends alerts to a file so that each is there once, on a whole line, and on the disk before it
//! is said to be.
//!
//! The order is: write the batch, `fdatasync`, answer. The answer and the bookmark are settled by
//! the store in one transaction; a crash before that leaves lines whose deliveries come again.
//! They are known by their ids, which are read back from the bookmark on. The bookmark is held back
//! by [`WINDOW`] lines, so that a delivery is recognised even if others were settled before it.

use std::collections::{HashSet, VecDeque};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::tail::{self, Key, Rest, Tail};
use super::{FileConfig, siblings};
use crate::model::{Alert, Bookmark, json_line};
use crate::sinks::disk::{make_folder, not_regular, sync_folder};

/// So many of the last lines are read back at the next start.
const WINDOW: usize = 4096;

/// A place in a file: a bookmark's JSON form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) inode: u64,
    pub(super) offset: u64,
}

type WriteCall = Box<dyn FnMut(&File, &[u8]) -> io::Result<usize> + Send>;

pub(super) struct Appender {
    config: FileConfig,
    /// From where to read back when the file is next opened.
    mark: Option<Mark>,
    open: Option<Open>,
    /// Alerts that were read back.
    found: HashSet<Key>,
    /// The last lines, oldest first.
    window: VecDeque<(Key, Mark)>,
    /// Their alerts.
    recent: HashSet<Key>,
    /// `write(2)`, or a test's.
    write: WriteCall,
}

struct Open {
    file: File,
    /// The name that it was opened by, links followed.
    path: PathBuf,
    device: u64,
    inode: u64,
    /// Where our last line ends.
    end: u64,
}

impl Open {
    fn mark(&self, offset: u64) -> Mark {
        Mark { inode: self.inode, offset }
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        match fs::metadata(path) {
            Ok(there) => Ok(there.ino() == self.inode && there.dev() == self.device),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Appender {
    pub(super) fn new(config: FileConfig, bookmark: Option<&Bookmark>) -> Self {
        // A bookmark that cannot be read is as none: then everything is read back.
        let mark = bookmark.and_then(|bookmark| serde_json::from_str(&bookmark.0).ok());
        Self {
            config,
            mark,
            open: None,
            found: HashSet::new(),
            window: VecDeque::new(),
            recent: HashSet::new(),
            write: Box::new(|mut file, bytes| file.write(bytes)),
        }
    }

    #[cfg(test)]
    pub(super) fn with_write(mut self, write: WriteCall) -> Self {
        self.write = write;
        self
    }

    /// Writes those of `alerts` that are not there yet, all or none. When it answers, all are on
    /// the disk.
    ///
    /// # Errors
    /// What kept it from writing; nothing of this batch is in the file then.
    pub(super) fn deliver(&mut self, alerts: &[Arc<Alert>]) -> io::Result<Bookmark> {
        self.write_new(alerts).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.config.path.display()))
        })
    }

    fn write_new(&mut self, alerts: &[Arc<Alert>]) -> io::Result<Bookmark> {
        let open = self.open.take();
        // Until the end is reached the file counts as closed: after any error it is read anew.
        let mut open = self.ready(open)?;
        let mut text = String::new();
        let mut lines: Vec<(Key, usize)> = Vec::new();
        for alert in alerts {
            let key = tail::key(alert.id.as_str());
            let there = self.found.contains(&key) || self.recent.contains(&key);
            if there || lines.iter().any(|(other, _)| *other == key) {
                continue;
            }
            lines.push((key, text.len()));
            text.push_str(&json_line(alert.as_ref())?);
            text.push('\n');
        }
        if !text.is_empty() {
            if self.is_full(&open, text.len() as u64) {
                open = self.rotate(&open)?;
            }
            self.append(&open, text.as_bytes())?;
            for (key, at) in lines {
                self.remember(key, open.mark(open.end + at as u64));
            }
            open.end += text.len() as u64;
        }
        let end = open.mark(open.end);
        self.open = Some(open);
        let mark = self.window.front().map_or(end, |(_, mark)| *mark);
        Ok(Bookmark(serde_json::to_string(&mark)?))
    }

    /// The file that `path` names, open, and all lines in it known.
    fn ready(&mut self, open: Option<Open>) -> io::Result<Open> {
        let Some(mut open) = open else { return self.recover() };
        if !open.is_at(&self.config.path)? {
            // Others have renamed it. What was written to it is complete.
            let mut new = open_file(&self.config.path)?;
            self.absorb(&mut new, 0)?;
            return Ok(new);
        }
        let length = open.file.metadata()?.len();
        if length != open.end {
            // Others have written to it, or emptied it.
            let from = if length > open.end { open.end } else { 0 };
            self.absorb(&mut open, from)?;
        }
        Ok(open)
    }

    /// Opens the file for the first time, or after an error, and reads back what may be unsettled.
    fn recover(&mut self) -> io::Result<Open> {
        self.mark = self.window.front().map(|(_, mark)| *mark).or(self.mark);
        let mut open = open_file(&self.config.path)?;
        let mark = self.mark.filter(|mark| mark.inode == open.inode);
        let start = match mark {
            Some(mark) if holds(&open.file, mark.offset)? => Some(mark.offset),
            _ => None,
        };
        self.window.clear();
        self.recent.clear();
        if start.is_none() {
            self.recover_siblings(&open)?;
        }
        self.absorb(&mut open, start.unwrap_or(0))?;
        // What was found may have been written just before a crash.
        open.file.sync_data()?;
        Ok(open)
    }

    /// Reads back what was written before the file was renamed: from the bookmark on, or all if
    /// the file that it points into is gone.
    fn recover_siblings(&mut self, open: &Open) -> io::Result<()> {
        let siblings: Vec<_> =
            siblings::of(&open.path)?.into_iter().filter(|one| one.inode != open.inode).collect();
        let marked = siblings.iter().find(|one| self.mark.is_some_and(|m| m.inode == one.inode));
        for sibling in &siblings {
            let is_marked = marked.is_some_and(|marked| marked.inode == sibling.inode);
            if !is_marked && marked.is_some_and(|marked| !sibling.is_newer_than(marked)) {
                continue;
            }
            let file = match File::open(&sibling.path) {
                // Gone, or given to another user: better a line twice than none at all.
                Err(error) if is_out_of_reach(&error) => continue,
                file => file?,
            };
            let start = match self.mark.filter(|_| is_marked) {
                Some(mark) if holds(&file, mark.offset)? => mark.offset,
                _ => 0,
            };
            let tail = tail::read(&file, start)?;
            if tail.rest == Rest::Torn && is_marked {
                OpenOptions::new().write(true).open(&sibling.path)?.set_len(tail.end)?;
            }
            file.sync_data()?;
            self.learn(&tail, sibling.inode);
        }
        Ok(())
    }

    /// Reads `open` from `start`, and mends its end so that a line can be appended.
    fn absorb(&mut self, open: &mut Open, start: u64) -> io::Result<()> {
        let tail = tail::read(&open.file, start)?;
        match tail.rest {
            Rest::Nothing => {}
            Rest::Torn => open.file.set_len(tail.end)?,
            Rest::Foreign => (&open.file).write_all(b"\n")?,
        }
        self.learn(&tail, open.inode);
        open.end = open.file.metadata()?.len();
        Ok(())
    }

    fn learn(&mut self, tail: &Tail, inode: u64) {
        for (key, offset) in &tail.ids {
            self.found.insert(*key);
            self.remember(*key, Mark { inode, offset: *offset });
        }
    }

    fn remember(&mut self, key: Key, mark: Mark) {
        self.recent.insert(key);
        self.window.push_back((key, mark));
        if self.window.len() > WINDOW
            && let Some((old, _)) = self.window.pop_front()
        {
            self.recent.remove(&old);
        }
    }

    fn is_full(&self, open: &Open, more: u64) -> bool {
        self.config.rotate_size.is_some_and(|size| open.end > 0 && open.end + more > size)
    }

    fn rotate(&mut self, open: &Open) -> io::Result<Open> {
        siblings::shift(&open.path, self.config.keep)?;
        let mut new = open_file(&open.path)?;
        self.absorb(&mut new, 0)?;
        Ok(new)
    }

    /// Writes `bytes` at the end of `open`, durably; after an error the file is as it was.
    fn append(&mut self, open: &Open, bytes: &[u8]) -> io::Result<()> {
        let written = self.write_all(&open.file, bytes).and_then(|()| open.file.sync_data());
        if written.is_err() {
            // If this fails as well, the next attempt finds the torn line and cuts it off.
            open.file.set_len(open.end)?;
            open.file.sync_data()?;
        }
        written
    }

    fn write_all(&mut self, file: &File, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match (self.write)(file, bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn is_out_of_reach(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied)
}

/// Whether `offset` is where a line of `file` begins or will begin.
fn holds(file: &File, offset: u64) -> io::Result<bool> {
    Ok(offset <= file.metadata()?.len() && tail::is_line_start(file, offset)?)
}

/// Opens the file called `path` for appending, alone; makes it, and its folder, if need be.
fn open_file(path: &Path) -> io::Result<Open> {
    // A link is followed once, so that the file is rotated and not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&path) {
        Ok(there) if !there.is_file() => {
            return Err(not_regular());
        }
        Err(error) if error.kind() == ErrorKind::NotFound => make(&path)?,
        _ => {}
    }
    let file = OpenOptions::new().read(true).append(true).open(&path)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let message = "another sink or process is writing to it";
            return Err(io::Error::new(ErrorKind::ResourceBusy, message));
        }
        // Some network file systems have no locks; there the promise is the user's to keep.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    let metadata = file.metadata()?;
    Ok(Open { file, path, device: metadata.dev(), inode: metadata.ino(), end: 0 })
}

fn make(path: &Path) -> io::Result<()> {
    make_folder(path)?;
    OpenOptions::new().append(true).create(true).open(path)?.sync_all()?;
    sync_folder(path)
}
