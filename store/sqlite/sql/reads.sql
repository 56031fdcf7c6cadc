-- name: note
INSERT INTO metered_reads (vendor, month, account_id, reads) VALUES (?, ?, '', ?)
ON CONFLICT (vendor, month, account_id) DO UPDATE SET reads = reads + excluded.reads
RETURNING reads;

-- name: add
-- Adds [[account, reads], ...].
INSERT INTO metered_reads (vendor, month, account_id, reads)
SELECT ?, ?, value ->> 0, value ->> 1 FROM json_each(?) WHERE true
ON CONFLICT (vendor, month, account_id) DO UPDATE SET reads = reads + excluded.reads;

-- name: get
SELECT reads FROM metered_reads WHERE vendor = ? AND month = ? AND account_id = ?;

-- name: forget
DELETE FROM metered_reads WHERE account_id = ?;
