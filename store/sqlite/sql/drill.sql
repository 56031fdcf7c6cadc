-- name: attach
-- A restored copy beside the live database, which went on since.
ATTACH DATABASE ? AS restored;

-- name: last_seq
SELECT coalesce((SELECT seq FROM restored.sqlite_sequence WHERE name = 'changes'), 0);

-- name: purges
-- How many purges were begun since.
SELECT
  coalesce((SELECT CAST(value AS INTEGER) FROM main.metadata WHERE key = 'store.purges'), 0)
  - coalesce((SELECT CAST(value AS INTEGER) FROM restored.metadata WHERE key = 'store.purges'), 0);

-- name: accounts
-- In both. What was disconnected since may be being purged, and cannot be compared.
SELECT id FROM restored.accounts
WHERE id IN (SELECT id FROM main.accounts WHERE disconnected_at IS NULL) ORDER BY id;

-- name: accounts_gone
SELECT count(*) FROM restored.accounts WHERE id NOT IN (SELECT id FROM main.accounts);

-- name: note_changed
-- What changed since.
CREATE TEMP TABLE changed AS
SELECT DISTINCT account_id, object_type, object_id FROM main.changes WHERE seq > :last_seq;

-- name: index_changed
CREATE UNIQUE INDEX temp.changed_key ON changed (account_id, object_type, object_id);

-- name: note_mended
-- What was wrong in one of the two, and was put right since.
CREATE TEMP TABLE mended AS
SELECT DISTINCT account_id, object_type, object_id FROM main.mended AS noted
WHERE NOT EXISTS (
  SELECT 1 FROM restored.mended AS copied
  WHERE copied.id = noted.id AND copied.mended_at = noted.mended_at
);

-- name: index_mended
CREATE UNIQUE INDEX temp.mended_key ON mended (account_id, object_type, object_id);

-- name: changes_differing
-- Changes of the copy that the live database has not, or has otherwise; not those it has forgotten
-- for their age since.
SELECT count(*) FROM restored.changes AS copied LEFT JOIN main.changes AS live USING (seq)
WHERE copied.seq > coalesce(
    (SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM main.metadata WHERE key = 'changes.horizon'),
    0
  )
  AND copied.account_id IN (SELECT id FROM main.accounts WHERE disconnected_at IS NULL)
  AND (copied.account_id, copied.object_type, copied.object_id, copied.op, copied.observed_at)
    IS NOT (live.account_id, live.object_type, live.object_id, live.op, live.observed_at);

-- name: objects
SELECT count(*) FROM restored.objects WHERE account_id = :account_id;

-- name: differing
-- Rows that are not as they are now, though no change since and no mend says so.
SELECT copied.object_type, copied.object_id
FROM restored.objects AS copied
LEFT JOIN main.objects AS live
  ON live.account_id = copied.account_id AND live.object_type = copied.object_type
  AND live.object_id = copied.object_id
LEFT JOIN temp.changed AS changed
  ON changed.account_id = copied.account_id AND changed.object_type = copied.object_type
  AND changed.object_id = copied.object_id
WHERE copied.account_id = :account_id
  AND NOT EXISTS (
    SELECT 1 FROM temp.mended AS mended
    WHERE mended.account_id = copied.account_id AND mended.object_type = copied.object_type
      AND mended.object_id = copied.object_id
  )
  AND (
    live.object_id IS NULL
    OR changed.object_id IS NULL AND (
      copied.deleted <> live.deleted OR copied.version <> live.version
      OR copied.updated_at <> live.updated_at OR copied.payload <> live.payload
    )
  );

-- name: misremembered
-- Rows that changed since, and that the history, which has later versions of them than that, never
-- had as they are in the copy.
SELECT copied.object_type, copied.object_id
FROM temp.changed AS changed
JOIN restored.objects AS copied
  ON copied.account_id = changed.account_id AND copied.object_type = changed.object_type
  AND copied.object_id = changed.object_id
JOIN main.objects AS live
  ON live.account_id = copied.account_id AND live.object_type = copied.object_type
  AND live.object_id = copied.object_id
WHERE changed.account_id = :account_id
  AND NOT EXISTS (
    SELECT 1 FROM temp.mended AS mended
    WHERE mended.account_id = copied.account_id AND mended.object_type = copied.object_type
      AND mended.object_id = copied.object_id
  )
  AND live.synced_at > copied.synced_at
  AND EXISTS (
    SELECT 1 FROM main.object_versions AS kept
    WHERE kept.account_id = copied.account_id AND kept.object_type = copied.object_type
      AND kept.object_id = copied.object_id AND kept.seen_at <= copied.synced_at
  )
  AND NOT EXISTS (
    SELECT 1 FROM main.object_versions AS kept
    WHERE kept.account_id = copied.account_id AND kept.object_type = copied.object_type
      AND kept.object_id = copied.object_id AND kept.seen_at = copied.synced_at
      AND kept.version = copied.version AND kept.deleted = copied.deleted
      AND coalesce(kept.payload, copied.payload) = copied.payload
  );

-- name: unexplained
-- Rows that are there now and not in the copy, though no change since says so.
SELECT live.object_type, live.object_id
FROM main.objects AS live
WHERE live.account_id = :account_id
  AND NOT EXISTS (
    SELECT 1 FROM restored.objects AS copied
    WHERE copied.account_id = live.account_id AND copied.object_type = live.object_type
      AND copied.object_id = live.object_id
  )
  AND NOT EXISTS (
    SELECT 1 FROM temp.changed AS changed
    WHERE changed.account_id = live.account_id AND changed.object_type = live.object_type
      AND changed.object_id = live.object_id
  );
