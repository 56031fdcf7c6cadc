-- Users' writes at the vendor. `actions` and `action_attempts` are public (docs/store.md).
-- `fingerprint` is the same for payloads that mean the same. `parked` is 1 when nothing more is done
-- without a person. `searched_from` is a vendor time before the first sending.

CREATE TABLE actions (
  id              TEXT    NOT NULL PRIMARY KEY,
  account_id      TEXT    NOT NULL REFERENCES accounts (id),
  type            TEXT    NOT NULL,
  payload         TEXT    NOT NULL,
  fingerprint     TEXT    NOT NULL,
  idempotency_key TEXT,
  state           TEXT    NOT NULL DEFAULT 'pending',
  created_at      TEXT    NOT NULL,
  asked_at        TEXT    NOT NULL,
  revived_after   INTEGER NOT NULL DEFAULT 0,
  searched_from   TEXT,
  parked          INTEGER NOT NULL DEFAULT 0,
  finished_at     TEXT,
  last_error      TEXT,
  result_type     TEXT,
  result_id       TEXT,
  result_payload  TEXT
);
CREATE UNIQUE INDEX actions_key ON actions (account_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX actions_same ON actions (account_id, type, fingerprint, created_at);
CREATE INDEX actions_newest ON actions (account_id, created_at, id);
CREATE INDEX actions_open ON actions (account_id)
  WHERE state IN ('pending', 'sending', 'unknown') AND NOT parked;

-- A sending is `open` (`ended_at` is null) from before the call until its end is stored.
CREATE TABLE action_attempts (
  action_id   TEXT    NOT NULL REFERENCES actions (id),
  number      INTEGER NOT NULL,
  call        TEXT    NOT NULL,
  at          TEXT    NOT NULL,
  outcome     TEXT    NOT NULL,
  ended_at    TEXT,
  status      INTEGER,
  code        TEXT,
  trace_id    TEXT,
  error       TEXT,
  base        TEXT,
  vendor_time TEXT,
  PRIMARY KEY (action_id, number)
) WITHOUT ROWID;
