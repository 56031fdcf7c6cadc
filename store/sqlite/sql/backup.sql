-- name: begin
SELECT count(*) FROM sqlite_master;

-- name: facts
SELECT
  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0),
  count(*), min(exact_as_of), max(exact_as_of)
FROM accounts WHERE disconnected_at IS NULL;

-- name: sealed
SELECT sealed FROM credentials;

-- name: park_actions
UPDATE actions SET state = 'unknown', parked = 1, last_error = :reason
WHERE state IN ('pending', 'sending', 'unknown');
