"""Databases full of accounts that were read from end to end and now wait for their next poll."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import anyio

from actors.clock import SystemClock
from actors.credential import Credential, Sealer
from store.models import CursorMove, PageWrite, Via
from store.sqlite import SqliteStore, open_store

_AT_ONCE = 500
_ACCESS_TOKEN_CHARACTERS = 1000
_REFRESH_TOKEN_CHARACTERS = 50
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_DAY = timedelta(days=1)
_IDLE = "{}"


def seed(path: Path, key: str, accounts: int, object_types: Sequence[str]) -> None:
    """Make a database at this path with so many accounts, covered up to an hour ago for all types."""
    anyio.run(_seed, path, Sealer([key]), accounts, object_types)


async def _seed(path: Path, sealer: Sealer, accounts: int, object_types: Sequence[str]) -> None:
    clock = SystemClock()
    async with await open_store(path, durable=False) as store:
        for numbers in _batches(accounts):
            now = clock.now().utc
            await asyncio.gather(
                *(_add(store, sealer, number, object_types, now) for number in numbers)
            )


def _batches(number: int) -> Iterator[range]:
    for first in range(0, number, _AT_ONCE):
        yield range(first, min(number, first + _AT_ONCE))


async def _add(
    store: SqliteStore, sealer: Sealer, number: int, object_types: Sequence[str], now: datetime
) -> None:
    account_id = f"00000000-0000-4000-8000-{number:012x}"
    await store.connect(
        "quickbooks",
        str(9_341_450_000_000_000 + number),
        f"Company {number}",
        sealer.seal(credential(number, now)),
        now,
        account_id,
    )
    claimed = await store.claim(account_id)
    covered = now - timedelta(hours=1, milliseconds=number)
    await store.apply_page(
        PageWrite(
            account_id=account_id,
            epoch=claimed.account.epoch,
            via=Via.BACKFILL,
            observed_at=now,
            object_types=object_types,
            cursors=[
                CursorMove(name, _IDLE, complete=True, covered_until=covered)
                for name in object_types
            ],
        )
    )


def credential(number: int, now: datetime) -> Credential:
    """Return tokens of the vendor's usual lengths and lifetimes; the access token is fresh."""
    random = Random(number)  # noqa: S311 - nobody's tokens
    return Credential(
        access_token="".join(random.choices(_ALPHABET, k=_ACCESS_TOKEN_CHARACTERS)),
        refresh_token="".join(random.choices(_ALPHABET, k=_REFRESH_TOKEN_CHARACTERS)),
        obtained_at=now,
        access_expires_at=now + timedelta(hours=1),
        refresh_expires_at=now + 100 * _DAY,
        refresh_hard_expires_at=now + 5 * 365 * _DAY,
    )
