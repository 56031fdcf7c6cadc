import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.sdnotify import Notifier, watchdog_interval_s


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    name = str(tmp_path / "notify")
    if request.param == "abstract":
        name = f"@{name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(name.replace("@", "\0", 1))
        receiver.settimeout(5)
        yield name, receiver


@pytest.mark.parametrize(
    ("call", "datagram"),
    [
        (lambda notifier: notifier.ready(), "READY=1"),
        (lambda notifier: notifier.ready("3 accounts"), "READY=1\nSTATUS=3 accounts"),
        (lambda notifier: notifier.reloading(12.5), "RELOADING=1\nMONOTONIC_USEC=12500000"),
        (lambda notifier: notifier.stopping("draining"), "STOPPING=1\nSTATUS=draining"),
        (lambda notifier: notifier.watchdog(), "WATCHDOG=1"),
        (lambda notifier: notifier.status("all live"), "STATUS=all live"),
        (lambda notifier: notifier.status("two\nREADY=1 lines"), "STATUS=two READY=1 lines"),
        (lambda notifier: notifier.extend_timeout(30), "EXTEND_TIMEOUT_USEC=30000000"),
    ],
)
def test_state_arrives_as_one_datagram(
    systemd: tuple[str, socket.socket], call: Callable[[Notifier], bool], datagram: str
) -> None:
    name, receiver = systemd
    assert call(Notifier({"NOTIFY_SOCKET": name}))
    assert receiver.recv(4096).decode() == datagram


def test_without_systemd_nothing_is_sent_and_nothing_fails() -> None:
    assert not Notifier({}).ready()


def test_socket_that_is_gone_is_said_not_raised(tmp_path: Path) -> None:
    assert not Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")}).watchdog()


def test_systemd_that_does_not_listen_never_blocks(systemd: tuple[str, socket.socket]) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": systemd[0]})
    assert not all(notifier.status("x" * 4096) for _ in range(10_000))


@pytest.mark.parametrize(
    ("environ", "interval_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "43"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_watchdog_is_fed_at_half_its_time(
    environ: dict[str, str], interval_s: float | None
) -> None:
    assert watchdog_interval_s(environ, 42) == interval_s
