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
        account_id: whose host it is for; "" for whoever holds the house.
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


class ReadLease(Struct, frozen=True):
    """A part of something that all nodes share, which one of them may use up by itself.

    Attributes:
        amount: how much was given; less than was asked for when little is left, or nothing.
        expires_at: from then on what is unused of it is anybody's.
    """

    id: int
    resource: str
    amount: int
    expires_at: datetime
