-- name: page
SELECT
  c.seq, c.account_id, a.vendor, c.object_type, c.object_id, c.op, c.via, c.observed_at,
  c.updated_at
FROM changes AS c JOIN accounts AS a ON a.id = c.account_id
WHERE c.seq > :after
  AND (:account_id::text IS NULL OR c.account_id = :account_id::text)
  AND (:object_type::text IS NULL OR c.object_type = :object_type::text)
  AND (
    :account_ids::text IS NULL
    OR c.account_id IN (SELECT jsonb_array_elements_text(:account_ids::text::jsonb))
  )
  AND (
    :object_types::text IS NULL
    OR c.object_type IN (SELECT jsonb_array_elements_text(:object_types::text::jsonb))
  )
ORDER BY c.seq LIMIT :limit;

-- name: last_seq
SELECT last_seq FROM feed;

-- name: oldest
SELECT seq, observed_at FROM changes WHERE seq <= :through ORDER BY seq LIMIT :limit;

-- name: followed
-- Up to which change nobody in the house needs any: those that follow it have gone through them.
-- Whoever forgets changes holds the row until the horizon that he sets is visible: it never goes back.
SELECT least(coalesce((SELECT seq FROM finance_floor), 0), seq) FROM routings_followed
FOR NO KEY UPDATE;

-- name: forget_through
DELETE FROM changes WHERE seq <= ?;

-- name: number
-- The last statement of a transaction. Whoever numbers holds the row of `feed` until he is visible:
-- the numbers are in the order of commits, and what is undone takes none. Returns the newest number
-- before, the newest now, and by which name to ask later whether this was committed.
WITH counted AS (
  SELECT count(*) AS made FROM pending_changes
), moved AS (
  UPDATE feed SET last_seq = last_seq + made FROM counted WHERE made > 0
  RETURNING last_seq
), numbered AS (
  INSERT INTO changes (
    seq, account_id, object_type, object_id, op, via, observed_at, updated_at
  )
  SELECT
    moved.last_seq - made + place, account_id, object_type, object_id, op, via, observed_at,
    updated_at
  FROM moved CROSS JOIN counted CROSS JOIN pending_changes
)
SELECT
  coalesce(moved.last_seq - made, feed.last_seq), coalesce(moved.last_seq, feed.last_seq),
  pg_current_xact_id_if_assigned()::text
FROM feed CROSS JOIN counted LEFT JOIN moved ON true;

-- name: forget_range
DELETE FROM changes WHERE seq > ? AND seq <= ? AND account_id = ?;
