-- name: keep
INSERT INTO kept_texts (kind, digest, until)
VALUES (:kind, :digest, now() + make_interval(secs => :for_s::double precision))
ON CONFLICT (kind, digest) DO UPDATE SET until = greatest(kept_texts.until, excluded.until);

-- name: forget_old
DELETE FROM kept_texts WHERE until <= now();

-- name: take
DELETE FROM kept_texts WHERE kind = :kind AND digest = :digest AND until > now();

-- name: is_kept
SELECT EXISTS (
  SELECT 1 FROM kept_texts WHERE kind = :kind AND digest = :digest AND until > now()
);
