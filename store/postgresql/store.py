"""The store on one PostgreSQL database."""

from store.postgresql.cluster.nodes import NodeStore
from store.postgresql.cluster.shards import ShardStore
from store.relational.store import RelationalStore


class PostgresqlStore(ShardStore, NodeStore, RelationalStore):
    """`store.ports.Store` on one database, from its opening until `close` or the `async with` ends.

    Several processes may have it open; what they ask of each other is in `store.cluster_ports`.
    """
