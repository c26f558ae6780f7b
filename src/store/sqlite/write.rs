//! What the writing lane runs. Each function is one call and runs within a savepoint.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params};

use super::{news, read};
use crate::model::{FeedId, FeedState, Schedule, SinkName, Timestamp};
use crate::store::{Pruned, StoreError, Update};

type Done<T = ()> = Result<T, StoreError>;

struct Stored {
    key: i64,
    id: String,
    url: String,
    configured: bool,
}

/// See [`crate::store::Store::open_feeds`].
pub(super) fn open_feeds(
    db: &Connection,
    feeds: &[(FeedId, String)],
    now: Timestamp,
) -> Done<Vec<FeedState>> {
    let stored = stored(db)?;
    let rows = assign(&stored, feeds);
    let taken: HashMap<i64, &str> = rows
        .iter()
        .zip(feeds)
        .filter_map(|(row, (id, _))| row.map(|row| (row.key, id.as_str())))
        .collect();
    let wanted: HashSet<&str> = feeds.iter().map(|(id, _)| id.as_str()).collect();
    for row in &stored {
        let renamed = taken.get(&row.key).is_some_and(|id| *id != row.id);
        let left = !taken.contains_key(&row.key);
        // An id that another feed has now is given up for one that no config can name.
        if renamed || (left && wanted.contains(row.id.as_str())) {
            db.prepare_cached("UPDATE feed SET id = id || ' ' || key WHERE key = ?1")?
                .execute([row.key])?;
        }
        if left && row.configured {
            db.prepare_cached("UPDATE feed SET configured = 0 WHERE key = ?1")?
                .execute([row.key])?;
        }
    }
    let mut keys = Vec::with_capacity(feeds.len());
    for (row, (id, url)) in rows.iter().zip(feeds) {
        keys.push(match row {
            Some(row) => {
                keep(db, row, id.as_str(), url)?;
                row.key
            }
            None => db
                .prepare_cached("INSERT INTO feed (id, url, added_at) VALUES (?1, ?2, ?3)")?
                .insert(params![id.as_str(), url, now.as_millis()])?,
        });
    }
    let states = read::feed_states(db)?;
    let state = |key| {
        let detail = format!("row {key} is not there");
        states.get(key).cloned().ok_or(StoreError::Unreadable { what: "feed", detail })
    };
    keys.iter().map(state).collect()
}

fn stored(db: &Connection) -> Done<Vec<Stored>> {
    let mut query = db.prepare("SELECT key, id, url, configured FROM feed ORDER BY key")?;
    let rows = query.query_map([], |row| {
        Ok(Stored { key: row.get(0)?, id: row.get(1)?, url: row.get(2)?, configured: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The stored row of each feed: the one with its id and URL; else one with its URL, for the URL is
/// what it has shown things at, and ids may be made from what stands around a feed; else the one
/// with its id, whose URL has changed.
fn assign<'a>(stored: &'a [Stored], feeds: &[(FeedId, String)]) -> Vec<Option<&'a Stored>> {
    let mut free: HashMap<i64, &Stored> = stored.iter().map(|row| (row.key, row)).collect();
    let mut rows: Vec<Option<&Stored>> = vec![None; feeds.len()];
    let by = |key: fn(&Stored) -> &str| {
        let mut index: HashMap<&str, Vec<&Stored>> = HashMap::new();
        for row in stored {
            index.entry(key(row)).or_default().push(row);
        }
        index
    };
    let (by_id, by_url) = (by(|row| &row.id), by(|row| &row.url));
    let none = Vec::new();
    for pass in 0..3 {
        for (place, (id, url)) in rows.iter_mut().zip(feeds) {
            if place.is_some() {
                continue;
            }
            let rows = match pass {
                1 => by_url.get(url.as_str()),
                _ => by_id.get(id.as_str()),
            };
            let found = rows
                .unwrap_or(&none)
                .iter()
                .rev()
                .find(|row| free.contains_key(&row.key) && (pass > 0 || row.url == *url));
            *place = found.and_then(|row| free.remove(&row.key));
        }
    }
    rows
}

/// Writes a feed's id and URL as they are now.
fn keep(db: &Connection, row: &Stored, id: &str, url: &str) -> Done {
    if row.id != id || !row.configured {
        db.prepare_cached("UPDATE feed SET id = ?2, configured = 1 WHERE key = ?1")?
            .execute(params![row.key, id])?;
    }
    if row.url != url {
        db.prepare_cached("UPDATE feed SET url = ?2, moved_to = NULL WHERE key = ?1")?
            .execute(params![row.key, url])?;
        db.prepare_cached("DELETE FROM feed_http WHERE feed = ?1")?.execute([row.key])?;
        db.prepare_cached("DELETE FROM schedule WHERE feed = ?1")?.execute([row.key])?;
        // What is shown there need not join on to what was shown here.
        db.prepare_cached("UPDATE feed_seen SET items = 0 WHERE feed = ?1")?.execute([row.key])?;
    }
    Ok(())
}

/// See [`crate::store::Store::flush_schedules`].
pub(super) fn update(db: &Connection, update: &Update) -> Done {
    for raised in &update.alerts {
        news::put_alert(db, update.feed, raised)?;
    }
    put_schedule(db, update.feed, &update.schedule)
}

pub(super) fn put_schedule(db: &Connection, feed: i64, schedule: &Schedule) -> Done {
    let (moved_url, moved_polls) = schedule.moved.clone().unzip();
    db.prepare_cached(
        "INSERT OR REPLACE INTO schedule (feed, next_poll, last_poll, last_success, errors,
             last_reason, last_message, moved_url, moved_polls, gone, condition)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        feed,
        schedule.next_poll.map(Timestamp::as_millis),
        schedule.last_poll.map(Timestamp::as_millis),
        schedule.last_success.map(Timestamp::as_millis),
        schedule.errors,
        schedule.last_reason.map(|reason| reason.as_str()),
        schedule.last_message,
        moved_url,
        moved_polls.unwrap_or(0),
        schedule.gone,
        news::json("condition", &schedule.condition)?,
    ])?;
    Ok(())
}

/// See [`crate::store::Store::set_moved`].
pub(super) fn set_moved(db: &Connection, feed: i64, to: Option<&str>) -> Done {
    db.prepare_cached("UPDATE feed SET moved_to = ?2 WHERE key = ?1 AND moved_to IS NOT ?2")?
        .execute(params![feed, to])?;
    Ok(())
}

/// See [`crate::store::Store::prune`].
pub(super) fn prune(
    db: &Connection,
    before: Timestamp,
    limit: usize,
    sinks: &[SinkName],
) -> Done<Pruned> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let bounds = params![before.as_millis(), limit];
    let items = db
        .prepare_cached(
            "DELETE FROM item WHERE key IN
                 (SELECT key FROM item WHERE first_seen < ?1 ORDER BY first_seen LIMIT ?2)",
        )?
        .execute(bounds)?;
    let revisions = db
        .prepare_cached(
            "DELETE FROM revision WHERE key IN
                 (SELECT key FROM revision WHERE seen_at < ?1 ORDER BY seen_at LIMIT ?2)",
        )?
        .execute(bounds)?;
    let names: Vec<&str> = sinks.iter().map(SinkName::as_str).collect();
    let old: Vec<i64> = db
        .prepare_cached(
            "SELECT seq FROM alert WHERE raised_at < ?1 AND NOT EXISTS
                 (SELECT 1 FROM outbox WHERE alert = seq AND dead = 0
                      AND sink IN (SELECT value FROM json_each(?3)))
             ORDER BY raised_at LIMIT ?2",
        )?
        .query_map(
            params![before.as_millis(), limit, news::json("list of sinks", &names)?],
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    let (mut dead, mut unsent) = (0, 0);
    for seq in &old {
        let mut go = db.prepare_cached("DELETE FROM outbox WHERE alert = ?1 AND dead = ?2")?;
        dead += go.execute(params![seq, true])?;
        unsent += go.execute(params![seq, false])?;
        db.prepare_cached("DELETE FROM alert WHERE seq = ?1")?.execute([seq])?;
    }
    db.prepare_cached(
        "DELETE FROM silence WHERE expires_at < ?1
             AND NOT EXISTS (SELECT 1 FROM muted WHERE silence = silence.id)",
    )?
    .execute([before.as_millis()])?;
    Ok(Pruned { items, alerts: old.len(), dead, unsent, revisions })
}
