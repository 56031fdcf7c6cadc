"""What goes on beside the accounts, over the store alone: keeping it small, and following its changes."""

import structlog

from actors.clock import Clock
from actors.events import Event, Listener
from actors.finance.projector import FinanceProjector
from actors.vendors.registry import DISPATCHING, FINANCE
from daemon.age_limit import AgeLimit
from daemon.config import Config
from daemon.finance_follower import FinanceFollower
from daemon.hosting import Hosting
from daemon.jobs.archiving import Archiving
from daemon.jobs.follower import JobFollower
from daemon.jobs.rereading import Rereading
from daemon.notice_retention import NoticeRetention
from daemon.part_keeper import PartKeeper, PartName, Run
from daemon.store_check import StoreCheck
from store.ports import Store

log = structlog.get_logger()


class Upkeep:
    """All of it. `run` and `run_once_for_all` are its life; `listen` from the first event on.

    Attributes:
        archiving: puts jobs away; also when somebody asks for it.
        jobs: brings routings up to date.
    """

    def __init__(
        self,
        store: Store,
        supervisor: Hosting,
        config: Config,
        clock: Clock,
        tell: Listener,
        keeper: PartKeeper,
    ) -> None:
        """Take what is kept up; `tell` hears what became of routed work."""
        self._keeper = keeper
        self._store = store
        self._config = config
        self._clock = clock
        jobs = config.jobs
        self.archiving = Archiving(store, clock, jobs.archive.after_s, jobs.archive.time)
        self.jobs = JobFollower(store, DISPATCHING, clock, tell)
        self._store_check = StoreCheck(store)
        self._rereading = Rereading(
            store, supervisor, DISPATCHING, clock, jobs.recheck_s, jobs.revenue_window_s
        )

    def listen(self, event: Event) -> None:
        """Take in an event of the actors."""
        self.jobs.listen(event)

    async def run(self) -> None:
        """Go on with what each process on the store does for itself, until cancelled."""
        parts: dict[PartName, Run] = {
            PartName.STORE_CHECK: self._store_check.run,
            PartName.REREADING: self._rereading.run,
        }
        await self._keeper.keep_all(parts)

    async def run_once_for_all(self) -> None:
        """Go on with what one process does for all that are on the store, until cancelled."""
        store, clock, config = self._store, self._clock, self._config.store
        projector = FinanceProjector(store.finance, FINANCE)
        parts: dict[PartName, Run] = {
            PartName.NOTICE_RETENTION: NoticeRetention(
                store, clock, config.webhooks_retention_s
            ).run,
            PartName.FINANCE_FOLLOWER: FinanceFollower(store, projector).run,
            PartName.JOB_FOLLOWER: self.jobs.run,
            PartName.ARCHIVING: self.archiving.run,
        }
        if config.history_s is not None:
            history = AgeLimit(store.prune_history, clock, config.history_s, _tell_history)
            parts[PartName.HISTORY_RETENTION] = history.run
        if config.changes_retention_s is not None:
            keep_s = config.changes_retention_s
            changes = AgeLimit(store.prune_changes, clock, keep_s, _tell_changes)
            parts[PartName.CHANGES_RETENTION] = changes.run
        await self._keeper.keep_all(parts)


def _tell_history(count: int) -> None:
    log.debug("history_forgotten", versions=count)


def _tell_changes(count: int) -> None:
    log.debug("changes_forgotten", changes=count)
