"""What may be asked of a store that several nodes share.

Times are the database's own, so that nodes need not agree on theirs. Any method may raise
`StoreUnavailableError`.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol

from store.cluster_models import (
    Errand,
    HostedStanding,
    NewErrand,
    News,
    NodeStanding,
    ReadLease,
    ReadWish,
    ShardHold,
    ShardMove,
    ShardStanding,
    WordsSaid,
)
from store.models import ClaimedAccount


class Shards(Protocol):
    """Who holds which accounts. The epoch of a shard is the fence around all of them."""

    async def prepare_shards(self, count: int) -> int:
        """See that there are shards and the house; return how many shards there are.

        The count is fixed by whoever comes first; every account, new ones too, is in the shard
        that its id alone decides.
        """
        ...

    async def take_shard(self, shard: int, node: str) -> tuple[ShardHold, Sequence[ClaimedAccount]]:
        """Take a shard over, with all its accounts that are not disconnected, in one piece.

        This raises the epochs of the shard and of each account: from its commit on, every write for
        them by an earlier holder is refused.
        """
        ...

    async def claim_under(self, hold: ShardHold, account_id: str) -> ClaimedAccount:
        """Take one account over again (`ActorStore.claim`), which only the shard's holder may.

        Raises:
            UnknownAccountError: there is no such account.
            StaleEpochError: it is disconnected, or the shard is somebody else's by now.
        """
        ...

    async def let_go(self, hold: ShardHold) -> bool:
        """Note that the shard is free, and fence its accounts; tell whether it was still held."""
        ...

    async def still_held(self, holds: Collection[ShardHold]) -> Collection[ShardHold]:
        """Return those of the holds that nobody has ended."""
        ...

    async def shards(self, accounts: Mapping[int, int] | None = None) -> Sequence[ShardStanding]:
        """Return all shards, the house (`HOUSE`) too.

        `accounts` is how many are in each, where that was counted of late; without it they are
        counted, which takes the longer the more there are.
        """
        ...

    async def shard_moves(self, *, within_s: float) -> Sequence[ShardMove]:
        """Return the moves of the last so many seconds, oldest first. Older than a week are forgotten."""
        ...


class Nodes(Protocol):
    """Which processes run on the database."""

    async def note_node(self, node: NodeStanding) -> None:
        """Note that the node lives, and how it is; its times are the database's."""
        ...

    async def nodes(self) -> Sequence[NodeStanding]:
        """Return the nodes that were noted and not forgotten, in the order of their start."""
        ...

    async def forget_nodes(self, *, unseen_s: float, node: str | None = None) -> int:
        """Forget those that were not seen for so long, and this one; return how many.

        What was said by any node more than a day ago is forgotten too (`NodeWords`).
        """
        ...


class Errands(Protocol):
    """What reaches whoever hosts an account, from any node, at least once, in order by account."""

    async def leave_errands(self, errands: Sequence[NewErrand], *, most: int | None = None) -> None:
        """Store them durably, each under its account's shard. One of an unknown account is dropped.

        `most` is how many of an account may wait; those that are left at the same time may be a few more.

        Raises:
            ErrandLimitError: so many of one of the accounts wait already; none was stored.
        """
        ...

    async def errands(self, holds: Collection[ShardHold], *, limit: int) -> Sequence[Errand]:
        """Return the oldest errands of the shards that are held so, as far as nobody ended that."""
        ...

    async def end_errands(self, ids: Collection[int], holds: Collection[ShardHold]) -> None:
        """Forget errands that were run, as far as their shards are still held so."""
        ...

    async def news(self, holds: Collection[ShardHold], *, within_s: float) -> News:
        """Return what came within so many seconds for the accounts of the shards that are held so.

        It is counted by the clocks of those who took it in.
        """
        ...


class Standings(Protocol):
    """How hosted accounts do, told by their hosts to the other nodes."""

    async def publish_standings(self, standings: Sequence[HostedStanding]) -> None:
        """Store these documents instead of those that were there; `published` is given anew.

        What is told by another node than the one that holds the account's shard is dropped.
        """
        ...

    async def standings(self, after: int, *, limit: int) -> Sequence[HostedStanding]:
        """Return what was published after that number, in the order of publishing.

        What becomes visible late is not passed over: nothing with a lower number appears later.
        """
        ...

    async def standing_count(self, node: str) -> int:
        """Return of how many accounts the node's documents are there; a crash forgets them all."""
        ...

    async def withdraw_standings(self, node: str) -> None:
        """Forget what a node published, once it hosts nothing any more.

        Of accounts that nobody is to host it is told that they are gone; that stays.
        """
        ...

    async def forget_gone_standings(self, through: int) -> int:
        """Forget of whom it was told, up to that number, that nobody hosts them; return the newest number."""
        ...


class ReadLeases(Protocol):
    """A vendor's metered reads, given out to the nodes in parts.

    A read is counted before it is made, and stays counted. What is not counted of a lease is anybody's
    again when the lease ends, or when it expires because its node died, or stood still.
    """

    async def lease_reads(self, wish: ReadWish) -> ReadLease:
        """End what the node held, and give it another part: the smaller, the less is left.

        The amount is 0 when not even `reads` are left within the limit.
        """
        ...

    async def count_leased(self, lease_id: int, counted: int, *, for_s: float) -> bool:
        """Count so much of a lease as made, in all, before it is; tell whether the lease still held.

        It holds for another `for_s` from now on.
        """
        ...

    async def reads_elsewhere(self, vendor: str, month: str, node: str) -> int:
        """Return how many reads of the month were made in leases that ended, or are leased to others."""
        ...


class NodeWords(Protocol):
    """What each node says last under a topic, over and over. Lost when the server crashes."""

    async def leave_word(self, topic: str, node: str, word: bytes) -> None:
        """Replace what the node said under the topic."""
        ...

    async def words(self, topic: str, *, within_s: float) -> WordsSaid:
        """Return what was said under the topic within so many seconds, by node."""
        ...

    async def take_back_words(self, node: str) -> None:
        """Forget what the node said."""
        ...


class KeptTexts(Protocol):
    """Texts that may be used once, through whichever node. Only their hashes are kept."""

    async def keep_text(self, kind: str, text: str, *, for_s: float) -> None:
        """Keep a text for so many seconds."""
        ...

    async def take_text(self, kind: str, text: str) -> bool:
        """Tell whether it is kept; it is not afterwards."""
        ...

    async def is_kept(self, kind: str, text: str) -> bool:
        """Tell whether it is kept."""
        ...


class Wire(Protocol):
    """Quick words between the nodes. Any of them may be lost: what matters is stored."""

    def say(self, topic: str, words: Collection[str]) -> None:
        """Tell all nodes, this one too, these words under a topic; returns at once.

        A word is short: a thousand bytes at most.
        """
        ...

    def hear(self, topics: Collection[str]) -> AsyncIterator[Mapping[str, Collection[str]]]:
        """Yield words by topic as they come, until the store is closed.

        An empty mapping comes first, and each time when some may have been lost.
        """
        ...


class ClusterStore(
    Shards, Nodes, Errands, Standings, ReadLeases, NodeWords, KeptTexts, Wire, Protocol
):
    """All of it."""
