"""Where metered reads are counted before they are made: by one of several nodes that share the app.

A node leases a part of what is left, and counts a few reads of it at a time. What it counted stays
counted, whatever becomes of it; the rest is anybody's again a minute after it counted last. So a
crash costs one step at most, and whoever wakes after a long sleep makes no read of a lease that
others were given meanwhile: the store refuses to count it.
"""

import anyio

from actors.read_supply import BLOCK, block_of
from store.cluster_models import EndedReadLease, ReadLease, ReadWish
from store.cluster_ports import ReadLeases
from store.errors import StoreUnavailableError

LEASE_S = 60.0
"""A lease of which nothing was counted for so long is over."""

_STEPS = 10
"""In so many steps a lease is counted."""


class LeasedReads:
    """One node's part in the reads of a vendor's app."""

    def __init__(self, vendor: str, node: str, leases: ReadLeases, month: str) -> None:
        self.allowance: int | None = None
        self._vendor = vendor
        self._node = node
        self._leases = leases
        self._month = month
        self._elsewhere = 0
        self._lease: ReadLease | None = None
        self._counted = 0  # so many of the lease
        self._ready = 0  # so many of these are not made yet
        self._owed = 0  # made for users while the store took nothing
        self._size = 1.0
        self._asking = anyio.Lock()

    @property
    def used(self) -> int:
        """All that was made or is leased by other nodes, and what we made."""
        return self._elsewhere + self._counted - self._ready + self._owed

    def begin(self, month: str) -> None:
        """Count in this month from now on; the lease that is left expires."""
        self._month = month
        self._forget_lease()
        self._elsewhere = self._owed = 0

    async def load(self) -> None:
        """Learn what all others used so far, and hold."""
        async with self._asking:
            month = self._month
            elsewhere = await self._leases.reads_elsewhere(self._vendor, month, self._node)
            if month == self._month:
                self._elsewhere = elsewhere

    async def draw(self, reads: int, limit: int | None, *, for_user: bool) -> bool:
        """Count reads; tell whether they may be made."""
        while True:
            if self._ready >= reads:
                if limit is not None and not for_user and self.used + reads > limit:
                    return False
                self._ready -= reads
                return True
            async with self._asking:
                if self._ready >= reads:
                    continue
                try:
                    if not await self._count_more(reads, limit, for_user=for_user):
                        return False
                except StoreUnavailableError:
                    if not for_user:
                        raise
                    self._owed += reads
                    return True

    async def close(self) -> None:
        """Give back what is left of the lease."""
        async with self._asking:
            if self._lease is not None or self._owed:
                await self._take_lease(0, None, for_user=False, most=0)

    async def _count_more(self, reads: int, limit: int | None, *, for_user: bool) -> bool:
        """See to it that more are counted; False when there are none to be had."""
        lease = self._lease
        if lease is not None:
            wanted = max(reads - self._ready, self._step(lease.amount))
            counted = min(lease.amount, self._counted + wanted)
            if counted - self._counted + self._ready >= reads:
                if await self._leases.count_leased(lease.id, counted, for_s=LEASE_S):
                    if lease is self._lease:
                        self._ready += counted - self._counted
                        self._counted = counted
                else:
                    self._size = max(1.0, self._size / 2)
                    await self._end_lost(lease)
                return True
            self._size = min(float(BLOCK), self._size * 2)
        return await self._take_lease(reads, limit, for_user=for_user, most=self._most())

    async def _end_lost(self, lease: ReadLease) -> None:
        """Take in that a lease is over: what was counted of it is counted for good."""
        if lease is self._lease:
            made = self._counted
            self._forget_lease()
            self._elsewhere += made

    async def _take_lease(
        self, reads: int, limit: int | None, *, for_user: bool, most: int
    ) -> bool:
        month, owed, ended = self._month, self._owed, None
        if self._lease is not None:
            # Nobody may make a read of it from here on: what is said of it now is the last word.
            made = self._counted - self._ready
            ended = EndedReadLease(self._lease.id, made)
            self._forget_lease()
            self._elsewhere += made
        wish = ReadWish(
            vendor=self._vendor,
            month=month,
            node=self._node,
            reads=reads,
            step=max(reads, self._step(most)),
            most=max(reads, most) if most else 0,
            limit=limit,
            is_must=for_user,
            for_s=LEASE_S,
            ended=ended,
            owed=owed,
        )
        lease = await self._leases.lease_reads(wish)
        if month != self._month:
            return True
        self._owed -= owed
        self._elsewhere = lease.elsewhere
        if lease.amount:
            self._lease = lease
            self._counted = self._ready = lease.counted
        return lease.amount > 0

    def _most(self) -> int:
        return min(block_of(self.allowance), round(self._size))

    def _step(self, amount: int) -> int:
        return max(1, amount // _STEPS)

    def _forget_lease(self) -> None:
        self._lease = None
        self._counted = self._ready = 0
