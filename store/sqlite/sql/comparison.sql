-- name: see
INSERT OR IGNORE INTO scan_seen (account_id, object_type, object_id)
SELECT ?, value ->> 0, value ->> 1 FROM json_each(?);

-- name: forget_types
DELETE FROM scan_seen
WHERE account_id = ? AND object_type IN (SELECT value FROM json_each(?));

-- name: unseen
-- Three indexes merged in order; the rows themselves are not read.
SELECT object_id FROM objects INDEXED BY objects_key
WHERE account_id = :account_id AND object_type = :object_type AND object_id > :after_id
EXCEPT
SELECT object_id FROM scan_seen WHERE account_id = :account_id AND object_type = :object_type
EXCEPT
SELECT object_id FROM objects INDEXED BY objects_deleted
WHERE deleted AND account_id = :account_id AND object_type = :object_type
ORDER BY object_id LIMIT :limit;

-- name: unseen_count
SELECT count(*) FROM (
  SELECT object_id FROM objects INDEXED BY objects_key
  WHERE account_id = :account_id AND object_type = :object_type
  EXCEPT
  SELECT object_id FROM scan_seen WHERE account_id = :account_id AND object_type = :object_type
  EXCEPT
  SELECT object_id FROM objects INDEXED BY objects_deleted
  WHERE deleted AND account_id = :account_id AND object_type = :object_type
);

-- name: forget_some
DELETE FROM scan_seen WHERE account_id = ?1 AND (object_type, object_id) IN (
  SELECT object_type, object_id FROM scan_seen WHERE account_id = ?1 LIMIT ?2
);
