-- What was put right in the replica without news of it from the vendor: rows that something had
-- altered, lost or made up. Written in the transaction that put it right; `certificate` is the
-- number of the one that names it, null until a verification has ended. Public (docs/store.md).
CREATE TABLE mended (
  id          INTEGER PRIMARY KEY,
  account_id  TEXT    NOT NULL,
  object_type TEXT    NOT NULL,
  object_id   TEXT    NOT NULL,
  difference  TEXT    NOT NULL,
  via         TEXT    NOT NULL,
  mended_at   TEXT    NOT NULL,
  certificate INTEGER
);
CREATE INDEX mended_object ON mended (account_id, object_type, object_id);
CREATE INDEX mended_unnamed ON mended (account_id) WHERE certificate IS NULL;

-- How many of a certificate's differences were put right before its verification began.
ALTER TABLE certificates ADD COLUMN mended_before INTEGER NOT NULL DEFAULT 0;
