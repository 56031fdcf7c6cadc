-- name: move
-- Puts the cursors of :positions, by type, that are as complete and covered as each other. What a type
-- is covered to may become unknown, but never goes back.
INSERT INTO cursors AS held (
  account_id, last_synced_at, object_type, position, complete, covered_until
)
SELECT
  :account_id, :at::timestamptz, key, value, :complete::boolean, :covered_until::timestamptz
FROM jsonb_each_text(:positions::jsonb) AS moved (key, value)
ON CONFLICT (account_id, object_type) DO UPDATE SET
  last_synced_at = excluded.last_synced_at,
  position = excluded.position,
  complete = excluded.complete,
  covered_until = CASE
    WHEN excluded.covered_until < held.covered_until THEN held.covered_until
    ELSE excluded.covered_until
  END;

-- name: rescan_begun
UPDATE cursors SET rescan_requested = false
WHERE account_id = ? AND object_type IN (SELECT jsonb_array_elements_text(?::jsonb));

-- name: request_rescan
INSERT INTO cursors (account_id, object_type, rescan_requested)
SELECT DISTINCT ?, name, true FROM jsonb_array_elements_text(?::jsonb) AS wanted (name)
ON CONFLICT (account_id, object_type) DO UPDATE SET rescan_requested = true;

-- name: newest_covered
SELECT max(covered_until) FROM cursors WHERE account_id = ?;

-- name: reset
-- Complete, but covered up to nowhere: what is held is compared, so that rows which the vendor no
-- longer has are found too. A first reading would only add.
UPDATE cursors SET position = '', complete = true, covered_until = NULL, rescan_requested = true
WHERE account_id = ?;

-- name: of_account
SELECT object_type, position, complete, covered_until, rescan_requested, last_synced_at
FROM cursors WHERE account_id = ? ORDER BY object_type;

-- name: of_shard
SELECT
  c.account_id, c.object_type, c.position, c.complete, c.covered_until, c.rescan_requested,
  c.last_synced_at
FROM cursors AS c JOIN accounts AS a ON a.id = c.account_id
WHERE a.shard = ? AND a.disconnected_at IS NULL
ORDER BY c.account_id, c.object_type;

-- name: forget
DELETE FROM cursors WHERE account_id = ?;
