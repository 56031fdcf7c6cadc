-- name: page
SELECT
  c.seq, c.account_id, a.vendor, c.object_type, c.object_id, c.op, c.via, c.observed_at,
  c.updated_at
FROM changes AS c CROSS JOIN accounts AS a ON a.id = c.account_id
WHERE c.seq > :after
  AND (:account_id IS NULL OR c.account_id = :account_id)
  AND (:object_type IS NULL OR c.object_type = :object_type)
  AND (:account_ids IS NULL OR c.account_id IN (SELECT value FROM json_each(:account_ids)))
  AND (:object_types IS NULL OR c.object_type IN (SELECT value FROM json_each(:object_types)))
ORDER BY c.seq LIMIT :limit;

-- name: last_seq
-- The counter, not the newest row: it stays when that row's account is purged.
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0);

-- name: oldest
SELECT seq, observed_at FROM changes WHERE seq <= :through ORDER BY seq LIMIT :limit;

-- name: followed
-- Up to which change nobody in the house needs any: those that follow it have gone through them.
SELECT min(coalesce((SELECT seq FROM finance_floor), 0), (SELECT seq FROM routings_followed));

-- name: forget_through
DELETE FROM changes WHERE seq <= ?;

-- name: forget_range
-- By ranges of `seq`: nothing is indexed by account, so that writing stays cheap.
DELETE FROM changes WHERE seq > ? AND seq <= ? AND account_id = ?;
