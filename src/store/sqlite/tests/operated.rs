//! A store that an operator writes to, beside a daemon or without one.

use super::*;
use crate::model::Timestamp;
use crate::silence::{Matcher, Silence};
use crate::store::{OutboxQuery, Rows, Selection};

impl Folder {
    fn operator(&self) -> Result<SqliteStore, StoreError> {
        SqliteStore::open(&self.path(), OpenMode::Operator)
    }
}

fn all() -> Selection {
    Selection { rows: Rows::All, dead_only: false }
}

fn silence() -> Silence {
    Silence {
        id: 0,
        matcher: Matcher { rule: Some("floods".to_owned()), ..Matcher::default() },
        author: "nina".to_owned(),
        comment: String::new(),
        starts_at: at(0),
        expires_at: at(9),
        muted: 0,
    }
}

#[tokio::test]
async fn an_operator_writes_beside_a_daemon_and_each_sees_the_others_work() {
    let folder = Folder::new();
    let daemon = folder.writer().unwrap();
    let feed = one_feed(&daemon).await;
    daemon.commit(found(feed.key, 0, "1", &["file", "hook"])).await.unwrap();
    let operator = folder.operator().unwrap();
    assert_eq!(operator.outbox_retry(all()).await.unwrap(), 2);
    let file = SinkName::new("file");
    let urgent = Claim { urgent_only: true, ..Claim::due(9, at(0)) };
    assert_eq!(daemon.claim(&file, urgent).await.unwrap().deliveries.len(), 1);
    let id = operator.add_silence(silence()).await.unwrap();
    assert_eq!(daemon.silences().await.unwrap()[0].id, id);
    assert_eq!(operator.expire_silences(vec![id], at(5)).await.unwrap(), [id]);
    daemon.commit(found(feed.key, 1, "2", &["file"])).await.unwrap();
    assert_eq!(operator.outbox_drop(all()).await.unwrap(), 3);
    assert!(daemon.outbox().await.unwrap().is_empty());
    drop(operator);
    assert!(fs::metadata(beside(&folder.path(), "-wal")).unwrap().len() > 0, "the log is its own");
    daemon.commit(found(feed.key, 2, "3", &["file"])).await.unwrap();
}

#[tokio::test]
async fn an_operator_does_nothing_that_is_the_daemons() {
    let folder = Folder::new();
    assert!(matches!(error(folder.operator()), StoreError::Missing { .. }));
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 0, "nothing is made");
    drop(folder.writer().unwrap());
    let operator = folder.operator().unwrap();
    let sink = SinkName::new("file");
    let refusals = [
        operator.commit(found(1, 0, "1", &[])).await.map(drop),
        operator.claim(&sink, Claim::due(9, at(0))).await.map(drop),
        operator.gather(&sink, vec![1], crate::model::MessageKey::new("k")).await,
        operator.settle(&sink, Vec::new(), None).await,
        operator.open_feeds(&[], at(0)).await.map(drop),
        operator.prune(at(9), 9, Vec::new()).await.map(drop),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(StoreError::ReadOnly)), "{refusal:?}");
    }
    // Nor does it keep a daemon from starting, or wait for one to end.
    let daemon = folder.writer().unwrap();
    folder.operator().unwrap();
    let reader = folder.reader().unwrap();
    for refusal in [
        reader.add_silence(silence()).await.map(drop),
        reader.expire_silences(vec![1], Timestamp::from_millis(0)).await.map(drop),
        reader.outbox_retry(all()).await.map(drop),
        reader.outbox_drop(all()).await.map(drop),
    ] {
        assert!(matches!(refusal, Err(StoreError::ReadOnly)), "{refusal:?}");
    }
    drop(daemon);
    folder.raw().pragma_update(None, "user_version", 3).unwrap();
    assert!(matches!(error(folder.operator()), StoreError::Older { found: 3, .. }));
}

#[tokio::test]
async fn without_a_daemon_what_an_operator_did_is_there_at_the_next_start() {
    let folder = Folder::new();
    let daemon = folder.writer().unwrap();
    let feed = one_feed(&daemon).await;
    daemon.commit(found(feed.key, 0, "1", &["file", "hook"])).await.unwrap();
    drop(daemon);
    for suffix in ["-wal", "-shm"] {
        drop(fs::remove_file(beside(&folder.path(), suffix)));
    }
    let operator = folder.operator().unwrap();
    let row = operator.outbox_rows(OutboxQuery { limit: 1, ..OutboxQuery::default() }).await;
    let row = row.unwrap()[0].row;
    let one = Selection { rows: Rows::Numbers(vec![row]), dead_only: false };
    assert_eq!(operator.outbox_drop(one).await.unwrap(), 1);
    drop(operator);
    let daemon = folder.writer().unwrap();
    assert_eq!(daemon.outbox().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_store_that_another_holds_for_long_is_called_busy() {
    let folder = Folder::new();
    drop(folder.writer().unwrap());
    let operator = folder.operator().unwrap();
    // Waits for nobody.
    operator.operate(|db| Ok(db.busy_timeout(Duration::ZERO)?)).await.unwrap();
    let other = folder.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = operator.add_silence(silence()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Busy { .. }), "{refused}");
    assert!(refused.to_string().ends_with("is busy; try again"));
    other.execute_batch("ROLLBACK").unwrap();
    operator.add_silence(silence()).await.unwrap();
}

/// Root may run the verbs on the service's store: what SQLite makes beside it stays the service's.
#[tokio::test]
#[cfg(unix)]
async fn what_root_makes_beside_a_store_belongs_to_its_owner() {
    use std::os::unix::fs::{MetadataExt, chown};
    let folder = Folder::new();
    drop(folder.writer().unwrap());
    for suffix in ["-wal", "-shm"] {
        drop(fs::remove_file(beside(&folder.path(), suffix)));
    }
    if chown(folder.path(), Some(12_345), Some(12_345)).is_err() {
        return; // Only root can give files away.
    }
    let operator = folder.operator().unwrap();
    operator.add_silence(silence()).await.unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let file = fs::metadata(beside(&folder.path(), suffix)).unwrap();
        assert_eq!((file.uid(), file.gid()), (12_345, 12_345), "{suffix}");
    }
}
