"""How many pages may be in memory at once, whatever the number of accounts."""

from contextlib import AbstractAsyncContextManager

import anyio

from actors.vendors.base import Priority

_BACKFILL_PAGES = 16
_OTHER_PAGES = 64
_VERIFIED_PAGES = 4


class PageSlots:
    """One place for each page between the vendor and the store.

    A page may hold a thousand objects of several kilobytes; without this, ten thousand accounts
    that start together would hold ten thousand of them. Backfills have places of their own, so that
    nothing urgent waits behind them, and so have verifications, which wait longest for their calls.
    """

    def __init__(
        self,
        backfill: int = _BACKFILL_PAGES,
        other: int = _OTHER_PAGES,
        verified: int = _VERIFIED_PAGES,
    ) -> None:
        # A free place is taken at once: a look is about to wait for its call anyway.
        self._backfill = anyio.Semaphore(backfill, fast_acquire=True)
        self._other = anyio.Semaphore(other, fast_acquire=True)
        self._verified = anyio.Semaphore(verified, fast_acquire=True)

    def crowded(self, priority: Priority) -> bool:
        """Tell whether others wait for a place: nothing is asked for early then."""
        return self._places(priority).statistics().tasks_waiting > 0

    def place(self, priority: Priority) -> AbstractAsyncContextManager[object]:
        """Return what is held from before the page is asked for until it is stored."""
        return self._places(priority)

    def _places(self, priority: Priority) -> anyio.Semaphore:
        if priority < Priority.BACKFILL:
            return self._other
        return self._backfill if priority < Priority.VERIFY else self._verified
