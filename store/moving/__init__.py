"""Moving a replica out of an SQLite file into a PostgreSQL database, whole and checked."""
