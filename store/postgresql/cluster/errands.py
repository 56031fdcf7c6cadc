"""Errands: what whoever hosts an account is to do or to know."""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import partial

from store.cluster_models import Errand, NewErrand, News, ShardHold
from store.errors import ErrandLimitError
from store.notice import OpenNotices
from store.relational.instants import from_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session

SQL = StatementNames("cluster_errands")


class ErrandStore:
    """`store.cluster_ports.Errands`; a base of the PostgreSQL store."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def leave_errands(self, errands: Sequence[NewErrand], *, most: int | None = None) -> None:
        """Store them durably, each under its account's shard."""
        if errands:
            await self._writer.submit(
                partial(_leave, errands=errands, most=most),
                sum(len(each.payload) for each in errands),
                urgent=True,
            )

    async def errands(self, holds: Collection[ShardHold], *, limit: int) -> Sequence[Errand]:
        """Return the oldest errands of the shards that are held so."""
        if not holds:
            return []
        return await self._readers.run(partial(_oldest, holds=_places(holds), limit=limit))

    async def end_errands(self, ids: Collection[int], holds: Collection[ShardHold]) -> None:
        """Forget errands that were run, as far as their shards are held so."""
        if ids:
            given = {"ids": json_rows(ids), "holds": _places(holds)}
            await self._writer.submit(
                lambda connection: connection.execute(SQL["end"], given).close()
            )

    async def news(self, holds: Collection[ShardHold], *, within_s: float) -> News:
        """Return what came of late for the accounts of the shards that are held so."""
        if not holds:
            return News()
        return await self._readers.run(partial(_news, holds=_places(holds), within_s=within_s))


def _places(holds: Collection[ShardHold]) -> str:
    return json_rows([(each.shard, each.epoch) for each in holds])


def _leave(connection: Session, errands: Sequence[NewErrand], most: int | None) -> None:
    rows = [(each.account_id, each.kind, b64encode(each.payload).decode()) for each in errands]
    given = {"rows": json_rows(rows)}
    if most is not None:
        row = connection.execute(SQL["full"], {**given, "most": most}).fetchone()
        if row is not None:
            raise ErrandLimitError(f"{most} errands of the account {row[0]} wait already")
    connection.execute(SQL["leave"], given).close()


def _oldest(connection: Session, holds: str, limit: int) -> Sequence[Errand]:
    rows = connection.execute(SQL["oldest"], {"holds": holds, "limit": limit})
    return [
        Errand(number, shard, account_id, kind, payload, from_text(at))
        for number, shard, account_id, kind, payload, at in rows
    ]


def _news(connection: Session, holds: str, within_s: float) -> News:
    given = {"holds": holds, "within_s": str(within_s)}
    asked = {
        account_id: from_text(at) for account_id, at in connection.execute(SQL["asked"], given)
    }
    noticed: defaultdict[str, list[OpenNotices]] = defaultdict(list)
    for account_id, object_type, newest in connection.execute(SQL["noticed"], given):
        noticed[account_id].append(OpenNotices(object_type, newest))
    return News(asked, noticed)
