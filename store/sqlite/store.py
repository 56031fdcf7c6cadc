"""The store on one SQLite file."""

from store.relational.store import RelationalStore


class SqliteStore(RelationalStore):
    """`store.ports.Store` on one file, from `open_store` until `close` or the `async with` ends."""
