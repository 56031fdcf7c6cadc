-- name: looks
-- Whoever asks has all accounts.
SELECT vendor, max(last_synced_at) FROM accounts
WHERE disconnected_at IS NULL AND paused = 0 AND reauth_cause IS NULL
  AND last_synced_at IS NOT NULL AND :node IS NULL
GROUP BY vendor;

-- name: feed
SELECT
  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0),
  (SELECT count(*) FROM changes WHERE seq > :after);

-- name: purges
SELECT coalesce((SELECT CAST(value AS INTEGER) FROM metadata WHERE key = 'store.purges'), 0);

-- name: count_purge
INSERT INTO metadata (key, value) VALUES ('store.purges', CAST('1' AS BLOB))
ON CONFLICT (key) DO UPDATE SET
  value = CAST(CAST(CAST(value AS INTEGER) + 1 AS TEXT) AS BLOB);
