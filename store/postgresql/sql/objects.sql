-- name: upsert
-- Writes what is newer than or as old as what is stored and differs from it. In the same statement
-- each is noted as a change, and what a row held before as a version of the past. `rows` is
-- [[type, id, version, updated_at, offset, length], ...]: where in `payloads` a row's bytes are. A
-- row of the first instant was disowned: see `held.sql`.
WITH given AS MATERIALIZED (
  SELECT
    value ->> 0 AS object_type, value ->> 1 AS object_id, value ->> 2 AS version,
    (value ->> 3)::timestamptz AS updated_at,
    substring(:payloads::bytea FROM 1 + (value ->> 4)::int FOR (value ->> 5)::int) AS payload,
    place
  FROM jsonb_array_elements(:rows::jsonb) WITH ORDINALITY AS item (value, place)
), written AS (
  INSERT INTO objects AS held (
    account_id, synced_at, via, look_id, object_type, object_id, version, updated_at, payload
  )
  SELECT
    :account_id, :at::timestamptz, :via, :look_id::bigint, object_type, object_id, version,
    updated_at, payload
  FROM given
  ORDER BY place
  ON CONFLICT (account_id, object_type, object_id) DO UPDATE SET
    synced_at = excluded.synced_at,
    via = excluded.via,
    look_id = excluded.look_id,
    version = excluded.version,
    updated_at = excluded.updated_at,
    deleted = false,
    payload = excluded.payload
  WHERE excluded.updated_at >= held.updated_at
    AND (
      held.deleted OR excluded.payload <> held.payload
      OR held.updated_at = '0001-01-01T00:00:00.000000Z'
    )
  RETURNING object_type, object_id, held.xmax <> 0 AS was_there
), superseded AS (
  INSERT INTO object_versions (
    account_id, object_type, object_id, version, updated_at, seen_at, ended_at, deleted, via,
    look_id, payload
  )
  SELECT
    old.account_id, old.object_type, old.object_id, old.version, old.updated_at, old.synced_at,
    :at::timestamptz, old.deleted, old.via, old.look_id,
    CASE WHEN old.payload <> given.payload THEN old.payload END
  FROM written
  JOIN given USING (object_type, object_id)
  JOIN objects AS old
    ON old.account_id = :account_id AND old.object_type = written.object_type
    AND old.object_id = written.object_id
  WHERE written.was_there
  ORDER BY given.place
)
INSERT INTO pending_changes (
  place, account_id, object_type, object_id, op, via, observed_at, updated_at
)
SELECT
  (SELECT count(*) FROM pending_changes) + row_number() OVER (ORDER BY given.place),
  :account_id, written.object_type, written.object_id, 'upsert', :via, :at::timestamptz,
  given.updated_at
FROM written JOIN given USING (object_type, object_id);

-- name: bury
-- Marks live rows that are no newer than their tombstone: [[type, id, updated_at or null], ...].
-- Each is noted as a change, and as a version of the past.
WITH found AS MATERIALIZED (
  SELECT
    held.object_type, held.object_id, held.version, held.updated_at AS held_updated_at,
    held.synced_at, held.via, held.look_id,
    coalesce((grave.value ->> 2)::timestamptz, held.updated_at) AS updated_at, grave.place
  FROM jsonb_array_elements(:tombstones::jsonb) WITH ORDINALITY AS grave (value, place)
  JOIN objects AS held
    ON held.account_id = :account_id
    AND held.object_type = grave.value ->> 0
    AND held.object_id = grave.value ->> 1
  WHERE NOT held.deleted
    AND coalesce((grave.value ->> 2)::timestamptz >= held.updated_at, true)
), buried AS (
  UPDATE objects AS held SET
    deleted = true,
    synced_at = :at::timestamptz,
    via = :via,
    look_id = :look_id::bigint,
    updated_at = found.updated_at
  FROM found
  WHERE held.account_id = :account_id AND held.object_type = found.object_type
    AND held.object_id = found.object_id
), superseded AS (
  INSERT INTO object_versions (
    account_id, object_type, object_id, version, updated_at, seen_at, ended_at, deleted, via,
    look_id
  )
  SELECT
    :account_id, object_type, object_id, version, held_updated_at, synced_at, :at::timestamptz,
    false, via, look_id
  FROM found ORDER BY place
)
INSERT INTO pending_changes (
  place, account_id, object_type, object_id, op, via, observed_at, updated_at
)
SELECT
  (SELECT count(*) FROM pending_changes) + row_number() OVER (ORDER BY place),
  :account_id, object_type, object_id, 'delete', :via, :at::timestamptz, updated_at
FROM found;

-- name: deepen
-- A later tombstone of a row that is gone already. Nothing changes by it, but a version from
-- between the two must not bring the row back.
UPDATE objects AS held SET updated_at = (grave.value ->> 2)::timestamptz
FROM jsonb_array_elements(:tombstones::jsonb) AS grave (value)
WHERE held.account_id = :account_id
  AND held.object_type = grave.value ->> 0
  AND held.object_id = grave.value ->> 1
  AND held.deleted
  AND (grave.value ->> 2)::timestamptz > held.updated_at;

-- name: deleted_ids
SELECT object_id FROM objects
WHERE account_id = ? AND object_type = ? AND deleted
  AND object_id IN (SELECT jsonb_array_elements_text(?::jsonb));

-- name: live_among
SELECT count(*) FROM objects
WHERE account_id = ? AND object_type = ? AND NOT deleted
  AND object_id IN (SELECT jsonb_array_elements_text(?::jsonb));

-- name: live_count
SELECT count(*) - (
  SELECT count(*) FROM objects WHERE deleted AND account_id = ?1 AND object_type = ?2
)
FROM objects WHERE account_id = ?1 AND object_type = ?2;

-- name: live_counts
-- All rows less the deleted ones: two indexes are read.
SELECT 'text', convert_to(object_type, 'UTF8'), count(*) - (
  SELECT count(*) FROM objects AS gone
  WHERE gone.deleted AND gone.account_id = ?1 AND gone.object_type = held.object_type
)
FROM objects AS held
WHERE account_id = ?1 GROUP BY object_type ORDER BY object_type;

-- name: page
SELECT object_type, object_id, version, updated_at, synced_at, deleted, payload
FROM objects
WHERE account_id = :account_id AND object_type = :object_type AND object_id > :after_id
  AND (:include_deleted OR NOT deleted)
  AND (:updated_since::text = '' OR updated_at >= nullif(:updated_since::text, '')::timestamptz)
ORDER BY object_id LIMIT :limit;

-- name: one
SELECT object_type, object_id, version, updated_at, synced_at, deleted, payload
FROM objects
WHERE account_id = :account_id AND object_type = :object_type AND object_id = :object_id;

-- name: named
-- Of [[type, id], ...], those that were ever seen.
SELECT
  held.object_type, held.object_id, held.version, held.updated_at, held.synced_at, held.deleted,
  held.payload
FROM jsonb_array_elements(:refs::jsonb) AS ref (value) JOIN objects AS held
  ON held.account_id = :account_id AND held.object_type = ref.value ->> 0
  AND held.object_id = ref.value ->> 1;

-- name: forget_some
DELETE FROM objects WHERE ctid = ANY (ARRAY(SELECT ctid FROM objects WHERE account_id = ? LIMIT ?));
