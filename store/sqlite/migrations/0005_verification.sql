-- One row for each account that was ever verified or asked to be. A request stays open
-- (`answered` < `requested`) until a verification that began after it ended. `certified_at` is when
-- the last one did: to be had without reading certificates.
CREATE TABLE verifications (
  account_id   TEXT    NOT NULL PRIMARY KEY REFERENCES accounts (id),
  requested    INTEGER NOT NULL DEFAULT 0,
  answered     INTEGER NOT NULL DEFAULT 0,
  repair       INTEGER NOT NULL DEFAULT 1,
  certified_at TEXT
) WITHOUT ROWID;

-- `types` is what each object type came to, as JSON.
CREATE TABLE certificates (
  account_id  TEXT    NOT NULL REFERENCES accounts (id),
  number      INTEGER NOT NULL,
  as_of       TEXT    NOT NULL,
  began_at    TEXT    NOT NULL,
  finished_at TEXT    NOT NULL,
  reads       INTEGER NOT NULL,
  exact       INTEGER NOT NULL,
  repaired    INTEGER NOT NULL,
  repair      INTEGER NOT NULL,
  complete    INTEGER NOT NULL,
  answers     INTEGER NOT NULL,
  types       TEXT    NOT NULL,
  PRIMARY KEY (account_id, number)
) WITHOUT ROWID;
