-- Routed work: companies, jobs, each job's routing to a company, and what was put away of them. As
-- SQLite's, which says more. They outlive the accounts that they name.

ALTER TABLE actions
  ADD COLUMN priority   text COLLATE "C" NOT NULL DEFAULT 'user',
  ADD COLUMN moved_at   timestamptz,
  ADD COLUMN routing_id text COLLATE "C";
DROP INDEX actions_open;
CREATE INDEX actions_open ON actions (account_id, priority DESC, created_at, id)
  WHERE state IN ('pending', 'sending', 'unknown') AND NOT parked;

-- The end of a range of instants, as it is asked for: '' is before all of them, '9999' behind.
CREATE FUNCTION instant_bound(bound text) RETURNS timestamptz LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN CASE bound WHEN '' THEN '-infinity' WHEN '9999' THEN 'infinity' ELSE bound::timestamptz END;

CREATE TABLE companies (
  account_id text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES accounts (id),
  is_active  boolean          NOT NULL,
  options    text             NOT NULL
);

CREATE TABLE jobs (
  id              text COLLATE "C" NOT NULL PRIMARY KEY,
  account_id      text COLLATE "C" NOT NULL,
  technician_id   text             NOT NULL,
  summary         text             NOT NULL,
  homeowner_name  text             NOT NULL,
  homeowner_phone text             NOT NULL,
  homeowner_email text             NOT NULL,
  street          text             NOT NULL,
  unit            text             NOT NULL,
  city            text             NOT NULL,
  state           text             NOT NULL,
  zip             text             NOT NULL,
  country         text             NOT NULL,
  revenue         text,
  idempotency_key text COLLATE "C",
  fingerprint     text COLLATE "C" NOT NULL,
  status          text COLLATE "C" NOT NULL DEFAULT 'routing',
  created_at      timestamptz      NOT NULL,
  called_off_at   timestamptz,
  finished_at     timestamptz
);
CREATE UNIQUE INDEX jobs_key ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_newest ON jobs (created_at, id);
CREATE INDEX jobs_status ON jobs (status, created_at, id);
CREATE INDEX jobs_account ON jobs (account_id, created_at, id);
CREATE INDEX jobs_finished ON jobs (finished_at, id) WHERE finished_at IS NOT NULL;

-- `number` is the order in which they were entered.
CREATE TABLE routings (
  id                text COLLATE "C" NOT NULL PRIMARY KEY,
  job_id            text COLLATE "C" NOT NULL REFERENCES jobs (id),
  account_id        text COLLATE "C" NOT NULL,
  vendor            text COLLATE "C" NOT NULL,
  status            text COLLATE "C" NOT NULL,
  cause             text             NOT NULL,
  moved_at          timestamptz      NOT NULL,
  action_id         text COLLATE "C",
  offers            bigint           NOT NULL,
  attempts          bigint           NOT NULL DEFAULT 0,
  last_error        text,
  external_type     text COLLATE "C",
  external_id       text COLLATE "C",
  external_job_type text COLLATE "C",
  external_job_id   text COLLATE "C",
  match_key         text COLLATE "C",
  revenue           text,
  completed_at      timestamptz,
  job_created_at    timestamptz      NOT NULL,
  number            bigint           NOT NULL GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX routings_job ON routings (job_id);
CREATE INDEX routings_account ON routings (account_id, job_created_at, job_id);
CREATE INDEX routings_status ON routings (status);
CREATE INDEX routings_unfinished ON routings (account_id, id)
  WHERE status IN ('synced', 'accepted', 'scheduled', 'in_progress');
CREATE INDEX routings_external ON routings (account_id, external_type, external_id)
  WHERE external_id IS NOT NULL;
CREATE INDEX routings_external_job ON routings (account_id, external_job_type, external_job_id)
  WHERE external_job_id IS NOT NULL;
CREATE INDEX routings_match ON routings (account_id, match_key) WHERE match_key IS NOT NULL;

CREATE TABLE routing_events (
  routing_id text COLLATE "C" NOT NULL,
  number     bigint           NOT NULL,
  at         timestamptz      NOT NULL,
  status     text             NOT NULL,
  cause      text             NOT NULL,
  PRIMARY KEY (routing_id, number)
);

CREATE TABLE routing_amounts (
  routing_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  amount      text             NOT NULL,
  PRIMARY KEY (routing_id, object_type, object_id)
);

CREATE TABLE jobs_archive (
  id              text COLLATE "C" NOT NULL PRIMARY KEY,
  account_id      text COLLATE "C" NOT NULL,
  technician_id   text             NOT NULL,
  summary         text             NOT NULL,
  homeowner_name  text             NOT NULL,
  homeowner_phone text             NOT NULL,
  homeowner_email text             NOT NULL,
  street          text             NOT NULL,
  unit            text             NOT NULL,
  city            text             NOT NULL,
  state           text             NOT NULL,
  zip             text             NOT NULL,
  country         text             NOT NULL,
  revenue         text,
  idempotency_key text COLLATE "C",
  fingerprint     text COLLATE "C" NOT NULL,
  status          text COLLATE "C" NOT NULL,
  created_at      timestamptz      NOT NULL,
  called_off_at   timestamptz,
  finished_at     timestamptz,
  archived_at     timestamptz      NOT NULL
);
CREATE UNIQUE INDEX jobs_archive_key ON jobs_archive (idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_archive_newest ON jobs_archive (created_at, id);
CREATE INDEX jobs_archive_status ON jobs_archive (status, created_at, id);
CREATE INDEX jobs_archive_account ON jobs_archive (account_id, created_at, id);

CREATE TABLE routings_archive (
  id                text COLLATE "C" NOT NULL PRIMARY KEY,
  job_id            text COLLATE "C" NOT NULL,
  account_id        text COLLATE "C" NOT NULL,
  vendor            text COLLATE "C" NOT NULL,
  status            text COLLATE "C" NOT NULL,
  cause             text             NOT NULL,
  moved_at          timestamptz      NOT NULL,
  action_id         text COLLATE "C",
  offers            bigint           NOT NULL,
  attempts          bigint           NOT NULL,
  last_error        text,
  external_type     text COLLATE "C",
  external_id       text COLLATE "C",
  external_job_type text COLLATE "C",
  external_job_id   text COLLATE "C",
  match_key         text COLLATE "C",
  revenue           text,
  completed_at      timestamptz,
  job_created_at    timestamptz      NOT NULL,
  number            bigint           NOT NULL
);
CREATE INDEX routings_archive_job ON routings_archive (job_id);
CREATE INDEX routings_archive_account ON routings_archive (account_id, job_created_at, job_id);

CREATE TABLE routing_events_archive (
  routing_id text COLLATE "C" NOT NULL,
  number     bigint           NOT NULL,
  at         timestamptz      NOT NULL,
  status     text             NOT NULL,
  cause      text             NOT NULL,
  PRIMARY KEY (routing_id, number)
);
CREATE TABLE routing_amounts_archive (
  routing_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  amount      text             NOT NULL,
  PRIMARY KEY (routing_id, object_type, object_id)
);

CREATE TABLE routings_followed (
  one boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
  seq bigint  NOT NULL
);
INSERT INTO routings_followed (seq) SELECT last_seq FROM feed;

-- Where a job stands: the one place that says so.
CREATE VIEW job_standing AS
SELECT
  job_id, status, status IN ('completed', 'canceled', 'failed') AS is_over
FROM (
  SELECT
    jobs.id AS job_id,
    CASE
      WHEN bool_or(routings.status IN ('accepted', 'scheduled', 'in_progress')) THEN 'active'
      WHEN bool_or(routings.status = 'completed') THEN 'completed'
      WHEN bool_or(routings.status IN ('pending', 'sending')) THEN 'routing'
      WHEN jobs.called_off_at IS NOT NULL THEN 'canceled'
      WHEN bool_or(routings.status = 'synced') THEN 'routing'
      WHEN bool_and(routings.status = 'failed') THEN 'failed'
      ELSE 'canceled'
    END AS status
  FROM jobs LEFT JOIN routings ON routings.job_id = jobs.id
  GROUP BY jobs.id
) AS judged;

-- No step of a routing without its history and its job's status, whoever takes it. The job is locked
-- first: another routing of it may take a step at the same time.
CREATE FUNCTION routing_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM jobs WHERE id = new.job_id FOR NO KEY UPDATE;
  INSERT INTO routing_events (routing_id, number, at, status, cause)
  SELECT new.id, 1 + coalesce(max(number), 0), new.moved_at, new.status, new.cause
  FROM routing_events WHERE routing_id = new.id;
  UPDATE jobs SET
    status = standing.status,
    finished_at = CASE WHEN standing.is_over THEN coalesce(jobs.finished_at, new.moved_at) END
  FROM job_standing AS standing
  WHERE jobs.id = new.job_id AND standing.job_id = new.job_id;
  RETURN NULL;
END
$$;
CREATE TRIGGER routings_moved AFTER UPDATE OF status ON routings
  FOR EACH ROW WHEN (new.status <> old.status) EXECUTE FUNCTION routing_moved();

-- No move of an action without its routing, whoever moves it.
CREATE FUNCTION routing_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE routings SET
    status = CASE
      WHEN status NOT IN ('pending', 'sending', 'failed') THEN status
      WHEN new.state = 'pending' THEN 'pending'
      WHEN new.state = 'succeeded' THEN 'synced'
      WHEN new.state <> 'failed' THEN 'sending'
      WHEN (SELECT called_off_at FROM jobs WHERE id = job_id) IS NULL THEN 'failed'
      ELSE 'canceled'
    END,
    cause = CASE
      WHEN status NOT IN ('pending', 'sending', 'failed') THEN cause
      WHEN new.state = 'succeeded' THEN 'delivered'
      WHEN new.state = 'sending' THEN 'being sent'
      WHEN new.state = 'pending' AND old.state = 'failed' THEN 'asked for again by hand'
      ELSE coalesce(new.last_error, new.state)
    END,
    moved_at = coalesce(new.moved_at, moved_at),
    attempts = attempts + CASE WHEN new.state = 'sending' THEN 1 ELSE 0 END,
    last_error = new.last_error,
    external_type = coalesce(new.result_type, external_type),
    external_id = coalesce(new.result_id, external_id)
  WHERE id = new.routing_id AND action_id = new.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER routings_follow AFTER UPDATE OF state ON actions
  FOR EACH ROW WHEN (new.routing_id IS NOT NULL) EXECUTE FUNCTION routing_follows();
