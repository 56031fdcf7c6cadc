-- name: looks
-- Of all accounts, or of those whose shards a node holds.
SELECT vendor, max(last_synced_at) FROM accounts
WHERE disconnected_at IS NULL AND NOT paused AND reauth_cause IS NULL
  AND last_synced_at IS NOT NULL
  AND (:node::text IS NULL OR shard IN (SELECT shards.shard FROM shards WHERE node = :node::text))
GROUP BY vendor;

-- name: feed
SELECT last_seq, (SELECT count(*) FROM changes WHERE seq > :after) FROM feed;

-- name: purges
SELECT coalesce(
  (SELECT convert_from(value, 'UTF8')::bigint FROM metadata WHERE key = 'store.purges'), 0
);

-- name: count_purge
INSERT INTO metadata AS held (key, value) VALUES ('store.purges', convert_to('1', 'UTF8'))
ON CONFLICT (key) DO UPDATE SET
  value = convert_to((convert_from(held.value, 'UTF8')::bigint + 1)::text, 'UTF8');
