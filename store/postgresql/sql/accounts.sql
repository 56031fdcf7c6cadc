-- name: fence
-- The epoch of an account that may be written for; no row when it is disconnected or gone. Locked
-- until the transaction ends: nobody takes the account over in between.
SELECT epoch FROM accounts WHERE id = ? AND disconnected_at IS NULL FOR NO KEY UPDATE;

-- name: epoch
SELECT epoch FROM accounts WHERE id = ? AND disconnected_at IS NULL;

-- name: exists
-- Locked too: what follows is decided on what is there now.
SELECT 1 FROM accounts WHERE id = ? FOR NO KEY UPDATE;

-- name: claim_one
UPDATE accounts SET epoch = epoch + 1 WHERE id = ? AND disconnected_at IS NULL
RETURNING
  id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at;

-- name: claim_shard
-- Locked in one order, by whomever.
WITH locked AS MATERIALIZED (
  SELECT id FROM accounts WHERE shard = ? AND disconnected_at IS NULL ORDER BY id
  FOR NO KEY UPDATE
)
UPDATE accounts AS a SET epoch = epoch + 1 FROM locked WHERE a.id = locked.id
RETURNING
  a.id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at;

-- name: connect
-- A known company keeps its name where no other one could be had than the vendor's id.
INSERT INTO accounts AS a (id, vendor, external_account_id, name, connected_at, shard)
VALUES (
  :id, :vendor, :external_account_id, :name, :at,
  coalesce((SELECT shard_of(:id, shard_count) FROM cluster), 0)
)
ON CONFLICT (vendor, external_account_id) DO UPDATE SET
  name = CASE
    WHEN excluded.name = excluded.external_account_id THEN a.name ELSE excluded.name
  END,
  connected_at = excluded.connected_at, epoch = a.epoch + 1, paused = false, reauth_cause = NULL, disconnected_at = NULL
RETURNING
  id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at;

-- name: all
SELECT
  id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at
FROM accounts ORDER BY connected_at, number;

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
  epoch = epoch + CASE WHEN disconnected_at IS NULL THEN 1 ELSE 0 END,
  disconnected_at = coalesce(disconnected_at, :at)
WHERE id = :id
RETURNING epoch;

-- name: still_disconnected
-- No row when the company was connected again since this epoch; it cannot be until the transaction
-- ends.
SELECT 1 FROM accounts WHERE id = ? AND epoch = ? AND disconnected_at IS NOT NULL
FOR NO KEY UPDATE;

-- name: move_watermark
-- The account is exact up to what all wanted types are covered to; unknown while one of them is not.
-- The changes of this transaction have no numbers yet: they are counted.
UPDATE accounts SET
  last_synced_at = :at,
  exact_as_of = CASE
    WHEN :type_count = 0 THEN exact_as_of
    ELSE (
      SELECT CASE WHEN count(covered_until) = :type_count THEN min(covered_until) END
      FROM jsonb_array_elements_text(:types::jsonb) AS wanted (name)
      JOIN cursors ON account_id = :id AND object_type = wanted.name
    )
  END
WHERE id = :id
RETURNING exact_as_of, (SELECT count(*) FROM pending_changes);

-- name: forget_freshness
UPDATE accounts SET exact_as_of = NULL, last_synced_at = NULL WHERE id = ?;

-- name: forget
DELETE FROM accounts WHERE id = ?;
