-- name: get
SELECT value FROM metadata WHERE key = ?;

-- name: put
INSERT INTO metadata (key, value) VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: check
-- Each check changes a page, so that the commit really reaches the disk.
INSERT INTO metadata (key, value)
VALUES ('store.check', convert_to(repeat('x', :filler_bytes::int), 'UTF8'))
ON CONFLICT (key) DO UPDATE SET
  value = CASE
    WHEN :filler_bytes::int > 0 THEN excluded.value
    ELSE convert_to(gen_random_uuid()::text, 'UTF8')
  END;
