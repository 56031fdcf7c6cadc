-- What finance views read: a narrow copy of what matters in some payloads, followed from `changes`.
-- Nothing here is written on the way of a page into the replica.

-- One row for each account whose views are kept. `whole` is 1 while the copy stands at `seq` and at
-- no mixture of moments; `exact_as_of` is the account's when it did. While it is built, it has been
-- through the objects up to (`built_type`, `built_id`). A number is never given twice, so that a
-- piece read for an earlier copy is never stored in a later one.
CREATE TABLE finance_progress (
  generation  INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id  TEXT    NOT NULL UNIQUE,
  mapping     INTEGER NOT NULL,
  stage       TEXT    NOT NULL,
  built_type  TEXT    NOT NULL DEFAULT '',
  built_id    TEXT    NOT NULL DEFAULT '',
  seq         INTEGER NOT NULL,
  whole       INTEGER NOT NULL DEFAULT 0,
  exact_as_of TEXT
);

-- Every copy that is whole has seen all changes of its account up to here, whatever its own `seq`.
-- No row is 0.
CREATE TABLE finance_floor (
  only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  seq  INTEGER NOT NULL
) WITHOUT ROWID;

-- Amounts are whole numbers of units of ten to the minus `scale`: 100.5 is 10050 with scale 2.
-- `problem` says why a row counts for nothing.
CREATE TABLE finance_documents (
  account_id  TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id   TEXT NOT NULL,
  section     TEXT,
  flow        TEXT,
  number      TEXT NOT NULL,
  party_id    TEXT NOT NULL,
  party_name  TEXT NOT NULL,
  currency    TEXT NOT NULL,
  dated_on    TEXT NOT NULL,
  due_on      TEXT NOT NULL,
  open_units  INTEGER NOT NULL,
  open_scale  INTEGER NOT NULL,
  total_units INTEGER NOT NULL,
  total_scale INTEGER NOT NULL,
  problem     TEXT,
  PRIMARY KEY (account_id, object_type, object_id)
) WITHOUT ROWID;
CREATE INDEX finance_documents_due
  ON finance_documents (account_id, section, due_on, object_type, object_id)
  WHERE section IS NOT NULL;
CREATE INDEX finance_documents_dated
  ON finance_documents (account_id, dated_on, object_type, object_id)
  WHERE flow IS NOT NULL;
CREATE INDEX finance_documents_party
  ON finance_documents (account_id, flow, party_id, dated_on, object_type, object_id)
  WHERE flow IS NOT NULL;
CREATE INDEX finance_documents_problem
  ON finance_documents (account_id, object_type, problem, object_id)
  WHERE problem IS NOT NULL;

-- Sums by day, so that no view adds up all documents. The sum is high * 1000000000 + low: neither
-- part can overflow, whatever 18 digits an amount has.
CREATE TABLE finance_totals (
  account_id TEXT    NOT NULL,
  part       TEXT    NOT NULL,
  day        TEXT    NOT NULL,
  currency   TEXT    NOT NULL,
  scale      INTEGER NOT NULL,
  is_credit  INTEGER NOT NULL,
  documents  INTEGER NOT NULL,
  high       INTEGER NOT NULL,
  low        INTEGER NOT NULL,
  PRIMARY KEY (account_id, part, day, currency, scale, is_credit)
) WITHOUT ROWID;

-- Documents are deleted and inserted, never updated nor replaced: these see every difference.
CREATE TRIGGER finance_open_added AFTER INSERT ON finance_documents
WHEN new.section IN ('receivable', 'payable') BEGIN
  INSERT INTO finance_totals VALUES (
    new.account_id, new.section, new.due_on, new.currency, new.open_scale, new.open_units < 0, 1,
    new.open_units / 1000000000, new.open_units % 1000000000
  )
  ON CONFLICT DO UPDATE SET
    documents = documents + 1, high = high + excluded.high, low = low + excluded.low;
END;
CREATE TRIGGER finance_open_removed AFTER DELETE ON finance_documents
WHEN old.section IN ('receivable', 'payable') BEGIN
  UPDATE finance_totals SET
    documents = documents - 1,
    high = high - old.open_units / 1000000000,
    low = low - old.open_units % 1000000000
  WHERE account_id = old.account_id AND part = old.section AND day = old.due_on
    AND currency = old.currency AND scale = old.open_scale AND is_credit = (old.open_units < 0);
END;
CREATE TRIGGER finance_flow_added AFTER INSERT ON finance_documents
WHEN new.flow IS NOT NULL BEGIN
  INSERT INTO finance_totals VALUES (
    new.account_id, new.flow, '', new.currency, new.total_scale, new.total_units < 0, 1,
    new.total_units / 1000000000, new.total_units % 1000000000
  )
  ON CONFLICT DO UPDATE SET
    documents = documents + 1, high = high + excluded.high, low = low + excluded.low;
END;
CREATE TRIGGER finance_flow_removed AFTER DELETE ON finance_documents
WHEN old.flow IS NOT NULL BEGIN
  UPDATE finance_totals SET
    documents = documents - 1,
    high = high - old.total_units / 1000000000,
    low = low - old.total_units % 1000000000
  WHERE account_id = old.account_id AND part = old.flow AND day = ''
    AND currency = old.currency AND scale = old.total_scale AND is_credit = (old.total_units < 0);
END;
