"""Tells again, every hour, of writes that need a person and whose event was lost with its process."""

from collections.abc import Callable

import anyio

from daemon.alerts.desk import AlertDesk
from daemon.alerts.happenings import recall_actions
from store.errors import StoreUnavailableError
from store.ports import Store

_EVERY_S = 3_600.0
_AGAIN_S = 5.0


class ActionRecall:
    """Looks at what is stored. `run` is its life."""

    def __init__(self, desk: AlertDesk, store: Store, vendor_of: Callable[[str], str]) -> None:
        self._desk = desk
        self._store = store
        self._vendor_of = vendor_of

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await recall_actions(self._desk, self._store, self._vendor_of)
            except StoreUnavailableError:
                await anyio.sleep(_AGAIN_S)
            else:
                await anyio.sleep(_EVERY_S)
