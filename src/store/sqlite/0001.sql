-- Times are integer milliseconds since 1970, hashes 64-bit, bodies JSON.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    title TEXT,
    moved_to TEXT,
    configured INTEGER NOT NULL DEFAULT 1,
    added_at INTEGER NOT NULL
) STRICT;

-- Written often and without haste, so it is narrow and by itself.
CREATE TABLE schedule (
    feed INTEGER PRIMARY KEY REFERENCES feed (key),
    next_poll INTEGER,
    last_poll INTEGER,
    last_success INTEGER,
    errors INTEGER NOT NULL,
    last_reason TEXT,
    last_message TEXT,
    moved_url TEXT,
    moved_polls INTEGER NOT NULL,
    gone INTEGER NOT NULL
) STRICT;

CREATE TABLE feed_http (
    feed INTEGER PRIMARY KEY REFERENCES feed (key),
    url TEXT NOT NULL,
    etag BLOB,
    last_modified BLOB,
    body INTEGER
) STRICT;

-- hashes: 8 bytes each, little-endian, those shown last at the end.
CREATE TABLE feed_seen (
    feed INTEGER PRIMARY KEY REFERENCES feed (key),
    version INTEGER NOT NULL,
    hashes BLOB NOT NULL
) STRICT;

CREATE TABLE item (
    key INTEGER PRIMARY KEY,
    feed INTEGER NOT NULL REFERENCES feed (key),
    id TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    published INTEGER,
    title TEXT NOT NULL,
    link TEXT,
    body TEXT NOT NULL,
    UNIQUE (feed, id)
) STRICT;
CREATE INDEX item_first_seen ON item (first_seen, feed);

-- AUTOINCREMENT: numbers that others hold on to are never given out twice.
CREATE TABLE alert (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    feed INTEGER NOT NULL REFERENCES feed (key),
    raised_at INTEGER NOT NULL,
    level TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX alert_raised_at ON alert (raised_at);

CREATE TABLE alert_rule (
    rule TEXT NOT NULL,
    alert INTEGER NOT NULL REFERENCES alert (seq) ON DELETE CASCADE,
    PRIMARY KEY (rule, alert)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_rule_alert ON alert_rule (alert);

CREATE TABLE outbox (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    alert INTEGER NOT NULL REFERENCES alert (seq),
    sink TEXT NOT NULL,
    -- 0 until the first attempt has failed: due at once, whatever the clock says.
    due INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    message TEXT,
    dead INTEGER NOT NULL DEFAULT 0,
    UNIQUE (alert, sink)
) STRICT;
CREATE INDEX outbox_due ON outbox (sink, due) WHERE dead = 0;

CREATE TABLE bookmark (
    sink TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta (name, value) VALUES ('hash_key', randomblob(16));
