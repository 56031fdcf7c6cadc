"""The only place that hears signals. First SIGTERM or SIGINT: finish what is in hand. Second: now. SIGHUP: reload."""

import os
import signal

import anyio
from anyio.abc import TaskStatus

_EXIT_CODE_BASE = 128


class Control:
    """What somebody outside wants of the process."""

    def __init__(self) -> None:
        self.stop = anyio.Event()
        self._reload = anyio.Event()

    def ask_to_reload(self) -> None:
        """Ask for the configuration to be read again."""
        self._reload.set()

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
