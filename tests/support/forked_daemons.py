"""Daemons as real processes that begin quickly: forked from one that has imported all of it already."""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from support.real_processes import DEADLINE_S, DaemonSetup, until

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["daemon.app"])


@dataclass(frozen=True, slots=True)
class ForkedDaemon:
    """One daemon; what it says goes to a file."""

    process: ForkServerProcess
    err_path: Path

    @property
    def err(self) -> str:
        return self.err_path.read_text()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def is_dead(self) -> bool:
        return not self.process.is_alive()

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def exit_code(self) -> int | None:
        self.process.join(DEADLINE_S)
        return self.process.exitcode


@contextmanager
def forked(
    setup: DaemonSetup, environment: Mapping[str, str] | None = None
) -> Iterator[ForkedDaemon]:
    """Run a daemon; inside, it is ready or dead. It is killed at the end if it still runs."""
    err_path = setup.folder / f"{len(list(setup.folder.glob('*.err')))}.err"
    arguments = (setup.config, err_path, dict(environment or {}))
    process = _CONTEXT.Process(target=_run, args=arguments)
    process.start()
    daemon = ForkedDaemon(process, err_path)
    try:
        until("ready or dead", lambda: daemon.is_dead or setup.is_ready())
        yield daemon
    finally:
        process.kill()
        process.join(DEADLINE_S)
        process.close()


def _run(config: Path, err_path: Path, environment: Mapping[str, str]) -> None:
    from daemon import app  # noqa: PLC0415 - imported by the process that is forked, not by us

    os.chdir(config.parent)
    os.environ.update(environment)
    with err_path.open("wb") as err:
        os.dup2(err.fileno(), 2)
    sys.exit(app.run(config))
