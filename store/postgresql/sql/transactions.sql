-- name: status
SELECT pg_xact_status(?::text::xid8);
