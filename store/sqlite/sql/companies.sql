-- name: one
SELECT account_id, is_active, options FROM companies WHERE account_id = ?;

-- name: all
SELECT account_id, is_active, options FROM companies ORDER BY account_id;

-- name: put
INSERT INTO companies (account_id, is_active, options) VALUES (:account_id, :is_active, :options)
ON CONFLICT (account_id) DO UPDATE SET is_active = excluded.is_active, options = excluded.options;

-- name: rename
UPDATE accounts SET name = ? WHERE id = ?;

-- name: forget
DELETE FROM companies WHERE account_id = ?;
