//! Databases that are damaged, or no database of ours.

use super::*;

/// A store with so many commits, and its log as a kill would leave it.
async fn killed(commits: u64) -> Folder {
    let living = Folder::new();
    let store = living.writer().unwrap();
    let feed = one_feed(&store).await;
    for version in 0..commits {
        store.commit(found(feed.key, version, &version.to_string(), &["file"])).await.unwrap();
    }
    let left = Folder::new();
    for suffix in ["", "-wal"] {
        fs::copy(beside(&living.path(), suffix), beside(&left.path(), suffix)).unwrap();
    }
    left
}

/// The same, ended in order: all is in the database itself.
async fn ended(commits: u64) -> Folder {
    let folder = killed(commits).await;
    drop(folder.writer().unwrap());
    assert_eq!(fs::metadata(beside(&folder.path(), "-wal")).unwrap().len(), 0);
    folder
}

/// Opening it to write is refused with words that help, and leaves every file as it is.
#[track_caller]
fn refused(folder: &Folder, name: &str) -> String {
    let path = folder.path();
    // A log that is empty is as good as none.
    let files = || ["", "-wal"].map(|suffix| fs::read(beside(&path, suffix)).unwrap_or_default());
    let before = files();
    let refused = error(folder.writer());
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{name}: {refused}");
    assert_eq!(refused.reason(), Reason::Store);
    let text = refused.to_string();
    let folder = path.display();
    let move_away =
        format!("mkdir '{folder}.damaged' && mv '{folder}' '{folder}'-* '{folder}.damaged'/");
    for words in [&move_away, "is damaged or not a wirewatch database", "restore a backup"] {
        assert!(text.contains(words), "{name}: no {words:?} in {text}");
    }
    assert!(files() == before, "{name}");
    text
}

#[test]
fn what_is_no_database_of_ours_is_refused_and_left_alone() {
    let foreign = Folder::new();
    foreign.raw().execute_batch("CREATE TABLE note (text)").unwrap();
    let cases: [(&str, Vec<u8>); 3] = [
        ("garbage", b"these are not the bytes that you are looking for".repeat(100)),
        ("empty", Vec::new()),
        ("another program's", fs::read(foreign.path()).unwrap()),
    ];
    for (name, bytes) in cases {
        let folder = Folder::new();
        fs::write(folder.path(), &bytes).unwrap();
        refused(&folder, name);
    }
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused() {
    let whole = fs::read(ended(50).await.path()).unwrap();
    assert!(whole.len() > 100_000);
    for length in [1, 99, 512, 5000, whole.len() / 2, whole.len() - 4096] {
        let folder = Folder::new();
        fs::write(folder.path(), &whole[..length]).unwrap();
        refused(&folder, &length.to_string());
    }
}

#[tokio::test]
async fn pages_written_over_are_found_at_the_start() {
    let whole = fs::read(ended(200).await.path()).unwrap();
    let pages = whole.len() / 4096;
    assert!(pages > 60, "{pages}");
    for (filler, from) in [(0xA5, 1), (0, 30), (0xFF, pages - 20)] {
        let mut bytes = whole.clone();
        for page in bytes.chunks_mut(4096).skip(from).take(20) {
            page.fill(filler);
        }
        let folder = Folder::new();
        fs::write(folder.path(), &bytes).unwrap();
        refused(&folder, &format!("20 pages of {filler:#x} from page {from}"));
    }
    let folder = Folder::new();
    fs::write(folder.path(), &whole).unwrap();
    folder.writer().unwrap();
}

#[tokio::test]
async fn damage_that_comes_while_it_runs_is_called_damage() {
    let folder = ended(200).await;
    // Its reading connections have looked at nothing yet but the first pages.
    let store = folder.reader().unwrap();
    let mut bytes = fs::read(folder.path()).unwrap();
    for page in bytes.chunks_mut(4096).skip(1) {
        page.fill(0xA5);
    }
    fs::write(folder.path(), &bytes).unwrap();
    let refused = store.feed_reports(at(0)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    assert!(refused.to_string().contains("&& mv "), "{refused}");
}

#[tokio::test]
async fn the_log_of_another_store_is_not_played_into_this_one() {
    let (ours, theirs) = (ended(3).await, killed(30).await);
    let log = beside(&ours.path(), "-wal");
    fs::copy(beside(&theirs.path(), "-wal"), &log).unwrap();
    let text = refused(&ours, "the log of another store");
    assert!(text.contains("its -wal file is that of another database"), "{text}");
    for mode in [OpenMode::Reader, OpenMode::Operator] {
        let refused = error(SqliteStore::open(&ours.path(), mode)).to_string();
        assert_eq!(refused, text, "{mode:?}");
    }
    // With its own, which is empty, it is what it was.
    fs::write(&log, b"").unwrap();
    drop(fs::remove_file(beside(&ours.path(), "-shm")));
    let store = ours.writer().unwrap();
    assert_eq!(store.outbox().await.unwrap()[0].waiting, 3);
    drop(store);
    theirs.writer().unwrap();
}

/// Whatever part of a log is there: every transaction in it bears the store's key.
#[tokio::test]
async fn the_log_of_another_store_is_known_after_its_log_began_anew() {
    let theirs = Folder::new();
    let store = theirs.writer().unwrap();
    let feed = one_feed(&store).await;
    store.commit(found(feed.key, 0, "0", &["file"])).await.unwrap();
    let fold = |db: &Connection| -> Result<(), StoreError> {
        Ok(db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
    };
    // Within a transaction a checkpoint is refused: from a connection of its own.
    fold(&theirs.raw()).unwrap();
    store.flush_schedules(vec![Update { feed: feed.key, ..Update::default() }]).await.unwrap();
    let ours = ended(3).await;
    fs::copy(beside(&theirs.path(), "-wal"), beside(&ours.path(), "-wal")).unwrap();
    refused(&ours, "what came after a checkpoint");
}
