"""What the program takes from outside itself: time, chance, the network, the service manager."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import httpx

from actors.clock import LastingClock, SystemClock, system_random
from actors.vendors.http import build_client
from daemon.log_folding import LogFolding
from daemon.redaction import Redactor
from daemon.sdnotify import Notifier
from store.crash_points import CrashPoint


@dataclass(frozen=True, slots=True)
class World:
    """Everything that the program takes from outside itself, so that a test can give it another one.

    Attributes:
        crash_point: where a test wants the process to kill itself.
        folding: folds lines of the log that repeat themselves; None writes all.
    """

    clock: LastingClock
    random: Random
    redactor: Redactor
    notifier: Notifier
    open_client: Callable[[], httpx.AsyncClient]
    crash_point: CrashPoint | None = None
    folding: LogFolding | None = None


def this_world(redactor: Redactor) -> World:
    """Return the machine's own clock, chance, network and service manager.

    Raises:
        UnknownCrashPointError: `SYNCLINE_CRASH_AT` names none.
    """
    crash_at = os.environ.get("SYNCLINE_CRASH_AT")
    clock = SystemClock()
    return World(
        clock=clock,
        random=system_random(),
        redactor=redactor,
        notifier=Notifier(os.environ),
        open_client=build_client,
        crash_point=CrashPoint.parse(crash_at) if crash_at else None,
        folding=LogFolding(clock),
    )
