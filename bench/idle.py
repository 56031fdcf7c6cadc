"""What an account costs that has nothing to do: memory, and calls."""

import gc
import itertools
import os
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import httpx
import msgspec
from cryptography.fernet import Fernet

from actors.messages import SyncNow
from actors.settings import AccountSettings
from bench.alone import alone
from bench.cores import Cores, pin
from bench.figures import Figure
from bench.house import NO_LIMITS, TYPES, open_house, until
from bench.quiet_feed import QuietFeed
from bench.seed import seed
from bench.vendor_server import Vendor
from daemon.app import Daemon
from daemon.sandbox.quickbooks import QuickBooksSandbox
from daemon.sandbox.transport import SandboxTransport

KB = 1000.0
PER_ACCOUNT_KB = 15.0
_AT_ONCE = 50
_LOOK_AGAIN_S = 0.01
_POLLS = 5
_SETTLED_S = 0.3
_OVERLAP = timedelta(minutes=10)
_NEVER = datetime.min.replace(tzinfo=UTC)
_NOWHERE = Vendor("http://quickbooks.sandbox", "sandbox-client-id", "sandbox-client-secret", [])


class Memory(msgspec.Struct, frozen=True):
    """Bytes over those of a daemon without accounts, for all accounts together.

    Attributes:
        waiting: with every actor started.
        polled: after every actor has looked for changes once.
    """

    waiting: int
    polled: int


def measure(folder: Path, cores: Cores, *, accounts: int, traced_accounts: int) -> list[Figure]:
    """Run a daemon with so many accounts at which nothing happens.

    Args:
        folder: where its database is put.
        cores: where it runs.
        accounts: how many to measure the process' memory with.
        traced_accounts: how many to count Python's objects with, which is slow.
    """
    resident = _seeded(folder, cores.daemon, accounts, traced=False)
    traced = _seeded(folder, cores.daemon, traced_accounts, traced=True)
    return [
        _memory(resident.waiting, "waiting.resident", "waiting for its first poll", accounts),
        _memory(resident.polled, "polled.resident", "after a poll", accounts),
        _memory(traced.polled, "polled.traced", "after a poll: Python's share", traced_accounts),
        *(_calls(folder, types) for types in (TYPES, TYPES[:1])),
    ]


def _memory(total_bytes: int, key: str, when: str, accounts: int) -> Figure:
    return Figure(
        key=f"idle.{key}",
        title=f"Idle account, {when}",
        value=total_bytes / accounts / KB,
        unit="kB",
        at_most=PER_ACCOUNT_KB,
        note=f"{accounts:,} accounts of {len(TYPES)} types",
    )


def _calls(folder: Path, types: Sequence[str]) -> Figure:
    return Figure(
        key=f"idle.calls.{len(types)}_types",
        title=f"Calls a poll, {len(types)} object type{'s' * (len(types) > 1)}",
        value=alone(_calls_per_poll, folder, types),
        unit="",
        at_most=1,
        note="counted by the sandbox",
    )


def _seeded(folder: Path, core: int | None, accounts: int, *, traced: bool) -> Memory:
    key = Fernet.generate_key().decode()
    with TemporaryDirectory(dir=folder) as place:
        alone(seed, Path(place) / "syncline.db", key, accounts, TYPES)
        return alone(_settle, Path(place), key, core, traced=traced)


def _settle(folder: Path, key: str, core: int | None, *, traced: bool) -> Memory:
    pin(core)
    return anyio.run(_wait_and_poll, folder, key, traced)


async def _wait_and_poll(folder: Path, key: str, traced: bool) -> Memory:  # noqa: FBT001 - anyio.run takes no names
    feed = QuietFeed()
    account = AccountSettings(object_types=TYPES)
    client = partial(httpx.AsyncClient, transport=feed)
    async with open_house(folder, _NOWHERE, account, key=key, open_client=client) as house:
        if traced:
            tracemalloc.start()
        before = _in_use(traced=traced)
        began = datetime.now(UTC)
        async with house.daemon.started():
            await anyio.sleep(1)
            waiting = _in_use(traced=traced)
            await _poll_all(house.daemon, began)
            polled = _in_use(traced=traced)
    return Memory(waiting - before, polled - before)


async def _poll_all(daemon: Daemon, began: datetime) -> None:
    """Have every actor look for changes, a few at a time. What was seeded does not reach that far."""
    waiting = iter(daemon.supervisor.hosted())
    while batch := list(itertools.islice(waiting, _AT_ONCE)):
        for account_id in batch:
            daemon.supervisor.post(account_id, SyncNow())
        await until(partial(_all_covered, daemon, batch, began - _OVERLAP), _LOOK_AGAIN_S)


def _all_covered(daemon: Daemon, account_ids: Sequence[str], since: datetime) -> bool:
    return all(_covered_until(daemon, each) > since for each in account_ids)


def _in_use(*, traced: bool) -> int:
    gc.collect()
    if traced:
        return tracemalloc.get_traced_memory()[0]
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _calls_per_poll(folder: Path, types: Sequence[str]) -> float:
    return anyio.run(_count_calls, folder, types)


async def _count_calls(folder: Path, types: Sequence[str]) -> float:
    """Poll a company in which nothing happens any more, and ask the vendor how often it was called."""
    sandbox = QuickBooksSandbox(lambda: datetime.now(UTC), limits=None)
    realm_id = sandbox.add_company(scale=0.2)
    client = partial(httpx.AsyncClient, transport=SandboxTransport(sandbox))
    account = AccountSettings(object_types=tuple(types), limits=NO_LIMITS)
    with TemporaryDirectory(dir=folder) as place:
        async with (
            open_house(Path(place), _NOWHERE, account, open_client=client) as house,
            house.daemon.started(),
        ):
            code = sandbox.issue_code(realm_id)
            account_id = await house.connect(realm_id, await house.vendor.exchange(code, realm_id))
            await house.backfill([account_id])
            await anyio.sleep(_SETTLED_S)
            before = sum(sandbox.statistics().calls.values())
            for _ in range(_POLLS):
                await _poll(house.daemon, account_id)
            return (sum(sandbox.statistics().calls.values()) - before) / _POLLS


async def _poll(daemon: Daemon, account_id: str) -> None:
    """Have the account look for changes, and wait until it has."""
    covered = _covered_until(daemon, account_id)
    daemon.supervisor.post(account_id, SyncNow())
    await until(lambda: _covered_until(daemon, account_id) != covered)


def _covered_until(daemon: Daemon, account_id: str) -> datetime:
    """Return up to when all types are covered; the beginning of time when one is not."""
    status = daemon.supervisor.hosted()[account_id].status()
    covered = [each.covered_until for each in status.cursors.values()] if status else []
    return min((each or _NEVER for each in covered), default=_NEVER)
