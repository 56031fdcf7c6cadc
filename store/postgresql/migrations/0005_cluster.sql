-- What several nodes on this database tell each other (store/cluster_ports.py).

-- One row once the number of shards is fixed.
CREATE TABLE cluster (
  one         boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
  shard_count bigint  NOT NULL CHECK (shard_count > 0)
);

-- An account's shard: its id alone decides.
CREATE FUNCTION shard_of(account_id text, shard_count bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ('x' || left(md5(account_id), 8))::bit(32)::bigint % shard_count;

-- Shard -1 is the house: what is done once for all accounts. `node` is null while nobody holds it.
CREATE TABLE shards (
  shard bigint           NOT NULL PRIMARY KEY,
  epoch bigint           NOT NULL DEFAULT 0,
  node  text COLLATE "C",
  since timestamptz      NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE shard_moves (
  shard      bigint           NOT NULL,
  epoch      bigint           NOT NULL,
  node       text COLLATE "C" NOT NULL,
  before     text COLLATE "C",
  was_let_go boolean          NOT NULL,
  at         timestamptz      NOT NULL,
  unheld_s   double precision NOT NULL,
  PRIMARY KEY (shard, epoch)
);
CREATE INDEX shard_moves_at ON shard_moves (at);

CREATE TABLE nodes (
  node       text COLLATE "C" NOT NULL PRIMARY KEY,
  name       text             NOT NULL,
  url        text             NOT NULL,
  version    text             NOT NULL,
  started_at timestamptz      NOT NULL DEFAULT now(),
  seen_at    timestamptz      NOT NULL DEFAULT now(),
  is_leaving boolean          NOT NULL DEFAULT false
) WITH (fillfactor = 50);

CREATE TABLE errands (
  id         bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  shard      bigint           NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  kind       text COLLATE "C" NOT NULL,
  payload    bytea            NOT NULL,
  at         timestamptz      NOT NULL DEFAULT now()
);
CREATE INDEX errands_shard ON errands (shard, id);

-- `published` is given under the lock of `standings_published`'s row: no lower one appears later.
CREATE TABLE standings_published (
  one  boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
  last bigint  NOT NULL
) WITH (fillfactor = 10);
INSERT INTO standings_published (last) VALUES (0);

CREATE UNLOGGED TABLE hosted_standings (
  account_id text COLLATE "C" NOT NULL PRIMARY KEY,
  node       text COLLATE "C" NOT NULL,
  published  bigint           NOT NULL,
  document   bytea            NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX hosted_standings_published ON hosted_standings (published);
CREATE INDEX hosted_standings_node ON hosted_standings (node);

-- A part of a vendor's metered reads that one node may make. `counted` is what it may have made of it
-- already; the rest is anybody's from `expires_at` on. What leases came to is added to metered_reads.
CREATE TABLE read_leases (
  id         bigint           NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  vendor     text COLLATE "C" NOT NULL,
  month      text COLLATE "C" NOT NULL,
  node       text COLLATE "C" NOT NULL,
  amount     bigint           NOT NULL,
  counted    bigint           NOT NULL CHECK (counted <= amount),
  expires_at timestamptz      NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX read_leases_vendor ON read_leases (vendor);

-- What each node last told the others of a vendor.
CREATE UNLOGGED TABLE vendor_words (
  vendor text COLLATE "C" NOT NULL,
  node   text COLLATE "C" NOT NULL,
  word   bytea            NOT NULL,
  at     timestamptz      NOT NULL,
  PRIMARY KEY (vendor, node)
) WITH (fillfactor = 50);

-- What each node sees that concerns more than its own accounts; it says so again and again.
CREATE TABLE node_sights (
  node     text COLLATE "C" NOT NULL PRIMARY KEY,
  document bytea            NOT NULL,
  at       timestamptz      NOT NULL
) WITH (fillfactor = 50);

-- Texts that may be used once, through whichever node, by their hashes.
CREATE TABLE kept_texts (
  kind   text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  until  timestamptz      NOT NULL,
  PRIMARY KEY (kind, digest)
);
