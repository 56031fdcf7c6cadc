-- name: newest
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('notices', 'id')::regclass), 0);

-- name: receive
-- A whole delivery: [[company, type, id, event, operation, occurred_at], ...]. What is known already
-- stays as it is. Numbers may be committed out of their order: a look that begins after a higher one
-- is there began after the lower one's event happened all the same.
INSERT INTO notices (
  account_id, object_type, object_id, event_id, operation, occurred_at, received_at
)
SELECT
  account.id, value ->> 1, value ->> 2, value ->> 3, value ->> 4, (value ->> 5)::timestamptz,
  :at::timestamptz
FROM jsonb_array_elements(:rows::jsonb) WITH ORDINALITY AS given (value, place)
JOIN accounts AS account
  ON account.vendor = :vendor AND account.external_account_id = given.value ->> 0
WHERE account.disconnected_at IS NULL
ORDER BY given.place
ON CONFLICT (account_id, object_type, object_id, event_id) DO NOTHING;

-- name: strangers
-- How many of the rows are about companies that are not connected.
SELECT count(*) FROM jsonb_array_elements(:rows::jsonb) AS given (value)
WHERE NOT EXISTS (
  SELECT 1 FROM accounts AS account
  WHERE account.vendor = :vendor AND account.external_account_id = given.value ->> 0
    AND account.disconnected_at IS NULL
);

-- name: fresh
-- Others' deliveries may be among them: their accounts are told twice, which does no harm.
SELECT account_id, object_type, max(id) FROM notices WHERE id > ?
GROUP BY account_id, object_type;

-- name: open_of_account
SELECT object_type, max(id) FROM notices
WHERE account_id = ? AND handled_at IS NULL
GROUP BY object_type ORDER BY object_type;

-- name: open_of_shard
SELECT n.account_id, n.object_type, max(n.id)
FROM notices AS n JOIN accounts AS a ON a.id = n.account_id
WHERE n.handled_at IS NULL AND a.shard = ? AND a.disconnected_at IS NULL
GROUP BY n.account_id, n.object_type ORDER BY n.account_id, n.object_type;

-- name: hinted
-- Of this transaction's changes behind a place, those that an open notice tells of were seen by
-- webhook first. They have no numbers yet, and nobody has seen them otherwise.
UPDATE pending_changes AS c SET via = 'webhook'
WHERE c.place > :before AND c.account_id = :account_id AND EXISTS (
  SELECT 1 FROM notices AS n
  WHERE n.account_id = c.account_id AND n.object_type = c.object_type
    AND n.object_id = c.object_id AND n.handled_at IS NULL
);

-- name: hinted_changes
-- Those, with when the first notice says that each happened.
SELECT c.op, c.object_type, c.object_id, min(n.occurred_at)
FROM pending_changes AS c JOIN notices AS n
  ON n.account_id = c.account_id AND n.object_type = c.object_type AND n.object_id = c.object_id
WHERE c.place > :before AND c.account_id = :account_id AND c.via = 'webhook'
  AND n.handled_at IS NULL
GROUP BY c.place, c.op, c.object_type, c.object_id ORDER BY c.place;

-- name: hinted_objects
UPDATE objects AS held SET via = 'webhook'
FROM jsonb_array_elements(:keys::jsonb) AS one (value)
WHERE held.account_id = :account_id AND held.object_type = one.value ->> 0
  AND held.object_id = one.value ->> 1;

-- name: missed
-- Changes that somebody made between two instants, that were seen by looking, and that no notice
-- tells of, not even one that was answered already.
SELECT count(*) FROM pending_changes AS c
WHERE c.place > :before AND c.account_id = :account_id AND c.via = 'poll'
  AND c.updated_at > :since AND c.updated_at <= :until
  AND c.object_type IN (SELECT jsonb_array_elements_text(:types::jsonb))
  AND NOT EXISTS (
    SELECT 1 FROM notices AS n
    WHERE n.account_id = c.account_id AND n.object_type = c.object_type
      AND n.object_id = c.object_id AND n.occurred_at >= :since
  );

-- name: answer
-- [[type, newest], ...]: a look that began after those came has answered them.
UPDATE notices AS n SET handled_at = :at
FROM jsonb_array_elements(:answers::jsonb) AS one (value)
WHERE n.handled_at IS NULL AND n.account_id = :account_id
  AND n.object_type = one.value ->> 0 AND n.id <= (one.value ->> 1)::bigint;

-- name: awaits
-- Whether an open notice tells of what is not here: versions carry whole seconds.
SELECT EXISTS (
  SELECT 1 FROM notices AS n
  WHERE n.account_id = :account_id AND n.handled_at IS NULL
    AND n.object_type IN (SELECT jsonb_array_elements_text(:types::jsonb))
    AND NOT EXISTS (
      SELECT 1 FROM objects AS held
      WHERE held.account_id = n.account_id AND held.object_type = n.object_type
        AND held.object_id = n.object_id AND (
          held.deleted OR (
            n.operation <> 'deleted' AND held.updated_at >= date_trunc('second', n.occurred_at)
          )
        )
    )
);

-- name: prune
DELETE FROM notices WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM notices
  WHERE received_at < :received_before
    AND (handled_at IS NOT NULL OR received_at < :forgotten_before)
  ORDER BY received_at LIMIT :limit
));

-- name: forget_some
DELETE FROM notices WHERE ctid = ANY (ARRAY(SELECT ctid FROM notices WHERE account_id = ? LIMIT ?));
