-- Deliveries that go out together, and silences.

-- due: -1 of a row that an operator wants to go out at once.
-- level: that of the alert, so that none need be read to leave out those of another.
ALTER TABLE outbox ADD COLUMN level TEXT NOT NULL DEFAULT 'medium';
UPDATE outbox SET level =
    coalesce((SELECT a.level FROM alert a WHERE a.seq = outbox.alert), level);
-- When the first attempt failed.
ALTER TABLE outbox ADD COLUMN first_failed INTEGER;
-- The message that it goes out in, once that is settled; NULL before.
ALTER TABLE outbox ADD COLUMN message_key TEXT;
CREATE INDEX outbox_message ON outbox (sink, message_key) WHERE message_key IS NOT NULL;

-- What one is to match is in rule, feed, tag and text: at least one of them, and all that are there.
-- muted: deliveries that it has kept back, those of alerts that are gone included.
CREATE TABLE silence (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT,
    feed TEXT,
    tag TEXT,
    text TEXT,
    author TEXT NOT NULL,
    comment TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    muted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX silence_expires_at ON silence (expires_at);

-- Deliveries that a silence has kept back.
CREATE TABLE muted (
    alert INTEGER NOT NULL REFERENCES alert (seq) ON DELETE CASCADE,
    sink TEXT NOT NULL,
    silence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (alert, sink)
) STRICT, WITHOUT ROWID;
CREATE INDEX muted_silence ON muted (silence, alert);

-- Written by every transaction, so that each log has the page with hash_key in it.
INSERT INTO meta (name, value) VALUES ('seal', randomblob(8));
