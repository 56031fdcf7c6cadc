-- name: open_alerts
SELECT
  id, kind, subject, severity, cause, opened_at, vendor, account_id, tried, escalations, acked_at,
  acked_by, note, resolved_at, resolution
FROM alerts WHERE resolved_at IS NULL ORDER BY id;

-- name: alerts
SELECT
  id, kind, subject, severity, cause, opened_at, vendor, account_id, tried, escalations, acked_at,
  acked_by, note, resolved_at, resolution
FROM alerts
WHERE (:open::boolean IS NULL OR (resolved_at IS NULL) = :open::boolean)
  AND (:account_id::text IS NULL OR account_id = :account_id::text)
  AND (:before::bigint IS NULL OR id < :before::bigint)
ORDER BY id DESC LIMIT :limit;

-- name: alert
SELECT
  id, kind, subject, severity, cause, opened_at, vendor, account_id, tried, escalations, acked_at,
  acked_by, note, resolved_at, resolution
FROM alerts WHERE id = ?;

-- name: raise_alert
-- No row comes back when the same is open already.
INSERT INTO alerts (
  kind, subject, severity, vendor, account_id, cause, tried, opened_at, escalations
)
VALUES (
  :kind, :subject, :severity, :vendor, :account_id, :cause, :tried, :opened_at, :escalations
)
ON CONFLICT DO NOTHING RETURNING id;

-- name: change_open_alert
-- Of the one that is open, whoever raised it: it only becomes worse.
UPDATE alerts SET
  cause = :cause, severity = CASE WHEN :severity::text = 'critical' THEN :severity::text ELSE severity END
WHERE kind = :kind AND subject = :subject AND resolved_at IS NULL;

-- name: alert_changed
-- Each of these changes what its happening is about, and nothing else: others write too. No row comes
-- back when the alert is over.
UPDATE alerts SET cause = :cause, tried = :tried
WHERE kind = :kind AND subject = :subject AND resolved_at IS NULL
RETURNING
  id, kind, subject, severity, cause, opened_at, vendor, account_id, tried, escalations, acked_at,
  acked_by, note, resolved_at, resolution;

-- name: alert_escalated
-- Told again by time only while nobody looks after it; and when it became worse, in any case.
UPDATE alerts SET
  severity = :severity, cause = :cause, tried = :tried, escalations = :escalations, acked_at = NULL
WHERE kind = :kind AND subject = :subject AND resolved_at IS NULL
  AND (
    (escalations < :escalations AND acked_at IS NULL)
    OR (escalations = :escalations AND severity <> :severity)
  )
RETURNING
  id, kind, subject, severity, cause, opened_at, vendor, account_id, tried, escalations, acked_at,
  acked_by, note, resolved_at, resolution;

-- name: alert_acknowledged
UPDATE alerts SET acked_at = :acked_at, acked_by = :acked_by, note = :note
WHERE kind = :kind AND subject = :subject AND resolved_at IS NULL
RETURNING
  id, kind, subject, severity, cause, opened_at, vendor, account_id, tried, escalations, acked_at,
  acked_by, note, resolved_at, resolution;

-- name: alert_resolved
UPDATE alerts SET resolved_at = :resolved_at, resolution = :resolution
WHERE kind = :kind AND subject = :subject AND resolved_at IS NULL
RETURNING
  id, kind, subject, severity, cause, opened_at, vendor, account_id, tried, escalations, acked_at,
  acked_by, note, resolved_at, resolution;

-- name: alerts_in_order
-- Whoever tells next waits until this is visible: the numbers are in the order of commits.
SELECT pg_advisory_xact_lock(8, 1) IS NULL;

-- name: add_alert_event
INSERT INTO alert_events (alert_id, what, at, body) VALUES (?, ?, ?, ?) RETURNING seq;

-- name: alert_events
SELECT seq, what, at, body FROM alert_events WHERE seq > ? ORDER BY seq LIMIT ?;

-- name: last_alert_seq
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('alert_events', 'seq')::regclass), 0);

-- name: old_alerts
SELECT id FROM alerts WHERE resolved_at < ? ORDER BY id LIMIT ?;

-- name: forget_alert_events
DELETE FROM alert_events WHERE alert_id IN (
  SELECT value::bigint FROM jsonb_array_elements_text(?::jsonb) AS given (value)
);

-- name: forget_alerts
DELETE FROM alerts WHERE id IN (
  SELECT value::bigint FROM jsonb_array_elements_text(?::jsonb) AS given (value)
);

-- name: alerts_of_account
SELECT id FROM alerts WHERE account_id = ?;

-- name: parked_actions
SELECT account_id, id, type FROM actions WHERE parked;

-- name: channel
SELECT name, position, attempts, failing_at, next_at, last_error
FROM alert_channels WHERE name = ?;

-- name: put_channel
INSERT INTO alert_channels (name, position, attempts, failing_at, next_at, last_error)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET
  position = excluded.position, attempts = excluded.attempts, failing_at = excluded.failing_at,
  next_at = excluded.next_at, last_error = excluded.last_error;

-- name: add_account_events
INSERT INTO account_events (account_id, at, kind, level, text, times, detail)
SELECT
  value ->> 0, (value ->> 1)::timestamptz, value ->> 2, value ->> 3, value ->> 4,
  (value ->> 5)::bigint, value ->> 6
FROM jsonb_array_elements(?::jsonb) WITH ORDINALITY AS e (value, place)
WHERE EXISTS (SELECT 1 FROM accounts WHERE id = e.value ->> 0)
ORDER BY e.place;

-- name: account_events_before
SELECT account_id, at, kind, level, text, times, detail, id FROM account_events
WHERE account_id = :account_id AND (:before::bigint IS NULL OR id < :before::bigint)
ORDER BY id DESC LIMIT :limit;

-- name: account_events_after
SELECT account_id, at, kind, level, text, times, detail, id FROM account_events
WHERE account_id = :account_id AND id > :after
ORDER BY id LIMIT :limit;

-- name: prune_account_events
-- They are stored in the order in which they happened, but for a few seconds.
DELETE FROM account_events
WHERE id < (SELECT min(id) FROM account_events) + :limit AND at < :before;

-- name: forget_account_events
DELETE FROM account_events WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM account_events WHERE account_id = ? LIMIT ?
));

-- name: add_audit
INSERT INTO audit (at, who, peer, what, outcome, account_id, subject)
SELECT
  (value ->> 0)::timestamptz, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
  value ->> 6
FROM jsonb_array_elements(?::jsonb) WITH ORDINALITY AS e (value, place) ORDER BY e.place;

-- name: audit
SELECT at, who, peer, what, outcome, account_id, subject, id FROM audit
WHERE id < :before ORDER BY id DESC LIMIT :limit;

-- name: audit_of_account
SELECT at, who, peer, what, outcome, account_id, subject, id FROM audit
WHERE account_id = :account_id AND id < :before ORDER BY id DESC LIMIT :limit;

-- name: put_health_samples
INSERT INTO health_samples (part, at, body) VALUES (?, ?, ?);

-- name: forget_health_samples
DELETE FROM health_samples WHERE part = ? AND at < ?;

-- name: health_samples
SELECT at, body FROM health_samples WHERE part = ? AND at >= ? ORDER BY at;
