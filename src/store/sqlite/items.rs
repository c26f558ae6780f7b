//! Reading stored items.

use rusqlite::{Connection, params};

use crate::model::{FeedId, Timestamp};
use crate::store::{ItemQuery, StoreError, StoredItem};

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
        let unreadable = |detail| StoreError::Unreadable { what: "item", detail };
        let body = row.get_ref(2)?.as_str().map_err(|error| unreadable(error.to_string()))?;
        items.push(StoredItem {
            feed: FeedId::new(row.get_ref(0)?.as_str().map_err(|e| unreadable(e.to_string()))?),
            first_seen: Timestamp::from_millis(row.get(1)?),
            item: serde_json::from_str(body).map_err(|error| unreadable(error.to_string()))?,
        });
    }
    Ok(items)
}
