-- name: progress
SELECT generation, mapping, stage, built_type, built_id, seq, whole, exact_as_of,
  coalesce((SELECT seq FROM finance_floor), 0)
FROM finance_progress WHERE account_id = ?;

-- name: lock_progress
-- Nobody else keeps the copy until the transaction ends.
SELECT generation FROM finance_progress WHERE account_id = ? FOR UPDATE;

-- name: begin
-- A copy by an earlier mapping is begun anew. Nothing for an account that is gone; and nothing where
-- another node began it at the same moment: that one will do.
INSERT INTO finance_progress (account_id, mapping, stage, seq)
SELECT :account_id, :mapping, 'clearing', last_seq FROM feed
WHERE EXISTS (SELECT 1 FROM accounts WHERE id = :account_id)
ON CONFLICT (account_id) DO NOTHING;

-- name: abandon
DELETE FROM finance_progress WHERE account_id = ?;

-- name: advance
UPDATE finance_progress SET
  stage = :stage, built_type = :built_type, built_id = :built_id, seq = :seq, whole = :whole,
  exact_as_of = :exact_as_of
WHERE generation = :generation;

-- name: raise_floor
-- Never over a copy that is not whole: it still has to see what is behind its own `seq`.
INSERT INTO finance_floor AS held (seq) VALUES (
  least(:seq, coalesce((SELECT min(seq) FROM finance_progress WHERE NOT whole), :seq))
)
ON CONFLICT (one) DO UPDATE SET seq = greatest(held.seq, excluded.seq);

-- name: floor
SELECT coalesce((SELECT seq FROM finance_floor), 0);

-- name: unbuilt
-- Accounts that were read from end to end and whose copy is missing, old or unfinished.
SELECT accounts.id
FROM jsonb_array_elements(:mappings::jsonb) AS known (value)
JOIN accounts ON accounts.vendor = known.value ->> 0
LEFT JOIN finance_progress AS progress ON progress.account_id = accounts.id
WHERE (
    progress.whole IS NOT TRUE
    OR progress.mapping IS DISTINCT FROM (known.value ->> 1)::bigint
  )
  AND EXISTS (
    SELECT 1 FROM cursors WHERE cursors.account_id = accounts.id AND cursors.complete
  )
  AND NOT EXISTS (
    SELECT 1 FROM cursors WHERE cursors.account_id = accounts.id AND NOT cursors.complete
  )
LIMIT :limit;

-- name: behind
-- Those that are not whole too: one that becomes whole meanwhile may not be overtaken by the floor.
SELECT DISTINCT progress.account_id
FROM changes JOIN finance_progress AS progress ON progress.account_id = changes.account_id
WHERE changes.seq > :after AND changes.seq <= :through
  AND progress.seq < changes.seq;

-- name: changed_since
SELECT 1 FROM changes WHERE seq > ? AND account_id = ? LIMIT 1;

-- name: changed_keys
-- Each key once, at its last change, in the order of those.
SELECT object_type, object_id, max(seq) AS last_seq
FROM changes
WHERE seq > :after AND seq <= :through AND account_id = :account_id
  AND object_type IN (SELECT jsonb_array_elements_text(:types::jsonb))
GROUP BY object_type, object_id
ORDER BY last_seq LIMIT :limit;

-- name: source
SELECT object_type, object_id, deleted, payload
FROM objects WHERE account_id = ? AND object_type = ? AND object_id = ?;

-- name: sources_page
SELECT object_type, object_id, deleted, payload
FROM objects
WHERE account_id = ? AND object_type = ? AND object_id > ?
ORDER BY object_id LIMIT ?;

-- name: remove
DELETE FROM finance_documents
WHERE account_id = :account_id AND (object_type, object_id) IN (
  SELECT value ->> 0, value ->> 1 FROM jsonb_array_elements(:keys::jsonb) AS given (value)
);

-- name: add
INSERT INTO finance_documents (
  account_id, object_type, object_id, section, flow, number, party_id, party_name, currency,
  dated_on, due_on, open_units, open_scale, total_units, total_scale, problem
)
SELECT
  :account_id, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
  value ->> 6, value ->> 7, value ->> 8, value ->> 9, (value ->> 10)::bigint,
  (value ->> 11)::bigint, (value ->> 12)::bigint, (value ->> 13)::bigint, value ->> 14
FROM jsonb_array_elements(:rows::jsonb) AS given (value);

-- name: forget_some
DELETE FROM finance_documents WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM finance_documents WHERE account_id = ? LIMIT ?
));

-- name: forget_totals
DELETE FROM finance_totals WHERE account_id = ?;

-- name: totals
-- Of the days behind one and up to another.
SELECT
  :through::text, currency, scale, is_credit, sum(documents)::bigint, sum(high)::bigint,
  sum(low)::bigint
FROM finance_totals
WHERE account_id = :account_id AND part = :part AND day > :after AND day <= :through::text
GROUP BY currency, scale, is_credit HAVING sum(documents) > 0
ORDER BY currency, scale, is_credit;

-- name: flow_totals
SELECT day, currency, scale, is_credit, documents, high, low
FROM finance_totals WHERE account_id = ? AND part = ? AND day = '' AND documents > 0;

-- name: party_totals
SELECT
  '', currency, total_scale, total_units < 0, count(*),
  sum(total_units / 1000000000)::bigint, sum(total_units % 1000000000)::bigint
FROM finance_documents
WHERE account_id = ? AND flow = ? AND party_id = ?
GROUP BY currency, total_scale, total_units < 0;

-- name: due
SELECT
  object_type, object_id, section, flow, number, party_id, party_name, currency, dated_on, due_on,
  open_units, open_scale, total_units, total_scale
FROM finance_documents
WHERE account_id = :account_id AND section = :section AND due_on <= :through AND open_units > 0
  AND (due_on, object_type, object_id) > (:after_day, :after_type, :after_id)
ORDER BY due_on, object_type, object_id LIMIT :limit;

-- name: section
SELECT
  object_type, object_id, section, flow, number, party_id, party_name, currency, dated_on, due_on,
  open_units, open_scale, total_units, total_scale
FROM finance_documents
WHERE account_id = ? AND section = ?
ORDER BY due_on, object_type, object_id;

-- name: payments
SELECT
  object_type, object_id, section, flow, number, party_id, party_name, currency, dated_on, due_on,
  open_units, open_scale, total_units, total_scale
FROM finance_documents
WHERE account_id = :account_id AND flow IS NOT NULL
  AND (dated_on, object_type, object_id) < (:after_day, :after_type, :after_id)
ORDER BY dated_on DESC, object_type DESC, object_id DESC LIMIT :limit;

-- name: party_payments
SELECT
  object_type, object_id, section, flow, number, party_id, party_name, currency, dated_on, due_on,
  open_units, open_scale, total_units, total_scale
FROM finance_documents
WHERE account_id = :account_id AND flow = :flow AND party_id = :party_id
  AND (dated_on, object_type, object_id) < (:after_day, :after_type, :after_id)
ORDER BY dated_on DESC, object_type DESC, object_id DESC LIMIT :limit;

-- name: problems
SELECT object_type, problem, count(*), min(object_id)
FROM finance_documents
WHERE account_id = ? AND problem IS NOT NULL
GROUP BY object_type, problem ORDER BY object_type, problem;

-- name: first_payload
SELECT payload FROM objects
WHERE account_id = ? AND object_type = ? AND NOT deleted ORDER BY object_id LIMIT 1;
