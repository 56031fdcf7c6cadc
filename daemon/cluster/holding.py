"""What a node knows of its own part of the accounts."""

import hashlib
from collections.abc import Collection
from typing import Protocol

from store.cluster_models import ShardHold


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
        """Tell whether the account is of one of the shards that it holds or takes just now."""
        ...


def shard_of(account_id: str, shards: int) -> int:
    """Return an account's shard: its id alone decides, here as in the database."""
    digest = hashlib.md5(account_id.encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) % shards
