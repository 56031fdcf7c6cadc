-- name: see
-- A drift that is open already is seen once more.
INSERT INTO drifts (
  account_id, action_id, object_type, object_id, field, asked, found, changed_since, found_at,
  seen_at
)
VALUES (
  :account_id, :action_id, :object_type, :object_id, :field, :asked, :found, :changed_since, :at,
  :at
)
ON CONFLICT (action_id, object_type, object_id, field) WHERE resolved_at IS NULL DO UPDATE SET
  asked = excluded.asked, found = excluded.found, changed_since = excluded.changed_since,
  seen_at = excluded.seen_at
RETURNING
  id, account_id, action_id, object_type, object_id, field, asked, found, changed_since, found_at,
  seen_at, resolved_at, found_at = :at;

-- name: resolve
-- What is open of the action and was not seen just now.
UPDATE drifts SET resolved_at = :at
WHERE action_id = :action_id AND resolved_at IS NULL
  AND id NOT IN (SELECT value::bigint FROM jsonb_array_elements_text(:seen::jsonb) AS seen (value))
RETURNING
  id, account_id, action_id, object_type, object_id, field, asked, found, changed_since, found_at,
  seen_at, resolved_at;

-- name: compare_at
UPDATE actions SET compare_at = :compare_at WHERE account_id = :account_id AND id = :id;

-- name: next
SELECT min(compare_at) FROM actions WHERE account_id = ? AND compare_at IS NOT NULL;

-- name: due
SELECT id FROM actions WHERE account_id = ? AND compare_at <= ? ORDER BY compare_at LIMIT ?;

-- name: later_types
SELECT DISTINCT later.type
FROM actions AS one
JOIN actions AS later ON
  later.account_id = one.account_id AND later.result_type = one.result_type
  AND later.result_id = one.result_id
WHERE one.id = ? AND later.state = 'succeeded' AND later.finished_at >= one.finished_at
  AND later.id <> one.id
ORDER BY later.type;

-- name: types_done_since
SELECT DISTINCT type FROM actions
WHERE account_id = :account_id AND result_type = :object_type AND result_id = :object_id
  AND state = 'succeeded' AND finished_at >= :since
ORDER BY type;

-- name: is_drifting
SELECT EXISTS (SELECT 1 FROM drifts WHERE action_id = ? AND resolved_at IS NULL);

-- name: page
SELECT
  id, account_id, action_id, object_type, object_id, field, asked, found, changed_since, found_at,
  seen_at, resolved_at
FROM drifts
WHERE account_id = :account_id
  AND (:is_open::boolean IS NULL OR (resolved_at IS NULL) = :is_open::boolean)
  AND (:action_id::text IS NULL OR action_id = :action_id::text)
  AND (
    :object_type::text IS NULL
    OR (object_type = :object_type::text AND object_id = :object_id::text)
  )
  AND (:before_id::bigint IS NULL OR id < :before_id::bigint)
ORDER BY id DESC LIMIT :limit;

-- name: open_by_vendor
SELECT a.vendor, count(*) FROM drifts AS d
JOIN accounts AS a ON a.id = d.account_id
WHERE d.resolved_at IS NULL GROUP BY a.vendor;

-- name: forget
DELETE FROM drifts WHERE account_id = ?;
