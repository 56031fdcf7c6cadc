"""F10: a daemon that stood still, and what went on meanwhile."""

import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.forked_daemons import forked
from support.real_processes import until
from support.small_company import (
    SmallCompany,
    assert_nothing_lost_and_nothing_doubled,
    end_well,
)

pytestmark = pytest.mark.timeout(120)

_LOOK_TAKES_S = 1.5
_PINGS_EVERY_US = 400_000


def database(company: SmallCompany) -> sqlite3.Connection:
    return sqlite3.connect(company.setup.database, isolation_level=None)


def last_seq(company: SmallCompany) -> int:
    with closing(database(company)) as connection:
        found = connection.execute("SELECT max(seq) FROM changes").fetchone()
        return int(found[0])


def take_over(company: SmallCompany) -> None:
    """Do to the file what another owner's claim does."""
    with closing(database(company)) as connection:
        connection.execute("UPDATE accounts SET epoch = epoch + 1")


def test_owner_that_was_frozen_while_another_took_over_writes_nothing(
    company: SmallCompany,
) -> None:
    with forked(company.setup) as daemon:
        company.connect_and_become_live()
        company.sandbox.fault("hang", realm_id=company.realm_id, count=1, delay_s=_LOOK_TAKES_S)
        company.sandbox.churn(company.realm_id, 10)
        until("a look under way", company.has_no_fault_left)
        daemon.send(signal.SIGSTOP)
        before = last_seq(company)
        take_over(company)
        daemon.send(signal.SIGCONT)
        until("stopped", lambda: company.state() != "live")
        assert last_seq(company) == before
        assert company.reasons()
        end_well(daemon)
    with forked(company.setup) as daemon:
        company.become_exact()
        end_well(daemon)
    assert_nothing_lost_and_nothing_doubled(company)


def test_daemon_that_was_frozen_goes_on_by_itself(company: SmallCompany) -> None:
    with forked(company.setup) as daemon:
        company.connect_and_become_live()
        daemon.send(signal.SIGSTOP)
        company.sandbox.churn(company.realm_id, 10)
        second = company.setup.command("run")
        assert second.returncode == 2
        assert f"in use by process {daemon.pid}" in second.stderr
        daemon.send(signal.SIGCONT)
        company.become_exact()
        end_well(daemon)
    assert_nothing_lost_and_nothing_doubled(company)


@pytest.fixture
def service_manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(3 * _PINGS_EVERY_US / 1e6)
        yield heard


def pings(heard: socket.socket) -> bool:
    try:
        while b"WATCHDOG=1" not in heard.recv(4096):
            pass
    except TimeoutError:
        return False
    return True


def test_watchdog_hears_nothing_of_a_frozen_daemon(
    company: SmallCompany, service_manager: socket.socket
) -> None:
    told = {
        "NOTIFY_SOCKET": str(service_manager.getsockname()),
        "WATCHDOG_USEC": str(2 * _PINGS_EVERY_US),
    }
    with forked(company.setup, told) as daemon:
        assert pings(service_manager)
        daemon.send(signal.SIGSTOP)
        while pings(service_manager):
            pass
        assert not pings(service_manager)
        daemon.send(signal.SIGCONT)
        assert pings(service_manager)
        end_well(daemon)
