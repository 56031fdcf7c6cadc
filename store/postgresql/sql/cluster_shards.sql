-- name: count
SELECT shard_count FROM cluster;

-- name: lock_accounts
-- Nobody connects a company while it is decided how many shards there are.
LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE;

-- name: fix_count
INSERT INTO cluster (shard_count) VALUES (?) ON CONFLICT DO NOTHING;

-- name: add_shards
INSERT INTO shards (shard)
SELECT shard FROM cluster, generate_series(-1, shard_count - 1) AS shard
ON CONFLICT DO NOTHING;

-- name: place_accounts
-- Whoever owned one elsewhere is fenced off.
UPDATE accounts AS a SET shard = shard_of(a.id, c.shard_count), epoch = a.epoch + 1
FROM cluster AS c WHERE a.shard <> shard_of(a.id, c.shard_count);

-- name: lock
-- Who holds the shard and who did last; for how long nobody is known to have held it.
SELECT
  s.epoch,
  s.node,
  coalesce(
    s.node, (SELECT m.node FROM shard_moves AS m WHERE m.shard = s.shard ORDER BY m.epoch DESC LIMIT 1)
  ),
  extract(
    epoch FROM clock_timestamp() - CASE WHEN s.node IS NULL THEN s.since ELSE coalesce(n.seen_at, s.since) END
  )::double precision
FROM shards AS s LEFT JOIN nodes AS n ON n.node = s.node
WHERE s.shard = ?
FOR NO KEY UPDATE OF s;

-- name: take
UPDATE shards SET epoch = :epoch, node = :node, since = clock_timestamp() WHERE shard = :shard;

-- name: note_move
INSERT INTO shard_moves (shard, epoch, node, before, was_let_go, at, unheld_s)
VALUES (:shard, :epoch, :node, :before, :was_let_go, clock_timestamp(), :unheld_s);

-- name: forget_moves
DELETE FROM shard_moves WHERE at < clock_timestamp() - interval '7 days';

-- name: check_hold
-- Locked: nobody takes the shard until the transaction ends.
SELECT 1 FROM shards WHERE shard = :shard AND epoch = :epoch AND node = :node FOR SHARE;

-- name: let_go
UPDATE shards SET node = NULL, since = clock_timestamp()
WHERE shard = :shard AND epoch = :epoch AND node = :node
RETURNING shard;

-- name: fence_accounts
-- Locked in one order, by whomever.
WITH locked AS MATERIALIZED (
  SELECT id FROM accounts WHERE shard = ? AND disconnected_at IS NULL ORDER BY id
  FOR NO KEY UPDATE
)
UPDATE accounts AS a SET epoch = epoch + 1 FROM locked WHERE a.id = locked.id;

-- name: holder_of
-- Who holds an account's shard; no row without a cluster. Locked: nobody takes it in between.
SELECT s.node FROM accounts AS a JOIN shards AS s ON s.shard = a.shard
WHERE a.id = ?
FOR SHARE OF s;

-- name: holder
SELECT node FROM shards WHERE shard = ? FOR SHARE;

-- name: still_held
SELECT s.shard, s.epoch FROM shards AS s JOIN jsonb_array_elements(?::jsonb) AS h
ON s.shard = (h ->> 0)::bigint AND s.epoch = (h ->> 1)::bigint AND s.node = h ->> 2;

-- name: all
SELECT shard, epoch, node, since FROM shards ORDER BY shard;

-- name: count_accounts
SELECT shard, count(*) FROM accounts WHERE disconnected_at IS NULL GROUP BY shard;

-- name: moves
SELECT shard, epoch, node, before, was_let_go, at, unheld_s FROM shard_moves
WHERE at >= clock_timestamp() - make_interval(secs => ?::double precision)
ORDER BY at, shard, epoch;
