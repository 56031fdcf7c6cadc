"""Who holds which accounts."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import msgspec

from store.cluster_models import ShardHold, ShardMove, ShardStanding
from store.crash_points import Commit
from store.errors import StaleEpochError
from store.models import ClaimedAccount
from store.relational import claims
from store.relational.instants import from_text
from store.relational.named_sql import StatementNames
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session

SQL = StatementNames("cluster_shards")

_encode = msgspec.json.Encoder().encode


class ShardStore:
    """`store.cluster_ports.Shards`."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def prepare_shards(self, count: int) -> int:
        """See that there are shards and the house; return how many shards there are."""
        return await self._writer.submit(partial(prepare, count=count))

    async def take_shard(self, shard: int, node: str) -> tuple[ShardHold, Sequence[ClaimedAccount]]:
        """Take a shard over, with all its accounts that are not disconnected."""
        return await self._writer.submit(
            lambda session: take(session, shard, node), commit=Commit.CLAIM
        )

    async def claim_under(self, hold: ShardHold, account_id: str) -> ClaimedAccount:
        """Take one account over again, which only the shard's holder may."""
        return await self._writer.submit(
            lambda session: claim_under(session, hold, account_id), commit=Commit.CLAIM
        )

    async def claim(self, account_id: str) -> ClaimedAccount:
        """Take the account over, unless a node holds its shard."""
        return await self._writer.submit(partial(claim, account_id=account_id), commit=Commit.CLAIM)

    async def claim_shard(self, shard: int) -> Sequence[ClaimedAccount]:
        """Take over every account of the shard, unless a node holds it."""
        return await self._writer.submit(partial(claim_shard, shard=shard), commit=Commit.CLAIM)

    async def let_go(self, hold: ShardHold) -> bool:
        """Note that the shard is free; tell whether it was still held."""
        return await self._writer.submit(partial(let_go, hold=hold))

    async def still_held(self, holds: Collection[ShardHold]) -> Collection[ShardHold]:
        """Return those of the holds that nobody has ended."""
        return await self._readers.run(partial(still_held, holds=holds))

    async def shards(self, accounts: Mapping[int, int] | None = None) -> Sequence[ShardStanding]:
        """Return all shards, the house too; accounts are counted unless it is said how many there are."""
        return await self._readers.run(partial(read_shards, accounts=accounts))

    async def shard_moves(self, *, within_s: float) -> Sequence[ShardMove]:
        """Return the moves of the last so many seconds, oldest first."""
        return await self._readers.run(partial(read_moves, within_s=within_s))


def prepare(session: Session, count: int) -> int:
    """Fix the number of shards if nobody has; return it."""
    if session.execute(SQL["count"]).fetchone() is None:
        session.execute(SQL["lock_accounts"])
        session.execute(SQL["fix_count"], (count,))
    session.execute(SQL["add_shards"])
    session.execute(SQL["place_accounts"])
    (fixed,) = session.execute(SQL["count"]).fetchone()
    return int(fixed)


def take(session: Session, shard: int, node: str) -> tuple[ShardHold, Sequence[ClaimedAccount]]:
    """Raise the epochs of the shard and of its accounts, in that order, as everybody does."""
    epoch, holder, before, unheld_s = session.execute(SQL["lock"], (shard,)).fetchone()
    hold = ShardHold(shard, epoch + 1, node)
    session.execute(SQL["take"], _named(hold))
    move = {"before": before, "was_let_go": holder is None and before is not None}
    session.execute(SQL["note_move"], {**_named(hold), **move, "unheld_s": max(0.0, unheld_s)})
    session.execute(SQL["forget_moves"])
    return hold, claims.claim_shard(session, shard)


def claim_under(session: Session, hold: ShardHold, account_id: str) -> ClaimedAccount:
    """Take one account of the shard over.

    Raises:
        UnknownAccountError: there is no such account.
        StaleEpochError: it is disconnected or in another shard, or the hold has ended.
    """
    if session.execute(SQL["check_hold"], _named(hold)).fetchone() is None:
        raise StaleEpochError(f"shard {hold.shard} was taken over since epoch {hold.epoch}")
    claimed = claims.claim(session, account_id)
    if claimed.account.shard != hold.shard:
        raise StaleEpochError(f"account {account_id} is in shard {claimed.account.shard}")
    return claimed


def claim(session: Session, account_id: str) -> ClaimedAccount:
    """Take one account over that no node holds.

    Raises:
        UnknownAccountError: there is no such account.
        StaleEpochError: it is disconnected, or a node holds its shard.
    """
    _refuse_held(session.execute(SQL["holder_of"], (account_id,)).fetchone())
    return claims.claim(session, account_id)


def claim_shard(session: Session, shard: int) -> Sequence[ClaimedAccount]:
    """Take the accounts of a shard over that no node holds.

    Raises:
        StaleEpochError: a node holds it.
    """
    _refuse_held(session.execute(SQL["holder"], (shard,)).fetchone())
    return claims.claim_shard(session, shard)


def _refuse_held(row: Sequence[str | None] | None) -> None:
    if row is not None and row[0] is not None:
        raise StaleEpochError(f"the node {row[0]} holds the shard")


def let_go(session: Session, hold: ShardHold) -> bool:
    """Free the shard and fence its accounts, if it is still held."""
    if session.execute(SQL["let_go"], _named(hold)).fetchone() is None:
        return False
    session.execute(SQL["fence_accounts"], (hold.shard,))
    return True


def still_held(session: Session, holds: Collection[ShardHold]) -> Collection[ShardHold]:
    """Return those that stand in the database as they are."""
    asked = _encode([[hold.shard, hold.epoch, hold.node] for hold in holds]).decode()
    held = {tuple(row) for row in session.execute(SQL["still_held"], (asked,))}
    return [hold for hold in holds if (hold.shard, hold.epoch) in held]


def read_shards(
    session: Session, accounts: Mapping[int, int] | None = None
) -> Sequence[ShardStanding]:
    """Return all, the house first; accounts are counted unless it is said how many there are."""
    counted = dict(session.execute(SQL["count_accounts"])) if accounts is None else accounts
    return [
        ShardStanding(shard, epoch, node, from_text(since), counted.get(shard, 0))
        for shard, epoch, node, since in session.execute(SQL["all"])
    ]


def read_moves(session: Session, within_s: float) -> Sequence[ShardMove]:
    """Return those of the last so many seconds, oldest first."""
    return [
        ShardMove(shard, epoch, node, before, was_let_go, from_text(at), unheld_s)
        for shard, epoch, node, before, was_let_go, at, unheld_s in session.execute(
            SQL["moves"], (within_s,)
        )
    ]


def _named(hold: ShardHold) -> dict[str, int | str]:
    return {"shard": hold.shard, "epoch": hold.epoch, "node": hold.node}
