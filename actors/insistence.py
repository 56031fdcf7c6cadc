"""Attempts of a verification, made again when they fail, and the reads that they take."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import TypeVar

import anyio

from actors.backoff import retry_wait_s
from actors.errors import RejectedError, VendorError
from actors.failure import wait_s
from actors.premises import Premises
from actors.vendors.base import Priority, Session
from store.errors import StoreUnavailableError

_TRIES = 8
"""How often in a row one page may fail before the run does."""

T = TypeVar("T")


class BrokenOffError(Exception):
    """The account is to rest: the run is given up, and comes again."""


class EnoughReadError(Exception):
    """The run has read as much as it may."""


class Insistence:
    """Made for one run.

    Attributes:
        reads: how many calls were made so far; a batch is one.
    """

    def __init__(self, premises: Premises) -> None:
        self.reads = 0
        self._at = premises

    async def insist(self, attempt: Callable[[Session], Awaitable[T]], tries: int = _TRIES) -> T:
        """Make the attempt, and make it again when it fails, as often as may be.

        Raises:
            BrokenOffError, EnoughReadError: there is to be no further attempt.
            VendorError, StoreUnavailableError: of the last attempt.
        """
        at, failures = self._at, 0
        while True:
            self.see_that_it_may_go_on()
            try:
                async with at.slots.place(Priority.VERIFY):
                    return await attempt(at.session(self._counted))
            except RejectedError:
                raise
            except (VendorError, StoreUnavailableError) as error:
                failures += 1
                if failures >= tries:
                    raise
                rest_s = max(wait_s(error), retry_wait_s(failures, at.settings, at.random))
            await anyio.sleep(rest_s)

    def see_that_it_may_go_on(self) -> None:
        """Raise `BrokenOffError` when the account is to rest."""
        if not self._at.may_go_on():
            raise BrokenOffError

    @asynccontextmanager
    async def _counted(self, operation: str, /, *, items: int | None = None) -> AsyncIterator[None]:
        if self.reads >= (self._at.settings.verify_max_reads or inf):
            raise EnoughReadError
        async with self._at.permit(operation, items=items):
            self.reads += 1
            yield
