-- name: hold
-- A hold that goes on keeps when it was noticed, and what was confirmed.
INSERT INTO held_deletes (account_id, object_type, count, live, sample, noticed_at)
VALUES (:account_id, :object_type, :count, :live, :sample, :at)
ON CONFLICT DO UPDATE SET count = excluded.count, live = excluded.live, sample = excluded.sample;

-- name: confirm
-- What the person was told, [[type, count], ...], is what may go; when it has grown since, nothing.
UPDATE held_deletes SET confirmed_at = :at, confirmed_count = told.count
FROM (
  SELECT value ->> 0 AS object_type, value ->> 1 AS count FROM json_each(:counts)
) AS told
WHERE held_deletes.account_id = :account_id
  AND held_deletes.object_type = told.object_type
  AND held_deletes.count <= told.count
RETURNING
  held_deletes.object_type, held_deletes.count, held_deletes.live, held_deletes.sample,
  held_deletes.noticed_at, held_deletes.confirmed_at, held_deletes.confirmed_count;

-- name: any
SELECT 1 FROM held_deletes WHERE account_id = ? LIMIT 1;

-- name: release
DELETE FROM held_deletes
WHERE account_id = ? AND object_type IN (SELECT value FROM json_each(?));

-- name: of_account
SELECT object_type, count, live, sample, noticed_at, confirmed_at, confirmed_count
FROM held_deletes WHERE account_id = ? ORDER BY object_type;

-- name: of_all
SELECT account_id, object_type, count, live, sample, noticed_at, confirmed_at, confirmed_count
FROM held_deletes ORDER BY account_id, object_type;

-- name: forget
DELETE FROM held_deletes WHERE account_id = ?;
