-- name: one
SELECT
  id, job_id, account_id, vendor, status, action_id, external_type, external_id, external_job_type,
  external_job_id, match_key, revenue, completed_at, attempts, last_error
FROM routings WHERE id = ?;

-- name: of_objects
-- What the vendor made of a routing, the job that this became, or what both have in common. The same
-- id under another type is another object.
SELECT
  id, job_id, account_id, vendor, status, action_id, external_type, external_id, external_job_type,
  external_job_id, match_key, revenue, completed_at, attempts, last_error
FROM routings WHERE rowid IN (
  SELECT routings.rowid FROM json_each(:objects) AS known
  CROSS JOIN routings INDEXED BY routings_external
  WHERE account_id = :account_id
    AND external_type = known.value ->> 0 AND external_id = known.value ->> 1
  UNION ALL
  SELECT routings.rowid FROM json_each(:objects) AS known
  CROSS JOIN routings INDEXED BY routings_external_job
  WHERE account_id = :account_id
    AND external_job_type = known.value ->> 0 AND external_job_id = known.value ->> 1
  UNION ALL
  SELECT routings.rowid FROM json_each(:match_keys) AS known
  CROSS JOIN routings INDEXED BY routings_match
  WHERE account_id = :account_id AND match_key = known.value
)
ORDER BY rowid;

-- name: offered
-- What may be offered again, if `instead_of` still is its action; that one is certain not to have
-- happened.
SELECT account_id, offers + 1 FROM routings
WHERE id = :id AND status = 'failed' AND action_id IS :instead_of
  AND NOT EXISTS (SELECT 1 FROM actions WHERE id = :instead_of AND state != 'failed');

-- name: offer_again
UPDATE routings SET
  status = 'pending', cause = 'offered again by hand', moved_at = :at, action_id = :action_id,
  offers = offers + 1, last_error = NULL
WHERE id = :id;

-- name: may_follow
-- Whether the action still delivers its routing, and a job that was not called off.
SELECT 1 FROM routings
WHERE id = ? AND action_id = ? AND status IN ('pending', 'sending', 'failed');

-- name: tracked
SELECT id, account_id, external_type, external_id, external_job_type, external_job_id
FROM routings INDEXED BY routings_unfinished
WHERE account_id = :account_id AND id > :after_id
  AND status IN ('synced', 'accepted', 'scheduled', 'in_progress')
ORDER BY id LIMIT :limit;

-- name: tracked_or_done
SELECT id, account_id, external_type, external_id, external_job_type, external_job_id
FROM routings INDEXED BY routings_unfinished
WHERE account_id = :account_id AND id > :after_id
  AND status IN ('synced', 'accepted', 'scheduled', 'in_progress')
UNION ALL
SELECT id, account_id, external_type, external_id, external_job_type, external_job_id
FROM routings INDEXED BY routings_done
WHERE account_id = :account_id AND id > :after_id
  AND status = 'completed' AND coalesce(completed_at, moved_at) >= :done_since
ORDER BY id LIMIT :limit;

-- name: failed
-- The bare column is that of the row with the maximum.
SELECT account_id, count(*), last_error, max(moved_at)
FROM routings INDEXED BY routings_status
WHERE status = 'failed' AND moved_at >= ?
GROUP BY account_id;

-- name: counts
SELECT status, count(*) FROM routings GROUP BY status;

-- name: forsake
-- What an account that is purged was offered: nothing will come of it, and nobody can look any more.
UPDATE routings SET
  status = CASE WHEN status IN ('pending', 'sending') THEN 'failed' ELSE 'canceled' END,
  cause = 'the account was purged',
  last_error = CASE
    WHEN status = 'sending' THEN 'the account was purged before it was known whether this was delivered'
    ELSE last_error
  END,
  moved_at = coalesce((SELECT disconnected_at FROM accounts WHERE id = :account_id), moved_at)
WHERE rowid IN (
  SELECT rowid FROM routings INDEXED BY routings_unfinished
  WHERE account_id = :account_id AND status IN ('synced', 'accepted', 'scheduled', 'in_progress')
  UNION ALL
  SELECT rowid FROM routings INDEXED BY routings_status
  WHERE account_id = :account_id AND status IN ('pending', 'sending')
  LIMIT :limit
);

-- name: followed_seq
SELECT seq FROM routings_followed;

-- name: follow
UPDATE routings_followed SET seq = max(seq, ?);

-- name: put_amounts
-- `rows` is [[routing_id, object_type, object_id, amount], ...]. Of routings that were put away: nothing.
INSERT INTO routing_amounts (routing_id, object_type, object_id, amount)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(:rows)
WHERE EXISTS (SELECT 1 FROM routings WHERE id = value ->> 0)
ON CONFLICT (routing_id, object_type, object_id) DO UPDATE SET amount = excluded.amount;

-- name: drop_amounts
DELETE FROM routing_amounts WHERE (routing_id, object_type, object_id) IN (
  SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:rows)
);

-- name: amounts
SELECT routing_id, amount FROM routing_amounts
WHERE routing_id IN (SELECT value FROM json_each(?));

-- name: note
-- `rows` is [[id, at, cause, status, job_type, job_id, match_key, completed_at, revenue, has_revenue],
-- ...], no id twice; null leaves what is stored, but a date of completion goes with its status.
UPDATE routings SET
  status = coalesce(told.value ->> 3, status),
  cause = CASE WHEN told.value ->> 3 IS NULL OR told.value ->> 3 = status THEN cause ELSE told.value ->> 2 END,
  moved_at = told.value ->> 1,
  external_job_type = coalesce(told.value ->> 4, external_job_type),
  external_job_id = coalesce(told.value ->> 5, external_job_id),
  match_key = coalesce(told.value ->> 6, match_key),
  completed_at = CASE
    WHEN coalesce(told.value ->> 3, status) = 'completed' THEN coalesce(told.value ->> 7, completed_at)
  END,
  revenue = CASE WHEN told.value ->> 9 THEN told.value ->> 8 ELSE revenue END
FROM json_each(:rows) AS told
WHERE routings.id = told.value ->> 0;
