"""The CorePlus meter of an app's workspace: reads are counted by the calendar month, writes are not.

At the cap every read is refused with 429 until the month turns. What that answer says is recorded
nowhere; the one here is made up of the words of Intuit's pages on its tiers. That the month is
counted in Pacific time, like all that the vendor dates, is a guess too.
"""

from datetime import datetime

from daemon.sandbox.exchange import SandboxReply
from daemon.sandbox.quickbooks.api_fault import SERVICE
from daemon.sandbox.quickbooks.behaviour import Behaviour
from daemon.sandbox.quickbooks.fault_bodies import gateway_reply
from daemon.sandbox.quickbooks.routes import Route, Target
from daemon.sandbox.quickbooks.timestamps import PACIFIC

METERED_ROUTES = frozenset({Route.QUERY, Route.CDC, Route.READ})
_TOO_MANY = 429


class ReadMeter:
    """Counts reads over all companies.

    Attributes:
        cap: reads in a month; None sets no cap.
        refused: how many reads were refused so far.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self.cap: int | None = None
        self.refused = 0
        self._month = (0, 0)
        self._used = 0

    def used(self, now: datetime) -> int:
        """Return how many reads were served this month."""
        self._turn(now)
        return self._used

    def admit(self, target: Target, now: datetime) -> bool:
        """Count one call; return whether it may go on."""
        reads = self._reads(target)
        if not reads:
            return True
        self._turn(now)
        if self.cap is not None and self._used >= self.cap:
            self.refused += 1
            return False
        self._used += reads
        return True

    def _reads(self, target: Target) -> int:
        if target.route is Route.BATCH:
            return target.queries if self._behaviour.batch_metered_by_item else bool(target.queries)
        return int(target.route in METERED_ROUTES)

    def _turn(self, now: datetime) -> None:
        local = now.astimezone(PACIFIC)
        month = (local.year, local.month)
        if month != self._month:
            self._month, self._used = month, 0


def allowance_used_up(now: datetime) -> SandboxReply:
    """Return the answer to a read above the cap."""
    return gateway_reply(
        _TOO_MANY,
        "message=QuotaExceeded; errorCode=003002; statusCode=429",
        "The monthly CorePlus API call allowance of this workspace is used up. Calls are blocked "
        "until the next month; upgrade your tier for more.",
        "3002",
        SERVICE,
        now,
    )
