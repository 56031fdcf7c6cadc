"""F11, F13: no room, failing writes, a log cut short and a page gone bad, on real files.

A file system of a few megabytes needs the superuser, as in CI; without it those tests are skipped.
Writes are made to fail by the kernel's limit on the size of files, which needs nobody's leave.
"""

import resource
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.forked_daemons import forked
from support.real_processes import SandboxProcess, set_up, until
from support.small_company import (
    QUICK,
    SmallCompany,
    assert_nothing_lost_and_nothing_doubled,
    end_well,
)

pytestmark = pytest.mark.timeout(120)

_UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
_BIG = {"Customer": 400, "Invoice": 700}
_PAGE_BYTES = 8192


def mount(*arguments: str) -> None:
    subprocess.run(["/bin/mount", *arguments], check=True, capture_output=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that holds little."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"NOT TESTED: a small file system cannot be mounted here ({error})")
    yield folder
    subprocess.run(["/bin/umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def on_small_disk(small_disk: Path, one_sandbox: SandboxProcess) -> Iterator[SmallCompany]:
    setup = set_up(small_disk / "daemon", one_sandbox, QUICK)
    yield SmallCompany(setup, one_sandbox, _BIG)
    one_sandbox.clear_faults()


def refuses_writes(company: SmallCompany) -> bool:
    return "syncline_store_writable 0.0" in company.metrics()


@pytest.mark.parametrize("ballast_kib", [1500, 2800])
def test_full_disk_is_said_and_healed_by_room_alone(
    ballast_kib: int, on_small_disk: SmallCompany
) -> None:
    company = on_small_disk
    folder = company.setup.folder
    with forked(company.setup) as daemon:
        (folder / "ballast").write_bytes(b"x" * 1024 * ballast_kib)
        company.connect()
        until("no room", lambda: refuses_writes(company))
        assert company.state() == "degraded"
        assert any("no room" in reason for reason in company.reasons())
        mount("-o", "remount,size=64m", str(folder.parent))
        until("writing again", lambda: not refuses_writes(company))
        company.become_exact()
        end_well(daemon)
    assert_nothing_lost_and_nothing_doubled(company)


def test_read_only_file_system_is_refused_and_nothing_harmed(on_small_disk: SmallCompany) -> None:
    company = on_small_disk
    mount("-o", "remount,size=64m", str(company.setup.folder.parent))
    with forked(company.setup) as daemon:
        company.connect_and_become_live()
        end_well(daemon)
    mount("-o", "remount,ro", str(company.setup.folder.parent))
    refused = company.setup.command("run", "--config", str(company.setup.config))
    mount("-o", "remount,rw", str(company.setup.folder.parent))
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr
    assert refused.stderr.count("\n") == 1
    with forked(company.setup) as daemon:
        company.become_exact()
        end_well(daemon)
    assert_nothing_lost_and_nothing_doubled(company)


@pytest.mark.parametrize("pages_more", [0, 5])
def test_write_that_fails_is_said_and_healed_by_itself(
    pages_more: int, company: SmallCompany
) -> None:
    log = company.setup.database.with_name("syncline.db-wal")
    with forked(company.setup) as daemon:
        company.connect_and_become_live()
        most_bytes = log.stat().st_size + pages_more * _PAGE_BYTES
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))
        until("failing", lambda: has_failed_after_a_change(company))
        assert company.state() == "degraded"
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, _UNLIMITED)
        until("writing again", lambda: not refuses_writes(company))
        company.become_exact()
        end_well(daemon)
    assert_nothing_lost_and_nothing_doubled(company)


def has_failed_after_a_change(company: SmallCompany) -> bool:
    company.sandbox.churn(company.realm_id, 3)
    return refuses_writes(company)


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_log_that_lost_its_end_is_read_again_from_the_vendor(
    share: float, company: SmallCompany
) -> None:
    log = company.setup.database.with_name("syncline.db-wal")
    with forked(company.setup) as daemon:
        company.connect_and_become_live()
        company.sandbox.churn(company.realm_id, 10)
        company.become_exact()
        daemon.send(signal.SIGKILL)
        daemon.exit_code()
    with log.open("rb+") as file:
        file.truncate(int(log.stat().st_size * share))
    with forked(company.setup) as daemon:
        assert not daemon.is_dead, daemon.err
        accounts = company.setup.get("/integrations")["items"]
        if not accounts:
            company.connect()
        company.become_exact()
        end_well(daemon)
    assert_nothing_lost_and_nothing_doubled(company)


def test_page_gone_bad_is_found_after_an_unclean_stop(company: SmallCompany) -> None:
    with forked(company.setup) as daemon:
        company.connect_and_become_live()
        end_well(daemon)
    with forked(company.setup) as daemon:
        company.become_exact()
        daemon.send(signal.SIGKILL)
        daemon.exit_code()
    company.setup.database.with_name("syncline.db-wal").write_bytes(b"")
    spoiled = bytearray(company.setup.database.read_bytes())
    invoice = spoiled.rindex(b'"DocNumber"')
    spoiled[invoice // _PAGE_BYTES * _PAGE_BYTES + 3] ^= 0x40  # how many cells the page has
    company.setup.database.write_bytes(spoiled)
    with forked(company.setup) as daemon:
        assert daemon.exit_code() == 2
        assert "is damaged" in daemon.err
        assert daemon.err.count("\n") == 1
    assert company.setup.database.read_bytes() == spoiled
