-- name: looks
SELECT vendor, max(last_synced_at) FROM accounts
WHERE disconnected_at IS NULL AND paused = 0 AND reauth_cause IS NULL
  AND last_synced_at IS NOT NULL
GROUP BY vendor;

-- name: feed
SELECT
  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0),
  (SELECT count(*) FROM changes WHERE seq > :after);

-- name: forgetting
-- A purge vouches for nothing of its account any more, before it takes the first change away.
SELECT
  EXISTS (SELECT 1 FROM accounts WHERE disconnected_at IS NOT NULL AND exact_as_of IS NULL),
  (SELECT count(*) FROM accounts);
