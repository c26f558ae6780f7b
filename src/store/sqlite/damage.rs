//! Whether what was opened is sound, as far as a start may take to find out.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::model::{Clock, Mono};
use crate::store::StoreError;

/// How long a start looks for damage. It is enough for some hundred megabytes; what lies beyond is
/// noticed when it is read.
const LOOK: Duration = Duration::from_secs(1);
/// After so many steps of SQLite the time is looked at.
const STEPS: i32 = 100;

/// Refuses a database that is damaged, or whose log is that of another. Writes nothing. It has
/// taken the first step of the schema at least.
pub(super) fn refuse(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    refuse_foreign_log(db, path)?;
    let until = Clock::System.now().mono.plus(LOOK);
    if let Some(detail) = look(db, until)? {
        return Err(StoreError::corrupt(path, &detail));
    }
    Ok(())
}

/// SQLite plays any log whose checksums are right, so one of another store would take the place of
/// this one. Every transaction writes to the page with the store's key (see `lanes`): what the log
/// says of that must be what the file itself says.
pub(super) fn refuse_foreign_log(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let key = |db: &Connection| -> rusqlite::Result<Vec<u8>> {
        db.query_row("SELECT value FROM meta WHERE name = 'hash_key'", [], |row| row.get(0))
    };
    // Where power failed while the log was being folded in, the file itself may be half written:
    // then the log has what is right.
    let own = without_log(path).and_then(|file| key(&file));
    if own.is_ok_and(|own| key(db).is_ok_and(|logged| logged != own)) {
        return Err(StoreError::corrupt(path, "its -wal file is that of another database"));
    }
    Ok(())
}

/// The file as it is without its log.
fn without_log(path: &Path) -> rusqlite::Result<Connection> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags)
}

/// The first damage that is found until then.
fn look(db: &mut Connection, until: Mono) -> Result<Option<String>, StoreError> {
    db.progress_handler(STEPS, Some(move || Clock::System.now().mono >= until))?;
    let found: Result<String, _> = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0));
    db.progress_handler(0, None::<fn() -> bool>)?;
    match found {
        Ok(verdict) if verdict == "ok" => Ok(None),
        Ok(damage) => Ok(Some(damage.lines().collect::<Vec<_>>().join("; "))),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::open::{MIGRATIONS, fill};

    #[test]
    fn a_look_ends_when_its_time_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b%?.db");
        fill(&path, MIGRATIONS).unwrap();
        let mut db = Connection::open(&path).unwrap();
        let many = db.transaction().unwrap();
        for row in 0..20_000 {
            many.execute("INSERT INTO bookmark VALUES (?1, 'x')", [row.to_string()]).unwrap();
        }
        many.commit().unwrap();
        let now = Clock::System.now().mono;
        assert_eq!(look(&mut db, now.plus(Duration::from_secs(600))).unwrap(), None);
        assert_eq!(
            look(&mut db, now).unwrap(),
            None,
            "and nothing is said of what was not looked at"
        );
        refuse(&mut db, &path).unwrap();
        let rows: i64 = db.query_row("SELECT count(*) FROM bookmark", [], |r| r.get(0)).unwrap();
        assert_eq!(rows, 20_000, "the handler is gone");
    }
}
