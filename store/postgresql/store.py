"""The store on one PostgreSQL database."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack

from store.postgresql.cluster.errands import ErrandStore
from store.postgresql.cluster.feed import SharedFeed
from store.postgresql.cluster.kept import KeptTextStore
from store.postgresql.cluster.node_words import NodeWordStore
from store.postgresql.cluster.nodes import NodeStore
from store.postgresql.cluster.read_leases import ReadLeaseStore
from store.postgresql.cluster.shards import ShardStore
from store.postgresql.cluster.standings import StandingStore
from store.postgresql.cluster.wire import PostgresqlWire
from store.relational.change_signal import ChangeSignal
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.store import RelationalStore


class PostgresqlStore(
    ShardStore,
    NodeStore,
    ErrandStore,
    StandingStore,
    NodeWordStore,
    KeptTextStore,
    ReadLeaseStore,
    RelationalStore,
):
    """`store.ports.Store` on one database, from its opening until `close` or the `async with` ends.

    Where several nodes share the database it is `store.cluster_ports.ClusterStore`, too.
    """

    def __init__(
        self,
        writer: WriteRunner,
        readers: ReadRunner,
        signal: ChangeSignal,
        resources: AsyncExitStack,
        wire: PostgresqlWire,
        feed: SharedFeed | None,
    ) -> None:
        """Take the parts; `feed` is None where nobody else writes."""
        super().__init__(writer, readers, signal, resources)
        self._wire = wire
        self._feed = feed

    async def changed(self, after: int) -> None:
        """Return as soon as there is a change behind `after`, whoever made it."""
        if self._feed is None:
            await super().changed(after)
        else:
            await self._feed.wait_beyond(after)

    def say(self, topic: str, words: Collection[str]) -> None:
        """Tell all nodes, this one too, these words under a topic; returns at once."""
        self._wire.say(topic, words)

    def hear(self, topics: Collection[str]) -> AsyncIterator[Mapping[str, Collection[str]]]:
        """Yield words by topic as they come; an empty mapping when some may have been lost."""
        return self._wire.hear(topics)
