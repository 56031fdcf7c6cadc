-- name: leave
INSERT INTO node_words (topic, node, word, at) VALUES (?, ?, ?, clock_timestamp())
ON CONFLICT (topic, node) DO UPDATE SET word = excluded.word, at = excluded.at;

-- name: lately
SELECT node, word, greatest(0, extract(epoch FROM clock_timestamp() - at))::double precision
FROM node_words
WHERE topic = ? AND at >= clock_timestamp() - make_interval(secs => ?::double precision)
ORDER BY node;

-- name: now
SELECT clock_timestamp();

-- name: take_back
DELETE FROM node_words
WHERE node = ?;

-- name: forget_old
DELETE FROM node_words
WHERE at < clock_timestamp() - interval '1 day';
