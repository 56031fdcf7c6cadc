-- name: note
INSERT INTO metered_reads AS held (vendor, month, account_id, reads) VALUES (?, ?, '', ?)
ON CONFLICT (vendor, month, account_id) DO UPDATE SET reads = held.reads + excluded.reads
RETURNING reads;

-- name: add
-- Adds [[account, reads], ...], in one order, whoever adds.
INSERT INTO metered_reads AS held (vendor, month, account_id, reads)
SELECT ?, ?, value ->> 0, (value ->> 1)::bigint
FROM jsonb_array_elements(?::jsonb) AS given (value)
ORDER BY value ->> 0
ON CONFLICT (vendor, month, account_id) DO UPDATE SET reads = held.reads + excluded.reads;

-- name: get
SELECT reads FROM metered_reads WHERE vendor = ? AND month = ? AND account_id = ?;

-- name: forget
DELETE FROM metered_reads WHERE account_id = ?;
