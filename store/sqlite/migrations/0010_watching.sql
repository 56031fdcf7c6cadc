-- At most one open alert about one thing: `subject` is an account's or a vendor's name, or a part of
-- it. Times are as everywhere; `severity` is warning or critical.
CREATE TABLE alerts (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  kind        TEXT    NOT NULL,
  subject     TEXT    NOT NULL,
  severity    TEXT    NOT NULL,
  vendor      TEXT,
  account_id  TEXT,
  cause       TEXT    NOT NULL,
  tried       TEXT    NOT NULL DEFAULT '',
  opened_at   TEXT    NOT NULL,
  escalations INTEGER NOT NULL DEFAULT 0,
  acked_at    TEXT,
  acked_by    TEXT,
  note        TEXT,
  resolved_at TEXT,
  resolution  TEXT
);
CREATE UNIQUE INDEX alerts_open ON alerts (kind, subject) WHERE resolved_at IS NULL;
CREATE INDEX alerts_account ON alerts (account_id) WHERE account_id IS NOT NULL;

-- What is delivered: the alert as it was when this happened to it, as JSON.
CREATE TABLE alert_events (
  seq      INTEGER PRIMARY KEY AUTOINCREMENT,
  alert_id INTEGER NOT NULL,
  what     TEXT    NOT NULL,
  at       TEXT    NOT NULL,
  body     TEXT    NOT NULL
);
CREATE INDEX alert_events_alert ON alert_events (alert_id);

-- Few, however many actions there ever were.
CREATE INDEX actions_parked ON actions (account_id) WHERE parked;

-- How far each channel was told, and how telling it what comes next goes.
CREATE TABLE alert_channels (
  name       TEXT    NOT NULL PRIMARY KEY,
  position   INTEGER NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0,
  failing_at TEXT,
  next_at    TEXT,
  last_error TEXT
) WITHOUT ROWID;

-- What the actors did. `times` of the same in a row are one row, of which `at` is the last time.
CREATE TABLE account_events (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id TEXT    NOT NULL,
  at         TEXT    NOT NULL,
  kind       TEXT    NOT NULL,
  level      TEXT    NOT NULL,
  text       TEXT    NOT NULL,
  times      INTEGER NOT NULL DEFAULT 1,
  detail     TEXT    NOT NULL DEFAULT '{}'
);
CREATE INDEX account_events_account ON account_events (account_id, id);

-- Who did what. Nothing is ever changed in it or taken out.
CREATE TABLE audit (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         TEXT    NOT NULL,
  who        TEXT    NOT NULL,
  peer       TEXT    NOT NULL,
  what       TEXT    NOT NULL,
  account_id TEXT,
  subject    TEXT    NOT NULL DEFAULT '',
  outcome    TEXT    NOT NULL
);
CREATE INDEX audit_account ON audit (account_id, id);
CREATE TRIGGER audit_not_changed BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit trail is only added to');
END;
CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit trail is only added to');
END;

-- A check of all accounts of one of 64 parts, packed (daemon/health/samples.py).
CREATE TABLE health_samples (
  id   INTEGER PRIMARY KEY,
  part INTEGER NOT NULL,
  at   TEXT    NOT NULL,
  body BLOB    NOT NULL
);
CREATE INDEX health_samples_part ON health_samples (part, at);
