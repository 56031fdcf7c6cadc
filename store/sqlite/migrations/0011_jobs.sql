-- Routed work: companies, jobs, each job's routing to a company, and what was put away of them.
-- `jobs`, `routings`, `routing_events`, `routing_amounts` and their `_archive`s are public (docs/store.md).
-- They outlive the accounts that they name: a job's history stays when a company is purged.

-- 'user' goes before 'delivery'. `moved_at` is when an action last came to where it stands. A row with
-- a `routing_id` delivers that routing, which follows it.
ALTER TABLE actions ADD COLUMN priority TEXT NOT NULL DEFAULT 'user';
ALTER TABLE actions ADD COLUMN moved_at TEXT;
ALTER TABLE actions ADD COLUMN routing_id TEXT;

-- In the order in which they are done: nothing to sort, however many wait.
DROP INDEX actions_open;
CREATE INDEX actions_open ON actions (account_id, priority DESC, created_at, id)
  WHERE state IN ('pending', 'sending', 'unknown') AND NOT parked;

-- What routing needs of an account; no row is an active one without options. `options` is JSON.
CREATE TABLE companies (
  account_id TEXT    NOT NULL PRIMARY KEY REFERENCES accounts (id),
  is_active  INTEGER NOT NULL,
  options    TEXT    NOT NULL
) WITHOUT ROWID;

-- `finished_at` is since when it is completed, canceled or failed; null while it is not.
CREATE TABLE jobs (
  id              TEXT NOT NULL PRIMARY KEY,
  account_id      TEXT NOT NULL,
  technician_id   TEXT NOT NULL,
  summary         TEXT NOT NULL,
  homeowner_name  TEXT NOT NULL,
  homeowner_phone TEXT NOT NULL,
  homeowner_email TEXT NOT NULL,
  street          TEXT NOT NULL,
  unit            TEXT NOT NULL,
  city            TEXT NOT NULL,
  state           TEXT NOT NULL,
  zip             TEXT NOT NULL,
  country         TEXT NOT NULL,
  revenue         TEXT,
  idempotency_key TEXT,
  fingerprint     TEXT NOT NULL,
  status          TEXT NOT NULL DEFAULT 'routing',
  created_at      TEXT NOT NULL,
  called_off_at   TEXT,
  finished_at     TEXT
);
CREATE UNIQUE INDEX jobs_key ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_newest ON jobs (created_at, id);
CREATE INDEX jobs_status ON jobs (status, created_at, id);
CREATE INDEX jobs_account ON jobs (account_id, created_at, id);
CREATE INDEX jobs_finished ON jobs (finished_at, id) WHERE finished_at IS NOT NULL;

-- `action_id` is the one that delivers it now, of `offers` that there were. `cause` is why it stands
-- where it does, `moved_at` when it was last heard of. `job_created_at` is the job's, by which a
-- company's are paged through.
CREATE TABLE routings (
  id                TEXT    NOT NULL PRIMARY KEY,
  job_id            TEXT    NOT NULL REFERENCES jobs (id),
  account_id        TEXT    NOT NULL,
  vendor            TEXT    NOT NULL,
  status            TEXT    NOT NULL,
  cause             TEXT    NOT NULL,
  moved_at          TEXT    NOT NULL,
  action_id         TEXT,
  offers            INTEGER NOT NULL,
  attempts          INTEGER NOT NULL DEFAULT 0,
  last_error        TEXT,
  external_type     TEXT,
  external_id       TEXT,
  external_job_type TEXT,
  external_job_id   TEXT,
  match_key         TEXT,
  revenue           TEXT,
  completed_at      TEXT,
  job_created_at    TEXT    NOT NULL
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
  routing_id TEXT    NOT NULL,
  number     INTEGER NOT NULL,
  at         TEXT    NOT NULL,
  status     TEXT    NOT NULL,
  cause      TEXT    NOT NULL,
  PRIMARY KEY (routing_id, number)
) WITHOUT ROWID;

-- What each of the vendor's objects adds to a routing's revenue: exact decimals, as text.
CREATE TABLE routing_amounts (
  routing_id  TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id   TEXT NOT NULL,
  amount      TEXT NOT NULL,
  PRIMARY KEY (routing_id, object_type, object_id)
) WITHOUT ROWID;

-- What was put away: the same columns, and what is needed to find it.
CREATE TABLE jobs_archive (
  id              TEXT NOT NULL PRIMARY KEY,
  account_id      TEXT NOT NULL,
  technician_id   TEXT NOT NULL,
  summary         TEXT NOT NULL,
  homeowner_name  TEXT NOT NULL,
  homeowner_phone TEXT NOT NULL,
  homeowner_email TEXT NOT NULL,
  street          TEXT NOT NULL,
  unit            TEXT NOT NULL,
  city            TEXT NOT NULL,
  state           TEXT NOT NULL,
  zip             TEXT NOT NULL,
  country         TEXT NOT NULL,
  revenue         TEXT,
  idempotency_key TEXT,
  fingerprint     TEXT NOT NULL,
  status          TEXT NOT NULL,
  created_at      TEXT NOT NULL,
  called_off_at   TEXT,
  finished_at     TEXT,
  archived_at     TEXT NOT NULL
);
CREATE UNIQUE INDEX jobs_archive_key ON jobs_archive (idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_archive_newest ON jobs_archive (created_at, id);
CREATE INDEX jobs_archive_status ON jobs_archive (status, created_at, id);
CREATE INDEX jobs_archive_account ON jobs_archive (account_id, created_at, id);

CREATE TABLE routings_archive (
  id                TEXT    NOT NULL PRIMARY KEY,
  job_id            TEXT    NOT NULL,
  account_id        TEXT    NOT NULL,
  vendor            TEXT    NOT NULL,
  status            TEXT    NOT NULL,
  cause             TEXT    NOT NULL,
  moved_at          TEXT    NOT NULL,
  action_id         TEXT,
  offers            INTEGER NOT NULL,
  attempts          INTEGER NOT NULL,
  last_error        TEXT,
  external_type     TEXT,
  external_id       TEXT,
  external_job_type TEXT,
  external_job_id   TEXT,
  match_key         TEXT,
  revenue           TEXT,
  completed_at      TEXT,
  job_created_at    TEXT    NOT NULL
);
CREATE INDEX routings_archive_job ON routings_archive (job_id);
CREATE INDEX routings_archive_account ON routings_archive (account_id, job_created_at, job_id);

CREATE TABLE routing_events_archive (
  routing_id TEXT    NOT NULL,
  number     INTEGER NOT NULL,
  at         TEXT    NOT NULL,
  status     TEXT    NOT NULL,
  cause      TEXT    NOT NULL,
  PRIMARY KEY (routing_id, number)
) WITHOUT ROWID;
CREATE TABLE routing_amounts_archive (
  routing_id  TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id   TEXT NOT NULL,
  amount      TEXT NOT NULL,
  PRIMARY KEY (routing_id, object_type, object_id)
) WITHOUT ROWID;

-- Routings were brought up to date with the changes up to here. Nothing older can tell of one.
CREATE TABLE routings_followed (
  only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
  seq  INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO routings_followed (only, seq)
SELECT 1, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0);

-- Where a job stands: the one place that says so. Work that somebody took outranks what is done, and
-- what is done what may still come. A job that was called off waits for nobody's answer, only for the
-- end of what is being sent. One that there was no company for has nothing to wait for, and nothing
-- failed: it is canceled.
CREATE VIEW job_standing AS
SELECT
  job_id, status, status IN ('completed', 'canceled', 'failed') AS is_over
FROM (
  SELECT
    jobs.id AS job_id,
    CASE
      WHEN sum(routings.status IN ('accepted', 'scheduled', 'in_progress')) > 0 THEN 'active'
      WHEN sum(routings.status = 'completed') > 0 THEN 'completed'
      WHEN sum(routings.status IN ('pending', 'sending')) > 0 THEN 'routing'
      WHEN jobs.called_off_at IS NOT NULL THEN 'canceled'
      WHEN sum(routings.status = 'synced') > 0 THEN 'routing'
      WHEN sum(routings.status = 'failed') = count(*) THEN 'failed'
      ELSE 'canceled'
    END AS status
  FROM jobs LEFT JOIN routings ON routings.job_id = jobs.id
  GROUP BY jobs.id
);

-- No step of a routing without its history and its job's status, whoever takes it.
CREATE TRIGGER routings_moved AFTER UPDATE OF status ON routings WHEN new.status != old.status BEGIN
  INSERT INTO routing_events (routing_id, number, at, status, cause)
  SELECT new.id, 1 + coalesce(max(number), 0), new.moved_at, new.status, new.cause
  FROM routing_events WHERE routing_id = new.id;
  UPDATE jobs SET
    status = standing.status,
    finished_at = CASE WHEN standing.is_over THEN coalesce(jobs.finished_at, new.moved_at) END
  FROM job_standing AS standing
  WHERE jobs.id = new.job_id AND standing.job_id = new.job_id;
END;

-- No move of an action without its routing, whoever moves it; users' own writes pay for the look at
-- one null. What the company made of it is not undone by news of the delivery. Only the beginning of
-- an attempt says 'sending'.
CREATE TRIGGER routings_follow AFTER UPDATE OF state ON actions WHEN new.routing_id IS NOT NULL BEGIN
  UPDATE routings SET
    status = CASE
      WHEN status NOT IN ('pending', 'sending', 'failed') THEN status
      WHEN new.state = 'pending' THEN 'pending'
      WHEN new.state = 'succeeded' THEN 'synced'
      WHEN new.state != 'failed' THEN 'sending'
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
    attempts = attempts + (new.state = 'sending'),
    last_error = new.last_error,
    external_type = coalesce(new.result_type, external_type),
    external_id = coalesce(new.result_id, external_id)
  WHERE id = new.routing_id AND action_id = new.id;
END;
