"""What is tried by itself: a stuck actor is started afresh, and a failing vendor is probed."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import structlog

from actors.clock import Clock
from actors.mailbox import MailboxFullError
from actors.messages import SyncNow
from daemon.hosted import NotHostedError
from daemon.hosting import Hosting
from store.errors import StaleEpochError, StoreUnavailableError, UnknownAccountError

RESTART, PROBE = "restart", "probe"
RECOVERIES = (RESTART, PROBE)

_AGAIN_S = 600.0
"""How long a fresh actor is given before it is started afresh again."""
_PROBE_EVERY_S = 60.0
_AT_ONCE = 5

log = structlog.get_logger()


class Recovery:
    """Tries what may help, not too often, and tells that it did."""

    def __init__(
        self,
        supervisor: Hosting,
        clock: Clock,
        tell: Callable[[str, str, str], None],
    ) -> None:
        """Take what is needed; `tell` hears of the account, what was tried and why."""
        self._supervisor = supervisor
        self._clock = clock
        self._tell = tell
        self._stuck: frozenset[str] = frozenset()
        self._restarted_s: dict[str, float] = {}
        self._probed_s: dict[str, float] = {}

    async def restart_stuck(self, stuck: Sequence[str], accounts: int) -> None:
        """Start those afresh that were stuck the last time too.

        When most are, it is not the actors: the loop stands still, and the watchdog sees to that.
        """
        twice, self._stuck = self._stuck.intersection(stuck), frozenset(stuck)
        if len(stuck) > max(1, accounts // 2):
            return
        now_s = self._clock.now().monotonic_s
        due = [each for each in twice if now_s - self._restarted_s.get(each, -_AGAIN_S) >= _AGAIN_S]
        for account_id in sorted(due)[:_AT_ONCE]:
            self._restarted_s[account_id] = now_s
            self._tell(account_id, RESTART, "its actor stood still and is started afresh")
            log.warning("actor_restarted", account=account_id)
            with suppress(StoreUnavailableError, StaleEpochError, UnknownAccountError):
                await self._supervisor.start_account(account_id)

    def tried(self, account_id: str) -> str:
        """Say what was tried for an account; nothing when nothing was."""
        return "its actor was started afresh" if account_id in self._restarted_s else ""

    def probe(self, vendor: str, accounts: Iterable[str]) -> bool:
        """Have these accounts looked at now; tell whether it was time for it."""
        now_s = self._clock.now().monotonic_s
        if now_s - self._probed_s.get(vendor, -_PROBE_EVERY_S) < _PROBE_EVERY_S:
            return False
        self._probed_s[vendor] = now_s
        for account_id in accounts:
            with suppress(NotHostedError, MailboxFullError):
                self._supervisor.post(account_id, SyncNow(()))
                self._tell(account_id, PROBE, "most accounts of its vendor fail; it is tried")
        return True
