-- What vendors' webhooks said, from before they are answered until a while after a look did.
-- One row for each object that an event tells of; the same event again is known by the unique index,
-- which also finds what was said of an object.
CREATE TABLE notices (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id  TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id   TEXT NOT NULL,
  event_id    TEXT NOT NULL,
  operation   TEXT NOT NULL,
  occurred_at TEXT NOT NULL,
  received_at TEXT NOT NULL,
  handled_at  TEXT
);
CREATE UNIQUE INDEX notices_event ON notices (account_id, object_type, object_id, event_id);
CREATE INDEX notices_open ON notices (account_id, object_type, id) WHERE handled_at IS NULL;
CREATE INDEX notices_received ON notices (received_at);
