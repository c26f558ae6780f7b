//! Reading stored items.

use rusqlite::{Connection, Row, params};

use crate::model::{FeedId, Timestamp};
use crate::store::{ItemPlace, ItemQuery, ItemSpan, StoreError, StoredItem};

/// See [`crate::store::Store::items_named`]. Links have no index: all items may have to be read.
pub(super) fn named(db: &Connection, query: &ItemQuery) -> Result<Vec<StoredItem>, StoreError> {
    let mut sql = db.prepare_cached(
        "SELECT f.id, i.first_seen, i.body FROM item i JOIN feed f ON f.key = i.feed
         WHERE (i.id = ?1 OR i.link = ?1
             OR (i.feed, i.id) IN (SELECT feed, body ->> '$.item.id' FROM alert WHERE id = ?1))
         AND (?2 IS NULL OR f.id = ?2) ORDER BY i.first_seen DESC, i.key DESC LIMIT ?3",
    )?;
    let feed = query.feed.as_ref().map(FeedId::as_str);
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let mut rows = sql.query(params![query.name, feed, limit])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(stored(row)?.0);
    }
    Ok(items)
}

/// See [`crate::store::Store::items_seen`].
pub(super) fn seen(
    db: &Connection,
    span: &ItemSpan,
) -> Result<Vec<(ItemPlace, StoredItem)>, StoreError> {
    let mut sql = db.prepare_cached(
        "SELECT f.id, i.first_seen, i.body, i.feed, i.key FROM item i JOIN feed f ON f.key = i.feed
         WHERE (i.first_seen, i.feed, i.key) > (?1, ?2, ?3) AND i.first_seen < ?4
         ORDER BY i.first_seen, i.feed, i.key LIMIT ?5",
    )?;
    let since = span.since.map_or(i64::MIN, |since| since.as_millis().saturating_sub(1));
    let (first_seen, feed, item) = match span.after {
        Some(after) if after.first_seen.as_millis() > since => {
            (after.first_seen.as_millis(), after.feed, after.item)
        }
        _ => (since, i64::MAX, i64::MAX),
    };
    let until = span.until.map_or(i64::MAX, Timestamp::as_millis);
    let limit = i64::try_from(span.limit).unwrap_or(i64::MAX);
    let mut rows = sql.query(params![first_seen, feed, item, until, limit])?;
    let (mut items, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let (found, size) = stored(row)?;
        let first_seen = found.first_seen;
        items.push((ItemPlace { first_seen, feed: row.get(3)?, item: row.get(4)? }, found));
        bytes += size;
        if bytes >= ItemSpan::PAGE_BYTES {
            break;
        }
    }
    Ok(items)
}

/// The item of a row that begins with the feed's id, when the item was first seen, and its body;
/// and the body's size.
fn stored(row: &Row<'_>) -> Result<(StoredItem, usize), StoreError> {
    let unreadable = |detail| StoreError::Unreadable { what: "item", detail };
    let body = row.get_ref(2)?.as_str().map_err(|error| unreadable(error.to_string()))?;
    let found = StoredItem {
        feed: FeedId::new(row.get_ref(0)?.as_str().map_err(|e| unreadable(e.to_string()))?),
        first_seen: Timestamp::from_millis(row.get(1)?),
        item: serde_json::from_str(body).map_err(|error| unreadable(error.to_string()))?,
    };
    Ok((found, body.len()))
}
