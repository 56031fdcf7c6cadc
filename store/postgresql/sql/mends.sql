-- name: note
-- Of the given [[type, id, difference], ...] those that the page under this number has written.
INSERT INTO mended (account_id, object_type, object_id, difference, via, mended_at)
SELECT
  :account_id, given.value ->> 0, given.value ->> 1, given.value ->> 2, :via, :at::timestamptz
FROM jsonb_array_elements(:mends::jsonb) WITH ORDINALITY AS given (value, place)
JOIN objects AS held
  ON held.account_id = :account_id
  AND held.object_type = given.value ->> 0
  AND held.object_id = given.value ->> 1
WHERE held.look_id = :look_id
ORDER BY given.place
RETURNING object_type, object_id, difference;

-- name: note_removed
INSERT INTO mended (account_id, object_type, object_id, difference, via, mended_at)
VALUES (?, ?, ?, ?, ?, ?);

-- name: unnamed
SELECT id, object_type, object_id, difference FROM mended
WHERE account_id = ? AND certificate IS NULL ORDER BY id;

-- name: unnamed_count
SELECT count(*) FROM mended WHERE account_id = ? AND certificate IS NULL;

-- name: name
UPDATE mended SET certificate = :number
WHERE account_id = :account_id AND certificate IS NULL AND id <= :through;

-- name: of_object
SELECT mended_at, difference, certificate FROM mended
WHERE account_id = :account_id AND object_type = :object_type AND object_id = :object_id
ORDER BY id DESC LIMIT :limit;

-- name: prune
-- What no certificate names is kept longer: one may still name it.
DELETE FROM mended WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM mended
  WHERE mended_at < CASE WHEN certificate IS NULL THEN :unnamed_before::timestamptz
    ELSE :before::timestamptz END
  ORDER BY id LIMIT :limit
));

-- name: forget_some
DELETE FROM mended WHERE ctid = ANY (ARRAY(SELECT ctid FROM mended WHERE account_id = ? LIMIT ?));
