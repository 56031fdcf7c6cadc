"""Puts jobs away that ended long ago, each night, a few at a time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import anyio
import structlog

from actors.clock import Clock
from store.errors import StoreUnavailableError
from store.ports import Store

_DONE_KEY = "jobs.archived_day"
_EVERY_S = 60.0
_AT_ONCE = 50
_BETWEEN_S = 0.1
"""Whoever waits to write has its turn after each piece."""

log = structlog.get_logger()


def due_day(now: datetime, at: time, zone: tzinfo | None) -> date:
    """Return the last day whose time of day `at` has come, in a zone; None is this machine's.

    A time that a clock shows twice, being put back, has come at the first; one that it skips comes as
    long after midnight as on other days.
    """
    today = now.astimezone(zone).date()
    comes_at = datetime.combine(today, at, zone).astimezone(UTC)
    return today if now >= comes_at else today - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Archived:
    """What was put away, or would be.

    Attributes:
        finished_before: jobs that ended before then.
    """

    jobs: int
    finished_before: datetime


class Archiving:
    """Puts jobs away. What was put away stays so if it breaks off; the rest is for the next time."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        after_s: float | None,
        at: time,
        zone: tzinfo | None = None,
    ) -> None:
        """Put jobs away `after_s` after they ended, every day from `at` on in a zone; None never.

        The zone of None is this machine's.
        """
        self._store = store
        self._clock = clock
        self._after = None if after_s is None else timedelta(seconds=after_s)
        self._at = at
        self._zone = zone

    async def run(self) -> None:
        """Do so once a day until cancelled; at once, when a day passed while nobody ran."""
        if self._after is None:
            return
        done: date | None = None
        while True:
            day = due_day(self._clock.now().utc, self._at, self._zone)
            if done is None or done < day:
                done = await self._run_once(day) or done
            await anyio.sleep(_EVERY_S)

    async def archive(self, *, dry_run: bool = False) -> Archived | None:
        """Put away all that ended long enough ago, or only count it; None when nothing is to be.

        Raises:
            StoreUnavailableError: the store takes no writes now.
        """
        now = self._clock.now().utc
        if self._after is None or now.timestamp() < self._after.total_seconds():
            return None
        before = now - self._after
        if dry_run:
            return Archived(await self._store.archivable(before), before)
        jobs = 0
        while piece := await self._store.archive_jobs(before, now, limit=_AT_ONCE):
            jobs += piece
            await anyio.sleep(_BETWEEN_S)
        return Archived(jobs, before)

    async def _run_once(self, day: date) -> date | None:
        """Put away what is due on a day; return the day that is done with, if it went well."""
        try:
            known = await self._store.metadata(_DONE_KEY)
            if known is not None and known.decode() >= day.isoformat():
                return day
            archived = await self.archive()
            await self._store.set_metadata(_DONE_KEY, day.isoformat().encode())
        except StoreUnavailableError:
            return None  # it says so itself
        if archived is not None and archived.jobs:
            before = archived.finished_before.isoformat()
            log.info("jobs_archived", jobs=archived.jobs, finished_before=before)
        return day
