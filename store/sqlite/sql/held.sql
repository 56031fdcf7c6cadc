-- name: unlike
-- A damaged text may be no text any more: columns are read as the bytes that they are.
-- Of the given rows [[id, version, updated_at, offset, length], ...] those that are not held just
-- so; where in `payloads` a row's bytes are, as in `upsert`. What we noted of a row ourselves must be
-- readable: whoever shows it could not.
SELECT
  given.value ->> 0, CAST(held.version AS BLOB), CAST(held.updated_at AS BLOB),
  CAST(held.deleted AS INTEGER), CAST(held.payload AS BLOB)
FROM json_each(:rows) AS given
LEFT JOIN objects AS held
  ON held.account_id = :account_id
  AND held.object_type = :object_type
  AND held.object_id = given.value ->> 0
WHERE held.object_id IS NULL
  OR held.deleted IS NOT 0
  OR held.version IS NOT given.value ->> 1
  OR typeof(held.synced_at) IS NOT 'text'
  OR held.synced_at NOT GLOB '????-??-??T??:??:??.??????Z'
  OR julianday(held.synced_at) IS NULL
  OR held.via NOT IN (SELECT value FROM json_each(:channels))
  OR held.updated_at IS NOT given.value ->> 2
  OR CAST(held.payload AS BLOB) IS NOT
    coalesce(substr(:payloads, 1 + (given.value ->> 3), given.value ->> 4), x'');

-- name: unscanned
-- Indexes are merged in order; only the rows that are left are read.
WITH left_over AS MATERIALIZED (
  SELECT object_id FROM objects INDEXED BY objects_key
  WHERE account_id = :account_id AND object_type = :object_type
  EXCEPT
  SELECT value FROM json_each(:scanned)
  EXCEPT
  SELECT object_id FROM objects INDEXED BY objects_deleted
  WHERE deleted AND account_id = :account_id AND object_type = :object_type
)
SELECT
  held.rowid, typeof(held.object_id), CAST(held.object_id AS BLOB), CAST(held.version AS BLOB),
  CAST(held.updated_at AS BLOB), CAST(held.deleted AS INTEGER), CAST(held.payload AS BLOB)
FROM left_over CROSS JOIN objects AS held
  ON held.account_id = :account_id
  AND held.object_type = :object_type
  AND held.object_id = left_over.object_id;

-- name: one
SELECT
  rowid, CAST(version AS BLOB), CAST(updated_at AS BLOB), CAST(deleted AS INTEGER),
  CAST(payload AS BLOB)
FROM objects WHERE account_id = ? AND object_type = ? AND object_id = ?;

-- name: misnamed
SELECT
  rowid, CAST(version AS BLOB), CAST(updated_at AS BLOB), CAST(deleted AS INTEGER),
  CAST(payload AS BLOB)
FROM objects WHERE account_id = ? AND object_type = ? AND rowid = ?;

-- name: rename
-- It may be there from an earlier damage of the same kind.
UPDATE OR REPLACE objects SET object_id = ? WHERE rowid = ?;

-- name: disown
-- For the rest of the transaction the row is older than anything that can be written over it,
-- and what history takes of it can be read. Of one whose own times cannot be, nobody knows more than
-- that it came after its account.
UPDATE objects SET
  updated_at = :updated_at,
  version = :version,
  via = CASE WHEN via IN (SELECT value FROM json_each(:channels)) THEN via ELSE 'verify' END,
  synced_at = CASE
    WHEN typeof(synced_at) = 'text' AND synced_at GLOB '????-??-??T??:??:??.??????Z'
      AND julianday(synced_at) IS NOT NULL
    THEN synced_at
    ELSE (SELECT connected_at FROM accounts WHERE id = objects.account_id)
  END
WHERE rowid = :row_number;

-- name: strangers
-- The types are found by steps through the index, of which there are few.
WITH RECURSIVE types (name) AS (
  SELECT min(object_type) FROM objects WHERE account_id = :account_id
  UNION ALL
  SELECT (
    SELECT min(object_type) FROM objects
    WHERE account_id = :account_id AND object_type > types.name
  )
  FROM types WHERE types.name IS NOT NULL
)
SELECT
  held.rowid, typeof(held.object_type), CAST(held.object_type AS BLOB), typeof(held.object_id),
  CAST(held.object_id AS BLOB), CAST(held.version AS BLOB), CAST(held.updated_at AS BLOB),
  CAST(held.deleted AS INTEGER), CAST(held.payload AS BLOB)
FROM types CROSS JOIN objects AS held
  ON held.account_id = :account_id AND held.object_type = types.name
WHERE types.name NOT IN (SELECT value FROM json_each(:known))
  AND types.name NOT IN (SELECT object_type FROM cursors WHERE account_id = :account_id);

-- name: stranger
SELECT
  rowid, CAST(version AS BLOB), CAST(updated_at AS BLOB), CAST(deleted AS INTEGER),
  CAST(payload AS BLOB)
FROM objects WHERE account_id = ? AND rowid = ?;

-- name: take_out
DELETE FROM objects WHERE rowid = ?;

-- name: beyond
-- Of [[type, id], ...] what is held with a time beyond one that nothing can be beyond.
SELECT
  held.rowid, CAST(held.version AS BLOB), CAST(held.deleted AS INTEGER), held.object_type,
  held.object_id
FROM json_each(:keys) AS given CROSS JOIN objects AS held
WHERE held.account_id = :account_id
  AND held.object_type = given.value ->> 0
  AND held.object_id = given.value ->> 1
  AND held.updated_at > :beyond;
