-- name: next_look
-- There is one writer: nobody else takes the number before the page is stored.
SELECT coalesce(max(id), 0) + 1 FROM looks;

-- name: note_look
INSERT INTO looks (id, account_id, look, via, observed_at, trace_ids)
VALUES (:id, :account_id, :look, :via, :at, :trace_ids);

-- name: refuse_older
-- Notes those of [[type, id, version, updated_at, ...], ...] that are older than what is held.
INSERT INTO refusals (
  account_id, object_type, object_id, rule, updated_at, version, first_at, last_at, via, look,
  trace_ids
)
SELECT
  :account_id, held.object_type, held.object_id, 'older_than_held', item.value ->> 3,
  item.value ->> 2, :at, :at, :via, :look, :trace_ids
FROM json_each(:rows) AS item CROSS JOIN objects AS held
WHERE held.account_id = :account_id
  AND held.object_type = item.value ->> 0
  AND held.object_id = item.value ->> 1
  AND held.updated_at > item.value ->> 3
ON CONFLICT DO UPDATE SET
  last_at = excluded.last_at, times = times + 1, via = excluded.via, look = excluded.look,
  trace_ids = excluded.trace_ids
RETURNING object_type, object_id;

-- name: refuse_graves
-- Notes those tombstones, [[type, id, updated_at or null], ...], that are older than a live row.
INSERT INTO refusals (
  account_id, object_type, object_id, rule, updated_at, version, first_at, last_at, via, look,
  trace_ids
)
SELECT
  :account_id, held.object_type, held.object_id, 'tombstone_older_than_held', grave.value ->> 2,
  '', :at, :at, :via, :look, :trace_ids
FROM json_each(:tombstones) AS grave CROSS JOIN objects AS held
WHERE held.account_id = :account_id
  AND held.object_type = grave.value ->> 0
  AND held.object_id = grave.value ->> 1
  AND NOT held.deleted
  AND held.updated_at > grave.value ->> 2
ON CONFLICT DO UPDATE SET
  last_at = excluded.last_at, times = times + 1, via = excluded.via, look = excluded.look,
  trace_ids = excluded.trace_ids
RETURNING object_type, object_id;

-- name: take_back
-- What was noted as refused just now, of [[type, id], ...].
DELETE FROM refusals
WHERE account_id = :account_id AND first_at = :at AND last_at = :at AND times = 1
  AND rule IN ('older_than_held', 'tombstone_older_than_held')
  AND (object_type, object_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(:keys));

-- name: refuse_claims
-- Notes claims that the second witness denied: [[type, id, updated_at or null], ...].
INSERT INTO refusals (
  account_id, object_type, object_id, rule, updated_at, version, first_at, last_at, via, look,
  trace_ids
)
SELECT
  :account_id, claim.value ->> 0, claim.value ->> 1, 'second_witness_sees_it',
  coalesce(claim.value ->> 2, ''), '', :at, :at, :via, :look, :trace_ids
FROM json_each(:claims) AS claim
WHERE true
ON CONFLICT DO UPDATE SET
  last_at = excluded.last_at, times = times + 1, via = excluded.via, look = excluded.look,
  trace_ids = excluded.trace_ids;

-- name: current
-- A damaged text may be no text any more: it is read as bytes.
SELECT
  CAST(o.version AS BLOB), CAST(o.updated_at AS BLOB), o.synced_at, CAST(o.deleted AS INTEGER),
  o.via, coalesce(l.look, ''),
  coalesce(l.trace_ids, '[]'), CAST(o.payload AS BLOB)
FROM objects AS o LEFT JOIN looks AS l ON l.id = o.look_id AND l.account_id = o.account_id
WHERE o.account_id = :account_id AND o.object_type = :object_type AND o.object_id = :object_id;

-- name: versions
-- Newest first: a payload that is null is that of the row before.
SELECT
  CAST(v.version AS BLOB), CAST(v.updated_at AS BLOB), v.seen_at, CAST(v.deleted AS INTEGER), v.via,
  coalesce(l.look, ''),
  coalesce(l.trace_ids, '[]'), CAST(v.payload AS BLOB), v.ended_at
FROM object_versions AS v LEFT JOIN looks AS l ON l.id = v.look_id AND l.account_id = v.account_id
WHERE v.account_id = :account_id AND v.object_type = :object_type AND v.object_id = :object_id
ORDER BY v.id DESC LIMIT :limit;

-- name: refusals
SELECT rule, version, updated_at, first_at, last_at, times, via, look, trace_ids
FROM refusals
WHERE account_id = :account_id AND object_type = :object_type AND object_id = :object_id
ORDER BY first_at, updated_at LIMIT :limit;

-- name: covered_until
SELECT covered_until FROM cursors
WHERE account_id = :account_id AND object_type = :object_type;

-- name: prune_versions
-- From the oldest up to the first to keep, even when the clock was wrong for a while: a version
-- whose bytes stand in a later one never outlives that.
DELETE FROM object_versions WHERE id IN (
  SELECT id FROM object_versions ORDER BY id LIMIT :limit
) AND id < coalesce(
  (
    SELECT min(id) FROM (SELECT id, ended_at FROM object_versions ORDER BY id LIMIT :limit)
    WHERE ended_at >= :before
  ),
  9223372036854775807
);

-- name: prune_refusals
DELETE FROM refusals
WHERE (account_id, object_type, object_id, rule, updated_at, version) IN (
  SELECT account_id, object_type, object_id, rule, updated_at, version FROM refusals
  WHERE last_at < :before ORDER BY last_at LIMIT :limit
);

-- name: forget_some_versions
DELETE FROM object_versions WHERE id IN (
  SELECT id FROM object_versions WHERE account_id = ? LIMIT ?
);

-- name: forget_some_refusals
DELETE FROM refusals
WHERE account_id = ?1 AND (object_type, object_id, rule, updated_at, version) IN (
  SELECT object_type, object_id, rule, updated_at, version FROM refusals
  WHERE account_id = ?1 LIMIT ?2
);

-- name: forget_some_looks
DELETE FROM looks WHERE id IN (SELECT id FROM looks WHERE account_id = ? LIMIT ?);
