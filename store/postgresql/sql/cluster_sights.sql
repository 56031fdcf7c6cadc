-- name: publish
INSERT INTO node_sights (node, document, at) VALUES (?, ?, clock_timestamp())
ON CONFLICT (node) DO UPDATE SET document = excluded.document, at = excluded.at;

-- name: lately
SELECT node, document FROM node_sights
WHERE at >= clock_timestamp() - make_interval(secs => ?::double precision)
ORDER BY node;

-- name: withdraw
DELETE FROM node_sights
WHERE node = ? OR at < clock_timestamp() - interval '1 day';
