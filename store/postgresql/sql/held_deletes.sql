-- name: hold
-- A hold that goes on keeps when it was noticed, and what was confirmed.
INSERT INTO held_deletes (account_id, object_type, count, live, sample, noticed_at)
VALUES (:account_id, :object_type, :count, :live, :sample, :at)
ON CONFLICT (account_id, object_type) DO UPDATE SET
  count = excluded.count, live = excluded.live, sample = excluded.sample;

-- name: confirm
-- What the person was told, [[type, count], ...], is what may go; when it has grown since, nothing.
UPDATE held_deletes AS held SET confirmed_at = :at, confirmed_count = told.count
FROM (
  SELECT value ->> 0 AS object_type, (value ->> 1)::bigint AS count
  FROM jsonb_array_elements(:counts::jsonb) AS item (value)
) AS told
WHERE held.account_id = :account_id
  AND held.object_type = told.object_type
  AND held.count <= told.count
RETURNING
  held.object_type, held.count, held.live, held.sample, held.noticed_at, held.confirmed_at,
  held.confirmed_count;

-- name: any
SELECT 1 FROM held_deletes WHERE account_id = ? LIMIT 1;

-- name: release
DELETE FROM held_deletes
WHERE account_id = ? AND object_type IN (SELECT jsonb_array_elements_text(?::jsonb));

-- name: of_account
SELECT object_type, count, live, sample, noticed_at, confirmed_at, confirmed_count
FROM held_deletes WHERE account_id = ? ORDER BY object_type;

-- name: of_all
SELECT account_id, object_type, count, live, sample, noticed_at, confirmed_at, confirmed_count
FROM held_deletes ORDER BY account_id, object_type;

-- name: forget
DELETE FROM held_deletes WHERE account_id = ?;
