-- name: get
SELECT value FROM metadata WHERE key = ?;

-- name: put
INSERT INTO metadata (key, value) VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: check
-- Each check changes a page, so that the commit really reaches the disk.
INSERT INTO metadata (key, value) VALUES ('store.check', zeroblob(:filler_bytes))
ON CONFLICT (key) DO UPDATE SET
  value = CASE WHEN :filler_bytes > 0 THEN excluded.value ELSE randomblob(8) END;
