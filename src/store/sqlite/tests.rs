mod damaged;
mod operated;

use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use siphasher::sip::SipHasher24;
use tempfile::TempDir;

use super::lanes::GROUP;
use super::news::OF_ITEM;
use super::open::{MIGRATIONS, beside, fill};
use super::{OpenMode, SqliteStore, Stats};
use crate::model::{Clock, FeedId, FirstPoll, Level, Reason, Sequel, SinkName};
use crate::novelty::{Sighting, judge};
use crate::store::conformance::{Place, alert, at, conformance, found, one_feed};
use crate::store::{AlertQuery, Claim, Committed, Found, Store, StoreError, Update};

struct Folder(TempDir);

impl Folder {
    fn path(&self) -> PathBuf {
        self.0.path().join("wirewatch.db")
    }

    fn writer(&self) -> Result<SqliteStore, StoreError> {
        SqliteStore::open(&self.path(), OpenMode::Writer)
    }

    fn reader(&self) -> Result<SqliteStore, StoreError> {
        SqliteStore::open(&self.path(), OpenMode::Reader)
    }

    /// The database without its store.
    fn raw(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }
}

#[async_trait]
impl Place for Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self) -> Box<dyn Store> {
        Box::new(self.writer().unwrap())
    }
}

conformance!(Folder);

fn known_now() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap()
}

fn error(opened: Result<SqliteStore, StoreError>) -> StoreError {
    opened.err().expect("opened what it should not")
}

type Waiting<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Puts calls in their lane's queue, without waiting for them.
fn enqueue<T>(calls: &mut [Waiting<'_, T>]) {
    let mut context = Context::from_waker(Waker::noop());
    for call in calls {
        assert!(call.as_mut().poll(&mut context).is_pending());
    }
}

async fn many_feeds(store: &SqliteStore, count: usize) -> Vec<i64> {
    let feeds: Vec<(FeedId, String)> = (0..count)
        .map(|n| (FeedId::new(format!("f{n}")), format!("https://{n}.example/")))
        .collect();
    let states = store.open_feeds(&feeds, at(0)).await.unwrap();
    states.iter().map(|state| state.key).collect()
}

fn since(store: &SqliteStore, before: Stats) -> Stats {
    let now = store.stats();
    Stats {
        durable: now.durable - before.durable,
        lazy: now.lazy - before.lazy,
        writes: now.writes - before.writes,
    }
}

#[tokio::test]
async fn a_disk_that_does_not_answer_is_noticed() {
    let folder = Folder::new();
    let store = folder.writer().unwrap();
    many_feeds(&store, 1).await;
    let hour = Duration::from_secs(3600);
    let now = || Clock::System.now().mono;
    let idle = || store.counters.held_up(now().plus(hour)) == Duration::ZERO;
    while !idle() {
        std::thread::yield_now();
    }
    let gate = store.hold().await;
    assert!(store.counters.held_up(now().plus(hour)) >= hour);
    drop(gate);
    while !idle() {
        std::thread::yield_now();
    }
    assert_eq!(store.held_up(), Duration::ZERO);
}

#[tokio::test]
async fn commits_that_wait_share_a_transaction() {
    let folder = Folder::new();
    let store = folder.writer().unwrap();
    let keys = many_feeds(&store, GROUP + 44).await;
    let before = store.stats();
    let gate = store.hold().await;
    let mut calls: Vec<Waiting<'_, Committed>> = keys
        .iter()
        .map(|key| store.commit(found(*key, 0, &format!("i{key}"), &["file"])) as Waiting<'_, _>)
        .collect();
    enqueue(&mut calls);
    assert_eq!(since(&store, before), Stats::default());
    drop(gate);
    for done in futures_util::future::join_all(calls).await {
        assert_eq!(done.unwrap(), Committed { alerts: 1, ..Committed::default() });
    }
    let writes = GROUP as u64 + 44;
    assert_eq!(since(&store, before), Stats { durable: 2, lazy: 0, writes });
}

#[tokio::test]
async fn in_a_group_a_conflict_and_a_broken_write_fail_alone() {
    let folder = Folder::new();
    let store = folder.writer().unwrap();
    let keys = many_feeds(&store, 3).await;
    let before = store.stats();
    let gate = store.hold().await;
    let late = Found { expected_version: 5, ..found(keys[1], 0, "late", &["file"]) };
    let commits = [
        found(keys[0], 0, "a", &["file"]),
        late,
        found(-1, 0, "no feed", &[]),
        found(keys[2], 0, "b", &[]),
    ];
    let mut calls: Vec<Waiting<'_, Committed>> =
        commits.into_iter().map(|found| store.commit(found) as Waiting<'_, _>).collect();
    enqueue(&mut calls);
    drop(gate);
    let done = futures_util::future::join_all(calls).await;
    assert!(
        matches!(&done[..], [Ok(_), Err(StoreError::Conflict), Err(StoreError::Sqlite(_)), Ok(_)]),
        "{done:?}"
    );
    assert_eq!(since(&store, before), Stats { durable: 1, lazy: 0, writes: 4 });
    let alerts = store.alerts(AlertQuery { limit: 9, ..AlertQuery::default() }).await.unwrap();
    assert_eq!(alerts.len(), 2);
}

#[tokio::test]
async fn a_panic_in_a_write_fails_it_alone() {
    let folder = Folder::new();
    let store = folder.writer().unwrap();
    let feed = one_feed(&store).await;
    let panics = store.write(
        super::Haste::Durable,
        |db| -> Result<(), StoreError> {
            db.execute("INSERT INTO bookmark VALUES ('half', 'done')", [])?;
            panic!("this panic belongs to the test")
        },
        || (),
    );
    assert!(panics.await.is_err());
    assert_eq!(store.bookmark(&SinkName::new("half")).await.unwrap(), None);
    store.commit(found(feed.key, 0, "1", &[])).await.unwrap();
}

#[tokio::test]
async fn schedules_alone_are_not_forced_to_the_disk() {
    let folder = Folder::new();
    let store = folder.writer().unwrap();
    let feed = one_feed(&store).await;
    let before = store.stats();
    let row = || vec![Update { feed: feed.key, ..Update::default() }];
    store.flush_schedules(row()).await.unwrap();
    assert_eq!(since(&store, before), Stats { durable: 0, lazy: 1, writes: 1 });

    let gate = store.hold().await;
    let mut calls: Vec<Waiting<'_, ()>> = vec![
        store.flush_schedules(row()),
        Box::pin(async { store.commit(found(feed.key, 0, "1", &[])).await.map(drop) }),
    ];
    enqueue(&mut calls);
    drop(gate);
    for done in futures_util::future::join_all(calls).await {
        done.unwrap();
    }
    assert_eq!(since(&store, before), Stats { durable: 1, lazy: 1, writes: 3 });
}

#[tokio::test]
async fn a_claim_that_nobody_waits_for_is_given_back() {
    let folder = Folder::new();
    let store = folder.writer().unwrap();
    let feed = one_feed(&store).await;
    store.commit(found(feed.key, 0, "1", &["file"])).await.unwrap();
    let sink = SinkName::new("file");
    for gone_before_the_answer in [true, false] {
        let mut calls = vec![store.claim(&sink, Claim::due(9, at(0))) as Waiting<'_, _>];
        let held = store.claims.hold();
        enqueue(&mut calls);
        if gone_before_the_answer {
            calls.clear();
        }
        drop(held);
        // Reads are answered in order.
        store.bookmark(&sink).await.unwrap();
        drop(calls);
        let rows: Vec<i64> = store
            .claim(&sink, Claim::due(9, at(0)))
            .await
            .unwrap()
            .deliveries
            .iter()
            .map(|d| d.row)
            .collect();
        assert_eq!(rows.len(), 1);
        store.release(&rows).await;
    }
}

#[tokio::test]
async fn an_alert_that_cannot_be_read_does_not_hold_up_the_next() {
    let folder = Folder::new();
    let store = folder.writer().unwrap();
    let feed = one_feed(&store).await;
    store.commit(found(feed.key, 0, "1", &["file"])).await.unwrap();
    store.commit(found(feed.key, 1, "2", &["file"])).await.unwrap();
    folder.raw().execute("UPDATE alert SET body = '{}' WHERE seq = 1", []).unwrap();
    let sink = SinkName::new("file");
    let claimed = store.claim(&sink, Claim::due(9, at(0))).await.unwrap();
    assert_eq!(claimed.deliveries.len(), 1);
    assert_eq!(claimed.deliveries[0].alert.item.id, "2");
    let unreadable = alert("1", &["floods"], at(0)).id;
    assert!(matches!(claimed.unreadable.as_slice(), [(id, _)] if *id == unreadable));
    let count = store.outbox().await.unwrap().remove(0);
    assert_eq!((count.waiting, count.dead), (1, 1));
    let reason: String =
        folder.raw().query_row("SELECT reason FROM outbox WHERE dead", [], |r| r.get(0)).unwrap();
    assert_eq!(Reason::named(&reason), Some(Reason::Internal));
    let listed = store.alerts(AlertQuery { limit: 9, ..AlertQuery::default() }).await;
    assert!(matches!(listed, Err(StoreError::Unreadable { what: "alert", .. })), "{listed:?}");
}

#[tokio::test]
async fn a_full_disk_is_called_that_and_is_got_over() {
    let folder = Folder::new();
    let store = folder.writer().unwrap();
    let feed = one_feed(&store).await;
    let limit = |pages: u32| {
        let work = move |db: &Connection| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            Ok(db.query_row(&sql, [], |row| row.get::<_, u32>(0))?)
        };
        store.write(super::Haste::Durable, work, || ())
    };
    limit(1).await.unwrap();
    let mut large = found(feed.key, 0, "1", &["file"]);
    large.items[0].item.content = "water ".repeat(100_000);
    let refused = store.commit(large.clone()).await.unwrap_err();
    assert!(matches!(refused, StoreError::DiskFull { .. }), "{refused}");
    assert_eq!(refused.reason(), Reason::DiskFull);
    assert!(store.seen(feed.key).await.unwrap().is_first());
    limit(1_000_000).await.unwrap();
    assert_eq!(store.commit(large).await.unwrap(), Committed { alerts: 1, ..Committed::default() });
}

#[tokio::test]
async fn a_reader_sees_what_a_live_writer_commits_and_changes_nothing() {
    let folder = Folder::new();
    assert!(matches!(error(folder.reader()), StoreError::Missing { .. }));
    assert!(!folder.path().exists());
    let writer = folder.writer().unwrap();
    let reader = folder.reader().unwrap();
    let feed = one_feed(&writer).await;
    for version in 0..3 {
        writer.commit(found(feed.key, version, &version.to_string(), &["file"])).await.unwrap();
        assert_eq!(reader.seen(feed.key).await.unwrap().version, version + 1);
    }
    assert_eq!(reader.hash(b"x"), writer.hash(b"x"));
    assert_eq!(reader.feed_reports(at(0)).await.unwrap().len(), 1);
    let sink = SinkName::new("file");
    let refusals = [
        reader.commit(found(feed.key, 3, "4", &[])).await.map(drop),
        reader.claim(&sink, Claim::due(9, at(0))).await.map(drop),
        reader.settle(&sink, Vec::new(), None).await,
        reader.open_feeds(&[], at(0)).await.map(drop),
        reader.prune(at(9), 9, Vec::new()).await.map(drop),
        reader.flush_schedules(Vec::new()).await,
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(StoreError::ReadOnly)), "{refusal:?}");
    }
    drop(writer);
    assert_eq!(reader.seen(feed.key).await.unwrap().version, 3);
    let alone = folder.reader().unwrap();
    assert_eq!(alone.seen(feed.key).await.unwrap().version, 3, "with no daemon running");
}

#[tokio::test]
async fn what_a_killed_writer_left_is_all_there() {
    let folder = Folder::new();
    let store = folder.writer().unwrap();
    let feed = one_feed(&store).await;
    store.commit(found(feed.key, 0, "1", &["file"])).await.unwrap();
    for mode in [OpenMode::Reader, OpenMode::Writer] {
        let left = Folder::new();
        for suffix in ["", "-wal"] {
            fs::copy(beside(&folder.path(), suffix), beside(&left.path(), suffix)).unwrap();
        }
        let after = SqliteStore::open(&left.path(), mode).unwrap();
        assert_eq!(after.seen(feed.key).await.unwrap().version, 1, "{mode:?}");
        assert_eq!(after.outbox().await.unwrap()[0].waiting, 1, "{mode:?}");
    }
}

#[tokio::test]
async fn a_second_writer_is_told_at_once_and_may_come_when_the_first_has_gone() {
    let folder = Folder::new();
    let first = folder.writer().unwrap();
    let refused = error(folder.writer());
    assert!(matches!(&refused, StoreError::Locked { path } if *path == folder.path()));
    assert!(refused.to_string().contains("in use by another wirewatch process"));
    first.close().await.unwrap();
    folder.writer().unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_named() {
    let folder = Folder::new();
    drop(folder.writer().unwrap());
    folder.raw().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(folder.path()).unwrap();
    for refused in [error(folder.writer()), error(folder.reader())] {
        assert!(
            matches!(refused, StoreError::Newer { found: 99, known, .. } if known == known_now())
        );
        let text = refused.to_string();
        assert!(
            text.contains("schema 99") && text.contains(&format!("up to {}", known_now())),
            "{text}"
        );
    }
    assert_eq!(fs::read(folder.path()).unwrap(), before);
}

#[tokio::test]
async fn an_older_schema_is_brought_up_to_date_by_a_writer_only() {
    let folder = Folder::new();
    drop(folder.writer().unwrap());
    let db = folder.raw();
    let tables = "SELECT group_concat(format('DROP TABLE %s;', name), '') FROM sqlite_schema
        WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let drop_all: String = db.query_row(tables, [], |row| row.get(0)).unwrap();
    db.execute_batch(&format!("PRAGMA foreign_keys = 0; {drop_all} PRAGMA user_version = 0"))
        .unwrap();
    drop(db);
    let refused = error(folder.reader());
    let now = known_now();
    assert!(
        matches!(refused, StoreError::Older { found: 0, known, .. } if known == now),
        "{refused}"
    );
    let store = folder.writer().unwrap();
    one_feed(&store).await;
    drop(store);
    folder.reader().unwrap();
}

/// A store as the first schema left it: one feed that has shown an item, and an alert that waits.
fn of_the_first_schema() -> Folder {
    let folder = Folder::new();
    fill(&folder.path(), &MIGRATIONS[..1]).unwrap();
    let db = folder.raw();
    let key: Vec<u8> =
        db.query_row("SELECT value FROM meta WHERE name = 'hash_key'", [], |r| r.get(0)).unwrap();
    let hash = SipHasher24::new_with_key(key.as_slice().try_into().unwrap()).hash(b"1");
    let old = alert("1", &["floods"], at(0));
    let body = serde_json::to_string(&old).unwrap();
    db.execute_batch(
        "INSERT INTO feed (key, id, url, title, added_at)
             VALUES (1, 'harbour', 'https://a.example/rss', 'Harbour', 0);
         INSERT INTO feed_http VALUES (1, 'https://a.example/rss', x'22612222', NULL, 77);
         INSERT INTO item VALUES (1, 1, '1', 0, NULL, 'Old', NULL, '{}');",
    )
    .unwrap();
    db.execute("INSERT INTO feed_seen VALUES (1, 4, ?1)", [hash.to_le_bytes()]).unwrap();
    db.execute("INSERT INTO alert VALUES (1, ?1, 1, 0, 'high', ?2)", [old.id.as_str(), &body])
        .unwrap();
    db.execute_batch(
        "INSERT INTO alert_rule VALUES ('floods', 1);
         INSERT INTO outbox (alert, sink) VALUES (1, 'file');",
    )
    .unwrap();
    folder
}

#[tokio::test]
async fn a_store_of_the_first_schema_goes_on_and_repeats_nothing() {
    let folder = of_the_first_schema();
    let store = folder.writer().unwrap();
    let feed = one_feed(&store).await;
    assert_eq!((feed.key, feed.body, feed.wire), (1, Some(77), None));
    let seen = store.seen(1).await.unwrap();
    assert_eq!((seen.version, seen.items, seen.titles.len()), (4, 0, 0));
    let sighting = |id: &str, page: u64| Sighting {
        id: store.hash(id.as_bytes()),
        named: true,
        page: Some(page),
        title: Some(9),
        ..Sighting::default()
    };
    let document = [sighting("1", 10), sighting("2", 20)];
    let novelty = judge(&seen, &document, FirstPoll::Alert, at(0));
    let new: Vec<usize> = novelty.new.iter().map(|fresh| fresh.index).collect();
    assert_eq!((new, novelty.revised.len(), novelty.gap), (vec![1], 0, false));

    let high = Claim { levels: vec![Level::High], ..Claim::due(9, at(0)) };
    assert_eq!(store.claim(&SinkName::new("file"), high).await.unwrap().deliveries.len(), 1);
    // What was raised then has no page: it stands for no other, and is not raised again.
    let mut again = found(1, 4, "1", &["file"]);
    again.alerts[0].page = Some(10);
    assert_eq!(store.commit(again).await.unwrap(), Committed::default());
    assert_eq!(store.sequels(vec![1]).await.unwrap(), [Sequel::default()]);
    let reports = store.feed_reports(at(0)).await.unwrap();
    assert_eq!((reports.len(), reports[0].gaps), (1, 0));
}

#[tokio::test]
async fn the_pages_and_headlines_of_an_item_are_looked_up_not_searched_for() {
    let folder = Folder::new();
    drop(folder.writer().unwrap());
    let queries = [
        OF_ITEM,
        "SELECT seq FROM alert WHERE page = 1 ORDER BY seq LIMIT 9",
        "DELETE FROM alert WHERE seq = 1",
    ];
    for query in queries {
        let db = folder.raw();
        db.pragma_update(None, "foreign_keys", true).unwrap();
        let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
        let values = vec![1; explain.parameter_count()];
        let plan: Vec<String> = explain
            .query_map(rusqlite::params_from_iter(values), |row| row.get("detail"))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let whole = |step: &String| step.starts_with("SCAN") || step.contains("(feed=?)");
        assert!(!plan.iter().any(whole), "{query}: {plan:?}");
    }
}

#[test]
fn a_log_without_its_database_is_not_played_into_a_new_one() {
    let folder = Folder::new();
    fs::write(beside(&folder.path(), "-wal"), b"left behind").unwrap();
    assert!(matches!(error(folder.writer()), StoreError::Corrupt { .. }));
    fs::write(beside(&folder.path(), "-wal"), b"").unwrap();
    fs::write(beside(&folder.path(), ".new"), b"half a database").unwrap();
    folder.writer().unwrap();
}

#[test]
fn a_folder_is_made_if_its_parent_is_there_and_else_said_to_be_missing() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    SqliteStore::open(&root.path().join("state/wirewatch.db"), OpenMode::Writer).unwrap();
    let cases = [
        root.path().join("not/there/wirewatch.db"),
        file.join("wirewatch.db"),
        file.join("state/wirewatch.db"),
        PathBuf::from("/proc/self/wirewatch.db"),
        PathBuf::from("/proc/wirewatch/wirewatch.db"),
    ];
    for path in cases {
        let refused = error(SqliteStore::open(&path, OpenMode::Writer));
        assert!(matches!(refused, StoreError::NotWritable { .. }), "{}: {refused}", path.display());
    }
}

#[test]
#[cfg(unix)]
fn a_read_only_folder_or_file_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let set = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    set(folder.0.path(), 0o555);
    // Root may write all the same; then the cases under /proc, above, must do.
    let bound = fs::write(folder.0.path().join("probe"), "").is_err();
    if bound {
        assert!(matches!(error(folder.writer()), StoreError::NotWritable { .. }));
        set(folder.0.path(), 0o755);
        drop(folder.writer().unwrap());
        set(&folder.path(), 0o444);
        assert!(matches!(error(folder.writer()), StoreError::NotWritable { .. }));
        set(folder.0.path(), 0o555);
        folder.reader().unwrap();
    }
    set(folder.0.path(), 0o755);
}
