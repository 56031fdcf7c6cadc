"""What several nodes on one database tell each other through it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from store.notice import OpenNotices

HOUSE = -1
"""The shard without accounts: whoever holds it does what is done once for all of them."""


class ShardHold(Struct, frozen=True):
    """A node's right to a shard. Whoever takes the shard next raises its epoch, which ends it.

    Attributes:
        node: the holder's id.
    """

    shard: int
    epoch: int
    node: str


class ShardStanding(Struct, frozen=True):
    """A shard as the database knows it.

    Attributes:
        node: who holds it; None when it was let go and nobody has taken it yet.
        since: when it was taken, or let go.
        accounts: how many are in it that are not disconnected.
    """

    shard: int
    epoch: int
    node: str | None
    since: datetime
    accounts: int


class ShardMove(Struct, frozen=True):
    """A shard came to a node.

    Attributes:
        before: who held it last; None when nobody did, or that is forgotten.
        was_let_go: whether that one let go of it, rather than being fenced off.
        unheld_s: for how long nobody held it, as far as is known: since it was let go, or since its
            holder was last seen.
    """

    shard: int
    epoch: int
    node: str
    before: str | None
    was_let_go: bool
    at: datetime
    unheld_s: float


class NodeStanding(Struct, frozen=True):
    """A process that runs on the database.

    Attributes:
        node: its id, another one after each start.
        name: what its operator calls it.
        url: where its API is, as its operator would reach it; "" when that is not known.
        version: of the program.
        seen_at: when it last said that it lives, by the database's clock.
        is_leaving: whether it hands over what it holds, and takes nothing.
        unseen_s: for how long it has said nothing, by the database's clock.
    """

    node: str
    name: str
    url: str
    version: str
    started_at: datetime
    seen_at: datetime
    is_leaving: bool = False
    unseen_s: float = 0.0


class NewErrand(Struct, frozen=True):
    """Something that whoever hosts an account is to do or to know.

    Attributes:
        account_id: whose host it is for.
        kind: what it is.
        payload: what else there is to say, as JSON.
    """

    account_id: str
    kind: str
    payload: bytes = b"{}"


class Errand(Struct, frozen=True):
    """One that is stored.

    Attributes:
        id: in the order of their coming, for one account.
    """

    id: int
    shard: int
    account_id: str
    kind: str
    payload: bytes
    at: datetime


class News(Struct, frozen=True):
    """What came of late for accounts, through whichever node.

    Attributes:
        asked: when a user's write that is still open was last asked for, by account.
        noticed: the newest open notices, by account.
    """

    asked: Mapping[str, datetime] = field(default_factory=dict)
    noticed: Mapping[str, Sequence[OpenNotices]] = field(default_factory=dict)


class HostedStanding(Struct, frozen=True):
    """How an account does at the node that hosts it, for the other nodes to show.

    Attributes:
        document: what is to be shown, as JSON; empty once it is not hosted any more.
        published: its number among all that were published; higher is later.
    """

    account_id: str
    node: str
    document: bytes
    published: int = 0


class EndedReadLease(Struct, frozen=True):
    """A lease whose node makes no further read of it.

    Attributes:
        made: how many reads were made of it.
    """

    id: int
    made: int


class ReadWish(Struct, frozen=True):
    """What a node asks for.

    Attributes:
        month: which month's reads, as in `2026-11`.
        reads: how many are about to be made.
        step: how many are to be counted at once; no fewer than `reads`.
        most: how large a lease would be of use; 0 only ends what there was.
        limit: how many of the month's reads may be made or given out in all; None is no limit.
        is_must: whether `reads` are given even beyond the limit.
        for_s: how long the lease lasts, unless something is counted of it.
        ended: the node's last lease. Whatever else it holds ends too, and counts as far as it was counted.
        owed: reads of the month that were made without being counted.
    """

    vendor: str
    month: str
    node: str
    reads: int
    step: int
    most: int
    limit: int | None
    is_must: bool
    for_s: float
    ended: EndedReadLease | None = None
    owed: int = 0


class ReadLease(Struct, frozen=True):
    """A part of a vendor's metered reads that only one node may make.

    Attributes:
        amount: how many; less than was asked for when little is left, or none.
        counted: how many of them are counted as made; they are to be made only after that.
        elsewhere: the month's reads apart from it: made, or leased to other nodes.
    """

    id: int
    amount: int
    counted: int
    elsewhere: int


class NodeWord(Struct, frozen=True):
    """What a node said last under a topic, `age_s` seconds ago."""

    node: str
    word: bytes
    age_s: float


class WordsSaid(Struct, frozen=True):
    """What nodes said of late under a topic, by node, as of the database's time `at`."""

    at: datetime
    words: Sequence[NodeWord]
