-- Where a vendor has something else than a user's write asked for. `drifts` is public (docs/store.md).
-- `resolved_at` is null while it has. `changed_since` is 1 when the vendor changed the object after the
-- write. `actions.compare_at` is when an action is compared with the replica next; null is never.

ALTER TABLE actions ADD COLUMN compare_at TEXT;
CREATE INDEX actions_to_compare ON actions (account_id, compare_at) WHERE compare_at IS NOT NULL;
CREATE INDEX actions_result ON actions (account_id, result_type, result_id)
  WHERE result_id IS NOT NULL;

CREATE TABLE drifts (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id    TEXT    NOT NULL,
  action_id     TEXT    NOT NULL,
  object_type   TEXT    NOT NULL,
  object_id     TEXT    NOT NULL,
  field         TEXT    NOT NULL,
  asked         TEXT    NOT NULL,
  found         TEXT    NOT NULL,
  changed_since INTEGER NOT NULL,
  found_at      TEXT    NOT NULL,
  seen_at       TEXT    NOT NULL,
  resolved_at   TEXT
);
CREATE UNIQUE INDEX drifts_open ON drifts (action_id, object_type, object_id, field)
  WHERE resolved_at IS NULL;
CREATE INDEX drifts_newest ON drifts (account_id, id);
CREATE INDEX drifts_action ON drifts (action_id);
