-- Where each version came from, the versions before the one that is held, what was refused, and the
-- deletes that wait for a person. `looks`, `object_versions`, `refusals` and `held_deletes` are public
-- (docs/store.md).

-- One row for each stored page that changed something. Never thinned out: objects refer to it for as
-- long as they are held.
CREATE TABLE looks (
  id          INTEGER PRIMARY KEY,
  account_id  TEXT NOT NULL,
  look        TEXT NOT NULL,
  via         TEXT NOT NULL,
  observed_at TEXT NOT NULL,
  trace_ids   TEXT NOT NULL
);
CREATE INDEX looks_account ON looks (account_id);

-- Null for what was stored before there was a note of it.
ALTER TABLE objects ADD COLUMN look_id INTEGER;

-- What `objects` held before. `payload` is null when the next version has the same bytes: what is
-- deleted keeps its last payload, which need not be there twice.
CREATE TABLE object_versions (
  id          INTEGER PRIMARY KEY,
  account_id  TEXT    NOT NULL,
  object_type TEXT    NOT NULL,
  object_id   TEXT    NOT NULL,
  version     TEXT    NOT NULL,
  updated_at  TEXT    NOT NULL,
  seen_at     TEXT    NOT NULL,
  ended_at    TEXT    NOT NULL,
  deleted     INTEGER NOT NULL,
  via         TEXT    NOT NULL,
  look_id     INTEGER,
  payload     TEXT
);
CREATE INDEX object_versions_object ON object_versions (account_id, object_type, object_id);

-- `deleted` is set by whatever changes a row, and by nothing else: new rows cost nothing here.
CREATE TRIGGER objects_superseded AFTER UPDATE OF deleted ON objects BEGIN
  INSERT INTO object_versions (
    account_id, object_type, object_id, version, updated_at, seen_at, ended_at, deleted, via,
    look_id, payload
  )
  VALUES (
    old.account_id, old.object_type, old.object_id, old.version, old.updated_at, old.synced_at,
    new.synced_at, old.deleted, old.via, old.look_id,
    CASE WHEN old.payload IS NOT new.payload THEN old.payload END
  );
END;

-- One row for each version that was not taken, however often it came.
CREATE TABLE refusals (
  account_id  TEXT    NOT NULL,
  object_type TEXT    NOT NULL,
  object_id   TEXT    NOT NULL,
  rule        TEXT    NOT NULL,
  updated_at  TEXT    NOT NULL,
  version     TEXT    NOT NULL,
  first_at    TEXT    NOT NULL,
  last_at     TEXT    NOT NULL,
  times       INTEGER NOT NULL DEFAULT 1,
  via         TEXT    NOT NULL,
  look        TEXT    NOT NULL,
  trace_ids   TEXT    NOT NULL,
  PRIMARY KEY (account_id, object_type, object_id, rule, updated_at, version)
) WITHOUT ROWID;
CREATE INDEX refusals_last ON refusals (last_at);

-- `count` of `live` objects would go at once; `confirmed_count` of them may, since `confirmed_at`.
CREATE TABLE held_deletes (
  account_id      TEXT    NOT NULL,
  object_type     TEXT    NOT NULL,
  count           INTEGER NOT NULL,
  live            INTEGER NOT NULL,
  sample          TEXT    NOT NULL,
  noticed_at      TEXT    NOT NULL,
  confirmed_at    TEXT,
  confirmed_count INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, object_type)
) WITHOUT ROWID;
