"""Keeps the copies that finance views read up to date in the background."""

import anyio
import structlog

from actors.finance.projector import FinanceProjector, Standing
from store.errors import StoreUnavailableError, UnknownAccountError
from store.ports import Store

_AGAIN_S = 5.0
_PAUSE_S = 0.05
_ACCOUNTS_AT_ONCE = 100

log = structlog.get_logger()


class FinanceFollower:
    """Builds the copies of accounts that were read from end to end, then follows their changes.

    Between any two pieces it rests longer than a piece takes, so that whoever fills the replica
    goes first. An account that is still being read costs nothing here. It looks again some seconds
    after something changed; a view that is asked for sooner does what is missing itself.
    """

    def __init__(self, store: Store, projector: FinanceProjector) -> None:
        self._store = store
        self._projector = projector

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            seen = await self._follow()
            await anyio.sleep(_AGAIN_S)
            await self._store.changed(seen)

    async def _follow(self) -> int:
        """Return the newest change from before all that is done here; -1 to look again soon."""
        try:
            seen = await self._store.last_seq()
            built_all = await self._build()
            followed_all = await self._catch_up()
        except StoreUnavailableError:
            return -1
        except Exception as error:  # noqa: BLE001 - a view that is late must not end the daemon
            _tell(error)
            return -1
        return seen if built_all and followed_all else -1

    async def _build(self) -> bool:
        """Build what is missing; return whether that was all."""
        versions = self._projector.versions
        unbuilt = await self._store.finance.unbuilt(versions, _ACCOUNTS_AT_ONCE)
        for account_id in unbuilt:
            await self._bring_up(account_id)
        return not unbuilt

    async def _catch_up(self) -> bool:
        """Follow the changes that there are; return whether those were all."""
        behind, through = await self._store.finance.behind()
        for account_id in behind:
            await self._bring_up(account_id)
        await self._store.finance.raise_floor(through)
        return through >= await self._store.last_seq()

    async def _bring_up(self, account_id: str) -> None:
        """Go through all that there is for an account, slowly."""
        try:
            vendor = (await self._store.account(account_id)).vendor
        except UnknownAccountError:
            return
        standing = Standing.UNFINISHED
        while standing is Standing.UNFINISHED:
            standing = await self._projector.step(account_id, vendor)
            await anyio.sleep(_PAUSE_S)


def _tell(error: Exception) -> None:
    log.error("finance_follow_failed", exc_info=error)
