-- name: see
INSERT INTO scan_seen (account_id, object_type, object_id)
SELECT ?, value ->> 0, value ->> 1 FROM jsonb_array_elements(?::jsonb) AS seen (value)
ON CONFLICT DO NOTHING;

-- name: forget_types
DELETE FROM scan_seen
WHERE account_id = ? AND object_type IN (SELECT jsonb_array_elements_text(?::jsonb));

-- name: unseen
SELECT object_id FROM objects AS held
WHERE account_id = :account_id AND object_type = :object_type AND object_id > :after_id
  AND NOT deleted
  AND NOT EXISTS (
    SELECT 1 FROM scan_seen AS seen
    WHERE seen.account_id = :account_id AND seen.object_type = :object_type
      AND seen.object_id = held.object_id
  )
ORDER BY object_id LIMIT :limit;

-- name: unseen_count
SELECT count(*) FROM objects AS held
WHERE account_id = :account_id AND object_type = :object_type AND NOT deleted
  AND NOT EXISTS (
    SELECT 1 FROM scan_seen AS seen
    WHERE seen.account_id = :account_id AND seen.object_type = :object_type
      AND seen.object_id = held.object_id
  );

-- name: forget_some
DELETE FROM scan_seen WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM scan_seen WHERE account_id = ? LIMIT ?
));
