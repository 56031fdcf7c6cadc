-- name: end
-- Its own, and those of nodes that died or stood still.
DELETE FROM read_leases
WHERE vendor = :vendor AND (node = :node OR expires_at <= clock_timestamp())
RETURNING id, month, counted;

-- name: leased
SELECT coalesce(sum(amount), 0)::bigint FROM read_leases WHERE vendor = :vendor AND month = :month;

-- name: give
INSERT INTO read_leases (vendor, month, node, amount, counted, expires_at)
VALUES (:vendor, :month, :node, :amount, :counted,
        clock_timestamp() + make_interval(secs => :for_s))
RETURNING id;

-- name: count
UPDATE read_leases
SET counted = :counted, expires_at = clock_timestamp() + make_interval(secs => :for_s)
WHERE id = :id AND expires_at > clock_timestamp();

-- name: elsewhere
SELECT coalesce(
         (SELECT reads FROM metered_reads
          WHERE vendor = :vendor AND month = :month AND account_id = ''), 0)
     + coalesce(
         (SELECT sum(CASE WHEN expires_at > clock_timestamp() THEN amount ELSE counted END)
          FROM read_leases
          WHERE vendor = :vendor AND month = :month AND node <> :node), 0)::bigint;

-- name: tell
INSERT INTO vendor_words (vendor, node, word, at)
VALUES (:vendor, :node, :word, clock_timestamp())
ON CONFLICT (vendor, node) DO UPDATE SET word = excluded.word, at = excluded.at
RETURNING at;

-- name: forget_words
DELETE FROM vendor_words
WHERE vendor = :vendor AND at < clock_timestamp() - make_interval(secs => :within_s);

-- name: words
SELECT node, word, greatest(0, extract(epoch FROM clock_timestamp() - at))::double precision
FROM vendor_words
WHERE vendor = :vendor AND node <> :node
ORDER BY node;
