"""F29: copies made while a daemon ingests; each must be the vendor's state at the T it names.

The daemon and whoever copies are processes of their own. The sandbox is served from this one, so
that the history of all it ever did is at hand.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from daemon.sandbox.quickbooks import QuickBooksSandbox
from daemon.sandbox.serve import serve_sandbox
from support import backup_process
from support.forked_daemons import forked
from support.plain_http import plain_client
from support.real_processes import DaemonSetup, SandboxProcess, set_up, until
from support.simulation.checker import AccountChecker
from support.simulation.history import History
from support.simulation.replica import ReplicaReader
from support.small_company import QUICK, TYPES, end_well

pytestmark = pytest.mark.timeout(120)

_COPIES_AT_LEAST = 10


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@contextmanager
def copying(source: Path, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, str(backup_process.__file__), str(source), str(folder)],
    ) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_every_copy_is_the_vendors_state_at_its_own_time(tmp_path: Path) -> None:
    vendor = QuickBooksSandbox(lambda: datetime.now(UTC), limits=None)
    copies = tmp_path / "copies"
    async with serve_sandbox(vendor) as origin, anyio.create_task_group() as tasks:
        app = next(iter(vendor.world.authorization.apps.values()))
        with plain_client(base_url=origin) as http:
            served = SandboxProcess(origin, app.client_id, app.client_secret, http)
            setup = set_up(tmp_path / "daemon", served, QUICK)
            realm_id = vendor.add_company(sizes={"Customer": 300, "Invoice": 600})
            tasks.start_soon(keep_changing, vendor, realm_id)
            await to_thread.run_sync(ingest_and_copy, setup, served, realm_id, copies)
        tasks.cancel_scope.cancel()
    whole = whole_copies(copies)
    assert len(whole) >= _COPIES_AT_LEAST
    claimed = [wrong_with(copy, vendor, realm_id) for copy in whole]
    assert [problems for _, problems in claimed if problems] == []
    times = [time_us for time_us, _ in claimed if time_us is not None]
    assert len(set(times)) >= 5
    assert times == sorted(times)
    restored_to, problems = wrong_with(setup.database, vendor, realm_id)
    assert (restored_to or 0) > times[-1]
    assert problems == []


async def keep_changing(vendor: QuickBooksSandbox, realm_id: str) -> None:
    while True:
        vendor.churn(realm_id, 3)
        await anyio.sleep(0.05)


def ingest_and_copy(
    setup: DaemonSetup, served: SandboxProcess, realm_id: str, copies: Path
) -> None:
    with forked(setup) as daemon, copying(setup.database, copies) as copier:
        account_id = setup.connect(served, realm_id)
        until("copied often", lambda: len(list(copies.glob("*.db"))) >= 2 * _COPIES_AT_LEAST)
        drill = setup.command("restore-drill", str(copies / f"{_COPIES_AT_LEAST}.db"))
        assert drill.returncode == 0, drill.stdout
        copier.kill()
        end_well(daemon)
    restored = setup.command("restore", str(whole_copies(copies)[-1]), "--yes")
    assert restored.returncode == 0, restored.stderr
    with forked(setup) as daemon:
        now = datetime.now(UTC)
        until("exact", lambda: setup.exact_past(account_id, now))
        end_well(daemon)


def whole_copies(folder: Path) -> list[Path]:
    """Return the copies in their order, without the last, which was not finished."""
    return sorted(folder.glob("*.db"), key=lambda path: int(path.stem))[:-1]


def wrong_with(
    copy: Path, vendor: QuickBooksSandbox, realm_id: str
) -> tuple[int | None, list[str]]:
    """Return the T that a copy names, and what in it is not as it was at the vendor at T."""
    history = History(TYPES)
    for mutation in vendor.mutations(realm_id=realm_id):
        history.take(mutation)
    with closing(ReplicaReader(copy)) as reader:
        account_ids = reader.account_ids()
        if not account_ids:
            return None, []
        checker = AccountChecker(history)
        exact_as_of_us = reader.exact_as_of_us(account_ids[0])
        keys, problems = checker.claim(exact_as_of_us)
        rows = reader.all_rows(account_ids[0])
        return exact_as_of_us, problems + checker.breaches(
            {key: rows.get(key) for key in keys | rows.keys()}
        )
