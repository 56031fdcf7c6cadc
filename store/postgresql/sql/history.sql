-- name: next_look
SELECT nextval('look_numbers');

-- name: note_look
INSERT INTO looks (id, account_id, look, via, observed_at, trace_ids)
VALUES (:id, :account_id, :look, :via, :at, :trace_ids);

-- name: refuse_older
-- Notes those of [[type, id, version, updated_at, ...], ...] that are older than what is held.
INSERT INTO refusals AS known (
  account_id, object_type, object_id, rule, updated_at, version, first_at, last_at, via, look,
  trace_ids
)
SELECT
  :account_id, held.object_type, held.object_id, 'older_than_held',
  (item.value ->> 3)::timestamptz, item.value ->> 2, :at::timestamptz, :at::timestamptz, :via,
  :look, :trace_ids
FROM jsonb_array_elements(:rows::jsonb) AS item (value)
JOIN objects AS held
  ON held.account_id = :account_id
  AND held.object_type = item.value ->> 0
  AND held.object_id = item.value ->> 1
WHERE held.updated_at > (item.value ->> 3)::timestamptz
ON CONFLICT (account_id, object_type, object_id, rule, updated_at, version) DO UPDATE SET
  last_at = excluded.last_at, times = known.times + 1, via = excluded.via, look = excluded.look,
  trace_ids = excluded.trace_ids
RETURNING object_type, object_id;

-- name: refuse_graves
-- Notes those tombstones, [[type, id, updated_at or null], ...], that are older than a live row.
INSERT INTO refusals AS known (
  account_id, object_type, object_id, rule, updated_at, version, first_at, last_at, via, look,
  trace_ids
)
SELECT
  :account_id, held.object_type, held.object_id, 'tombstone_older_than_held',
  (grave.value ->> 2)::timestamptz, '', :at::timestamptz, :at::timestamptz, :via, :look, :trace_ids
FROM jsonb_array_elements(:tombstones::jsonb) AS grave (value)
JOIN objects AS held
  ON held.account_id = :account_id
  AND held.object_type = grave.value ->> 0
  AND held.object_id = grave.value ->> 1
WHERE NOT held.deleted AND held.updated_at > (grave.value ->> 2)::timestamptz
ON CONFLICT (account_id, object_type, object_id, rule, updated_at, version) DO UPDATE SET
  last_at = excluded.last_at, times = known.times + 1, via = excluded.via, look = excluded.look,
  trace_ids = excluded.trace_ids
RETURNING object_type, object_id;

-- name: take_back
-- What was noted as refused just now, of [[type, id], ...].
DELETE FROM refusals
WHERE account_id = :account_id AND first_at = :at AND last_at = :at AND times = 1
  AND rule IN ('older_than_held', 'tombstone_older_than_held')
  AND (object_type, object_id) IN (
    SELECT value ->> 0, value ->> 1 FROM jsonb_array_elements(:keys::jsonb) AS given (value)
  );

-- name: refuse_claims
-- Notes claims that the second witness denied: [[type, id, updated_at or null], ...].
INSERT INTO refusals AS known (
  account_id, object_type, object_id, rule, updated_at, version, first_at, last_at, via, look,
  trace_ids
)
SELECT DISTINCT
  :account_id, claim.value ->> 0, claim.value ->> 1, 'second_witness_sees_it',
  coalesce((claim.value ->> 2)::timestamptz, '-infinity'), '', :at::timestamptz,
  :at::timestamptz, :via, :look, :trace_ids
FROM jsonb_array_elements(:claims::jsonb) AS claim (value)
ON CONFLICT (account_id, object_type, object_id, rule, updated_at, version) DO UPDATE SET
  last_at = excluded.last_at, times = known.times + 1, via = excluded.via, look = excluded.look,
  trace_ids = excluded.trace_ids;

-- name: current
SELECT
  convert_to(o.version, 'UTF8'), convert_to(instant_text(o.updated_at), 'UTF8'), o.synced_at,
  o.deleted::int, o.via, coalesce(l.look, ''), coalesce(l.trace_ids, '[]'), o.payload
FROM objects AS o LEFT JOIN looks AS l ON l.id = o.look_id AND l.account_id = o.account_id
WHERE o.account_id = :account_id AND o.object_type = :object_type AND o.object_id = :object_id;

-- name: versions
-- Newest first: a payload that is null is that of the row before.
SELECT
  convert_to(v.version, 'UTF8'), convert_to(instant_text(v.updated_at), 'UTF8'), v.seen_at,
  v.deleted::int, v.via, coalesce(l.look, ''), coalesce(l.trace_ids, '[]'), v.payload, v.ended_at
FROM object_versions AS v LEFT JOIN looks AS l ON l.id = v.look_id AND l.account_id = v.account_id
WHERE v.account_id = :account_id AND v.object_type = :object_type AND v.object_id = :object_id
ORDER BY v.id DESC LIMIT :limit;

-- name: refusals
SELECT
  rule, version, nullif(updated_at, '-infinity'), first_at, last_at, times, via, look, trace_ids
FROM refusals
WHERE account_id = :account_id AND object_type = :object_type AND object_id = :object_id
ORDER BY first_at, updated_at LIMIT :limit;

-- name: covered_until
SELECT covered_until FROM cursors
WHERE account_id = :account_id AND object_type = :object_type;

-- name: prune_versions
-- From the oldest up to the first to keep, even when the clock was wrong for a while: a version
-- whose bytes stand in a later one never outlives that.
WITH oldest AS MATERIALIZED (
  SELECT id, ended_at FROM object_versions ORDER BY id LIMIT :limit
)
DELETE FROM object_versions WHERE id IN (SELECT id FROM oldest) AND id < coalesce(
  (SELECT min(id) FROM oldest WHERE ended_at >= :before), 9223372036854775807
);

-- name: prune_refusals
DELETE FROM refusals WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM refusals WHERE last_at < :before ORDER BY last_at LIMIT :limit
));

-- name: forget_some_versions
DELETE FROM object_versions WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM object_versions WHERE account_id = ? LIMIT ?
));

-- name: forget_some_refusals
DELETE FROM refusals WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM refusals WHERE account_id = ? LIMIT ?
));

-- name: forget_some_looks
DELETE FROM looks WHERE ctid = ANY (ARRAY(SELECT ctid FROM looks WHERE account_id = ? LIMIT ?));
