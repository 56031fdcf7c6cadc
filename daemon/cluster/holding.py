"""What a node knows of its own part of the accounts."""

import hashlib
from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

from store.cluster_models import NodeStanding, ShardHold

if TYPE_CHECKING:
    from daemon.cluster.placement import Placement


class Holding(Protocol):
    """Which shards this node holds just now."""

    @property
    def node(self) -> str:
        """Its id."""
        ...

    def holds(self) -> Collection[ShardHold]:
        """Return its holds whose accounts are hosted, the house too if it has that."""
        ...

    def covers(self, account_id: str) -> bool:
        """Tell whether the account is of one of the shards that it holds."""
        ...


class PlacedShards:
    """`Holding` of what is placed on this node; nothing is until `placement` is there."""

    def __init__(self, me: NodeStanding) -> None:
        self.me = me
        self.placement: Placement | None = None

    @property
    def node(self) -> str:
        """Its id."""
        return self.me.node

    def holds(self) -> Collection[ShardHold]:
        """Return its holds."""
        return () if self.placement is None else self.placement.holds().values()

    def covers(self, account_id: str) -> bool:
        """Tell whether the account is of one of the shards that it holds."""
        return self.placement is not None and self.placement.covers(account_id)


def shard_of(account_id: str, shards: int) -> int:
    """Return an account's shard: its id alone decides, here as in the database."""
    digest = hashlib.md5(account_id.encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) % shards
