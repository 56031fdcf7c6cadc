-- works beside: 6
-- What each node said last under a topic; it says so again and again. It stands in for vendor_words
-- and node_sights, which the version before still writes: they go in a migration that works beside this one.
CREATE UNLOGGED TABLE node_words (
  topic text COLLATE "C" NOT NULL,
  node  text COLLATE "C" NOT NULL,
  word  bytea            NOT NULL,
  at    timestamptz      NOT NULL,
  PRIMARY KEY (topic, node)
) WITH (fillfactor = 50);
