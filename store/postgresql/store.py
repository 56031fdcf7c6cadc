"""The store on one PostgreSQL database."""

from store.relational.store import RelationalStore


class PostgresqlStore(RelationalStore):
    """`store.ports.Store` on one database, from its opening until `close` or the `async with` ends."""
