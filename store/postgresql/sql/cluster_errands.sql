-- name: leave
-- [[account, kind, payload in base64], ...]. Numbered in the given order.
INSERT INTO errands (shard, account_id, kind, payload)
SELECT account.shard, account.id, value ->> 1, decode(value ->> 2, 'base64')
FROM jsonb_array_elements(:rows::jsonb) WITH ORDINALITY AS given (value, place)
JOIN accounts AS account ON account.id = value ->> 0
ORDER BY place;

-- name: full
-- One of the accounts of which so many errands wait. Of its shard few do: it is gone through.
SELECT account.id
FROM jsonb_array_elements(:rows::jsonb) AS given (value)
JOIN accounts AS account ON account.id = value ->> 0
WHERE :most::bigint <= (
  SELECT count(*) FROM (
    SELECT 1 FROM errands AS errand
    WHERE errand.shard = account.shard AND errand.account_id = account.id
    LIMIT :most::bigint
  ) AS waiting
)
LIMIT 1;

-- name: oldest
-- [[shard, epoch], ...]: whose shard was taken by another meanwhile is told nothing of it any more.
SELECT errand.id, errand.shard, errand.account_id, errand.kind, errand.payload, errand.at
FROM jsonb_array_elements(:holds::jsonb) AS held (value)
JOIN shards ON shards.shard = (value ->> 0)::bigint AND shards.epoch = (value ->> 1)::bigint
JOIN errands AS errand ON errand.shard = shards.shard
ORDER BY errand.id LIMIT :limit;

-- name: end
DELETE FROM errands USING jsonb_array_elements(:holds::jsonb) AS held (value), shards
WHERE errands.id IN (SELECT jsonb_array_elements(:ids::jsonb)::bigint)
  AND shards.shard = (held.value ->> 0)::bigint AND shards.epoch = (held.value ->> 1)::bigint
  AND errands.shard = shards.shard;

-- name: asked
-- For whom users' writes were asked that are not being sent, and when the last was.
SELECT action.account_id, max(action.asked_at)
FROM actions AS action
JOIN accounts AS account ON account.id = action.account_id
JOIN shards ON shards.shard = account.shard
JOIN jsonb_array_elements(:holds::jsonb) AS held (value)
  ON shards.shard = (value ->> 0)::bigint AND shards.epoch = (value ->> 1)::bigint
WHERE action.state IN ('pending', 'sending', 'unknown') AND NOT action.parked
  AND action.state <> 'sending'
  AND action.asked_at > now() - make_interval(secs => :within_s::double precision)
GROUP BY action.account_id;

-- name: noticed
-- What open notices came, by account and type the newest.
SELECT notice.account_id, notice.object_type, max(notice.id)
FROM notices AS notice
JOIN accounts AS account ON account.id = notice.account_id
JOIN shards ON shards.shard = account.shard
JOIN jsonb_array_elements(:holds::jsonb) AS held (value)
  ON shards.shard = (value ->> 0)::bigint AND shards.epoch = (value ->> 1)::bigint
WHERE notice.handled_at IS NULL
  AND notice.received_at > now() - make_interval(secs => :within_s::double precision)
GROUP BY notice.account_id, notice.object_type;
