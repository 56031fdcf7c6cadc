"""Says when the store stops taking writes, and looks whether it takes them again."""

import anyio
import structlog

from store.errors import StoreUnavailableError
from store.models import StoreHealth
from store.ports import Store

_AGAIN_S = 5.0

log = structlog.get_logger()


class StoreCheck:
    """Tries a write every few seconds while the store refuses them; does nothing while it takes them.

    Without it a full disk that was cleared would be noticed only by the next page that happens to
    be stored.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        store.on_health(_tell)

    async def run(self) -> None:
        """Check until cancelled."""
        while True:
            await anyio.sleep(_AGAIN_S)
            if not self._store.health().writable:
                try:
                    await self._store.check()
                except StoreUnavailableError:
                    continue


def _tell(health: StoreHealth) -> None:
    if health.writable:
        log.info("store_writable")
    else:
        log.error("store_not_writable", reason=health.reason)
