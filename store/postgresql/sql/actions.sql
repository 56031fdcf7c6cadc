-- name: with_key
SELECT id, type, fingerprint FROM actions WHERE account_id = ? AND idempotency_key = ?;

-- name: same_since
-- The newest action that asked for the same, is not known to have failed, and is recent: by our own
-- clock, which may jump, or by the vendor's. One that has not ended is never too old.
SELECT id FROM actions
WHERE account_id = :account_id AND type = :type AND fingerprint = :fingerprint
  AND state <> 'failed' AND id <> :id
  AND (
    created_at > :since
    OR state <> 'succeeded'
    OR EXISTS (
      SELECT 1 FROM action_attempts
      WHERE action_id = actions.id AND outcome = 'done'
        AND vendor_time > coalesce(nullif(:vendor_since::text, '')::timestamptz, '-infinity')
    )
  )
ORDER BY created_at DESC LIMIT 1;

-- name: asked
-- Its account is locked: what follows is decided on what is there now.
SELECT one.type, one.fingerprint, one.idempotency_key, one.state, one.routing_id
FROM actions AS one JOIN accounts AS a ON a.id = one.account_id
WHERE one.account_id = ? AND one.id = ? FOR NO KEY UPDATE OF a;

-- name: nth_latest
-- When the one was that has `before` later ones; those that failed did not happen.
SELECT coalesce(finished_at, asked_at) FROM actions
WHERE account_id = :account_id AND type IN (SELECT jsonb_array_elements_text(:types::jsonb))
  AND state <> 'failed' AND coalesce(finished_at, asked_at) > :since
ORDER BY 1 DESC LIMIT 1 OFFSET :before;

-- name: add
INSERT INTO actions (
  id, account_id, type, payload, fingerprint, idempotency_key, created_at, asked_at, moved_at
)
VALUES (:id, :account_id, :type, :payload, :fingerprint, :idempotency_key, :at, :at, :at);

-- name: one
SELECT
  id, account_id, type, payload, idempotency_key, state, created_at, asked_at, revived_after,
  searched_from, parked, finished_at, last_error, result_type, result_id, result_payload,
  priority
FROM actions WHERE account_id = ? AND id = ?;

-- name: page
-- Newest first; from behind the one that `before_id` names.
SELECT
  id, account_id, type, payload, idempotency_key, state, created_at, asked_at, revived_after,
  searched_from, parked, finished_at, last_error, result_type, result_id, result_payload,
  priority
FROM actions
WHERE account_id = :account_id
  AND (:state::text IS NULL OR state = :state::text)
  AND (
    :before_id::text IS NULL
    OR (created_at, id) < (SELECT created_at, id FROM actions WHERE id = :before_id::text)
  )
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: open
SELECT
  id, account_id, type, payload, idempotency_key, state, created_at, asked_at, revived_after,
  searched_from, parked, finished_at, last_error, result_type, result_id, result_payload,
  priority
FROM actions
WHERE account_id = :account_id AND state IN ('pending', 'sending', 'unknown') AND NOT parked
  AND (
    priority != 'delivery'
    OR id NOT IN (SELECT jsonb_array_elements_text(:without::jsonb))
  )
  AND (
    :after_id::text IS NULL
    OR priority < (SELECT priority FROM actions WHERE id = :after_id::text)
    OR (
      priority = (SELECT priority FROM actions WHERE id = :after_id::text)
      AND (created_at, id) > (SELECT created_at, id FROM actions WHERE id = :after_id::text)
    )
  )
ORDER BY priority DESC, created_at, id LIMIT :limit;

-- name: has_open
SELECT EXISTS (
  SELECT 1 FROM actions
  WHERE account_id = ? AND state IN ('pending', 'sending', 'unknown') AND NOT parked
);

-- name: has_work
-- What is to be compared with the vendor is work as well.
SELECT EXISTS (
  SELECT 1 FROM actions
  WHERE account_id = :id AND state IN ('pending', 'sending', 'unknown') AND NOT parked
) OR EXISTS (
  SELECT 1 FROM actions WHERE account_id = :id AND compare_at IS NOT NULL
);

-- name: open_of_shard
SELECT due.account_id FROM actions AS due JOIN accounts AS a ON a.id = due.account_id
WHERE due.state IN ('pending', 'sending', 'unknown') AND NOT due.parked AND a.shard = :shard
UNION
SELECT due.account_id FROM actions AS due JOIN accounts AS a ON a.id = due.account_id
WHERE due.compare_at IS NOT NULL AND a.shard = :shard;

-- name: attempts
SELECT
  action_id, call, at, outcome, ended_at, status, code, trace_id, error, base, vendor_time
FROM action_attempts WHERE action_id IN (SELECT jsonb_array_elements_text(?::jsonb))
ORDER BY action_id, number;

-- name: begin
-- No row when it ended meanwhile, or was tried since this was decided.
UPDATE actions SET
  state = 'sending', moved_at = :at,
  searched_from = coalesce(searched_from, :searched_from::timestamptz)
WHERE account_id = :account_id AND id = :id AND state IN ('pending', 'unknown', 'sending')
  AND (SELECT count(*) FROM action_attempts WHERE action_id = :id) = :known_attempts
RETURNING id;

-- name: attempt_count
SELECT count(*) FROM action_attempts WHERE action_id = ?;

-- name: add_attempt
INSERT INTO action_attempts (
  action_id, number, call, at, outcome, ended_at, status, code, trace_id, error, base, vendor_time
)
SELECT
  :action_id, 1 + coalesce(max(number), 0), :call, :at::timestamptz, :outcome,
  :ended_at::timestamptz, :status::bigint, :code, :trace_id, :error, :base,
  :vendor_time::timestamptz
FROM action_attempts WHERE action_id = :action_id;

-- name: end_attempt
UPDATE action_attempts SET
  outcome = :outcome, ended_at = :ended_at, status = :status, code = :code, trace_id = :trace_id,
  error = :error, vendor_time = :vendor_time
WHERE action_id = :action_id AND number = (
  SELECT max(number) FROM action_attempts WHERE action_id = :action_id
) AND call = :call AND call = 'send' AND outcome = 'open';

-- name: stand
UPDATE actions SET
  state = :state,
  moved_at = :at,
  parked = :parked,
  last_error = :last_error,
  finished_at = :finished_at,
  result_type = :result_type,
  result_id = :result_id,
  result_payload = :result_payload,
  compare_at = :compare_at
WHERE account_id = :account_id AND id = :id AND state NOT IN ('succeeded', 'failed');

-- name: revive
UPDATE actions SET
  state = CASE state WHEN 'failed' THEN 'pending' ELSE state END,
  asked_at = :at,
  moved_at = :at,
  priority = 'user',
  parked = false,
  finished_at = NULL,
  revived_after = (SELECT count(*) FROM action_attempts WHERE action_id = :id)
WHERE account_id = :account_id AND id = :id AND state IN ('pending', 'failed', 'unknown')
RETURNING id;

-- name: cancel
-- Only what is certain not to have happened can be called off.
UPDATE actions SET
  state = 'failed', moved_at = :at, last_error = 'canceled by hand', finished_at = :at
WHERE account_id = :account_id AND id = :id AND state = 'pending'
RETURNING id;

-- name: fail_unsent
UPDATE actions SET
  state = 'failed',
  last_error = 'the account was disconnected before it was sent',
  moved_at = :at,
  finished_at = :at
WHERE account_id = :account_id AND state = 'pending';

-- name: park_unsure
UPDATE actions SET
  state = 'unknown',
  parked = true,
  moved_at = :at,
  last_error = 'the account was disconnected before it was known whether it happened: connect it and'
    || ' try this again, and it is looked for first'
WHERE account_id = :account_id AND state IN ('sending', 'unknown') AND NOT parked;

-- name: counts
SELECT state, count(*) FROM actions GROUP BY state;

-- name: parked
SELECT count(*) FROM actions WHERE parked;

-- name: forget_attempts
DELETE FROM action_attempts WHERE action_id IN (SELECT id FROM actions WHERE account_id = ?);

-- name: forget
DELETE FROM actions WHERE account_id = ?;
