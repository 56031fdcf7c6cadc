-- name: newest
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notices'), 0);

-- name: receive
-- A whole delivery: [[company, type, id, event, operation, occurred_at], ...]. CROSS JOIN: from the
-- rows to their accounts, never the other way. What is known already stays as it is.
INSERT INTO notices (
  account_id, object_type, object_id, event_id, operation, occurred_at, received_at
)
SELECT account.id, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, :at
FROM json_each(:rows) CROSS JOIN accounts AS account
WHERE account.vendor = :vendor AND account.external_account_id = value ->> 0
  AND account.disconnected_at IS NULL
ON CONFLICT DO NOTHING;

-- name: strangers
-- How many of the rows are about companies that are not connected.
SELECT count(*) FROM json_each(:rows)
WHERE NOT EXISTS (
  SELECT 1 FROM accounts AS account
  WHERE account.vendor = :vendor AND account.external_account_id = value ->> 0
    AND account.disconnected_at IS NULL
);

-- name: fresh
-- By number: an index in the order of the groups would have all notices ever kept read through.
SELECT account_id, object_type, max(id) FROM notices NOT INDEXED WHERE id > ?
GROUP BY account_id, object_type;

-- name: open_of_account
SELECT object_type, max(id) FROM notices
WHERE account_id = ? AND handled_at IS NULL
GROUP BY object_type;

-- name: open_of_shard
SELECT n.account_id, n.object_type, max(n.id)
FROM notices AS n CROSS JOIN accounts AS a ON a.id = n.account_id
WHERE n.handled_at IS NULL AND a.shard = ? AND a.disconnected_at IS NULL
GROUP BY n.account_id, n.object_type;

-- name: hinted
-- Of the account's changes behind a number, those that an open notice tells of were seen by webhook
-- first. Nobody has seen them otherwise yet: they are of this very transaction.
UPDATE changes SET via = 'webhook'
WHERE seq > :before AND account_id = :account_id AND EXISTS (
  SELECT 1 FROM notices AS n
  WHERE n.account_id = changes.account_id AND n.object_type = changes.object_type
    AND n.object_id = changes.object_id AND n.handled_at IS NULL
);

-- name: hinted_changes
-- Those, with when the first notice says that each happened.
SELECT c.op, c.object_type, c.object_id, min(n.occurred_at)
FROM changes AS c CROSS JOIN notices AS n INDEXED BY notices_event
  ON n.account_id = c.account_id AND n.object_type = c.object_type AND n.object_id = c.object_id
WHERE c.seq > :before AND c.account_id = :account_id AND c.via = 'webhook'
  AND n.handled_at IS NULL
GROUP BY c.seq;

-- name: hinted_objects
UPDATE objects SET via = 'webhook'
WHERE rowid IN (
  SELECT held.rowid FROM json_each(:keys) AS one CROSS JOIN objects AS held
  WHERE held.account_id = :account_id AND held.object_type = one.value ->> 0
    AND held.object_id = one.value ->> 1
);

-- name: missed
-- Changes that somebody made between two instants, that were seen by looking, and that no notice
-- tells of, not even one that was answered already.
SELECT count(*) FROM changes AS c
WHERE c.seq > :before AND c.account_id = :account_id AND c.via = 'poll'
  AND c.updated_at > :since AND c.updated_at <= :until
  AND c.object_type IN (SELECT value FROM json_each(:types))
  AND NOT EXISTS (
    SELECT 1 FROM notices AS n
    WHERE n.account_id = c.account_id AND n.object_type = c.object_type
      AND n.object_id = c.object_id AND n.occurred_at >= :since
  );

-- name: answer
-- [[type, newest], ...]: a look that began after those came has answered them.
UPDATE notices SET handled_at = :at
WHERE handled_at IS NULL AND account_id = :account_id AND id IN (
  SELECT n.id FROM json_each(:answers) AS one CROSS JOIN notices AS n
  WHERE n.account_id = :account_id AND n.object_type = one.value ->> 0
    AND n.id <= one.value ->> 1 AND n.handled_at IS NULL
);

-- name: awaits
-- Whether an open notice tells of what is not here: versions carry whole seconds.
SELECT EXISTS (
  SELECT 1 FROM notices AS n
  WHERE n.account_id = :account_id AND n.handled_at IS NULL
    AND n.object_type IN (SELECT value FROM json_each(:types))
    AND NOT EXISTS (
      SELECT 1 FROM objects AS held
      WHERE held.account_id = n.account_id AND held.object_type = n.object_type
        AND held.object_id = n.object_id AND (
          held.deleted OR (
            n.operation <> 'deleted' AND held.updated_at >= substr(n.occurred_at, 1, 19)
          )
        )
    )
);

-- name: prune
DELETE FROM notices WHERE id IN (
  SELECT id FROM notices
  WHERE received_at < :received_before
    AND (handled_at IS NOT NULL OR received_at < :forgotten_before)
  ORDER BY received_at LIMIT :limit
);

-- name: forget_some
DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE account_id = ? LIMIT ?);
