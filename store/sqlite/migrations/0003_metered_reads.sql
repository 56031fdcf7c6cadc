-- How many metered reads were made, by vendor and calendar month ('2026-11', in the vendor's time
-- zone). The row without an account is the whole app's, noted ahead of the calls: never too low.
-- The others say whose they were; what a crash kept from being told is missing there.
CREATE TABLE metered_reads (
  vendor     TEXT    NOT NULL,
  month      TEXT    NOT NULL,
  account_id TEXT    NOT NULL DEFAULT '',
  reads      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (vendor, month, account_id)
) WITHOUT ROWID;
