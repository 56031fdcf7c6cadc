"""The store on an embedded SQLite file."""

from store.sqlite.opening import open_store
from store.sqlite.store import SqliteStore

__all__ = ["SqliteStore", "open_store"]
