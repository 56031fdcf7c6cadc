"""A database to be backed up, and what became of it."""

import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
from cryptography.fernet import Fernet

from actors.credential import Credential, Sealer
from daemon.durable_file import replace_text
from daemon.sealing_proof import PROOF_KEY
from store.sqlite import SqliteStore
from support.command_line import NOW, CommandLine, Result
from support.store_fixtures import Owned, move, open_quick, own, record, tombstone

KEY = Fernet.generate_key().decode()
BACKUP_NAME = "syncline-20260301T120000Z.db"


def with_store(folder: Path, work: Callable[[SqliteStore], Awaitable[None]]) -> None:
    async def run() -> None:
        async with await open_quick(folder / "syncline.db") as store:
            await work(store)

    anyio.run(run)


async def fill(store: SqliteStore) -> None:
    company = await own(store)
    sealer = Sealer([KEY])
    tokens = sealer.seal(Credential("access", "refresh", NOW, NOW))
    await store.connect("quickbooks", "realm-1", "Company", tokens, NOW, "account of realm-1")
    await store.set_metadata(PROOF_KEY, sealer.proof())
    company = Owned(company.account_id, (await store.claim(company.account_id)).account.epoch)
    await store.apply_page(
        company.page(*(record(f"{number}") for number in range(5)), cursors=[move(covered=0)])
    )


async def go_on(store: SqliteStore) -> None:
    """Change, add and delete what a backup holds."""
    epoch = (await store.claim("account of realm-1")).account.epoch
    company = Owned("account of realm-1", epoch)
    await store.apply_page(
        company.page(
            *(record("0", 10), record("5", 10)),
            tombstones=[tombstone("1", 11)],
            cursors=[move(covered=20)],
            observed=20,
        )
    )
    await store.apply_page(company.page(record("0", 30), cursors=[move(covered=40)], observed=40))


def fill_folder(cli: CommandLine) -> None:
    """Put a database and its key where the commands look for them."""
    with_store(cli.folder, fill)
    replace_text(cli.folder / "syncline.db.key", f"{KEY}\n")


def rows(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(statement).fetchall()
        connection.commit()
        return found


def drilled(cli: CommandLine, *more: str) -> tuple[Result, dict[str, Any]]:
    result = cli.run("restore-drill", str(cli.folder / "copy.db"), "--json", *more)
    return result, json.loads(result.out)
