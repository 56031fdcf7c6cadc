"""The store on a PostgreSQL database."""

from store.postgresql.opening import open_store
from store.postgresql.store import PostgresqlStore

__all__ = ["PostgresqlStore", "open_store"]
