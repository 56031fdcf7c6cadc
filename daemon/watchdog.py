"""Tells systemd that we are alive, but only after seeing that we get on."""

from typing import Protocol

import anyio
import structlog

from daemon.heartbeat import CHECK_EVERY_S
from daemon.hosted import Condition
from daemon.hosting import Hosting
from daemon.sdnotify import Notifier
from store.errors import StoreUnavailableError

_STORE_ANSWERS_WITHIN_S = 10.0
_HEARTBEAT_WITHIN_S = 4 * CHECK_EVERY_S

log = structlog.get_logger()


class CheckedStore(Protocol):
    """A store that can be asked whether it works."""

    async def check(self) -> None:
        """Read and write a trifle."""
        ...


class CheckedHeartbeat(Protocol):
    """What proves that changes come through, whatever it finds."""

    def unchecked_s(self) -> float:
        """Return how long ago the last check ended, seconds."""
        ...


class Watchdog:
    """Pings at `interval_s` while the store answers, the heartbeat is checked, and at least one actor moves.

    What the heartbeat finds does not count: a vendor that is away is not mended by a restart.
    """

    def __init__(
        self,
        notifier: Notifier,
        store: CheckedStore,
        supervisor: Hosting,
        heartbeat: CheckedHeartbeat,
        interval_s: float,
    ) -> None:
        self._notifier = notifier
        self._store = store
        self._supervisor = supervisor
        self._heartbeat = heartbeat
        self._interval_s = interval_s

    async def run(self) -> None:
        """Ping until cancelled; leave out the ping when there was no progress."""
        while True:
            obstacle = await self._obstacle()
            if obstacle is None:
                self._notifier.watchdog()
            else:
                log.error("no_progress", reason=obstacle)
            await anyio.sleep(self._interval_s)

    async def _obstacle(self) -> str | None:
        """Say what stands still, or None. A full disk is no reason to be killed: it is said elsewhere."""
        try:
            with anyio.fail_after(_STORE_ANSWERS_WITHIN_S):
                await self._store.check()
        except TimeoutError:
            return "the store does not answer"
        except StoreUnavailableError:
            pass
        unchecked_s = self._heartbeat.unchecked_s()
        if unchecked_s > _HEARTBEAT_WITHIN_S:
            return f"the heartbeat was not checked for {unchecked_s:.0f} s"
        stalled = self._supervisor.stalled()
        running = [
            hosted
            for hosted in self._supervisor.hosted_here().values()
            if hosted.condition is Condition.RUNNING
        ]
        if stalled and len(stalled) == len(running):
            return f"all {len(stalled)} actors stand still"
        return None
