"""Tells of jobs that could not be offered to a company."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import anyio

from actors.clock import Clock
from daemon.alerts.condition import Condition
from daemon.alerts.desk import AlertDesk
from daemon.alerts.kinds import ROUTING_FAILED
from store.errors import StoreUnavailableError, UnknownAccountError
from store.ports import Store

_EVERY_S = 30.0
_TOLD_FOR = timedelta(days=1)
_LET_GO = "the company is not connected any more"


class RoutingWatch:
    """Looks at what failed within a day: one alert for each company, whatever the number of jobs."""

    def __init__(
        self, desk: AlertDesk, store: Store, clock: Clock, vendor_of: Callable[[str], str]
    ) -> None:
        self._desk = desk
        self._store = store
        self._clock = clock
        self._vendor_of = vendor_of

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            with suppress(StoreUnavailableError):
                await self.look()
            await anyio.sleep(_EVERY_S)

    async def look(self) -> None:
        """Look once. Raises `StoreUnavailableError`."""
        since = self._clock.now().utc - _TOLD_FOR
        failing = {
            each.account_id: each
            for each in await self._store.failed_routings(since)
            if await self._is_connected(each.account_id)
        }
        for account_id, each in failing.items():
            jobs = "1 job" if each.count == 1 else f"{each.count} jobs"
            cause = f"{jobs} could not be offered: {each.last_error or 'no reason is known'}"
            vendor = self._vendor_of(account_id)
            self._desk.hold(Condition(ROUTING_FAILED, account_id, cause, vendor, account_id))
        for alert in self._desk.book.open_alerts():
            if alert.kind == ROUTING_FAILED.name and alert.subject not in failing:
                connected = await self._is_connected(alert.subject)
                how = "none that failed within a day is left" if connected else _LET_GO
                self._desk.end(alert.kind, alert.subject, how)

    async def _is_connected(self, account_id: str) -> bool:
        """Tell whether anything can still be offered to the company by hand."""
        try:
            return (await self._store.account(account_id)).disconnected_at is None
        except UnknownAccountError:
            return False
