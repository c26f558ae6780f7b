//! What is done with the outbox: by the deliver engine, and by operators.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::claims::{Claims, Grip};
use super::{news, read, silences};
use crate::model::{AlertId, Bookmark, Delivery, Level, MessageKey, Reason, SinkName, Timestamp};
use crate::store::{
    Claim, Claimed, LONGEST_WAIT, OutboxCount, OutboxQuery, OutboxRow, Rows, Selection, Settlement,
    StoreError, Verdict,
};

type Done<T = ()> = Result<T, StoreError>;

/// So many rows at most are changed in one transaction for an operator, so that it does not hold up
/// a daemon.
pub(super) const AT_ONCE: usize = 1000;

/// The `due` of a row that an operator wants to go out at once.
const URGENT: i64 = -1;

/// The `due` of a row until it has failed.
const NEVER_FAILED: i64 = 0;

/// The rows now claimed.
pub(super) struct Taken {
    pub claimed: Claimed,
    /// The rows of those that cannot be read.
    pub unreadable: Vec<i64>,
    pub grip: Grip,
}

const COLUMNS: &str = "row, attempts, first_failed, message_key, body, alert.id";

impl Taken {
    /// Claims the row `number`, whose columns are [`COLUMNS`].
    fn take(&mut self, claimed: &mut HashSet<i64>, number: i64, row: &Row<'_>) -> Done {
        if !claimed.insert(number) {
            return Ok(());
        }
        self.grip.rows.push(number);
        match read::alert(row, 4) {
            Ok(alert) => self.claimed.deliveries.push(Delivery {
                row: number,
                alert: Arc::new(alert),
                attempts: row.get(1)?,
                first_failed: read::time(row, 2)?,
                message: key(row, 3)?,
            }),
            Err(error) => {
                self.unreadable.push(number);
                let alert = row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?;
                self.claimed.unreadable.push((AlertId::new(alert), error.to_string()));
            }
        }
        Ok(())
    }
}

fn key(row: &Row<'_>, column: usize) -> Done<Option<MessageKey>> {
    Ok(row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from)?.map(MessageKey::new))
}

/// See [`crate::store::Store::claim`].
pub(super) fn claim(
    db: &Connection,
    claims: &Arc<Claims>,
    sink: &SinkName,
    claim: &Claim,
) -> Done<Taken> {
    // Declared before the lock, so that on an early return the lock goes first.
    let grip = Grip { claims: Arc::clone(claims), rows: Vec::new() };
    let mut taken = Taken { claimed: Claimed::default(), unreadable: Vec::new(), grip };
    let mut claimed = claims.hold();
    let limit = claim.limit;
    for (when, bound) in parts(claim) {
        let mut query = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM outbox JOIN alert ON alert.seq = outbox.alert
             WHERE sink = ?1 AND dead = 0 AND {when} AND {OF_LEVELS} AND {FRESH}
             ORDER BY due, row"
        ))?;
        let bounds = params![sink.as_str(), bound, levels(claim)?, claim.fresh_only];
        let mut rows = query.query(bounds)?;
        while taken.grip.rows.len() < limit
            && let Some(row) = rows.next()?
        {
            let number = row.get(0)?;
            if claimed.contains(&number) {
                continue;
            }
            match key(row, 3)? {
                Some(key) if taken.grip.rows.is_empty() => {
                    message(db, &mut claimed, sink, &key, &mut taken)?;
                    return Ok(taken);
                }
                Some(_) => {}
                None => taken.take(&mut claimed, number, row)?,
            }
        }
    }
    drop(claimed);
    Ok(taken)
}

/// When the rows of a claim are due, with what stands for `?2`: part by part in the order in which
/// they are claimed.
fn parts(claim: &Claim) -> Vec<(&'static str, i64)> {
    let mut parts = vec![("due <= ?2", URGENT)];
    if !claim.urgent_only {
        // What failed is due later than at the very beginning of time.
        parts.push(("due > 0 AND due <= ?2", claim.now.as_millis()));
        parts.push(("due > ?2", claim.now.plus(LONGEST_WAIT).as_millis()));
        parts.push(("due = ?2", NEVER_FAILED));
    }
    parts
}

/// Claims the rows of a message.
fn message(
    db: &Connection,
    claimed: &mut HashSet<i64>,
    sink: &SinkName,
    key: &MessageKey,
    taken: &mut Taken,
) -> Done {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox JOIN alert ON alert.seq = outbox.alert
         WHERE sink = ?1 AND message_key = ?2 AND dead = 0 ORDER BY row"
    ))?;
    let mut rows = query.query(params![sink.as_str(), key.as_str()])?;
    while let Some(row) = rows.next()? {
        taken.take(claimed, row.get(0)?, row)?;
    }
    Ok(())
}

/// A condition on `?3`, which [`levels`] gives.
const OF_LEVELS: &str = "(?3 IS NULL OR outbox.level IN (SELECT value FROM json_each(?3)))";

fn levels(claim: &Claim) -> Done<Option<String>> {
    let names: Vec<&str> = claim.levels.iter().map(|level| level.as_str()).collect();
    if names.is_empty() { Ok(None) } else { news::json("list of levels", &names).map(Some) }
}

/// A condition on `?4`: whether only rows are meant that have not failed.
const FRESH: &str = "(?4 = 0 OR outbox.attempts = 0)";

/// See [`crate::store::Store::next_due`].
pub(super) fn next_due(
    db: &Connection,
    claims: &Claims,
    sink: &SinkName,
    claim: &Claim,
) -> Done<Option<Timestamp>> {
    let claimed = claims.hold();
    let mut query = db.prepare_cached(&format!(
        "SELECT row, due FROM outbox WHERE sink = ?1 AND dead = 0 AND due <= ?2 AND {OF_LEVELS}
             AND {FRESH} ORDER BY due, row"
    ))?;
    let latest = match (claim.urgent_only, claim.fresh_only) {
        (true, _) => URGENT,
        (false, true) => NEVER_FAILED,
        (false, false) => i64::MAX,
    };
    let bounds = params![sink.as_str(), latest, levels(claim)?, claim.fresh_only];
    let mut rows = query.query(bounds)?;
    while let Some(row) = rows.next()? {
        if !claimed.contains(&row.get(0)?) {
            let due = Timestamp::from_millis(row.get(1)?);
            return Ok(Some(if due > claim.now.plus(LONGEST_WAIT) { claim.now } else { due }));
        }
    }
    Ok(None)
}

/// See [`crate::store::Store::gather`].
pub(super) fn gather(db: &Connection, sink: &SinkName, rows: &[i64], key: &MessageKey) -> Done {
    let mut gather = db.prepare_cached(
        "UPDATE outbox SET message_key = ?3
         WHERE row = ?1 AND sink = ?2 AND message_key IS NULL",
    )?;
    for row in rows {
        gather.execute(params![row, sink.as_str(), key.as_str()])?;
    }
    Ok(())
}

/// See [`crate::store::Store::settle`].
pub(super) fn settle(
    db: &Connection,
    sink: &SinkName,
    settlements: &[Settlement],
    bookmark: Option<&Bookmark>,
) -> Done {
    let sink = sink.as_str();
    for settlement in settlements {
        let row = settlement.row;
        match &settlement.verdict {
            Verdict::Delivered => db
                .prepare_cached("DELETE FROM outbox WHERE row = ?1 AND sink = ?2")?
                .execute(params![row, sink])?,
            Verdict::Retry { due, failed_at, reason, message } => db
                .prepare_cached(
                    "UPDATE outbox SET due = ?3, attempts = attempts + 1, reason = ?4, message = ?5,
                         first_failed = coalesce(first_failed, ?6)
                     WHERE row = ?1 AND sink = ?2 AND dead = 0",
                )?
                .execute(params![
                    row,
                    sink,
                    due.as_millis().max(0),
                    reason.as_str(),
                    message,
                    failed_at.as_millis()
                ])?,
            Verdict::Part { key, at, reason, message } => db
                .prepare_cached(
                    "UPDATE outbox SET due = CASE WHEN due < 0 THEN due ELSE ?3 END,
                         attempts = attempts + 1, reason = ?4, message = ?5,
                         first_failed = coalesce(first_failed, ?3), message_key = ?6
                     WHERE row = ?1 AND sink = ?2 AND dead = 0",
                )?
                .execute(params![
                    row,
                    sink,
                    at.as_millis().max(0),
                    reason.as_str(),
                    message,
                    key.as_str()
                ])?,
            Verdict::Dead { reason, message } => db
                .prepare_cached(
                    "UPDATE outbox SET dead = 1, attempts = attempts + 1, reason = ?3, message = ?4
                     WHERE row = ?1 AND sink = ?2 AND dead = 0",
                )?
                .execute(params![row, sink, reason.as_str(), message])?,
            Verdict::Muted { silence, at } => silences::mute(db, row, sink, *silence, *at)?,
        };
    }
    if let Some(Bookmark(value)) = bookmark {
        db.prepare_cached(
            "INSERT INTO bookmark (sink, value) VALUES (?1, ?2)
             ON CONFLICT (sink) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![sink, value])?;
    }
    Ok(())
}

/// See [`crate::store::Store::outbox`].
pub(super) fn counts(db: &Connection) -> Done<Vec<OutboxCount>> {
    let mut query = db.prepare_cached(
        "SELECT c.sink, c.waiting, c.dead, alert.raised_at FROM
             (SELECT sink, sum(dead = 0) AS waiting, sum(dead = 1) AS dead,
                  min(CASE WHEN dead = 0 THEN alert END) AS oldest
              FROM outbox GROUP BY sink) AS c
         LEFT JOIN alert ON alert.seq = c.oldest ORDER BY c.sink",
    )?;
    let rows = query.query_map([], |row| {
        Ok(OutboxCount {
            sink: SinkName::new(row.get_ref(0)?.as_str()?),
            waiting: row.get::<_, i64>(1)?.cast_unsigned(),
            dead: row.get::<_, i64>(2)?.cast_unsigned(),
            oldest: read::time(row, 3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// See [`crate::store::Store::outbox_rows`].
pub(super) fn rows(db: &Connection, query: &OutboxQuery) -> Done<Vec<OutboxRow>> {
    let mut select = db.prepare_cached(&format!(
        "SELECT o.row, o.sink, o.dead, o.attempts, o.first_failed, o.due, o.reason, o.message,
             o.message_key, a.id, a.raised_at, a.level, {}
         FROM outbox o JOIN alert a ON a.seq = o.alert
         WHERE o.row > ?1 AND (?2 IS NULL OR o.sink = ?2) AND (?3 = 0 OR o.dead = 1)
         ORDER BY o.row LIMIT ?4",
        headline("a.body")
    ))?;
    let bounds = params![
        query.after.unwrap_or(0),
        query.sink.as_ref().map(SinkName::as_str),
        query.dead_only,
        i64::try_from(query.limit).unwrap_or(i64::MAX)
    ];
    let found = select.query_map(bounds, |row| {
        Ok(OutboxRow {
            row: row.get(0)?,
            sink: SinkName::new(row.get_ref(1)?.as_str()?),
            dead: row.get(2)?,
            attempts: row.get(3)?,
            first_failed: read::time(row, 4)?,
            due: Timestamp::from_millis(row.get(5)?),
            reason: row.get_ref(6)?.as_str_or_null()?.and_then(Reason::named),
            message: row.get(7)?,
            key: row.get_ref(8)?.as_str_or_null()?.map(MessageKey::new),
            alert: AlertId::new(row.get_ref(9)?.as_str()?),
            raised_at: Timestamp::from_millis(row.get(10)?),
            level: Level::named(row.get_ref(11)?.as_str()?).unwrap_or_default(),
            title: row.get(12)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The headline in the alert that `column` holds; empty if that cannot be read.
pub(super) fn headline(column: &str) -> String {
    format!(
        "CASE WHEN json_valid({column}) THEN coalesce({column} ->> '$.item.title', '') ELSE '' END"
    )
}

/// The numbers of the rows that are meant, past `after`; no more than [`AT_ONCE`] of them.
pub(super) fn selected(
    db: &Connection,
    selection: &Selection,
    after: i64,
    whole_messages: bool,
) -> Done<Vec<i64>> {
    let mut sql = String::from("SELECT row FROM outbox WHERE row > ? AND (? = 0 OR dead = 1)");
    let mut values: Vec<Value> = vec![after.into(), selection.dead_only.into()];
    match &selection.rows {
        Rows::All => {}
        Rows::Of(sink) => {
            sql.push_str(" AND sink = ?");
            values.push(sink.as_str().to_owned().into());
        }
        Rows::Numbers(numbers) => {
            sql.push_str(" AND (row IN (SELECT value FROM json_each(?))");
            let numbers = news::json("list of rows", numbers)?;
            values.push(numbers.clone().into());
            if whole_messages {
                sql.push_str(
                    " OR row IN (SELECT o.row FROM outbox one JOIN outbox o
                          ON o.sink = one.sink AND o.message_key = one.message_key
                      WHERE one.row IN (SELECT value FROM json_each(?)))",
                );
                values.push(numbers.into());
            }
            sql.push(')');
        }
    }
    sql.push_str(" ORDER BY row LIMIT ?");
    values.push(i64::try_from(AT_ONCE).unwrap_or(i64::MAX).into());
    let mut query = db.prepare_cached(&sql)?;
    let rows = query.query_map(params_from_iter(values), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes rows due at once, as if they had never been tried.
pub(super) fn retry(db: &Connection, rows: &[i64]) -> Done<u64> {
    let mut retry = db.prepare_cached(
        "UPDATE outbox SET dead = 0, due = ?2, attempts = 0, first_failed = NULL WHERE row = ?1",
    )?;
    let mut count = 0;
    for row in rows {
        count += retry.execute(params![row, URGENT])? as u64;
    }
    Ok(count)
}

/// Deletes rows.
pub(super) fn discard(db: &Connection, rows: &[i64]) -> Done<u64> {
    let mut delete = db.prepare_cached("DELETE FROM outbox WHERE row = ?1")?;
    let mut count = 0;
    for row in rows {
        count += delete.execute([row])? as u64;
    }
    Ok(count)
}
