-- What finance views read: a narrow copy of what matters in some payloads, followed from `changes`.
-- As SQLite's, which says more; days are texts here too.

CREATE TABLE finance_progress (
  generation  bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id  text COLLATE "C" NOT NULL UNIQUE,
  mapping     bigint           NOT NULL,
  stage       text             NOT NULL,
  built_type  text COLLATE "C" NOT NULL DEFAULT '',
  built_id    text COLLATE "C" NOT NULL DEFAULT '',
  seq         bigint           NOT NULL,
  whole       boolean          NOT NULL DEFAULT false,
  exact_as_of timestamptz
);

CREATE TABLE finance_floor (
  one boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
  seq  bigint  NOT NULL
);

CREATE TABLE finance_documents (
  account_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  section     text COLLATE "C",
  flow        text COLLATE "C",
  number      text             NOT NULL,
  party_id    text COLLATE "C" NOT NULL,
  party_name  text             NOT NULL,
  currency    text COLLATE "C" NOT NULL,
  dated_on    text COLLATE "C" NOT NULL,
  due_on      text COLLATE "C" NOT NULL,
  open_units  bigint           NOT NULL,
  open_scale  bigint           NOT NULL,
  total_units bigint           NOT NULL,
  total_scale bigint           NOT NULL,
  problem     text COLLATE "C",
  PRIMARY KEY (account_id, object_type, object_id)
);
CREATE INDEX finance_documents_due
  ON finance_documents (account_id, section, due_on, object_type, object_id)
  WHERE section IS NOT NULL;
CREATE INDEX finance_documents_dated
  ON finance_documents (account_id, dated_on, object_type, object_id)
  WHERE flow IS NOT NULL;
CREATE INDEX finance_documents_party
  ON finance_documents (account_id, flow, party_id, dated_on, object_type, object_id)
  WHERE flow IS NOT NULL;
CREATE INDEX finance_documents_problem
  ON finance_documents (account_id, object_type, problem, object_id)
  WHERE problem IS NOT NULL;

-- Sums by day. The sum is high * 1000000000 + low: neither part can overflow.
CREATE TABLE finance_totals (
  account_id text COLLATE "C" NOT NULL,
  part       text COLLATE "C" NOT NULL,
  day        text COLLATE "C" NOT NULL,
  currency   text COLLATE "C" NOT NULL,
  scale      bigint           NOT NULL,
  is_credit  boolean          NOT NULL,
  documents  bigint           NOT NULL,
  high       bigint           NOT NULL,
  low        bigint           NOT NULL,
  PRIMARY KEY (account_id, part, day, currency, scale, is_credit)
);

-- Documents are deleted and inserted, never updated: these see every difference.
CREATE FUNCTION finance_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO finance_totals AS held
  SELECT account_id, part, day, currency, scale, is_credit, count(*), sum(units / 1000000000),
    sum(units % 1000000000)
  FROM (
    SELECT account_id, section AS part, due_on AS day, currency, open_scale AS scale,
      open_units < 0 AS is_credit, open_units AS units
    FROM added WHERE section IN ('receivable', 'payable')
    UNION ALL
    SELECT account_id, flow, '', currency, total_scale, total_units < 0, total_units
    FROM added WHERE flow IS NOT NULL
  ) AS each_one
  GROUP BY account_id, part, day, currency, scale, is_credit
  ORDER BY account_id, part, day, currency, scale, is_credit
  ON CONFLICT (account_id, part, day, currency, scale, is_credit) DO UPDATE SET
    documents = held.documents + excluded.documents, high = held.high + excluded.high,
    low = held.low + excluded.low;
  RETURN NULL;
END
$$;
CREATE TRIGGER finance_added AFTER INSERT ON finance_documents
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION finance_added();

CREATE FUNCTION finance_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE finance_totals AS held SET
    documents = held.documents - gone.documents, high = held.high - gone.high,
    low = held.low - gone.low
  FROM (
    SELECT account_id, part, day, currency, scale, is_credit, count(*) AS documents,
      sum(units / 1000000000) AS high, sum(units % 1000000000) AS low
    FROM (
      SELECT account_id, section AS part, due_on AS day, currency, open_scale AS scale,
        open_units < 0 AS is_credit, open_units AS units
      FROM removed WHERE section IN ('receivable', 'payable')
      UNION ALL
      SELECT account_id, flow, '', currency, total_scale, total_units < 0, total_units
      FROM removed WHERE flow IS NOT NULL
    ) AS each_one
    GROUP BY account_id, part, day, currency, scale, is_credit
  ) AS gone
  WHERE held.account_id = gone.account_id AND held.part = gone.part AND held.day = gone.day
    AND held.currency = gone.currency AND held.scale = gone.scale
    AND held.is_credit = gone.is_credit;
  RETURN NULL;
END
$$;
CREATE TRIGGER finance_removed AFTER DELETE ON finance_documents
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION finance_removed();
