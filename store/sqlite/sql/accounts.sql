-- name: fence
-- The epoch of an account that may be written for; no row when it is disconnected or gone.
SELECT epoch FROM accounts WHERE id = ? AND disconnected_at IS NULL;

-- name: epoch
SELECT epoch FROM accounts WHERE id = ? AND disconnected_at IS NULL;

-- name: exists
SELECT 1 FROM accounts WHERE id = ?;

-- name: claim_one
-- Fences off every earlier owner. A disconnected account has no owner.
UPDATE accounts SET epoch = epoch + 1 WHERE id = ? AND disconnected_at IS NULL
RETURNING
  id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at;

-- name: claim_shard
UPDATE accounts SET epoch = epoch + 1 WHERE shard = ? AND disconnected_at IS NULL
RETURNING
  id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at;

-- name: connect
-- A known company keeps its id, and its name where no other one could be had than the vendor's id;
-- its earlier owner is fenced off, so that it cannot store the answer to an old refresh over the new
-- tokens.
INSERT INTO accounts (id, vendor, external_account_id, name, connected_at)
VALUES (:id, :vendor, :external_account_id, :name, :at)
ON CONFLICT (vendor, external_account_id) DO UPDATE SET
  name = CASE
    WHEN excluded.name = excluded.external_account_id THEN accounts.name ELSE excluded.name
  END,
  connected_at = excluded.connected_at, epoch = epoch + 1, paused = 0,
  reauth_cause = NULL, disconnected_at = NULL
RETURNING
  id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at;

-- name: all
SELECT
  id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at
FROM accounts ORDER BY connected_at, rowid;

-- name: one
SELECT
  id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at
FROM accounts WHERE id = ?;

-- name: set_paused
UPDATE accounts SET paused = ? WHERE id = ?
RETURNING
  id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at;

-- name: require_reauthorization
UPDATE accounts SET reauth_cause = ? WHERE id = ?;

-- name: disconnect
-- Fences the actor off. Once disconnected, it stays at its first instant and epoch.
UPDATE accounts SET
  epoch = epoch + (disconnected_at IS NULL),
  disconnected_at = coalesce(disconnected_at, :at)
WHERE id = :id
RETURNING epoch;

-- name: still_disconnected
-- No row when the company was connected again since this epoch.
SELECT 1 FROM accounts WHERE id = ? AND epoch = ? AND disconnected_at IS NOT NULL;

-- name: move_watermark
-- The account is exact up to what all wanted types are covered to; unknown while one of them is not.
-- It goes back only when a type is put back that was not wanted for a while: cursors never do.
-- Joined type by type: with IN, SQLite makes a table of the types first, at three times the cost.
UPDATE accounts SET
  last_synced_at = :at,
  exact_as_of = CASE
    WHEN :type_count = 0 THEN exact_as_of
    ELSE (
      SELECT CASE WHEN count(covered_until) = :type_count THEN min(covered_until) END
      FROM json_each(:types) AS wanted
      CROSS JOIN cursors ON account_id = :id AND object_type = wanted.value
    )
  END
WHERE id = :id
RETURNING
  exact_as_of, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0);

-- name: forget_freshness
UPDATE accounts SET exact_as_of = NULL, last_synced_at = NULL WHERE id = ?;

-- name: forget
DELETE FROM accounts WHERE id = ?;
