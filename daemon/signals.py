"""The only place that hears signals. First SIGTERM or SIGINT: finish what is in hand. Second: now. SIGHUP: reload."""

import os
import signal

import anyio
from anyio.abc import TaskStatus

from store.models import StoreHealth

_EXIT_CODE_BASE = 128


class Control:
    """What somebody outside wants of the process.

    Attributes:
        refused: why it can't go on, where that is the reason for its end.
    """

    def __init__(self) -> None:
        self.stop = anyio.Event()
        self.refused: str | None = None
        self._reload = anyio.Event()

    def ask_to_reload(self) -> None:
        """Ask for the configuration to be read again."""
        self._reload.set()

    def look_at_store(self, health: StoreHealth) -> None:
        """End the process once its store is a later version's: others are to host its accounts."""
        if health.outdated:
            self.refused = health.reason
            self.stop.set()

    async def reload_asked(self) -> None:
        """Return when a reload was asked for since the last time."""
        await self._reload.wait()
        self._reload = anyio.Event()


async def hear_signals(
    control: Control, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Turn signals into wishes until cancelled."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        task_status.started()
        async for number in signals:
            if number == signal.SIGHUP:
                control.ask_to_reload()
            elif control.stop.is_set():
                os._exit(_EXIT_CODE_BASE + number)
            else:
                control.stop.set()
