-- name: unlike
-- Of the given rows [[id, version, updated_at, offset, length], ...] those that are not held just
-- so; where in `payloads` a row's bytes are, as in `upsert`.
SELECT
  given.object_id, convert_to(held.version, 'UTF8'),
  convert_to(instant_text(held.updated_at), 'UTF8'), held.deleted::int, held.payload
FROM (
  SELECT
    value ->> 0 AS object_id, value ->> 1 AS version, (value ->> 2)::timestamptz AS updated_at,
    substring(:payloads::bytea FROM 1 + (value ->> 3)::int FOR (value ->> 4)::int) AS payload
  FROM jsonb_array_elements(:rows::jsonb) AS item (value)
) AS given
LEFT JOIN objects AS held
  ON held.account_id = :account_id
  AND held.object_type = :object_type
  AND held.object_id = given.object_id
WHERE held.object_id IS NULL
  OR held.deleted
  OR held.version <> given.version
  OR held.via NOT IN (SELECT jsonb_array_elements_text(:channels::jsonb))
  OR held.updated_at <> given.updated_at
  OR held.payload <> given.payload;

-- name: unscanned
SELECT
  number_of_place(held.ctid), 'text', convert_to(held.object_id, 'UTF8'),
  convert_to(held.version, 'UTF8'), convert_to(instant_text(held.updated_at), 'UTF8'),
  held.deleted::int, held.payload
FROM objects AS held
WHERE held.account_id = :account_id AND held.object_type = :object_type AND NOT held.deleted
  AND NOT EXISTS (
    SELECT 1 FROM jsonb_array_elements_text(:scanned::jsonb) AS seen (object_id)
    WHERE seen.object_id = held.object_id
  )
ORDER BY held.object_id;

-- name: one
SELECT
  number_of_place(ctid), convert_to(version, 'UTF8'), convert_to(instant_text(updated_at), 'UTF8'),
  deleted::int, payload
FROM objects WHERE account_id = ? AND object_type = ? AND object_id = ?;

-- name: misnamed
SELECT
  number_of_place(ctid), convert_to(version, 'UTF8'), convert_to(instant_text(updated_at), 'UTF8'),
  deleted::int, payload
FROM objects WHERE account_id = ? AND object_type = ? AND ctid = place_of_number(?);

-- name: rename
UPDATE objects SET object_id = ? WHERE ctid = place_of_number(?);

-- name: disown
-- For the rest of the transaction the row is older than anything that can be written over it.
UPDATE objects SET
  updated_at = :updated_at,
  version = :version,
  via = CASE
    WHEN via IN (SELECT jsonb_array_elements_text(:channels::jsonb)) THEN via ELSE 'verify'
  END
WHERE ctid = place_of_number(:row_number);

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
  number_of_place(held.ctid), 'text', convert_to(held.object_type, 'UTF8'), 'text',
  convert_to(held.object_id, 'UTF8'), convert_to(held.version, 'UTF8'),
  convert_to(instant_text(held.updated_at), 'UTF8'), held.deleted::int, held.payload
FROM types JOIN objects AS held
  ON held.account_id = :account_id AND held.object_type = types.name
WHERE types.name NOT IN (SELECT jsonb_array_elements_text(:known::jsonb))
  AND types.name NOT IN (SELECT object_type FROM cursors WHERE account_id = :account_id)
ORDER BY held.object_type, held.object_id;

-- name: stranger
SELECT
  number_of_place(ctid), convert_to(version, 'UTF8'), convert_to(instant_text(updated_at), 'UTF8'),
  deleted::int, payload
FROM objects WHERE account_id = ? AND ctid = place_of_number(?);

-- name: take_out
DELETE FROM objects WHERE ctid = place_of_number(?);

-- name: beyond
-- Of [[type, id], ...] what is held with a time beyond one that nothing can be beyond.
SELECT
  number_of_place(held.ctid), convert_to(held.version, 'UTF8'), held.deleted::int,
  held.object_type, held.object_id
FROM jsonb_array_elements(:keys::jsonb) AS given (value)
JOIN objects AS held
  ON held.account_id = :account_id
  AND held.object_type = given.value ->> 0
  AND held.object_id = given.value ->> 1
WHERE held.updated_at > :beyond;
