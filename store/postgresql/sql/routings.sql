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
FROM routings WHERE id IN (
  SELECT routings.id FROM jsonb_array_elements(:objects::jsonb) AS known (value)
  JOIN routings
    ON external_type = known.value ->> 0 AND external_id = known.value ->> 1
  WHERE account_id = :account_id
  UNION ALL
  SELECT routings.id FROM jsonb_array_elements(:objects::jsonb) AS known (value)
  JOIN routings
    ON external_job_type = known.value ->> 0 AND external_job_id = known.value ->> 1
  WHERE account_id = :account_id
  UNION ALL
  SELECT routings.id FROM jsonb_array_elements_text(:match_keys::jsonb) AS known (value)
  JOIN routings ON match_key = known.value
  WHERE account_id = :account_id
)
ORDER BY number;

-- name: offered
-- What may be offered again, if `instead_of` still is its action; that one is certain not to have
-- happened.
SELECT account_id, offers + 1 FROM routings
WHERE id = :id AND status = 'failed' AND action_id IS NOT DISTINCT FROM :instead_of::text
  AND NOT EXISTS (SELECT 1 FROM actions WHERE id = :instead_of::text AND state <> 'failed')
FOR UPDATE;

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
FROM routings
WHERE account_id = :account_id AND id > :after_id
  AND status IN ('synced', 'accepted', 'scheduled', 'in_progress')
ORDER BY id LIMIT :limit;

-- name: tracked_or_done
SELECT id, account_id, external_type, external_id, external_job_type, external_job_id
FROM routings
WHERE account_id = :account_id AND id > :after_id
  AND status IN ('synced', 'accepted', 'scheduled', 'in_progress')
UNION ALL
SELECT id, account_id, external_type, external_id, external_job_type, external_job_id
FROM routings
WHERE account_id = :account_id AND id > :after_id
  AND status = 'completed' AND coalesce(completed_at, moved_at) >= :done_since
ORDER BY id LIMIT :limit;

-- name: failed
SELECT
  account_id, count(*), (array_agg(last_error ORDER BY moved_at DESC, number DESC))[1],
  max(moved_at)
FROM routings
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
WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM routings
  WHERE account_id = :account_id
    AND status IN ('pending', 'sending', 'synced', 'accepted', 'scheduled', 'in_progress')
  LIMIT :limit
));

-- name: followed_seq
SELECT seq FROM routings_followed;

-- name: follow
UPDATE routings_followed SET seq = greatest(seq, ?);

-- name: put_amounts
-- `rows` is [[routing_id, object_type, object_id, amount], ...]. Of routings that were put away: nothing.
INSERT INTO routing_amounts (routing_id, object_type, object_id, amount)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
FROM jsonb_array_elements(:rows::jsonb) AS given (value)
WHERE EXISTS (SELECT 1 FROM routings WHERE id = given.value ->> 0)
ON CONFLICT (routing_id, object_type, object_id) DO UPDATE SET amount = excluded.amount;

-- name: drop_amounts
DELETE FROM routing_amounts WHERE (routing_id, object_type, object_id) IN (
  SELECT value ->> 0, value ->> 1, value ->> 2
  FROM jsonb_array_elements(:rows::jsonb) AS given (value)
);

-- name: amounts
SELECT routing_id, amount FROM routing_amounts
WHERE routing_id IN (SELECT jsonb_array_elements_text(?::jsonb));

-- name: note
-- `rows` is [[id, at, cause, status, job_type, job_id, match_key, completed_at, revenue, has_revenue],
-- ...], no id twice; null leaves what is stored, but a date of completion goes with its status.
UPDATE routings AS held SET
  status = coalesce(told.value ->> 3, held.status),
  cause = CASE
    WHEN told.value ->> 3 IS NULL OR told.value ->> 3 = held.status THEN held.cause
    ELSE told.value ->> 2
  END,
  moved_at = (told.value ->> 1)::timestamptz,
  external_job_type = coalesce(told.value ->> 4, held.external_job_type),
  external_job_id = coalesce(told.value ->> 5, held.external_job_id),
  match_key = coalesce(told.value ->> 6, held.match_key),
  completed_at = CASE
    WHEN coalesce(told.value ->> 3, held.status) = 'completed'
    THEN coalesce((told.value ->> 7)::timestamptz, held.completed_at)
  END,
  revenue = CASE WHEN (told.value ->> 9)::boolean THEN told.value ->> 8 ELSE held.revenue END
FROM jsonb_array_elements(:rows::jsonb) AS told (value)
WHERE held.id = told.value ->> 0;
