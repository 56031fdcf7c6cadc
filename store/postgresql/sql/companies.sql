-- name: one
SELECT account_id, is_active, options FROM companies WHERE account_id = ?;

-- name: all
SELECT account_id, is_active, options FROM companies ORDER BY account_id;

-- name: active
-- Those of some vendors that are connected, with what was set of them.
SELECT
  accounts.id, vendor, external_account_id, name, shard, epoch, connected_at, paused, reauth_cause,
  disconnected_at, exact_as_of, last_synced_at, companies.options
FROM accounts LEFT JOIN companies ON companies.account_id = accounts.id
WHERE vendor IN (SELECT jsonb_array_elements_text(?::jsonb)) AND disconnected_at IS NULL
  AND coalesce(companies.is_active, true)
ORDER BY connected_at, accounts.id;

-- name: put
INSERT INTO companies (account_id, is_active, options) VALUES (:account_id, :is_active, :options)
ON CONFLICT (account_id) DO UPDATE SET is_active = excluded.is_active, options = excluded.options;

-- name: rename
UPDATE accounts SET name = ? WHERE id = ?;

-- name: forget
DELETE FROM companies WHERE account_id = ?;
