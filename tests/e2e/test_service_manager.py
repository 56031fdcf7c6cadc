"""What systemd hears of a real daemon: start, progress, reload and stop, over its notify socket."""

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.forked_daemons import forked
from support.real_processes import DEADLINE_S
from support.small_company import SmallCompany

pytestmark = pytest.mark.timeout(120)

_PINGS_EVERY_US = 200_000


class ServiceManager:
    """The receiving end of a notify socket."""

    def __init__(self, heard: socket.socket) -> None:
        self._heard = heard
        self.environment = {
            "NOTIFY_SOCKET": str(heard.getsockname()),
            "WATCHDOG_USEC": str(2 * _PINGS_EVERY_US),
        }

    def next(self, *, ping: bool = False) -> dict[str, str]:
        """Return the next state, without those that only say that there is progress, unless asked for."""
        while True:
            lines = self._heard.recv(4096).decode().splitlines()
            state = dict(line.split("=", 1) for line in lines)
            if ("WATCHDOG" in state) == ping:
                return state


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[ServiceManager]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(DEADLINE_S)
        yield ServiceManager(heard)


def monotonic_usec() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_it_hears_of_the_start_progress_reloads_and_the_stop(
    company: SmallCompany, manager: ServiceManager
) -> None:
    setup = company.setup
    with forked(setup, manager.environment) as daemon:
        assert manager.next() == {"READY": "1", "STATUS": f"serving at {setup.url}"}
        assert manager.next(ping=True) == {"WATCHDOG": "1"}

        before = monotonic_usec()
        daemon.send(signal.SIGHUP)
        begun = manager.next()
        assert begun["RELOADING"] == "1"
        assert before <= int(begun["MONOTONIC_USEC"]) <= monotonic_usec()
        assert manager.next() == {"READY": "1", "STATUS": "reloaded"}

        right = setup.config.read_text()
        setup.config.write_text("vendors: [\n")
        daemon.send(signal.SIGHUP)
        assert manager.next()["RELOADING"] == "1"
        refused = manager.next()
        assert refused["READY"] == "1"
        assert "the one before holds" in refused["STATUS"]
        setup.config.write_text(right)

        assert manager.next(ping=True) == {"WATCHDOG": "1"}
        daemon.send(signal.SIGTERM)
        assert manager.next() == {"STOPPING": "1", "STATUS": "letting the accounts finish"}
        assert daemon.exit_code() == 0, daemon.err
