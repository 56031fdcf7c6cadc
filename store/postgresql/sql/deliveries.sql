-- name: add
-- Actions that deliver routings: [[id, account_id, type, fingerprint, key, routing_id, offset, length],
-- ...], where in `payloads` an action's bytes are.
INSERT INTO actions (
  id, account_id, type, fingerprint, idempotency_key, routing_id, payload, created_at, asked_at,
  moved_at, priority
)
SELECT
  value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
  substring(:payloads::bytea FROM 1 + (value ->> 6)::int FOR (value ->> 7)::int),
  :at::timestamptz, :at::timestamptz, :at::timestamptz, :priority
FROM jsonb_array_elements(:rows::jsonb) WITH ORDINALITY AS given (value, place) ORDER BY place;

-- name: stop
-- What came back unsent, of a job that was called off meanwhile. Its routing follows.
UPDATE actions SET
  state = 'failed', moved_at = :at::timestamptz, last_error = 'the job was called off',
  finished_at = :at::timestamptz
WHERE id = :id AND account_id = :account_id AND state = 'pending' AND routing_id IS NOT NULL
  AND EXISTS (
    SELECT 1 FROM routings JOIN jobs ON jobs.id = routings.job_id
    WHERE routings.id = routing_id AND jobs.called_off_at IS NOT NULL
  );
