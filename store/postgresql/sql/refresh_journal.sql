-- name: open_entry
SELECT token_hash, started_at, attempts FROM refresh_journal
WHERE account_id = ? AND ended_at IS NULL;

-- name: open_of_shard
SELECT j.account_id, j.token_hash, j.started_at, j.attempts
FROM refresh_journal AS j JOIN accounts AS a ON a.id = j.account_id
WHERE j.ended_at IS NULL AND a.shard = ? AND a.disconnected_at IS NULL;

-- name: try_again
-- The same token once more: its earlier answer never came, or was never stored.
UPDATE refresh_journal SET attempts = attempts + 1
WHERE account_id = ? AND token_hash = ? AND ended_at IS NULL
RETURNING token_hash, started_at, attempts;

-- name: begin
INSERT INTO refresh_journal (account_id, token_hash, started_at) VALUES (?, ?, ?);

-- name: is_long
-- A row when an account has more than 40 entries.
SELECT 1 FROM refresh_journal WHERE account_id = ? ORDER BY id DESC LIMIT 1 OFFSET 40;

-- name: end
UPDATE refresh_journal SET ended_at = :at, outcome = :outcome
WHERE account_id = :account_id AND ended_at IS NULL;

-- name: trim
-- Keeps the newest 20 of an account.
DELETE FROM refresh_journal WHERE account_id = :account_id AND id <= (
  SELECT id FROM refresh_journal WHERE account_id = :account_id
  ORDER BY id DESC LIMIT 1 OFFSET 20
);

-- name: forget
DELETE FROM refresh_journal WHERE account_id = ?;
