"""The metered reads of a vendor's app, given out to several nodes."""

from functools import partial

from store.cluster_models import EndedReadLease, ReadLease, ReadWish
from store.crash_points import Commit
from store.relational import reads
from store.relational.named_sql import StatementNames
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session

SQL = StatementNames("cluster_reads")

_PARTS = 20
"""A lease is at most one part in so many of what is left, so that the last reads reach who needs them."""


class ReadLeaseStore:
    """`store.cluster_ports.ReadLeases`."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def lease_reads(self, wish: ReadWish) -> ReadLease:
        """End what the node held, and give it another part."""
        # On a connection of its own: all nodes wait for this lock, and no page is to hold it.
        return await self._writer.submit(
            partial(lease_reads, wish=wish), commit=Commit.READS_NOTED, urgent=True
        )

    async def count_leased(self, lease_id: int, counted: int, *, for_s: float) -> bool:
        """Count so much of a lease as made, in all; tell whether it still held."""
        given = {"id": lease_id, "counted": counted, "for_s": for_s}
        return await self._writer.submit(
            lambda connection: connection.execute(SQL["count"], given).rowcount == 1,
            commit=Commit.READS_NOTED,
        )

    async def reads_elsewhere(self, vendor: str, month: str, node: str) -> int:
        """Return how many reads of the month were made in ended leases, or are leased to others."""
        given = {"vendor": vendor, "month": month, "node": node}
        return await self._readers.run(partial(_sum, statement="elsewhere", given=given))


def granted(wish: ReadWish, given_out: int) -> int:
    """Return how large a lease is when so many of the month's reads are made, or leased. Pure."""
    if wish.most == 0:
        return 0
    if wish.limit is None:
        return max(wish.most, wish.reads)
    left = max(0, wish.limit - given_out)
    if left < wish.reads and not wish.is_must:
        return 0
    return max(wish.reads, min(wish.most, left // _PARTS))


def lease_reads(connection: Session, wish: ReadWish) -> ReadLease:
    """End the node's lease and those that expired, and give out anew; who comes meanwhile waits."""
    month = {"vendor": wish.vendor, "month": wish.month, "node": wish.node}
    made = reads.note_reads(connection, wish.vendor, wish.month, wish.owed)
    for ended_in, count in _end(connection, wish.vendor, wish.node, wish.ended):
        noted = reads.note_reads(connection, wish.vendor, ended_in, count)
        made = noted if ended_in == wish.month else made
    elsewhere = made + _sum(connection, statement="leased", given=month)
    amount = granted(wish, elsewhere)
    if amount == 0:
        return ReadLease(0, 0, 0, elsewhere)
    counted = min(amount, max(wish.reads, wish.step))
    given = month | {"amount": amount, "counted": counted, "for_s": wish.for_s}
    (lease_id,) = connection.execute(SQL["give"], given).fetchone()
    return ReadLease(lease_id, amount, counted, elsewhere)


def _end(
    connection: Session, vendor: str, node: str, ended: EndedReadLease | None
) -> list[tuple[str, int]]:
    """Return what leases that are over came to, by month: as counted, or as their node says."""
    over = connection.execute(SQL["end"], {"vendor": vendor, "node": node}).fetchall()
    return [
        (month, ended.made if ended is not None and lease_id == ended.id else counted)
        for lease_id, month, counted in over
    ]


def _sum(connection: Session, statement: str, given: dict[str, str]) -> int:
    (total,) = connection.execute(SQL[statement], given).fetchone()
    return int(total)
