-- What is remembered of items beside their ids, and of alerts beside their text.

-- Documents that shared nothing with the one before.
ALTER TABLE feed ADD COLUMN gaps INTEGER NOT NULL DEFAULT 0;

-- Hash of the body as it came, before it was unpacked.
ALTER TABLE feed_http ADD COLUMN wire INTEGER;

-- The present document: how many items it has, and 16 bytes for each name of one of them: the hash
-- of the name, then that of the headline.
ALTER TABLE feed_seen ADD COLUMN items INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feed_seen ADD COLUMN titles BLOB NOT NULL DEFAULT x'';

-- page: hash of the page that the item's link leads to, if that tells it from others.
-- sinks: JSON, the names of those that were to have it.
ALTER TABLE alert ADD COLUMN page INTEGER;
ALTER TABLE alert ADD COLUMN sinks TEXT;
CREATE INDEX alert_page ON alert (page) WHERE page IS NOT NULL;

-- Other feeds that showed what an alert tells.
CREATE TABLE alert_source (
    alert INTEGER NOT NULL REFERENCES alert (seq) ON DELETE CASCADE,
    feed INTEGER NOT NULL REFERENCES feed (key),
    item TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (alert, feed)
) STRICT, WITHOUT ROWID;

-- New headlines of known items. item: the id under which it was shown.
CREATE TABLE revision (
    key INTEGER PRIMARY KEY,
    feed INTEGER NOT NULL REFERENCES feed (key),
    item TEXT NOT NULL,
    page INTEGER,
    seen_at INTEGER NOT NULL,
    title TEXT NOT NULL
) STRICT;
CREATE INDEX revision_item ON revision (feed, item);
CREATE INDEX revision_page ON revision (feed, page) WHERE page IS NOT NULL;
CREATE INDEX revision_seen_at ON revision (seen_at);
