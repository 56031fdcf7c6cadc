-- name: unlike
-- Of the given rows [[id, version, updated_at, offset, length], ...] those that are not held just
-- so; where in `payloads` a row's bytes are, as in `upsert`.
SELECT
  given.value ->> 0, held.version, held.updated_at, held.deleted, CAST(held.payload AS BLOB)
FROM json_each(:rows) AS given
LEFT JOIN objects AS held
  ON held.account_id = :account_id
  AND held.object_type = :object_type
  AND held.object_id = given.value ->> 0
WHERE held.object_id IS NULL
  OR held.deleted
  OR held.version IS NOT given.value ->> 1
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
SELECT held.object_id, held.version, held.updated_at, held.deleted, CAST(held.payload AS BLOB)
FROM left_over CROSS JOIN objects AS held
  ON held.account_id = :account_id
  AND held.object_type = :object_type
  AND held.object_id = left_over.object_id;

-- name: one
SELECT rowid, version, updated_at, deleted, CAST(payload AS BLOB) FROM objects
WHERE account_id = ? AND object_type = ? AND object_id = ?;

-- name: disown
-- For the rest of the transaction the row is older than anything that can be written over it.
UPDATE objects SET updated_at = ? WHERE rowid = ?;
