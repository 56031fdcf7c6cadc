-- name: upsert
-- Writes what is newer than or as old as what is stored and differs from it; the table's triggers
-- note each as a change. `rows` is [[type, id, version, updated_at, offset, length], ...]: where in
-- `payloads` a row's bytes are. Those stay as they are: nothing decodes them on the way to text.
-- (`substr` makes null of an empty blob.) A row of the first instant was disowned: see
-- `held.sql`.
INSERT INTO objects (
  account_id, synced_at, via, look_id, object_type, object_id, version, updated_at, payload
)
SELECT
  :account_id, :at, :via, :look_id, value ->> 0, value ->> 1, value ->> 2, value ->> 3,
  coalesce(CAST(substr(:payloads, 1 + (value ->> 4), value ->> 5) AS TEXT), '')
FROM json_each(:rows)
WHERE true
ON CONFLICT (account_id, object_type, object_id) DO UPDATE SET
  synced_at = excluded.synced_at,
  via = excluded.via,
  look_id = excluded.look_id,
  version = excluded.version,
  updated_at = excluded.updated_at,
  deleted = 0,
  payload = excluded.payload
WHERE excluded.updated_at >= objects.updated_at
  AND (
    objects.deleted OR excluded.payload IS NOT objects.payload OR objects.updated_at = '0001-01-01T00:00:00.000000Z'
  );

-- name: bury
-- Marks live rows that are no newer than their tombstone: [[type, id, updated_at or null], ...].
-- The table's trigger notes each as a change. CROSS JOIN and MATERIALIZED: from the few tombstones
-- to their rows, never from all rows to the tombstones.
UPDATE objects SET
  deleted = 1,
  synced_at = :at,
  via = :via,
  look_id = :look_id,
  updated_at = buried.updated_at
FROM (
  WITH found AS MATERIALIZED (
    SELECT held.rowid AS held_rowid, coalesce(grave.value ->> 2, held.updated_at) AS updated_at
    FROM json_each(:tombstones) AS grave CROSS JOIN objects AS held
    WHERE held.account_id = :account_id
      AND held.object_type = grave.value ->> 0
      AND held.object_id = grave.value ->> 1
      AND NOT held.deleted
      AND coalesce(grave.value ->> 2 >= held.updated_at, true)
  )
  SELECT held_rowid, updated_at FROM found
) AS buried
WHERE objects.rowid = buried.held_rowid;

-- name: deepen
-- A later tombstone of a row that is gone already. Nothing changes by it, but a version from
-- between the two must not bring the row back.
UPDATE objects SET updated_at = deeper.updated_at
FROM (
  WITH found AS MATERIALIZED (
    SELECT held.rowid AS held_rowid, grave.value ->> 2 AS updated_at
    FROM json_each(:tombstones) AS grave CROSS JOIN objects AS held
    WHERE held.account_id = :account_id
      AND held.object_type = grave.value ->> 0
      AND held.object_id = grave.value ->> 1
      AND held.deleted
      AND grave.value ->> 2 > held.updated_at
  )
  SELECT held_rowid, updated_at FROM found
) AS deeper
WHERE objects.rowid = deeper.held_rowid;

-- name: deleted_ids
SELECT object_id FROM objects
WHERE account_id = ? AND object_type = ? AND deleted
  AND object_id IN (SELECT value FROM json_each(?));

-- name: live_among
SELECT count(*) FROM objects
WHERE account_id = ? AND object_type = ? AND NOT deleted
  AND object_id IN (SELECT value FROM json_each(?));

-- name: live_count
SELECT count(*) - (
  SELECT count(*) FROM objects INDEXED BY objects_deleted
  WHERE deleted AND account_id = ?1 AND object_type = ?2
)
FROM objects INDEXED BY objects_key WHERE account_id = ?1 AND object_type = ?2;

-- name: live_counts
-- All rows less the deleted ones: two small indexes are read, never the rows.
-- A damaged type may be no text any more.
SELECT typeof(object_type), CAST(object_type AS BLOB), count(*) - (
  SELECT count(*) FROM objects AS gone INDEXED BY objects_deleted
  WHERE gone.deleted AND gone.account_id = ?1 AND gone.object_type = objects.object_type
)
FROM objects INDEXED BY objects_key
WHERE account_id = ?1 GROUP BY object_type;

-- name: page
SELECT object_type, object_id, version, updated_at, synced_at, deleted, CAST(payload AS BLOB)
FROM objects
WHERE account_id = :account_id AND object_type = :object_type AND object_id > :after_id
  AND (:include_deleted OR NOT deleted)
  AND updated_at >= :updated_since
ORDER BY object_id LIMIT :limit;

-- name: one
SELECT object_type, object_id, version, updated_at, synced_at, deleted, CAST(payload AS BLOB)
FROM objects
WHERE account_id = :account_id AND object_type = :object_type AND object_id = :object_id;

-- name: named
-- Of [[type, id], ...], those that were ever seen.
SELECT
  held.object_type, held.object_id, held.version, held.updated_at, held.synced_at, held.deleted,
  CAST(held.payload AS BLOB)
FROM json_each(:refs) AS ref CROSS JOIN objects AS held
  ON held.account_id = :account_id AND held.object_type = ref.value ->> 0
  AND held.object_id = ref.value ->> 1;

-- name: forget_some
DELETE FROM objects WHERE rowid IN (SELECT rowid FROM objects WHERE account_id = ? LIMIT ?);
