//! Opening the file: the lock, a new database, pragmas, migrations.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::damage;
use crate::store::StoreError;

/// The schema, step by step; the database's `user_version` counts those taken.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("0001.sql"),
    include_str!("0002.sql"),
    include_str!("0003.sql"),
    include_str!("0004.sql"),
];

/// Marks a database as ours ("wire").
const APPLICATION: i32 = 0x7769_7265;

/// How long SQLite waits for a lock that another process holds for a moment.
const BUSY: Duration = Duration::from_secs(5);

/// `path` with `suffix` after its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Takes the one writer's lock, for as long as the file is held. Makes the database's folder if
/// only that is missing.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    if let Some(folder) = folder(path)
        && !folder.exists()
    {
        fs::create_dir(folder).map_err(|e| StoreError::write(folder, e))?;
    }
    let lock = beside(path, ".lock");
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&lock)
        .map_err(|e| StoreError::write(&lock, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(e)) => Err(StoreError::write(&lock, e)),
    }
}

fn folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// The connection that writes; the lock must be held. Makes the database if there is none.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreError> {
    match fs::metadata(path) {
        Ok(file) if file.len() == 0 => return Err(StoreError::corrupt(path, "the file is empty")),
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => create(path)?,
        Err(e) => return Err(StoreError::write(path, e)),
    }
    open_writer(path, MIGRATIONS).map_err(|e| e.at(path))
}

/// A connection that writes beside a writer or without one: what is there must be there already,
/// and up to date. It leaves the log to the writer.
pub(super) fn operator(path: &Path) -> Result<Connection, StoreError> {
    // Tells what cannot be opened at all.
    drop(reader(path)?);
    open_operator(path).map_err(|e| e.at(path))
}

fn open_operator(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    writable(&db, path)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(db)
}

fn writable(db: &Connection, path: &Path) -> Result<(), StoreError> {
    if db.is_readonly(MAIN_DB)? {
        let source = io::Error::from(io::ErrorKind::PermissionDenied);
        return Err(StoreError::write(path, source));
    }
    Ok(())
}

fn open_writer(path: &Path, migrations: &[&str]) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY)?;
    // So that those who may only read find the log's files when no daemon runs; and so that of two
    // that do not belong together neither is changed.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    writable(&db, path)?;
    if ours(&db, path, migrations.len())? > 0 {
        damage::refuse(&mut db, path)?;
    }
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        let source = io::Error::other("its file system cannot hold SQLite's write-ahead log");
        return Err(StoreError::write(path, source));
    }
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "cache_size", -65_536)?;
    db.pragma_update(None, "mmap_size", 0)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "journal_size_limit", 64 << 20)?;
    db.pragma_update(None, "wal_autocheckpoint", 4000)?;
    db.set_prepared_statement_cache_capacity(64);
    migrate(&mut db, migrations)?;
    Ok(db)
}

/// A connection that only reads, beside a writer or without one.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    File::open(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => StoreError::Missing { path: path.to_owned() },
        _ => StoreError::NotReadable { path: path.to_owned(), source: Arc::new(e) },
    })?;
    open_reader(path).map_err(|e| match e.at(path) {
        StoreError::NotWritable { path, source } => StoreError::NotReadable { path, source },
        e => e,
    })
}

fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(BUSY)?;
    let found = ours(&db, path, MIGRATIONS.len())?;
    let known = number(MIGRATIONS.len());
    if found < known {
        return Err(StoreError::Older { path: path.to_owned(), found, known });
    }
    damage::refuse_foreign_log(&db, path)?;
    db.pragma_update(None, "cache_size", -16_384)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// The schema of a database that is ours and not newer than `known`.
fn ours(db: &Connection, path: &Path, known: usize) -> Result<u32, StoreError> {
    let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION {
        return Err(StoreError::corrupt(path, "it does not carry wirewatch's mark"));
    }
    let found: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = number(known);
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    Ok(found)
}

/// Takes the steps that the database has not taken, each in a transaction of its own.
fn migrate(db: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let taken: usize =
        db.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))? as _;
    for (at, step) in migrations.iter().enumerate().skip(taken) {
        let transaction = db.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number(at + 1))?;
        transaction.commit()?;
    }
    Ok(())
}

/// Makes a whole database under another name and then gives it its own, so that an empty or half
/// made file is always damage and never a beginning.
fn create(path: &Path) -> Result<(), StoreError> {
    refuse_leftovers(path)?;
    let new = beside(path, ".new");
    for suffix in ["", "-journal", "-wal", "-shm"] {
        remove(&beside(&new, suffix))?;
    }
    File::create(&new).map_err(|e| StoreError::write(&new, e))?;
    fill(&new, MIGRATIONS).map_err(|e| e.at(&new))?;
    let placed = File::open(&new)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&new, path))
        .and_then(|()| File::open(folder(path).unwrap_or(Path::new("."))))
        .and_then(|folder| folder.sync_all());
    placed.map_err(|e| StoreError::write(path, e))
}

pub(super) fn fill(new: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let mut db = Connection::open(new)?;
    db.pragma_update(None, "application_id", APPLICATION)?;
    migrate(&mut db, migrations)?;
    db.close().map_err(|(_, e)| e.into())
}

/// A log without its database would be played into the new one.
fn refuse_leftovers(path: &Path) -> Result<(), StoreError> {
    let log = beside(path, "-wal");
    if fs::metadata(&log).is_ok_and(|file| file.len() > 0) {
        return Err(StoreError::corrupt(path, "it is gone, but its -wal file is still there"));
    }
    remove(&log)?;
    remove(&beside(path, "-shm"))
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(StoreError::write(path, e)),
        _ => Ok(()),
    }
}

fn number(schema: usize) -> u32 {
    u32::try_from(schema).unwrap_or(u32::MAX)
}
