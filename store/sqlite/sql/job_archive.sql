-- name: page
SELECT id FROM jobs_archive
WHERE created_at >= :since AND (created_at, id) < (:before_at, :before_id)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: page_of_status
SELECT id FROM jobs_archive
WHERE status = :status AND created_at >= :since AND (created_at, id) < (:before_at, :before_id)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: page_of_account
SELECT id, created_at FROM jobs_archive INDEXED BY jobs_archive_account
WHERE account_id = :account_id
  AND created_at >= :since AND (created_at, id) < (:before_at, :before_id)
  AND (:status IS NULL OR status = :status)
UNION
SELECT job_id, job_created_at FROM routings_archive INDEXED BY routings_archive_account
WHERE account_id = :account_id
  AND job_created_at >= :since AND (job_created_at, job_id) < (:before_at, :before_id)
  AND (:status IS NULL OR (SELECT status FROM jobs_archive WHERE id = job_id) = :status)
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: page_of_rare_status
-- An account's of a status that few jobs have: from these to the account, not from all of the account's.
SELECT id FROM jobs_archive INDEXED BY jobs_archive_status
WHERE status = :status AND created_at >= :since AND (created_at, id) < (:before_at, :before_id)
  AND (
    account_id = :account_id
    OR EXISTS (
      SELECT 1 FROM routings_archive INDEXED BY routings_archive_job
      WHERE job_id = jobs_archive.id AND account_id = :account_id
    )
  )
ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: page_of_routing_status
SELECT DISTINCT job_id, job_created_at FROM routings_archive
WHERE status = :routing_status
  AND job_created_at >= :since AND (job_created_at, job_id) < (:before_at, :before_id)
  AND (:status IS NULL OR (SELECT status FROM jobs_archive WHERE id = job_id) = :status)
ORDER BY job_created_at DESC, job_id DESC LIMIT :limit;

-- name: page_of_companys_routing_status
SELECT job_id FROM routings_archive INDEXED BY routings_archive_account
WHERE account_id = :account_id AND status = :routing_status
  AND job_created_at >= :since AND (job_created_at, job_id) < (:before_at, :before_id)
  AND (:status IS NULL OR (SELECT status FROM jobs_archive WHERE id = job_id) = :status)
ORDER BY job_created_at DESC, job_id DESC LIMIT :limit;

-- name: ones
SELECT
  id, account_id, technician_id, summary, homeowner_name, homeowner_phone, homeowner_email, street,
  unit, city, state, zip, country, revenue, idempotency_key, status, created_at, archived_at
FROM jobs_archive WHERE id IN (SELECT value FROM json_each(?));

-- name: routings
SELECT
  id, job_id, account_id, vendor, status, action_id, external_type, external_id, external_job_type,
  external_job_id, match_key, revenue, completed_at, attempts, last_error
FROM routings_archive WHERE job_id IN (SELECT value FROM json_each(?))
ORDER BY rowid;

-- name: events
SELECT routing_id, at, status, cause FROM routing_events_archive
WHERE routing_id IN (SELECT value FROM json_each(?))
ORDER BY routing_id, number;

-- name: archivable
-- What is still being delivered stays, however long ago its job ended: those are few, and taken off.
SELECT
  (SELECT count(*) FROM jobs INDEXED BY jobs_finished WHERE finished_at < :before)
  - (
    SELECT count(DISTINCT job_id)
    FROM routings INDEXED BY routings_status
    CROSS JOIN jobs ON jobs.id = routings.job_id
    WHERE routings.status IN ('pending', 'sending') AND jobs.finished_at < :before
  );

-- name: oldest_finished
-- The jobs that ended first, each with how many routings it has.
SELECT id, (SELECT count(*) FROM routings WHERE job_id = jobs.id)
FROM jobs INDEXED BY jobs_finished
WHERE finished_at < :before AND NOT EXISTS (
  SELECT 1 FROM routings INDEXED BY routings_job
  WHERE job_id = jobs.id AND status IN ('pending', 'sending')
)
ORDER BY finished_at, id LIMIT :limit;

-- name: copy_jobs
INSERT INTO jobs_archive (
  id, account_id, technician_id, summary, homeowner_name, homeowner_phone, homeowner_email, street,
  unit, city, state, zip, country, revenue, idempotency_key, fingerprint, status, created_at,
  called_off_at, finished_at, archived_at
)
SELECT
  id, account_id, technician_id, summary, homeowner_name, homeowner_phone, homeowner_email, street,
  unit, city, state, zip, country, revenue, idempotency_key, fingerprint, status, created_at,
  called_off_at, finished_at, :at
FROM jobs WHERE id IN (SELECT value FROM json_each(:jobs));

-- name: copy_routings
INSERT INTO routings_archive (
  id, job_id, account_id, vendor, status, cause, moved_at, action_id, offers, attempts, last_error,
  external_type, external_id, external_job_type, external_job_id, match_key, revenue, completed_at,
  job_created_at
)
SELECT
  id, job_id, account_id, vendor, status, cause, moved_at, action_id, offers, attempts, last_error,
  external_type, external_id, external_job_type, external_job_id, match_key, revenue, completed_at,
  job_created_at
FROM routings WHERE job_id IN (SELECT value FROM json_each(:jobs))
ORDER BY rowid
RETURNING id;

-- name: copy_events
INSERT INTO routing_events_archive (routing_id, number, at, status, cause)
SELECT routing_id, number, at, status, cause FROM routing_events
WHERE routing_id IN (SELECT value FROM json_each(:routings));

-- name: copy_amounts
INSERT INTO routing_amounts_archive (routing_id, object_type, object_id, amount)
SELECT routing_id, object_type, object_id, amount FROM routing_amounts
WHERE routing_id IN (SELECT value FROM json_each(:routings));

-- name: drop_amounts
DELETE FROM routing_amounts WHERE routing_id IN (SELECT value FROM json_each(:routings));

-- name: drop_events
DELETE FROM routing_events WHERE routing_id IN (SELECT value FROM json_each(:routings));

-- name: drop_routings
DELETE FROM routings WHERE id IN (SELECT value FROM json_each(:routings));

-- name: drop_jobs
DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(:jobs));
