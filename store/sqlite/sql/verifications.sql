-- name: request
-- While an earlier request is open, repairs are made if any of them wants them.
INSERT INTO verifications (account_id, requested, repair) VALUES (:account_id, 1, :repair)
ON CONFLICT (account_id) DO UPDATE SET
  requested = requested + 1,
  repair = CASE WHEN answered < requested THEN max(repair, excluded.repair) ELSE excluded.repair END
RETURNING requested;

-- name: answer
INSERT INTO verifications (account_id, answered, certified_at)
VALUES (:account_id, :answers, :finished_at)
ON CONFLICT (account_id) DO UPDATE SET
  answered = max(answered, excluded.answered), certified_at = excluded.certified_at;

-- name: put
INSERT INTO certificates (
  account_id, number, as_of, began_at, finished_at, reads, exact, repaired, repair, complete,
  answers, types, mended_before
)
SELECT
  :account_id, coalesce(max(number), 0) + 1, :as_of, :began_at, :finished_at, :reads, :exact,
  :repaired, :repair, :complete, :answers, :types, :mended_before
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
-- Of the newest certificate of each connected account: CROSS JOIN, so that each is found by its key.
SELECT coalesce(avg(c.reads), 0.0)
FROM accounts AS a CROSS JOIN certificates AS c ON c.account_id = a.id
WHERE a.vendor = ? AND a.disconnected_at IS NULL AND c.number = (
  SELECT max(number) FROM certificates WHERE account_id = a.id
);
