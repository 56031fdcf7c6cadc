-- name: request
-- While an earlier request is open, repairs are made if any of them wants them.
INSERT INTO verifications AS held (account_id, requested, repair) VALUES (:account_id, 1, :repair)
ON CONFLICT (account_id) DO UPDATE SET
  requested = held.requested + 1,
  repair = excluded.repair OR (held.answered < held.requested AND held.repair)
RETURNING requested;

-- name: answer
INSERT INTO verifications AS held (account_id, answered, certified_at)
VALUES (:account_id, :answers, :finished_at)
ON CONFLICT (account_id) DO UPDATE SET
  answered = greatest(held.answered, excluded.answered), certified_at = excluded.certified_at;

-- name: put
INSERT INTO certificates (
  account_id, number, as_of, began_at, finished_at, reads, exact, repaired, repair, complete,
  answers, types, mended_before
)
SELECT
  :account_id, coalesce(max(number), 0) + 1, :as_of::timestamptz, :began_at::timestamptz,
  :finished_at::timestamptz, :reads, :exact, :repaired, :repair, :complete, :answers, :types,
  :mended_before
FROM certificates WHERE account_id = :account_id
RETURNING number;

-- name: trim
DELETE FROM certificates WHERE account_id = :account_id AND number <= :number - :kept;

-- name: last
SELECT
  number, as_of, began_at, finished_at, reads, exact, repaired, repair, complete, answers, types,
  mended_before
FROM certificates WHERE account_id = ? ORDER BY number DESC LIMIT 1;

-- name: all_certified_at
SELECT account_id, certified_at FROM verifications WHERE certified_at IS NOT NULL;

-- name: standing
SELECT requested, answered, repair, certified_at FROM verifications WHERE account_id = ?;

-- name: of_shard
SELECT v.account_id, v.requested, v.answered, v.repair, v.certified_at
FROM accounts AS a JOIN verifications AS v ON v.account_id = a.id
WHERE a.shard = ? AND a.disconnected_at IS NULL;

-- name: forget_certificates
DELETE FROM certificates WHERE account_id = ?;

-- name: forget_standing
DELETE FROM verifications WHERE account_id = ?;

-- name: mean_reads
-- Of the newest certificate of each connected account.
SELECT coalesce(avg(c.reads)::float8, 0.0)
FROM accounts AS a
CROSS JOIN LATERAL (
  SELECT reads FROM certificates WHERE account_id = a.id ORDER BY number DESC LIMIT 1
) AS c
WHERE a.vendor = ? AND a.disconnected_at IS NULL;
