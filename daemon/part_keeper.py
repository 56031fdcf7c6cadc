"""Keeps the daemon's own parts going: one that fails is started again, and the others go on.

A row that nobody foresaw would end the process otherwise, and of several nodes one after the other.

failed ────► said with its traceback, counted, and started again after a growing wait
returned ──► it has nothing to do
cancelled ─► passed on
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

import anyio
import structlog

from actors.clock import Clock
from daemon.restart import RestartPolicy, pause_s
from store.errors import store_is_unusable

_PATIENT = RestartPolicy(base_s=1.0, cap_s=300.0, healthy_after_s=600.0)
_PROMPT = RestartPolicy(base_s=1.0, cap_s=15.0, healthy_after_s=60.0)
_AGAIN_AND_AGAIN = 3

log = structlog.get_logger()


class PartName(StrEnum):
    """Every part that is kept going."""

    STORE_CHECK = "store_check"
    REREADING = "rereading"
    NOTICE_RETENTION = "notice_retention"
    HISTORY_RETENTION = "history_retention"
    CHANGES_RETENTION = "changes_retention"
    WATCH_RETENTION = "watch_retention"
    FINANCE_FOLLOWER = "finance_follower"
    JOB_FOLLOWER = "job_follower"
    ARCHIVING = "archiving"
    ALERT_DESK = "alert_desk"
    ALERT_CHANNELS = "alert_channels"
    ALERT_TELLER = "alert_teller"
    ROUTING_WATCH = "routing_watch"
    ACTION_RECALL = "action_recall"
    NODE_SIGHT = "node_sight"
    HOUSE_SIGHTS = "house_sights"
    PROCESS_WATCH = "process_watch"
    HEALTH_MONITOR = "health_monitor"
    EVENT_KEEPER = "event_keeper"
    AUDIT_TRAIL = "audit_trail"
    SERVICE_HISTORY = "service_history"
    HEARTBEAT = "heartbeat"
    TOKEN_WATCH = "token_watch"  # noqa: S105 - what watches them
    TOKEN_TIMES = "token_times"  # noqa: S105 - what learns them
    READ_PLANNING = "read_planning"
    CLUSTER_WATCH = "cluster_watch"
    ANSWERS = "answers"
    CLOSE_LOOK = "close_look"
    COURIER = "courier"
    ROSTER = "roster"
    ANNOUNCING = "announcing"
    ACCOUNT_FOLLOWER = "account_follower"
    DELIVERED = "delivered"
    SIGNED_OUT = "signed_out"


_WAITED_FOR = frozenset(
    {
        PartName.ALERT_DESK,
        PartName.ALERT_CHANNELS,
        PartName.ALERT_TELLER,
        PartName.NODE_SIGHT,
        PartName.HOUSE_SIGHTS,
        PartName.PROCESS_WATCH,
        PartName.HEALTH_MONITOR,
        PartName.ANSWERS,
        PartName.CLOSE_LOOK,
        PartName.COURIER,
        PartName.ROSTER,
        PartName.ANNOUNCING,
        PartName.ACCOUNT_FOLLOWER,
        PartName.DELIVERED,
        PartName.SIGNED_OUT,
    }
)
"""A user or the operator waits for what these do: answers through any node, and alerts."""

Run = Callable[[], Awaitable[None]]
"""A part's life: it goes on until it is cancelled, and may be begun again whenever it ended."""


@dataclass(slots=True)
class _Kept:
    """One part.

    Attributes:
        policy: how patient to be with it.
        began_s: when its run under way began; None between two runs.
        failures: how often it failed in a row.
    """

    policy: RestartPolicy
    began_s: float | None = None
    failures: int = 0
    error: str = ""


class PartKeeper:
    """Runs parts. What ends the whole process by design (a store that can't be used any more) still does."""

    def __init__(self, clock: Clock, random: Random, count: Callable[[PartName], None]) -> None:
        """Take what is needed; `count` hears of each failure."""
        self._clock = clock
        self._random = random
        self._count = count
        self._kept: dict[PartName, _Kept] = {}

    def failing(self) -> Mapping[PartName, str]:
        """Return how the parts fail that failed again and again, and have not run well since."""
        now_s = self._clock.now().monotonic_s
        return {
            name: f"it failed {kept.failures} times in a row: {kept.error}"
            for name, kept in self._kept.items()
            if kept.failures >= _AGAIN_AND_AGAIN and not _ran_well(kept, now_s)
        }

    async def keep_all(self, parts: Mapping[PartName, Run]) -> None:
        """Keep all of these going until cancelled, each for itself."""
        async with anyio.create_task_group() as tasks:
            for name, run in parts.items():
                tasks.start_soon(self.keep, name, run, name=name)

    async def keep(self, name: PartName, run: Run) -> None:
        """Keep a part going until it returns, or until cancelled.

        Raises:
            StoreOpenError: the store can't be used any more. May come wrapped in an exception group.
        """
        kept = self._kept[name] = _Kept(_PROMPT if name in _WAITED_FOR else _PATIENT)
        try:
            while True:
                kept.began_s = self._clock.now().monotonic_s
                try:
                    await run()
                except Exception as error:
                    if store_is_unusable(error):
                        raise
                    await anyio.sleep(self._failed(name, kept, error))
                else:
                    return
        finally:
            if self._kept.get(name) is kept:
                del self._kept[name]

    def _failed(self, name: PartName, kept: _Kept, error: Exception) -> float:
        """Take in a failure; return how long to wait."""
        ran_well = _ran_well(kept, self._clock.now().monotonic_s)
        kept.failures = 1 if ran_well else kept.failures + 1
        kept.began_s, kept.error = None, _first_cause(error)
        again_in_s = pause_s(kept.failures, kept.policy, self._random)
        log.error(
            "part_failed",
            part=str(name),
            failures=kept.failures,
            again_in_s=round(again_in_s, 1),
            exc_info=error,
        )
        self._count(name)
        return again_in_s


def _ran_well(kept: _Kept, now_s: float) -> bool:
    return kept.began_s is not None and now_s - kept.began_s >= kept.policy.healthy_after_s


def _first_cause(error: BaseException) -> str:
    """Return the text of what went wrong first, out of the groups that task groups wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
