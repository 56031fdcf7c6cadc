"""Shares out each vendor's metered reads while the daemon runs, and keeps count of whose they were."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import anyio
import structlog

from actors.read_meter import ReadMeter
from actors.surroundings import Surroundings
from daemon.hosted import Condition
from daemon.hosting import Hosting
from daemon.vendor_talk import VendorTalk
from store.errors import StoreUnavailableError
from store.models import Cursor

_PLAN_EVERY_S = 60.0
_ROUNDS_BETWEEN_WRITES = 15
_LAST_WRITE_S = 5.0
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

log = structlog.get_logger()


class ReadPlanning:
    """Plans once a minute; writes down whose the reads were every quarter of an hour, and at the end.

    How many reads were made in all does not depend on that: the meters note those themselves.
    """

    def __init__(
        self,
        meters: Mapping[str, ReadMeter],
        surroundings: Mapping[str, Surroundings],
        supervisor: Hosting,
        talk: VendorTalk | None = None,
    ) -> None:
        """Take the meters and surroundings by vendor; both are looked at afresh each time.

        `talk` is with other nodes, where there are any.
        """
        self._meters = meters
        self._surroundings = surroundings
        self._supervisor = supervisor
        self._talk = talk

    async def load(self) -> None:
        """Learn what was used so far. Raises `StoreUnavailableError`."""
        for meter in self._meters.values():
            await meter.load()

    async def run(self) -> None:
        """Plan until cancelled."""
        if self._talk is None:
            await self._plan_on()
            return
        await self._talk.talk()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._talk.run)
            tasks.start_soon(self._plan_on)

    async def _plan_on(self) -> None:
        rounds = 0
        while True:
            self.plan()
            await anyio.sleep(_PLAN_EVERY_S)
            rounds += 1
            if rounds % _ROUNDS_BETWEEN_WRITES == 0:
                await self.write()

    def plan(self) -> None:
        """Share out what is left, by how many accounts poll now."""
        if not self._meters:
            return
        polling = Counter(
            hosted.vendor
            for hosted in self._supervisor.hosted_here().values()
            if hosted.condition is Condition.RUNNING
            and hosted.actor is not None
            and hosted.actor.polls
        )
        for vendor, meter in self._meters.items():
            around = self._surroundings[vendor]
            meter.replan(
                polling[vendor],
                reads_per_round(around),
                interval_s(around),
                verify_interval_s=around.settings.verify_interval_s,
                types=len(around.settings.object_types),
            )

    async def write(self) -> None:
        """Write down whose the reads were; a store that takes no writes now is asked again later."""
        for meter in self._meters.values():
            try:
                await meter.write()
            except StoreUnavailableError as error:
                log.warning("reads_not_written", vendor=meter.vendor, error=str(error))

    async def close(self) -> None:
        """Write all down once no call is made any more; what can't be written now is counted too high."""
        with anyio.move_on_after(_LAST_WRITE_S, shield=True):
            for meter in self._meters.values():
                try:
                    await meter.close()
                except StoreUnavailableError as error:
                    log.warning("reads_not_written", vendor=meter.vendor, error=str(error))


def reads_per_round(around: Surroundings) -> int:
    """Return how many reads an idle account makes each time it looks, at the least: one a look."""
    complete = {
        name: Cursor(name, complete=True, covered_until=_LONG_AGO)
        for name in around.settings.object_types
    }
    return max(1, len(around.vendor.looks(complete, due=True)))


def interval_s(around: Surroundings) -> float:
    """Return how often an idle account looks now: more seldom while webhooks work."""
    if around.hearing is None:
        return around.settings.poll_interval_s
    return around.hearing.interval_s(around.settings, around.clock.now().monotonic_s)
