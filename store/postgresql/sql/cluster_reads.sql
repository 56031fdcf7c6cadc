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
