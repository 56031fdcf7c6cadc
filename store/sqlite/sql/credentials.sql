-- name: put
INSERT INTO credentials (
  account_id, sealed, obtained_at, access_expires_at, refresh_expires_at, refresh_hard_expires_at
)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account_id) DO UPDATE SET
  sealed = excluded.sealed,
  obtained_at = excluded.obtained_at,
  access_expires_at = excluded.access_expires_at,
  refresh_expires_at = excluded.refresh_expires_at,
  refresh_hard_expires_at = excluded.refresh_hard_expires_at;

-- name: one
SELECT sealed, obtained_at, access_expires_at, refresh_expires_at, refresh_hard_expires_at
FROM credentials WHERE account_id = ?;

-- name: all_sealed
SELECT account_id, sealed FROM credentials;

-- name: look
SELECT sealed FROM credentials;

-- name: reseal
UPDATE credentials SET sealed = ? WHERE account_id = ?;

-- name: of_shard
SELECT
  c.account_id, c.sealed, c.obtained_at, c.access_expires_at, c.refresh_expires_at,
  c.refresh_hard_expires_at
FROM accounts AS a JOIN credentials AS c ON c.account_id = a.id
WHERE a.shard = ? AND a.disconnected_at IS NULL;

-- name: forget
DELETE FROM credentials WHERE account_id = ?;
