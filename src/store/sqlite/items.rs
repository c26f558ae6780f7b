//! Reading stored items.

use rusqlite::{Connection, Row, Statement, params};

use crate::model::{FeedId, Timestamp};
use crate::store::{ItemPlace, ItemQuery, ItemSpan, StoreError, StoredItem};

/// Ids and alerts are found by their indexes. Links have none, so all items are read for what could
/// be one.
const NAMED: &str = "
    WITH named (key) AS (
        SELECT i.key FROM feed f CROSS JOIN item i ON i.feed = f.key AND i.id = ?1
        UNION SELECT i.key FROM alert a CROSS JOIN item i
            ON i.feed = a.feed AND i.id = a.body ->> '$.item.id' WHERE a.id = ?1
        UNION SELECT key FROM item WHERE ?4 AND link = ?1
    )
    SELECT f.id, i.first_seen, i.body
        FROM named n CROSS JOIN item i ON i.key = n.key JOIN feed f ON f.key = i.feed
        WHERE ?2 IS NULL OR f.id = ?2 ORDER BY i.first_seen DESC, i.key DESC LIMIT ?3";

/// See [`crate::store::Store::items_named`].
pub(super) fn named(db: &Connection, query: &ItemQuery) -> Result<Vec<StoredItem>, StoreError> {
    let mut sql = db.prepare_cached(NAMED)?;
    ask(&mut sql, query)
}

fn ask(sql: &mut Statement<'_>, query: &ItemQuery) -> Result<Vec<StoredItem>, StoreError> {
    let feed = query.feed.as_ref().map(FeedId::as_str);
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let is_link = query.name.contains("://");
    let mut rows = sql.query(params![query.name, feed, limit, is_link])?;
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

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn an_id_is_found_without_reading_all_items() {
        let db = Connection::open_in_memory().unwrap();
        for step in super::super::open::MIGRATIONS {
            db.execute_batch(step).unwrap();
        }
        db.execute_batch(
            "INSERT INTO feed (key, id, url, title, added_at)
                 VALUES (1, 'harbour', 'https://a.example/rss', 'Harbour', 0);
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500)
             INSERT INTO item SELECT n, 1, 'id ' || n, n, NULL, '', 'https://a.example/' || n,
                 json_object('id', 'id ' || n) FROM n;",
        )
        .unwrap();
        for (name, reads_all) in
            [("id 7", false), ("nothing", false), ("https://a.example/7", true)]
        {
            let mut sql = db.prepare(NAMED).unwrap();
            let query = ItemQuery { name: name.to_owned(), feed: None, limit: 9 };
            // An item of nothing but its id cannot be read; that it was found is enough.
            let found = ask(&mut sql, &query).map_or(1, |found| found.len());
            assert_eq!(found, usize::from(name != "nothing"), "{name}");
            let steps = sql.get_status(StatementStatus::FullscanStep);
            assert_eq!(steps > 400, reads_all, "{name}: {steps}");
        }
    }
}
