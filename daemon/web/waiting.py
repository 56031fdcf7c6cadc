"""Long polls and streams: how many may wait, and how all of them end when the server stops."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import anyio

from daemon.web.problem import ProblemError
from daemon.web.turns import Turns
from store.ports import Directory


class Waiting:
    """Everybody who waits for changes, outcomes or looks.

    Attributes:
        count: how many there are.
        closed: whether the server stops.
        turns: who waits gives theirs back.
    """

    def __init__(self, most: int, refused: Callable[[str], None]) -> None:
        """Take how many there may be, and who is told of those that are refused."""
        self._most = most
        self._refused = refused
        self.turns = Turns()
        self._scopes: set[anyio.CancelScope] = set()
        self.count = 0
        self.closed = False

    @contextmanager
    def place(self, *, open_to_all: bool = False) -> Iterator[None]:
        """Hold a place while waiting; what is open to all leaves half of them to the others.

        Raises:
            ProblemError: 503: all are taken.
        """
        if self.count >= (self._most // 2 if open_to_all else self._most):
            self._refused("waiting")
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too-many-waiting",
                f"{self._most} long polls and streams are open already; try again later",
                headers={"Retry-After": "10"},
            )
        self.count += 1
        self.turns.give_back()
        try:
            yield
        finally:
            self.count -= 1

    async def for_change(self, store: Directory, after: int, within_s: float) -> None:
        """Return when there is a change behind `after`, the time is up, or the server stops."""
        with self._until_closed(within_s):
            await store.changed(after)

    async def for_a_while(self, seconds: float) -> None:
        """Return when the time is up, or the server stops."""
        with self._until_closed(seconds):
            await anyio.sleep_forever()

    @contextmanager
    def _until_closed(self, within_s: float) -> Iterator[None]:
        with anyio.move_on_after(0.0 if self.closed else within_s) as scope:
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)

    @contextmanager
    def within(self, seconds: float) -> Iterator[bool]:
        """Hold a place for so long at most, or until the server stops; yield whether there is one."""
        if self.closed or self.count >= self._most:
            yield False
            return
        self.count += 1
        with anyio.move_on_after(seconds) as scope:
            self._scopes.add(scope)
            try:
                yield True
            finally:
                self._scopes.discard(scope)
                self.count -= 1

    def close(self) -> None:
        """End all waiting, now and from now on."""
        self.closed = True
        for scope in self._scopes:
            scope.cancel()
