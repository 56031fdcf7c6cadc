-- Alerts, what happened to accounts, who did what, and how accounts were.

-- At most one open alert about one thing.
CREATE TABLE alerts (
  id          bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text COLLATE "C" NOT NULL,
  subject     text COLLATE "C" NOT NULL,
  severity    text             NOT NULL,
  vendor      text,
  account_id  text COLLATE "C",
  cause       text             NOT NULL,
  tried       text             NOT NULL DEFAULT '',
  opened_at   timestamptz      NOT NULL,
  escalations bigint           NOT NULL DEFAULT 0,
  acked_at    timestamptz,
  acked_by    text,
  note        text,
  resolved_at timestamptz,
  resolution  text
);
CREATE UNIQUE INDEX alerts_open ON alerts (kind, subject) WHERE resolved_at IS NULL;
CREATE INDEX alerts_account ON alerts (account_id) WHERE account_id IS NOT NULL;

-- What is delivered: the alert as it was when this happened to it, as JSON.
CREATE TABLE alert_events (
  seq      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id bigint      NOT NULL,
  what     text        NOT NULL,
  at       timestamptz NOT NULL,
  body     text        NOT NULL
);
CREATE INDEX alert_events_alert ON alert_events (alert_id);

-- Whoever reads behind a number must not meet a lower one later: one writer at a time, from before
-- the number is drawn until it is committed.
CREATE FUNCTION one_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(TG_RELID::int, 0);
  RETURN NULL;
END
$$;
CREATE TRIGGER alert_events_one_by_one BEFORE INSERT ON alert_events
  FOR EACH STATEMENT EXECUTE FUNCTION one_by_one();

-- How far each channel was told, and how telling it what comes next goes.
CREATE TABLE alert_channels (
  name       text COLLATE "C" NOT NULL PRIMARY KEY,
  position   bigint           NOT NULL,
  attempts   bigint           NOT NULL DEFAULT 0,
  failing_at timestamptz,
  next_at    timestamptz,
  last_error text
);

-- What the actors did. `times` of the same in a row are one row, of which `at` is the last time.
CREATE TABLE account_events (
  id         bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  at         timestamptz      NOT NULL,
  kind       text             NOT NULL,
  level      text             NOT NULL,
  text       text             NOT NULL,
  times      bigint           NOT NULL DEFAULT 1,
  detail     text             NOT NULL DEFAULT '{}'
);
CREATE INDEX account_events_account ON account_events (account_id, id);

-- Who did what. Nothing is ever changed in it or taken out.
CREATE TABLE audit (
  id         bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz      NOT NULL,
  who        text             NOT NULL,
  peer       text             NOT NULL,
  what       text             NOT NULL,
  account_id text COLLATE "C",
  subject    text             NOT NULL DEFAULT '',
  outcome    text             NOT NULL
);
CREATE INDEX audit_account ON audit (account_id, id);
CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is only added to' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER audit_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();

-- A check of all accounts of one of 64 parts, packed (daemon/health/samples.py).
CREATE TABLE health_samples (
  id   bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  part bigint      NOT NULL,
  at   timestamptz NOT NULL,
  body bytea       NOT NULL
);
CREATE INDEX health_samples_part ON health_samples (part, at);
