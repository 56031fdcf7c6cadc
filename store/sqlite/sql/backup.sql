-- name: begin
SELECT count(*) FROM sqlite_master;

-- name: facts
SELECT
  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0),
  count(*), min(exact_as_of), max(exact_as_of)
FROM accounts WHERE disconnected_at IS NULL;

-- name: sealed
SELECT sealed FROM credentials;

-- name: doubt_actions
-- Each may have been sent since the copy was made, however it stood then: as if it had been, and nobody
-- had seen the end. Whoever asks for it again has it looked for first.
INSERT INTO action_attempts (action_id, number, call, at, outcome, ended_at, error)
SELECT
  id, 1 + (SELECT coalesce(max(number), 0) FROM action_attempts WHERE action_id = actions.id),
  'send', created_at, 'unknown', created_at, :reason
FROM actions WHERE state IN ('pending', 'sending', 'unknown');

-- name: park_actions
UPDATE actions SET state = 'unknown', parked = 1, last_error = :reason
WHERE state IN ('pending', 'sending', 'unknown');
