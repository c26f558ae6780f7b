//! What the reading lanes run.

use std::collections::HashMap;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use crate::model::{
    Alert, Bookmark, Condition, FeedId, FeedState, Reason, Schedule, Seen, SinkName, Timestamp,
    Validators,
};
use crate::store::{AlertQuery, FeedReport, StoreError};

type Done<T> = Result<T, StoreError>;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// See [`crate::store::Store::seen`].
pub(super) fn seen(db: &Connection, feed: i64) -> Done<Seen> {
    let row = db
        .prepare_cached("SELECT version, hashes, items, titles FROM feed_seen WHERE feed = ?1")?
        .query_row([feed], |row| {
            let (hashes, titles): (Vec<u8>, Vec<u8>) = (row.get(1)?, row.get(3)?);
            Ok((row.get::<_, i64>(0)?, hashes, row.get(2)?, titles))
        })
        .optional()?;
    let Some((version, hashes, items, titles)) = row else { return Ok(Seen::default()) };
    let titles = numbers(&titles)?;
    let (titles, _) = titles.as_chunks::<2>();
    Ok(Seen {
        version: version.cast_unsigned(),
        hashes: numbers(&hashes)?,
        items,
        titles: titles.iter().map(|[name, title]| (*name, *title)).collect(),
    })
}

fn numbers(bytes: &[u8]) -> Done<Vec<u64>> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        let detail = format!("{} bytes are no whole number of hashes", bytes.len());
        return Err(StoreError::Unreadable { what: "list of seen items", detail });
    }
    Ok(numbers.iter().copied().map(u64::from_le_bytes).collect())
}

pub(super) fn alert(row: &Row<'_>, column: usize) -> Done<Alert> {
    let unreadable = |detail| StoreError::Unreadable { what: "alert", detail };
    let body = row.get_ref(column)?;
    let body = body.as_str().map_err(|e| unreadable(e.to_string()))?;
    serde_json::from_str(body).map_err(|e| unreadable(e.to_string()))
}

/// See [`crate::store::Store::bookmark`].
pub(super) fn bookmark(db: &Connection, sink: &SinkName) -> Done<Option<Bookmark>> {
    let value = db
        .prepare_cached("SELECT value FROM bookmark WHERE sink = ?1")?
        .query_row([sink.as_str()], |row| row.get(0))
        .optional()?;
    Ok(value.map(Bookmark))
}

/// See [`crate::store::Store::alerts`].
pub(super) fn alerts(db: &Connection, query: &AlertQuery) -> Done<Vec<(i64, Alert)>> {
    let mut sql = String::from("SELECT seq, body FROM alert WHERE true");
    let mut values: Vec<Value> = Vec::new();
    if let Some(rule) = &query.rule {
        sql.push_str(" AND seq IN (SELECT alert FROM alert_rule WHERE rule = ?)");
        values.push(rule.as_str().to_owned().into());
    }
    if let Some(since) = query.since {
        // The second half lets the search by number stop where the earliest such alert stands.
        sql.push_str(
            " AND raised_at >= ? AND seq >= (SELECT min(seq) FROM alert WHERE raised_at >= ?)",
        );
        values.extend([since.as_millis().into(), since.as_millis().into()]);
    }
    if let Some(after) = query.after {
        sql.push_str(if query.latest_first { " AND seq < ?" } else { " AND seq > ?" });
        values.push(after.into());
    }
    sql.push_str(if query.latest_first { " ORDER BY seq DESC" } else { " ORDER BY seq" });
    sql.push_str(" LIMIT ?");
    values.push(i64::try_from(query.limit).unwrap_or(i64::MAX).into());
    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut alerts = Vec::new();
    while let Some(row) = rows.next()? {
        alerts.push((row.get(0)?, alert(row, 1)?));
    }
    Ok(alerts)
}

const SCHEDULE: &str = "s.next_poll, s.last_poll, s.last_success, coalesce(s.errors, 0),
    s.last_reason, s.last_message, s.moved_url, coalesce(s.moved_polls, 0), coalesce(s.gone, 0),
    s.condition";

/// The columns of [`SCHEDULE`], which stand first.
fn schedule(row: &Row<'_>) -> rusqlite::Result<Schedule> {
    let moved_url: Option<String> = row.get(6)?;
    let moved_polls: u32 = row.get(7)?;
    Ok(Schedule {
        next_poll: time(row, 0)?,
        last_poll: time(row, 1)?,
        last_success: time(row, 2)?,
        errors: row.get(3)?,
        last_reason: row.get::<_, Option<String>>(4)?.as_deref().and_then(Reason::named),
        last_message: row.get(5)?,
        moved: moved_url.map(|url| (url, moved_polls)),
        gone: row.get(8)?,
        condition: condition(row.get_ref(9)?.as_str_or_null()?),
    })
}

/// Soft state: one that cannot be read, since a later version wrote it, begins anew.
fn condition(stored: Option<&str>) -> Condition {
    stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_millis))
}

/// The state of every configured feed, by key.
pub(super) fn feed_states(db: &Connection) -> Done<HashMap<i64, FeedState>> {
    let mut query = db.prepare(&format!(
        "SELECT {SCHEDULE}, f.key, f.title, f.moved_to, h.url, h.etag, h.last_modified, h.body,
             h.wire
         FROM feed f LEFT JOIN schedule s ON s.feed = f.key
         LEFT JOIN feed_http h ON h.feed = f.key WHERE f.configured = 1"
    ))?;
    let rows = query.query_map([], |row| {
        let key = row.get(10)?;
        let state = FeedState {
            key,
            schedule: schedule(row)?,
            title: row.get(11)?,
            moved_to: row.get(12)?,
            validators: Validators {
                url: row.get::<_, Option<String>>(13)?.unwrap_or_default(),
                etag: row.get(14)?,
                last_modified: row.get(15)?,
            },
            body: row.get::<_, Option<i64>>(16)?.map(i64::cast_unsigned),
            wire: row.get::<_, Option<i64>>(17)?.map(i64::cast_unsigned),
        };
        Ok((key, state))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// See [`crate::store::Store::feed_reports`].
pub(super) fn feed_reports(db: &mut Connection, now: Timestamp) -> Done<Vec<FeedReport>> {
    let snapshot = db.transaction()?;
    let mut counts: HashMap<i64, [u32; 7]> = HashMap::new();
    let mut query = snapshot.prepare_cached(
        "SELECT feed, (?1 - first_seen) / ?2 AS day, count(*) FROM item
         WHERE first_seen > ?1 - 7 * ?2 AND first_seen <= ?1 GROUP BY 1, 2",
    )?;
    let mut rows = query.query(params![now.as_millis(), DAY])?;
    while let Some(row) = rows.next()? {
        let day: usize = row.get::<_, u8>(1)?.into();
        if let Some(slot) = counts.entry(row.get(0)?).or_default().get_mut(day) {
            *slot = row.get(2)?;
        }
    }
    let mut query = snapshot.prepare_cached(&format!(
        "SELECT {SCHEDULE}, f.key, f.id, f.url, f.title, f.moved_to, f.gaps
         FROM feed f LEFT JOIN schedule s ON s.feed = f.key WHERE f.configured = 1 ORDER BY f.id"
    ))?;
    let reports = query.query_map([], |row| {
        Ok(FeedReport {
            id: FeedId::new(row.get_ref(11)?.as_str()?),
            url: row.get(12)?,
            title: row.get(13)?,
            moved_to: row.get(14)?,
            schedule: schedule(row)?,
            gaps: row.get::<_, i64>(15)?.cast_unsigned(),
            items: counts.get(&row.get(10)?).copied().unwrap_or_default(),
        })
    })?;
    Ok(reports.collect::<Result<_, _>>()?)
}
