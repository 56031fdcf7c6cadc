"""Tells over the channels while it is this node's turn: one of several nodes at a time."""

from collections.abc import Callable
from contextlib import suppress

import anyio

from daemon.alerts.desk import AlertDesk
from store.errors import StoreUnavailableError
from store.ports import Store

_LOOK_EVERY_S = 1.0


class Teller:
    """Sees that alerts are told by the node that holds the house.

    Two things are told without it. While the store takes no writes or can't be read, nobody can hold
    anything: the node that told before goes on, so that the one thing that can't be stored is told.
    And while the house is held by nobody for long, a deputy tells of that.

    Attributes:
        has_house: whether this node holds the house.
    """

    def __init__(
        self,
        store: Store,
        desk: AlertDesk,
        is_deputy: Callable[[], bool],
        is_blind: Callable[[], bool],
    ) -> None:
        """Take whose turn it is to be.

        `is_deputy` says whether it is this node's without the house, `is_blind` whether this node
        can't see who has it.
        """
        self._store = store
        self._desk = desk
        self._is_deputy = is_deputy
        self._is_blind = is_blind
        self.has_house = False

    async def run(self) -> None:
        """Tell whenever it is this node's turn, until cancelled."""
        while True:
            if self._is_turn():
                await self._tell()
            await anyio.sleep(_LOOK_EVERY_S)

    async def _tell(self) -> None:
        """Tell for as long as it is this node's turn."""
        desk = self._desk
        with suppress(StoreUnavailableError):
            await desk.refresh()  # what the node before did
        desk.tells = True
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(desk.channels.run)
                while True:
                    await anyio.sleep(_LOOK_EVERY_S)
                    if not self._is_turn():
                        tasks.cancel_scope.cancel()
        finally:
            desk.tells = False

    def _is_turn(self) -> bool:
        if self.has_house or self._is_deputy():
            return True
        return self._desk.tells and (self._is_blind() or not self._store.health().writable)
