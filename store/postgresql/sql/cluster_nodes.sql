-- name: note
INSERT INTO nodes AS n (node, name, url, version, started_at, seen_at, is_leaving)
VALUES (:node, :name, :url, :version, clock_timestamp(), clock_timestamp(), :is_leaving)
ON CONFLICT (node) DO UPDATE SET
  name = excluded.name, url = excluded.url, version = excluded.version,
  seen_at = excluded.seen_at, is_leaving = excluded.is_leaving;

-- name: all
SELECT
  node, name, url, version, started_at, seen_at, is_leaving,
  extract(epoch FROM clock_timestamp() - seen_at)::double precision
FROM nodes ORDER BY started_at, node;

-- name: forget
DELETE FROM nodes
WHERE node = :node OR seen_at < clock_timestamp() - make_interval(secs => :unseen_s::double precision)
RETURNING node;
