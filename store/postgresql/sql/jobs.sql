-- name: with_key
-- Also one that was put away.
SELECT id, fingerprint FROM jobs WHERE idempotency_key = :key
UNION ALL
SELECT id, fingerprint FROM jobs_archive WHERE idempotency_key = :key;

-- name: lock_same
-- Nobody else enters the same until the transaction ends, and who waited sees what was entered.
SELECT pg_advisory_xact_lock(hashtextextended(:account_id || ' ' || :fingerprint, 7)) IS NULL;

-- name: same_since
-- The newest one that means the same, which may still be done.
SELECT id FROM jobs
WHERE account_id = :account_id AND created_at > :since AND fingerprint = :fingerprint
  AND status NOT IN ('canceled', 'failed')
ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: add
INSERT INTO jobs (
  id, account_id, technician_id, summary, homeowner_name, homeowner_phone, homeowner_email, street,
  unit, city, state, zip, country, revenue, idempotency_key, fingerprint, created_at
)
VALUES (
  :id, :account_id, :technician_id, :summary, :homeowner_name, :homeowner_phone, :homeowner_email,
  :street, :unit, :city, :state, :zip, :country, :revenue, :idempotency_key, :fingerprint, :at
);

-- name: offered_to
-- Those of the accounts that are there and take jobs: whose they are, and whether they are connected.
SELECT id, vendor, disconnected_at IS NULL
FROM accounts LEFT JOIN companies ON companies.account_id = accounts.id
WHERE id IN (SELECT jsonb_array_elements_text(?::jsonb)) AND coalesce(is_active, true);

-- name: add_routings
-- `rows` is [[id, account_id, vendor, status, cause, action_id, offers, last_error], ...].
INSERT INTO routings (
  id, job_id, account_id, vendor, status, cause, moved_at, action_id, offers, last_error,
  job_created_at
)
SELECT
  value ->> 0, :job_id, value ->> 1, value ->> 2, value ->> 3, value ->> 4, :at::timestamptz,
  value ->> 5, (value ->> 6)::bigint, value ->> 7, :at::timestamptz
FROM jsonb_array_elements(:rows::jsonb) WITH ORDINALITY AS given (value, place) ORDER BY place;

-- name: add_first_events
INSERT INTO routing_events (routing_id, number, at, status, cause)
SELECT id, 1, moved_at, status, cause FROM routings WHERE job_id = ?;

-- name: settle
-- A step of a routing does this by itself: for when there was none.
UPDATE jobs SET
  status = standing.status,
  finished_at = CASE WHEN standing.is_over THEN coalesce(jobs.finished_at, :at::timestamptz) END
FROM job_standing AS standing
WHERE jobs.id = :id AND standing.job_id = :id;

-- name: call_off
-- Where all companies have it, there is nothing to call off.
UPDATE jobs SET called_off_at = coalesce(called_off_at, :at)
WHERE id = :id AND (
  called_off_at IS NOT NULL
  OR EXISTS (
    SELECT 1 FROM routings WHERE job_id = :id AND status IN ('pending', 'sending', 'failed')
  )
)
RETURNING id;

-- name: call_off_deliveries
-- Only what is certain not to have happened. Their routings follow.
UPDATE actions SET
  state = 'failed', moved_at = :at, last_error = 'the job was called off', finished_at = :at
WHERE state = 'pending' AND id IN (
  SELECT action_id FROM routings WHERE job_id = :id AND status = 'pending'
);

-- name: call_off_failed
UPDATE routings SET status = 'canceled', cause = 'the job was called off', moved_at = :at
WHERE job_id = :id AND status = 'failed';

-- name: created_at
SELECT created_at FROM jobs WHERE id = :id
UNION ALL
SELECT created_at FROM jobs_archive WHERE id = :id;

-- name: page
SELECT id FROM jobs
WHERE created_at >= instant_bound(:since) AND (created_at, id) < (instant_bound(:before_at), :before_id)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: page_of_status
SELECT id FROM jobs
WHERE status = :status AND created_at >= instant_bound(:since) AND (created_at, id) < (instant_bound(:before_at), :before_id)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: page_of_account
-- Of the company that entered it, or of one that it is offered to. Two ordered indexes, merged.
SELECT id, created_at FROM jobs
WHERE account_id = :account_id
  AND created_at >= instant_bound(:since) AND (created_at, id) < (instant_bound(:before_at), :before_id)
  AND (:status::text IS NULL OR status = :status::text)
UNION
SELECT job_id, job_created_at FROM routings
WHERE account_id = :account_id
  AND job_created_at >= instant_bound(:since) AND (job_created_at, job_id) < (instant_bound(:before_at), :before_id)
  AND (:status::text IS NULL OR (SELECT status FROM jobs WHERE id = job_id) = :status::text)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: page_of_rare_status
-- An account's of a status that few jobs have: from these to the account, not from all of the account's.
SELECT id FROM jobs
WHERE status = :status AND created_at >= instant_bound(:since)
  AND (created_at, id) < (instant_bound(:before_at), :before_id)
  AND (
    account_id = :account_id
    OR EXISTS (
      SELECT 1 FROM routings WHERE job_id = jobs.id AND account_id = :account_id
    )
  )
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: page_of_routing_status
SELECT DISTINCT job_id, job_created_at FROM routings
WHERE status = :routing_status
  AND job_created_at >= instant_bound(:since) AND (job_created_at, job_id) < (instant_bound(:before_at), :before_id)
  AND (:status::text IS NULL OR (SELECT status FROM jobs WHERE id = job_id) = :status::text)
ORDER BY job_created_at DESC, job_id DESC LIMIT :limit;

-- name: page_of_companys_routing_status
SELECT job_id FROM routings
WHERE account_id = :account_id AND status = :routing_status
  AND job_created_at >= instant_bound(:since) AND (job_created_at, job_id) < (instant_bound(:before_at), :before_id)
  AND (:status::text IS NULL OR (SELECT status FROM jobs WHERE id = job_id) = :status::text)
ORDER BY job_created_at DESC, job_id DESC LIMIT :limit;

-- name: ids_between
SELECT id FROM jobs WHERE id >= :first AND id < :last
UNION ALL
SELECT id FROM jobs_archive WHERE id >= :first AND id < :last
ORDER BY id LIMIT :limit;

-- name: routing_ids_between
SELECT id FROM routings WHERE id >= :first AND id < :last
UNION ALL
SELECT id FROM routings_archive WHERE id >= :first AND id < :last
ORDER BY id LIMIT :limit;

-- name: ones
SELECT
  id, account_id, technician_id, summary, homeowner_name, homeowner_phone, homeowner_email, street,
  unit, city, state, zip, country, revenue, idempotency_key, status, created_at, NULL::timestamptz
FROM jobs WHERE id IN (SELECT jsonb_array_elements_text(?::jsonb));

-- name: routings
SELECT
  id, job_id, account_id, vendor, status, action_id, external_type, external_id, external_job_type,
  external_job_id, match_key, revenue, completed_at, attempts, last_error
FROM routings WHERE job_id IN (SELECT jsonb_array_elements_text(?::jsonb))
ORDER BY number;

-- name: events
SELECT routing_id, at, status, cause FROM routing_events
WHERE routing_id IN (SELECT jsonb_array_elements_text(?::jsonb))
ORDER BY routing_id, number;
