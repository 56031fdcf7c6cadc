-- name: number
-- Whoever publishes holds the row until he is visible: the numbers are in the order of commits.
UPDATE standings_published SET last = last + :count RETURNING last;

-- name: publish
-- [[account, document], ...], by the node that holds their shards; what others hold is left alone.
-- That an account is hosted no more may be told once it was forgotten.
INSERT INTO hosted_standings AS known (account_id, node, published, document)
SELECT value ->> 0, :node, :last::bigint - :count::bigint + place, convert_to(value ->> 1, 'UTF8')
FROM jsonb_array_elements(:rows::jsonb) WITH ORDINALITY AS given (value, place)
LEFT JOIN accounts AS account ON account.id = value ->> 0
LEFT JOIN shards ON shards.shard = account.shard
WHERE shards.node = :node OR account.id IS NULL AND value ->> 1 = ''
ON CONFLICT (account_id) DO UPDATE SET
  node = excluded.node, published = excluded.published, document = excluded.document;

-- name: after
-- A database that was put back to an earlier state counts from there.
SELECT account_id, node, document, published FROM hosted_standings
WHERE published > CASE
  WHEN :after > (SELECT last FROM standings_published) THEN 0 ELSE :after::bigint
END
ORDER BY published LIMIT :limit;

-- name: count
SELECT count(*) FROM hosted_standings WHERE node = ? AND document <> '';

-- name: left_over
-- Whom a node told of last that nobody is to host: nobody else will tell that they are gone.
SELECT told.account_id
FROM hosted_standings AS told LEFT JOIN accounts AS account ON account.id = told.account_id
WHERE told.node = ? AND told.document <> ''
  AND (account.id IS NULL OR account.disconnected_at IS NOT NULL);

-- name: take_back
UPDATE hosted_standings AS told SET
  document = '', published = :last::bigint - :count::bigint + place
FROM jsonb_array_elements_text(:ids::jsonb) WITH ORDINALITY AS given (id, place)
WHERE told.account_id = given.id AND told.node = :node;

-- name: withdraw
-- That accounts are gone stays told, for those who have not heard it yet.
DELETE FROM hosted_standings WHERE node = ? AND document <> '';

-- name: forget_gone
DELETE FROM hosted_standings WHERE published <= ? AND document = '';

-- name: last
SELECT last FROM standings_published;
