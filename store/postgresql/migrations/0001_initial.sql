-- Texts are compared as the bytes that they are (COLLATE "C"), whatever the database's language is.
-- The tables and their columns are those of the other stores (docs/store.md); types are PostgreSQL's.

-- An instant as every store writes it: 2026-11-21T09:00:00.000000Z.
CREATE FUNCTION instant_text(instant timestamptz) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- Where a row is, as one number: it holds until the row is written again.
CREATE FUNCTION number_of_place(place tid) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (split_part(btrim(place::text, '()'), ',', 1)::bigint << 16)
  | split_part(btrim(place::text, '()'), ',', 2)::bigint;

CREATE FUNCTION place_of_number(number bigint) RETURNS tid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN format('(%s,%s)', number >> 16, number & 65535)::tid;

-- A vendor's bytes, to be looked into; null for what is no JSON, or none that PostgreSQL can keep.
CREATE FUNCTION payload_json(payload bytea) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN convert_from(payload, 'UTF8')::jsonb;
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END
$$;

-- `number` is the order of connecting.
CREATE TABLE accounts (
  id                  text COLLATE "C" NOT NULL PRIMARY KEY,
  vendor              text COLLATE "C" NOT NULL,
  external_account_id text COLLATE "C" NOT NULL,
  name                text             NOT NULL,
  shard               bigint           NOT NULL DEFAULT 0,
  epoch               bigint           NOT NULL DEFAULT 0,
  connected_at        timestamptz      NOT NULL,
  paused              boolean          NOT NULL DEFAULT false,
  reauth_cause        text,
  disconnected_at     timestamptz,
  exact_as_of         timestamptz,
  last_synced_at      timestamptz,
  number              bigint           NOT NULL GENERATED ALWAYS AS IDENTITY,
  UNIQUE (vendor, external_account_id)
) WITH (fillfactor = 70);
CREATE INDEX accounts_shard ON accounts (shard);

CREATE TABLE credentials (
  account_id              text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES accounts (id),
  sealed                  bytea            NOT NULL,
  obtained_at             timestamptz      NOT NULL,
  access_expires_at       timestamptz      NOT NULL,
  refresh_expires_at      timestamptz,
  refresh_hard_expires_at timestamptz
);

-- A row is open (`ended_at` is null) from before a refresh token is spent until its answer is stored.
CREATE TABLE refresh_journal (
  id         bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL REFERENCES accounts (id),
  token_hash text COLLATE "C" NOT NULL,
  started_at timestamptz      NOT NULL,
  attempts   bigint           NOT NULL DEFAULT 1,
  ended_at   timestamptz,
  outcome    text
);
CREATE INDEX refresh_journal_account ON refresh_journal (account_id, id);
CREATE UNIQUE INDEX refresh_journal_open ON refresh_journal (account_id) WHERE ended_at IS NULL;

CREATE TABLE cursors (
  account_id       text COLLATE "C" NOT NULL REFERENCES accounts (id),
  object_type      text COLLATE "C" NOT NULL,
  position         text             NOT NULL DEFAULT '',
  complete         boolean          NOT NULL DEFAULT false,
  covered_until    timestamptz,
  rescan_requested boolean          NOT NULL DEFAULT false,
  last_synced_at   timestamptz,
  PRIMARY KEY (account_id, object_type)
) WITH (fillfactor = 70);

-- The vendor's bytes as they came: what is no text stays exact too. Neither compressed nor moved out
-- of the row up to 8 kB: compressing 2 kB costs as much as all else about a row.
CREATE TABLE objects (
  account_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  version     text             NOT NULL,
  updated_at  timestamptz      NOT NULL,
  synced_at   timestamptz      NOT NULL,
  deleted     boolean          NOT NULL DEFAULT false,
  via         text             NOT NULL,
  look_id     bigint,
  payload     bytea            NOT NULL,
  CONSTRAINT objects_key PRIMARY KEY (account_id, object_type, object_id)
) WITH (toast_tuple_target = 8160);
ALTER TABLE objects ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX objects_deleted ON objects (account_id, object_type, object_id) WHERE deleted;

CREATE VIEW object_documents AS
SELECT
  account_id, object_type, object_id, version, updated_at, synced_at, deleted, via, look_id,
  payload_json(payload) AS payload
FROM objects;

-- Numbered at the end of a transaction, under the lock of `feed`'s row: in the order of commits, and
-- without gaps.
CREATE TABLE changes (
  seq         bigint           NOT NULL PRIMARY KEY,
  account_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  op          text             NOT NULL,
  via         text             NOT NULL,
  observed_at timestamptz      NOT NULL,
  updated_at  timestamptz      NOT NULL
);

CREATE TABLE feed (
  one      boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
  last_seq bigint  NOT NULL
) WITH (fillfactor = 10);
INSERT INTO feed (last_seq) VALUES (0);

-- What the full readings under way came across.
CREATE TABLE scan_seen (
  account_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  PRIMARY KEY (account_id, object_type, object_id)
);

CREATE TABLE metadata (
  key   text COLLATE "C" NOT NULL PRIMARY KEY,
  value bytea            NOT NULL
);

-- One row for each stored page that changed something.
CREATE SEQUENCE look_numbers;
CREATE TABLE looks (
  id          bigint           NOT NULL PRIMARY KEY,
  account_id  text COLLATE "C" NOT NULL,
  look        text             NOT NULL,
  via         text             NOT NULL,
  observed_at timestamptz      NOT NULL,
  trace_ids   text             NOT NULL
);
CREATE INDEX looks_account ON looks (account_id);

-- What `objects` held before. `payload` is null when the next version has the same bytes.
CREATE TABLE object_versions (
  id          bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  version     text             NOT NULL,
  updated_at  timestamptz      NOT NULL,
  seen_at     timestamptz      NOT NULL,
  ended_at    timestamptz      NOT NULL,
  deleted     boolean          NOT NULL,
  via         text             NOT NULL,
  look_id     bigint,
  payload     bytea
) WITH (toast_tuple_target = 8160);
ALTER TABLE object_versions ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX object_versions_object ON object_versions (account_id, object_type, object_id);

-- One row for each version that was not taken, however often it came. A time that is not known is
-- -infinity.
CREATE TABLE refusals (
  account_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  rule        text COLLATE "C" NOT NULL,
  updated_at  timestamptz      NOT NULL,
  version     text COLLATE "C" NOT NULL,
  first_at    timestamptz      NOT NULL,
  last_at     timestamptz      NOT NULL,
  times       bigint           NOT NULL DEFAULT 1,
  via         text             NOT NULL,
  look        text             NOT NULL,
  trace_ids   text             NOT NULL,
  PRIMARY KEY (account_id, object_type, object_id, rule, updated_at, version)
);
CREATE INDEX refusals_last ON refusals (last_at);

-- `count` of `live` objects would go at once; `confirmed_count` of them may, since `confirmed_at`.
CREATE TABLE held_deletes (
  account_id      text COLLATE "C" NOT NULL,
  object_type     text COLLATE "C" NOT NULL,
  count           bigint           NOT NULL,
  live            bigint           NOT NULL,
  sample          text             NOT NULL,
  noticed_at      timestamptz      NOT NULL,
  confirmed_at    timestamptz,
  confirmed_count bigint           NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, object_type)
);

CREATE TABLE metered_reads (
  vendor     text COLLATE "C" NOT NULL,
  month      text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL DEFAULT '',
  reads      bigint           NOT NULL DEFAULT 0,
  PRIMARY KEY (vendor, month, account_id)
);

-- What vendors' webhooks said, from before they are answered until a while after a look did.
CREATE TABLE notices (
  id          bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  event_id    text COLLATE "C" NOT NULL,
  operation   text             NOT NULL,
  occurred_at timestamptz      NOT NULL,
  received_at timestamptz      NOT NULL,
  handled_at  timestamptz
);
CREATE UNIQUE INDEX notices_event ON notices (account_id, object_type, object_id, event_id);
CREATE INDEX notices_open ON notices (account_id, object_type, id) WHERE handled_at IS NULL;
CREATE INDEX notices_received ON notices (received_at);

CREATE TABLE verifications (
  account_id   text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES accounts (id),
  requested    bigint           NOT NULL DEFAULT 0,
  answered     bigint           NOT NULL DEFAULT 0,
  repair       boolean          NOT NULL DEFAULT true,
  certified_at timestamptz
);

CREATE TABLE certificates (
  account_id    text COLLATE "C" NOT NULL REFERENCES accounts (id),
  number        bigint           NOT NULL,
  as_of         timestamptz      NOT NULL,
  began_at      timestamptz      NOT NULL,
  finished_at   timestamptz      NOT NULL,
  reads         bigint           NOT NULL,
  exact         boolean          NOT NULL,
  repaired      boolean          NOT NULL,
  repair        boolean          NOT NULL,
  complete      boolean          NOT NULL,
  answers       bigint           NOT NULL,
  types         text             NOT NULL,
  mended_before bigint           NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, number)
);

-- What was put right in the replica without news of it from the vendor.
CREATE TABLE mended (
  id          bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  difference  text             NOT NULL,
  via         text             NOT NULL,
  mended_at   timestamptz      NOT NULL,
  certificate bigint
);
CREATE INDEX mended_object ON mended (account_id, object_type, object_id);
CREATE INDEX mended_unnamed ON mended (account_id) WHERE certificate IS NULL;

-- Users' writes at the vendor. Payloads are what was asked for, and the vendor's answer, as bytes.
CREATE TABLE actions (
  id              text COLLATE "C" NOT NULL PRIMARY KEY,
  account_id      text COLLATE "C" NOT NULL REFERENCES accounts (id),
  type            text COLLATE "C" NOT NULL,
  payload         bytea            NOT NULL,
  fingerprint     text COLLATE "C" NOT NULL,
  idempotency_key text COLLATE "C",
  state           text             NOT NULL DEFAULT 'pending',
  created_at      timestamptz      NOT NULL,
  asked_at        timestamptz      NOT NULL,
  revived_after   bigint           NOT NULL DEFAULT 0,
  searched_from   timestamptz,
  parked          boolean          NOT NULL DEFAULT false,
  finished_at     timestamptz,
  last_error      text,
  result_type     text COLLATE "C",
  result_id       text COLLATE "C",
  result_payload  bytea,
  compare_at      timestamptz
);
CREATE UNIQUE INDEX actions_key ON actions (account_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX actions_same ON actions (account_id, type, fingerprint, created_at);
CREATE INDEX actions_newest ON actions (account_id, created_at, id);
CREATE INDEX actions_open ON actions (account_id)
  WHERE state IN ('pending', 'sending', 'unknown') AND NOT parked;
CREATE INDEX actions_parked ON actions (account_id) WHERE parked;
CREATE INDEX actions_to_compare ON actions (account_id, compare_at) WHERE compare_at IS NOT NULL;
CREATE INDEX actions_result ON actions (account_id, result_type, result_id)
  WHERE result_id IS NOT NULL;

-- A sending is `open` (`ended_at` is null) from before the call until its end is stored.
CREATE TABLE action_attempts (
  action_id   text COLLATE "C" NOT NULL REFERENCES actions (id),
  number      bigint           NOT NULL,
  call        text             NOT NULL,
  at          timestamptz      NOT NULL,
  outcome     text             NOT NULL,
  ended_at    timestamptz,
  status      bigint,
  code        text,
  trace_id    text,
  error       text,
  base        text,
  vendor_time timestamptz,
  PRIMARY KEY (action_id, number)
);

CREATE VIEW action_documents AS
SELECT
  id, account_id, type, payload_json(payload) AS payload, idempotency_key, state, created_at,
  asked_at, revived_after, parked, finished_at, last_error, result_type, result_id,
  payload_json(result_payload) AS result_payload
FROM actions;

-- Where a vendor has something else than a user's write asked for.
CREATE TABLE drifts (
  id            bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id    text COLLATE "C" NOT NULL,
  action_id     text COLLATE "C" NOT NULL,
  object_type   text COLLATE "C" NOT NULL,
  object_id     text COLLATE "C" NOT NULL,
  field         text COLLATE "C" NOT NULL,
  asked         text             NOT NULL,
  found         text             NOT NULL,
  changed_since boolean          NOT NULL,
  found_at      timestamptz      NOT NULL,
  seen_at       timestamptz      NOT NULL,
  resolved_at   timestamptz
);
CREATE UNIQUE INDEX drifts_open ON drifts (action_id, object_type, object_id, field)
  WHERE resolved_at IS NULL;
CREATE INDEX drifts_newest ON drifts (account_id, id);
CREATE INDEX drifts_action ON drifts (action_id);
