//! Silences, and what they kept back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, params};

use super::outbox::headline;
use crate::model::{AlertId, AlertMuted, SinkName, Timestamp};
use crate::silence::{Matcher, Silence, Text};
use crate::store::{Muted, MutedQuery, StoreError};

type Done<T = ()> = Result<T, StoreError>;

/// The matchers of the silences that were read last, by id: one never changes, and its term is not
/// to be read anew for each delivery.
pub(super) type Matchers = Mutex<HashMap<i64, Matcher>>;

/// See [`crate::store::Store::silences`].
pub(super) fn all(db: &Connection, matchers: &Matchers) -> Done<Vec<Silence>> {
    let mut matchers = matchers.lock().unwrap_or_else(PoisonError::into_inner);
    let mut query = db.prepare_cached(
        "SELECT id, rule, feed, tag, text, author, comment, starts_at, expires_at, muted
         FROM silence ORDER BY id",
    )?;
    let rows = query.query_map([], |row| {
        let id = row.get(0)?;
        let matcher = match matchers.get(&id) {
            Some(matcher) => matcher.clone(),
            None => Matcher {
                rule: row.get(1)?,
                feed: row.get(2)?,
                tag: row.get(3)?,
                text: row.get::<_, Option<String>>(4)?.map(Text::stored),
            },
        };
        Ok(Silence {
            id,
            matcher,
            author: row.get(5)?,
            comment: row.get(6)?,
            starts_at: Timestamp::from_millis(row.get(7)?),
            expires_at: Timestamp::from_millis(row.get(8)?),
            muted: row.get::<_, i64>(9)?.cast_unsigned(),
        })
    })?;
    let silences: Vec<Silence> = rows.collect::<Result<_, _>>()?;
    *matchers = silences.iter().map(|silence| (silence.id, silence.matcher.clone())).collect();
    Ok(silences)
}

/// See [`crate::store::Store::add_silence`].
pub(super) fn add(db: &Connection, silence: &Silence) -> Done<i64> {
    let count: i64 = db.query_row("SELECT count(*) FROM silence", [], |row| row.get(0))?;
    if usize::try_from(count).is_ok_and(|count| count >= Silence::MAX) {
        return Err(StoreError::TooMany(Silence::MAX, "silences"));
    }
    let Matcher { rule, feed, tag, text } = &silence.matcher;
    let id = db
        .prepare_cached(
            "INSERT INTO silence (rule, feed, tag, text, author, comment, starts_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .insert(params![
            rule,
            feed,
            tag,
            text.as_ref().map(Text::as_str),
            silence.author,
            silence.comment,
            silence.starts_at.as_millis(),
            silence.expires_at.as_millis(),
        ])?;
    Ok(id)
}

/// See [`crate::store::Store::expire_silences`].
pub(super) fn expire(db: &Connection, ids: &[i64], now: Timestamp) -> Done<Vec<i64>> {
    let mut expire =
        db.prepare_cached("UPDATE silence SET expires_at = ?2 WHERE id = ?1 AND expires_at > ?2")?;
    let mut ended = Vec::new();
    for id in ids {
        if expire.execute(params![id, now.as_millis()])? > 0 {
            ended.push(*id);
        }
    }
    Ok(ended)
}

/// Deletes an outbox row and keeps that it was muted. Answers how many rows that were.
pub(super) fn mute(
    db: &Connection,
    row: i64,
    sink: &str,
    silence: i64,
    at: Timestamp,
) -> Done<usize> {
    db.prepare_cached(
        "INSERT OR IGNORE INTO muted (alert, sink, silence, at)
         SELECT alert, sink, ?3, ?4 FROM outbox WHERE row = ?1 AND sink = ?2 AND dead = 0",
    )?
    .execute(params![row, sink, silence, at.as_millis()])?;
    let gone = db
        .prepare_cached("DELETE FROM outbox WHERE row = ?1 AND sink = ?2 AND dead = 0")?
        .execute(params![row, sink])?;
    if gone > 0 {
        db.prepare_cached("UPDATE silence SET muted = muted + 1 WHERE id = ?1")?
            .execute([silence])?;
    }
    Ok(gone)
}

/// See [`crate::store::Store::muted`].
pub(super) fn muted(db: &Connection, query: &MutedQuery) -> Done<Vec<Muted>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT a.id, m.sink, m.at, {} FROM muted m JOIN alert a ON a.seq = m.alert
         WHERE m.silence = ?1 ORDER BY m.alert DESC, m.sink LIMIT ?2",
        headline("a.body")
    ))?;
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let rows = select.query_map([query.silence, limit], |row| {
        Ok(Muted {
            alert: AlertId::new(row.get_ref(0)?.as_str()?),
            sink: SinkName::new(row.get_ref(1)?.as_str()?),
            at: Timestamp::from_millis(row.get(2)?),
            title: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The sinks that did not get an alert because of a silence, by name.
pub(super) fn of_alert(db: &Connection, alert: i64) -> Done<Vec<AlertMuted>> {
    let mut query =
        db.prepare_cached("SELECT sink, silence, at FROM muted WHERE alert = ?1 ORDER BY sink")?;
    let rows = query.query_map([alert], |row| {
        Ok(AlertMuted {
            sink: SinkName::new(row.get_ref(0)?.as_str()?),
            silence: row.get(1)?,
            at: Timestamp::from_millis(row.get(2)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
