"""Where metered reads are counted before they are made: by a process that is alone with the app."""

from typing import Protocol

import anyio

from store.errors import StoreUnavailableError
from store.read_ledger import ReadLedger

BLOCK = 100
"""How many reads are counted, or leased, ahead at most."""

_SMALLEST_PART = 1000
"""A crash must not count more than one part in so many of the allowance too much."""


def block_of(allowance: int | None) -> int:
    """Return how many reads are counted ahead at once."""
    if allowance is None:
        return BLOCK
    return max(1, min(BLOCK, allowance // _SMALLEST_PART))


class ReadSupply(Protocol):
    """Counts a vendor's metered reads durably, ahead of the calls. Knows one month at a time."""

    allowance: int | None

    @property
    def used(self) -> int:
        """The month's reads by all who make any, as far as is known; never one too few of our own."""
        ...

    def begin(self, month: str) -> None:
        """Count in this month from now on; nothing is known of it yet."""
        ...

    async def load(self) -> None:
        """Learn what was used so far. Raises `StoreUnavailableError`."""
        ...

    async def draw(self, reads: int, limit: int | None, *, for_user: bool) -> bool:
        """Count reads that are about to be made; tell whether they may be.

        Args:
            reads: how many.
            limit: how many the whole app may make of the month's reads, these included; None is no limit.
            for_user: they are made whatever the limit is, and even where they can't be counted now.

        Raises:
            StoreUnavailableError: they can't be counted durably now; never for a user's.
        """
        ...

    async def close(self) -> None:
        """Give back what was counted ahead and not used. Raises `StoreUnavailableError`."""
        ...


class NotedReads:
    """A process that is alone notes blocks of reads, and knows of all of them.

    Attributes:
        used: the month's reads.
    """

    def __init__(self, vendor: str, ledger: ReadLedger, month: str) -> None:
        self.allowance: int | None = None
        self._vendor = vendor
        self._ledger = ledger
        self._month = month
        self.used = 0
        self._noted: int | None = None  # up to here reads are noted in the store
        self._noting = anyio.Lock()

    def begin(self, month: str) -> None:
        """Count in this month from now on."""
        self._month = month
        self.used, self._noted = 0, None

    async def load(self) -> None:
        """Learn what was used so far."""
        if self._noted is None:
            self._noted = await self._ledger.noted_reads(self._vendor, self._month)
            self.used = self._noted

    async def draw(self, reads: int, limit: int | None, *, for_user: bool) -> bool:  # noqa: ARG002
        """Count reads; whoever is alone looks at the limit before."""
        await self._note_ahead(reads, for_user=for_user)
        self.used += reads
        return True

    async def close(self) -> None:
        """Give back what was noted and not used."""
        if self._noted is not None and self._noted > self.used:
            await self._ledger.note_reads(self._vendor, self._month, self.used - self._noted)
            self._noted = self.used

    async def _note_ahead(self, reads: int, *, for_user: bool) -> None:
        """See to it that the next reads are noted in the store before they are made."""
        block = max(block_of(self.allowance), reads)
        while self._noted is None or self.used + reads > self._noted:
            async with self._noting:
                if self._noted is not None and self.used + reads <= self._noted:
                    continue
                month = self._month
                try:
                    noted = await self._ledger.note_reads(self._vendor, month, block)
                except StoreUnavailableError:
                    if for_user:
                        return
                    raise
                if month == self._month:
                    # What was counted before the first note was made by users without a store.
                    if self._noted is None:
                        self.used += noted - block
                    self._noted = noted
