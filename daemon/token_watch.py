"""Warns of refresh tokens that are about to end: 30, 7 and 1 days ahead, once each."""

from datetime import UTC, datetime
from math import isinf

import anyio
import structlog

from actors.clock import Clock
from actors.token_calendar import End, nearest_end
from daemon.hosting import Hosting
from daemon.metrics import Census

_EVERY_S = 3600.0
_FIRST_AFTER_S = 60.0
"""By then the census has learnt when the stored tokens end."""

log = structlog.get_logger()


class TokenWatch:
    """Looks at the calendar of the tokens of all accounts of this process every hour.

    Each threshold of an account is told once while the process lives, and again when its token was
    renewed meanwhile and comes near its end another time.
    """

    def __init__(self, census: Census, supervisor: Hosting, clock: Clock) -> None:
        self._census = census
        self._supervisor = supervisor
        self._clock = clock
        self._told: dict[str, tuple[End, datetime, int]] = {}

    async def run(self) -> None:
        """Look until cancelled."""
        await anyio.sleep(_FIRST_AFTER_S)
        while True:
            await self._census.settle(self._supervisor.hosted())
            self.look()
            await anyio.sleep(_EVERY_S)

    def look(self) -> None:
        """Warn of what has come near since the last time."""
        now = self._clock.now().utc
        near: dict[str, tuple[End, datetime, int]] = {}
        for account, idle_end_s, hard_end_s in self._census.token_ends():
            end = nearest_end(_instant(idle_end_s), _instant(hard_end_s), now)
            if end is None or end.within_days is None or not self._supervisor.is_here(account.id):
                continue
            near[account.id] = told = (end.end, end.at, end.within_days)
            if self._told.get(account.id) == told:
                continue
            log.warning(
                "token_expires_soon",
                account=account.id,
                vendor=account.vendor,
                end=str(end.end),
                at=end.at.isoformat(),
                within_days=end.within_days,
                advice=end.advice,
            )
        self._told = near


def _instant(seconds: float) -> datetime | None:
    return None if isinf(seconds) else datetime.fromtimestamp(seconds, UTC)
