"""Leases of reads kept in memory, by the rules of the real store, with answers that come late or never."""

from dataclasses import dataclass, field
from random import Random

import anyio

from actors.clock import Clock
from store.cluster_models import ReadLease, ReadWish
from store.errors import StoreUnavailableError
from store.postgresql.cluster.read_leases import granted


@dataclass(slots=True)
class HeldLease:
    """A row of `read_leases`."""

    node: str
    month: str
    amount: int
    counted: int
    expires_at_s: float


@dataclass
class LeaseBook:
    """`store.cluster_ports.ReadLeases` for one vendor.

    Attributes:
        trouble: how often, out of one, a call fails, half of them after it was committed.
        delay_s: how long a call and its answer take at most each.
    """

    clock: Clock
    random: Random
    trouble: float = 0.0
    delay_s: float = 0.0
    ended: dict[str, int] = field(default_factory=dict)
    held: dict[int, HeldLease] = field(default_factory=dict)
    given: int = 0

    async def lease_reads(self, wish: ReadWish) -> ReadLease:
        """End the node's lease, and those that expired; give out anew."""
        await self._go()
        self._add(wish.month, wish.owed)
        for lease_id, lease in list(self.held.items()):
            if lease.node == wish.node or lease.expires_at_s <= self._now_s():
                is_said = wish.ended is not None and wish.ended.id == lease_id
                made = wish.ended.made if wish.ended is not None and is_said else lease.counted
                self._add(lease.month, made)
                del self.held[lease_id]
        elsewhere = self.ended[wish.month] + sum(
            lease.amount for lease in self.held.values() if lease.month == wish.month
        )
        amount = granted(wish, elsewhere)
        answer = ReadLease(0, 0, 0, elsewhere)
        if amount:
            self.given += 1
            counted = min(amount, max(wish.reads, wish.step))
            expires_at_s = self._now_s() + wish.for_s
            self.held[self.given] = HeldLease(wish.node, wish.month, amount, counted, expires_at_s)
            answer = ReadLease(self.given, amount, counted, elsewhere)
        await self._come_back()
        return answer

    async def count_leased(self, lease_id: int, counted: int, *, for_s: float) -> bool:
        """Count so much of a lease, if it holds."""
        await self._go()
        lease = self.held.get(lease_id)
        holds = lease is not None and lease.expires_at_s > self._now_s()
        if holds and lease is not None:
            lease.counted, lease.expires_at_s = counted, self._now_s() + for_s
        await self._come_back()
        return holds

    async def reads_elsewhere(self, vendor: str, month: str, node: str) -> int:  # noqa: ARG002
        """Return what was made, or is leased to others."""
        await self._go()
        others = [each for each in self.held.values() if (each.node, each.month) != (node, month)]
        live = [each.amount for each in others if each.expires_at_s > self._now_s()]
        over = [each.counted for each in others if each.expires_at_s <= self._now_s()]
        answer = self.ended.get(month, 0) + sum(live) + sum(over)
        await self._come_back()
        return answer

    def counted(self) -> int:
        """Return how many reads count as made, in all."""
        return sum(self.ended.values()) + sum(lease.counted for lease in self.held.values())

    def _add(self, month: str, count: int) -> None:
        self.ended[month] = self.ended.get(month, 0) + count

    def _now_s(self) -> float:
        return self.clock.now().monotonic_s

    async def _go(self) -> None:
        await anyio.sleep(self.random.random() * self.delay_s)
        if self.random.random() < self.trouble / 2:
            raise StoreUnavailableError("not reached")

    async def _come_back(self) -> None:
        await anyio.sleep(self.random.random() * self.delay_s)
        if self.random.random() < self.trouble / 2:
            raise StoreUnavailableError("nobody knows")
