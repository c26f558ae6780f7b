//! The file: read back, and replaced as a whole.
//!
//! The order is: lock the folder, read what is there, write all to `.NAME.new` and on to the disk,
//! rename it, and make the name durable. A crash in between leaves the old file, and at most a
//! `.NAME.new` that the next time overwrites. The entries of a file are taken over as they stand.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::FeedConfig;
use super::entry::{FOOT, GENERATOR, entry, head, id};
use crate::model::{Alert, Timestamp};
use crate::sinks::disk::{folder, make_folder, not_regular, sync_folder};

/// A larger file is none of ours: ten thousand entries with the longest texts are shorter.
const MAX_FILE: u64 = 256 << 20;
/// Names that are tried for a file that is set aside.
const MAX_ASIDE: u32 = 99;
/// How often, and how long apart, the lock of the folder is tried.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

pub(super) struct Shelf<'a> {
    config: &'a FeedConfig,
}

/// What adding came to, beside that all is on the disk.
#[derive(Debug)]
pub(super) struct Added {
    /// Where a file is now that was in the way, and why it was.
    pub aside: Option<(PathBuf, String)>,
}

/// An entry as it stands in the file.
struct Kept {
    id: String,
    updated: Timestamp,
    xml: String,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(config: &'a FeedConfig) -> Self {
        Self { config }
    }

    /// Puts those of `alerts` that are not there yet before what is. When it answers, all are on
    /// the disk.
    ///
    /// # Errors
    /// What kept it from writing; the file is as it was then.
    pub(super) fn add(&self, alerts: &[Arc<Alert>]) -> io::Result<Added> {
        // A link is followed, so that the file is replaced and not the link.
        let path = fs::canonicalize(&self.config.path).unwrap_or_else(|_| self.config.path.clone());
        make_folder(&path)?;
        let _lock = lock(folder(&path))?;
        let (mut kept, aside) = match read(&path)? {
            Ok(kept) => (kept, None),
            Err(why) => (Vec::new(), Some((set_aside(&path)?, why))),
        };
        let mut news = Vec::new();
        for alert in alerts {
            let id = id(alert);
            if kept.iter().chain(&news).all(|other| other.id != id) {
                news.push(Kept { id, updated: alert.raised_at, xml: entry(alert) });
            }
        }
        if news.is_empty() && aside.is_none() {
            // They may have been written just before a crash.
            File::open(&path)?.sync_all()?;
            sync_folder(&path)?;
            return Ok(Added { aside });
        }
        news.reverse();
        news.append(&mut kept);
        news.truncate(usize::try_from(self.config.max_entries).unwrap_or(usize::MAX));
        replace(&path, &self.document(&news))?;
        Ok(Added { aside })
    }

    fn document(&self, entries: &[Kept]) -> String {
        let latest = entries.iter().map(|entry| entry.updated).max();
        let mut xml = head(self.config, latest.unwrap_or(Timestamp::from_millis(0)));
        for entry in entries {
            xml.push_str(&entry.xml);
        }
        xml.push_str(FOOT);
        xml
    }
}

/// Keeps others out that write in this folder, other processes too, until it is dropped.
fn lock(folder: &Path) -> io::Result<File> {
    let file = File::open(folder)?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            // Some network file systems have no locks; there the promise is the user's to keep.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
    Err(io::Error::new(ErrorKind::ResourceBusy, "another process keeps its folder locked"))
}

type Understood = Result<Vec<Kept>, String>;

/// The entries of the file, or why it is none of ours; none if there is no file.
fn read(path: &Path) -> io::Result<Understood> {
    let about = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ok(Vec::new())),
        about => about?,
    };
    if !about.is_file() {
        return Err(not_regular());
    }
    if about.len() > MAX_FILE {
        return Ok(Err(format!("it is larger than {} MiB", MAX_FILE >> 20)));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    let Ok(text) = String::from_utf8(bytes) else { return Ok(Err("it is not UTF-8".to_owned())) };
    Ok(understand(&text))
}

fn understand(text: &str) -> Understood {
    let mut reader = Reader::from_str(text);
    let mut book = Book::default();
    loop {
        let start = reader.buffer_position();
        let event = reader.read_event().map_err(|error| format!("it is no XML: {error}"))?;
        let end = reader.buffer_position();
        if matches!(event, Event::Eof) {
            break;
        }
        book.take(&event, start, end, text)?;
    }
    if !book.path.is_empty() || !book.ours {
        return Err("wirewatch has not written it, or not all of it".to_owned());
    }
    Ok(book.kept)
}

/// What was read of a file so far.
#[derive(Default)]
struct Book {
    /// The names of the open elements.
    path: Vec<String>,
    ours: bool,
    /// Where the open entry begins.
    begun: u64,
    id: String,
    updated: String,
    kept: Vec<Kept>,
}

impl Book {
    fn take(&mut self, event: &Event<'_>, start: u64, end: u64, text: &str) -> Result<(), String> {
        match event {
            Event::Start(tag) => self.open(tag, start)?,
            Event::End(_) => {
                self.path.pop();
                if self.path.len() == 1 && text_at(text, start, end) == "</entry>" {
                    self.keep(end, text)?;
                }
            }
            Event::Text(part) => {
                let part: &str = part;
                match self.path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                    ["feed", "generator"] if part == GENERATOR => self.ours = true,
                    ["feed", "entry", "id"] => self.id.push_str(part),
                    ["feed", "entry", "updated"] => self.updated.push_str(part),
                    [] if !part.trim().is_empty() => return Err("it is no XML".to_owned()),
                    _ => {}
                }
            }
            Event::DocType(_) | Event::PI(_) | Event::CData(_) => {
                return Err("wirewatch does not write like that".to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, tag: &BytesStart<'_>, start: u64) -> Result<(), String> {
        let name = tag.name().into_inner().to_owned();
        if self.path.is_empty() {
            let xmlns = tag.attributes().flatten().next();
            let is_atom =
                xmlns.is_some_and(|at| at.value.as_ref() == "http://www.w3.org/2005/Atom");
            if name != "feed" || !is_atom || tag.attributes().count() != 1 {
                return Err("it is no Atom feed of wirewatch's".to_owned());
            }
        } else if self.path.len() == 1 && name == "entry" {
            self.begun = start;
        }
        self.path.push(name);
        Ok(())
    }

    fn keep(&mut self, end: u64, text: &str) -> Result<(), String> {
        let (id, updated) = (std::mem::take(&mut self.id), std::mem::take(&mut self.updated));
        let updated = Timestamp::parse(&updated).filter(|_| !id.is_empty());
        let updated = updated.ok_or("an entry in it has no id or no date")?;
        let xml = format!("{}\n", text_at(text, self.begun, end));
        self.kept.push(Kept { id, updated, xml });
        Ok(())
    }
}

fn text_at(text: &str, start: u64, end: u64) -> &str {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    text.get(place(start)..place(end)).unwrap_or_default()
}

/// Renames the file to the first free of its names.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 1..=MAX_ASIDE {
        let mut name = path.as_os_str().to_owned();
        name.push(if number == 1 { ".aside".to_owned() } else { format!(".aside-{number}") });
        let aside = PathBuf::from(name);
        if fs::symlink_metadata(&aside).is_err() {
            fs::rename(path, &aside)?;
            sync_folder(path)?;
            return Ok(aside);
        }
    }
    let message = "it is no feed of wirewatch's, and there are too many that were set aside";
    Err(io::Error::new(ErrorKind::AlreadyExists, message))
}

/// Replaces the file, or makes it. Whoever could read it before can read it after.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = folder(path).join(format!(".{name}.new"));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&new)?;
    let written = (|| {
        if let Ok(about) = fs::metadata(path) {
            file.set_permissions(Permissions::from_mode(about.permissions().mode() & 0o777))?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written?;
    sync_folder(path)
}
