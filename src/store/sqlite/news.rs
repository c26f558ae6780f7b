//! What a poll found, and what became known later of what it raised.

use rusqlite::{Connection, OptionalExtension, params};

use super::{read, silences, write};
use crate::model::{
    Alert, AlertId, AlertSource, FeedId, Revision, Sequel, SinkName, Timestamp, Validators,
};
use crate::store::{Committed, Found, NewItem, REVISIONS, Raised, Retitled, SAME_NEWS, StoreError};

type Done<T = ()> = Result<T, StoreError>;

/// The revisions of an item, by feed, id and page. Not one condition with OR: for that all of the
/// feed's would be read.
pub(super) const OF_ITEM: &str = "SELECT key FROM revision WHERE feed = ?1 AND item = ?2
    UNION SELECT key FROM revision WHERE feed = ?1 AND page = ?3";

/// Of so many alerts for one page the earliest are looked at; more are no sign of one story.
const SAME_PAGE: u32 = 64;

/// See [`crate::store::Store::commit`].
pub(super) fn commit(db: &Connection, found: &Found) -> Done<Committed> {
    advance(db, found)?;
    put_http(db, found)?;
    if let Some(title) = &found.title {
        db.prepare_cached("UPDATE feed SET title = ?2 WHERE key = ?1 AND title IS NOT ?2")?
            .execute(params![found.feed, title])?;
    }
    if found.gap {
        db.prepare_cached("UPDATE feed SET gaps = gaps + 1 WHERE key = ?1")?
            .execute([found.feed])?;
    }
    let mut committed = Committed::default();
    for (place, retitled) in found.retitled.iter().enumerate() {
        let old = last_title(db, found.feed, retitled)?;
        if old.as_ref() != Some(&retitled.title) {
            put_revision(db, found.feed, retitled)?;
            committed.retitled.push((place, old));
        }
    }
    for new in &found.items {
        put_item(db, found.feed, new)?;
    }
    for (place, raised) in found.alerts.iter().enumerate() {
        match put_alert(db, found.feed, raised)? {
            Put::New => committed.alerts += 1,
            Put::Known => {}
            Put::Told(by) => committed.told.push((place, by)),
        }
    }
    if let Some(schedule) = &found.schedule {
        write::put_schedule(db, found.feed, schedule)?;
    }
    Ok(committed)
}

/// Moves the feed on from the version that the commit is built on.
fn advance(db: &Connection, found: &Found) -> Done {
    let bytes = |numbers: &mut dyn Iterator<Item = u64>| -> Vec<u8> {
        numbers.flat_map(u64::to_le_bytes).collect()
    };
    let hashes = bytes(&mut found.seen.iter().copied());
    let titles = bytes(&mut found.titles.iter().flat_map(|(name, title)| [*name, *title]));
    let changed = if found.expected_version == 0 {
        db.prepare_cached(
            "INSERT INTO feed_seen (feed, version, hashes, items, titles) VALUES (?1, 1, ?2, ?3, ?4)
             ON CONFLICT (feed) DO NOTHING",
        )?
        .execute(params![found.feed, hashes, found.window, titles])?
    } else {
        db.prepare_cached(
            "UPDATE feed_seen SET version = version + 1, hashes = ?2, items = ?3, titles = ?4
             WHERE feed = ?1 AND version = ?5",
        )?
        .execute(params![
            found.feed,
            hashes,
            found.window,
            titles,
            found.expected_version.cast_signed()
        ])?
    };
    if changed == 0 { Err(StoreError::Conflict) } else { Ok(()) }
}

fn put_http(db: &Connection, found: &Found) -> Done {
    let Validators { url, etag, last_modified } = &found.validators;
    db.prepare_cached(
        "INSERT INTO feed_http (feed, url, etag, last_modified, body, wire)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (feed) DO UPDATE SET url = excluded.url, etag = excluded.etag,
             last_modified = excluded.last_modified, body = excluded.body, wire = excluded.wire",
    )?
    .execute(params![
        found.feed,
        url,
        etag,
        last_modified,
        found.body.map(u64::cast_signed),
        found.wire.map(u64::cast_signed),
    ])?;
    Ok(())
}

fn put_item(db: &Connection, feed: i64, new: &NewItem) -> Done {
    let item = &new.item;
    db.prepare_cached(
        "INSERT INTO item (feed, id, first_seen, published, title, link, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (feed, id) DO NOTHING",
    )?
    .execute(params![
        feed,
        item.id,
        new.first_seen.as_millis(),
        item.published.map(Timestamp::as_millis),
        item.title,
        item.link,
        json("item", item)?,
    ])?;
    Ok(())
}

/// The last headline of an item that is known: a revision's, else its first.
fn last_title(db: &Connection, feed: i64, retitled: &Retitled) -> Done<Option<String>> {
    let of_item = params![feed, retitled.item, retitled.page.map(u64::cast_signed)];
    let revised: Option<String> = db
        .prepare_cached(&format!(
            "SELECT title FROM revision WHERE key IN ({OF_ITEM}) ORDER BY key DESC LIMIT 1"
        ))?
        .query_row(of_item, |row| row.get(0))
        .optional()?;
    if revised.is_some() {
        return Ok(revised);
    }
    let first = db
        .prepare_cached("SELECT title FROM item WHERE feed = ?1 AND id = ?2")?
        .query_row(params![feed, retitled.item], |row| row.get(0));
    Ok(first.optional()?)
}

fn put_revision(db: &Connection, feed: i64, retitled: &Retitled) -> Done {
    let Retitled { item, page, title, seen_at } = retitled;
    let page = page.map(u64::cast_signed);
    db.prepare_cached(
        "INSERT INTO revision (feed, item, page, seen_at, title) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![feed, item, page, seen_at.as_millis(), title])?;
    db.prepare_cached(&format!(
        "DELETE FROM revision WHERE key IN
             (SELECT key FROM revision WHERE key IN ({OF_ITEM}) ORDER BY key DESC
              LIMIT -1 OFFSET ?4)"
    ))?
    .execute(params![feed, item, page, REVISIONS])?;
    Ok(())
}

/// What became of an alert that was to be stored.
pub(super) enum Put {
    New,
    /// It is stored already.
    Known,
    /// Another one stands for it.
    Told(AlertId),
}

pub(super) fn put_alert(db: &Connection, feed: i64, raised: &Raised) -> Done<Put> {
    let Raised { alert, sinks, page } = raised;
    let known =
        db.prepare_cached("SELECT 1 FROM alert WHERE id = ?1")?.exists([alert.id.as_str()])?;
    if known {
        return Ok(Put::Known);
    }
    if let Some((seq, id)) = told(db, feed, raised)? {
        db.prepare_cached(
            "INSERT OR IGNORE INTO alert_source (alert, feed, item, seen_at)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![seq, feed, alert.item.id, alert.item.first_seen.as_millis()])?;
        return Ok(Put::Told(id));
    }
    let names: Vec<&str> = sinks.iter().map(SinkName::as_str).collect();
    let seq: i64 = db
        .prepare_cached(
            "INSERT INTO alert (id, feed, raised_at, level, body, page, sinks)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .insert(params![
            alert.id.as_str(),
            feed,
            alert.raised_at.as_millis(),
            alert.level.as_str(),
            json("alert", alert)?,
            page.map(u64::cast_signed),
            json("alert", &names)?,
        ])?;
    let mut by_rule =
        db.prepare_cached("INSERT OR IGNORE INTO alert_rule (rule, alert) VALUES (?1, ?2)")?;
    for rule in &alert.rules {
        by_rule.execute(params![rule.id.as_str(), seq])?;
    }
    let mut deliver =
        db.prepare_cached("INSERT OR IGNORE INTO outbox (alert, sink, level) VALUES (?1, ?2, ?3)")?;
    for name in names {
        deliver.execute(params![seq, name, alert.level.as_str()])?;
    }
    Ok(Put::New)
}

/// An alert that another feed raised for the same page.
struct Earlier {
    seq: i64,
    feed: i64,
    alert: Alert,
    sinks: Vec<SinkName>,
}

/// The alert of another feed that stands for this one, as `Store::commit` says.
fn told(db: &Connection, feed: i64, raised: &Raised) -> Done<Option<(i64, AlertId)>> {
    let Some(page) = raised.page.map(u64::cast_signed) else { return Ok(None) };
    let earlier = earlier(db, page)?;
    let mut feeds: Vec<i64> = earlier.iter().map(|earlier| earlier.feed).chain([feed]).collect();
    let all = feeds.len();
    feeds.sort_unstable();
    feeds.dedup();
    if feeds.len() < all {
        return Ok(None);
    }
    for Earlier { seq, alert, sinks, .. } in earlier {
        let source: Option<String> = db
            .prepare_cached("SELECT item FROM alert_source WHERE alert = ?1 AND feed = ?2")?
            .query_row([seq, feed], |row| row.get(0))
            .optional()?;
        match source {
            Some(item) if item == raised.alert.item.id => return Ok(Some((seq, alert.id))),
            Some(_) => return Ok(None),
            None if covers(&alert, &sinks, raised) => return Ok(Some((seq, alert.id))),
            None => {}
        }
    }
    Ok(None)
}

fn earlier(db: &Connection, page: i64) -> Done<Vec<Earlier>> {
    let mut query = db.prepare_cached(
        "SELECT seq, feed, sinks, body FROM alert WHERE page = ?1 ORDER BY seq LIMIT ?2",
    )?;
    let mut rows = query.query(params![page, SAME_PAGE])?;
    let mut earlier = Vec::new();
    while let Some(row) = rows.next()? {
        let sinks: Option<String> = row.get(2)?;
        let sinks = sinks.and_then(|names| serde_json::from_str(&names).ok()).unwrap_or_default();
        // One that cannot be read is not the one that we look for.
        if let Ok(alert) = read::alert(row, 3) {
            earlier.push(Earlier { seq: row.get(0)?, feed: row.get(1)?, alert, sinks });
        }
    }
    Ok(earlier)
}

/// Whether whoever had `first` has been told what `raised` says.
fn covers(first: &Alert, sinks: &[SinkName], raised: &Raised) -> bool {
    let next = &raised.alert;
    let date =
        |alert: &Alert| alert.item.published.or(alert.item.updated).unwrap_or(alert.raised_at);
    let (a, b) = (date(first), date(next));
    a.since(b).max(b.since(a)) <= SAME_NEWS
        && next.rules.iter().all(|rule| first.rules.iter().any(|known| known.id == rule.id))
        && raised.sinks.iter().all(|sink| sinks.contains(sink))
}

pub(super) fn json(what: &'static str, value: &impl serde::Serialize) -> Done<String> {
    serde_json::to_string(value).map_err(|e| StoreError::Unreadable { what, detail: e.to_string() })
}

/// See [`crate::store::Store::sequels`].
pub(super) fn sequels(db: &Connection, alerts: &[i64]) -> Done<Vec<Sequel>> {
    let mut of_sources = db.prepare_cached(
        "SELECT feed.id, item, seen_at FROM alert_source JOIN feed ON feed.key = feed
         WHERE alert = ?1 ORDER BY seen_at, feed.id",
    )?;
    let mut of_titles = db.prepare_cached(
        "SELECT r.key, r.seen_at, r.title FROM alert a JOIN revision r ON r.feed = a.feed
             AND r.item = a.body ->> '$.item.id' WHERE a.seq = ?1 AND r.seen_at >= a.raised_at
         UNION SELECT r.key, r.seen_at, r.title FROM alert a JOIN revision r ON r.feed = a.feed
             AND r.page = a.page WHERE a.seq = ?1 AND r.seen_at >= a.raised_at ORDER BY 1",
    )?;
    let mut sequels = Vec::with_capacity(alerts.len());
    for seq in alerts {
        let sources = of_sources.query_map([seq], |row| {
            Ok(AlertSource {
                feed: FeedId::new(row.get_ref(0)?.as_str()?),
                item: row.get(1)?,
                seen_at: Timestamp::from_millis(row.get(2)?),
            })
        })?;
        let sources = sources.collect::<Result<_, _>>()?;
        let revisions = of_titles.query_map([seq], |row| {
            Ok(Revision { seen_at: Timestamp::from_millis(row.get(1)?), title: row.get(2)? })
        })?;
        let revisions = revisions.collect::<Result<_, _>>()?;
        sequels.push(Sequel { sources, revisions, muted: silences::of_alert(db, *seq)? });
    }
    Ok(sequels)
}
