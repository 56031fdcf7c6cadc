"""Keys that come and go, and what they sealed."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from structlog.testing import capture_logs

from actors.credential import Credential, Sealer
from daemon.config import Config
from daemon.config.secret import Secret
from daemon.config.sections import SecretsConfig, StoreConfig
from daemon.sealing_key import WrongKeyError, open_sealer, take_up_keys
from store.sqlite import SqliteStore
from support.store_fixtures import on_writer, open_quick

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with await open_quick(tmp_path / "syncline.db") as opened:
        yield opened


def tokens(number: int) -> Credential:
    return Credential(f"access {number}", f"refresh {number}", NOW, NOW)


async def start(store: SqliteStore, *keys: str) -> Sealer:
    secrets = SecretsConfig(keys=tuple(Secret(key) for key in keys))
    return await open_sealer(Config(secrets=secrets), store)


async def connect(store: SqliteStore, sealer: Sealer, number: int) -> str:
    sealed = sealer.seal(tokens(number))
    account, _ = await store.connect("quickbooks", f"{number}", "", sealed, NOW, f"id {number}")
    return account.id


async def unsealed(store: SqliteStore, sealer: Sealer) -> list[Credential]:
    found = [await store.credential(account.id) for account in await store.accounts()]
    return [sealer.unseal(sealed) for sealed in found if sealed is not None]


async def test_old_key_can_be_removed_after_one_start_with_both(store: SqliteStore) -> None:
    old = await start(store, OLD)
    for number in range(3):
        await connect(store, old, number)
    with capture_logs() as logs:
        both = await start(store, NEW, OLD)
    assert logs == [{"event": "sealing_key_rotated", "log_level": "info", "credentials": 3}]
    assert await unsealed(store, both) == [tokens(number) for number in range(3)]
    alone = await start(store, NEW)
    assert await unsealed(store, alone) == [tokens(number) for number in range(3)]


async def test_key_that_was_removed_is_refused_from_then_on(store: SqliteStore) -> None:
    await connect(store, await start(store, OLD), 1)
    await start(store, NEW, OLD)
    with pytest.raises(WrongKeyError, match="put back the key"):
        await start(store, OLD)


async def test_start_with_the_same_first_key_seals_nothing_anew(store: SqliteStore) -> None:
    account_id = await connect(store, await start(store, OLD), 1)
    before = await store.credential(account_id)
    with capture_logs() as logs:
        await start(store, OLD)
        await start(store, OLD, NEW)
    assert logs == []
    assert await store.credential(account_id) == before


async def test_wrong_key_is_refused_and_changes_nothing(store: SqliteStore) -> None:
    account_id = await connect(store, await start(store, OLD), 1)
    before = await store.credential(account_id)
    for keys in ([NEW], [NEW, OTHER]):
        with pytest.raises(WrongKeyError, match="put back the key that sealed this database"):
            await start(store, *keys)
    assert await store.credential(account_id) == before
    await start(store, OLD)


async def test_rotation_that_cannot_be_stored_leaves_all_as_it_was(store: SqliteStore) -> None:
    account_id = await connect(store, await start(store, OLD), 1)
    before = await store.credential(account_id)

    await on_writer(
        store,
        lambda connection: connection.executescript(
            "CREATE TRIGGER broken BEFORE INSERT ON metadata"
            " BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END"
        ),
    )
    with pytest.raises(sqlite3.IntegrityError, match="broken on purpose"):
        await start(store, NEW, OLD)
    assert await store.credential(account_id) == before
    assert await unsealed(store, await start(store, OLD)) == [tokens(1)]


async def test_tokens_whose_key_is_lost_do_not_stop_the_rotation(store: SqliteStore) -> None:
    old = await start(store, OLD)
    lost = await connect(store, Sealer([OTHER]), 1)
    kept = await connect(store, old, 2)
    before = await store.credential(lost)
    with capture_logs() as logs:
        both = await start(store, NEW, OLD)
    assert [line["credentials"] for line in logs] == [1]
    assert await store.credential(lost) == before
    sealed = await store.credential(kept)
    assert sealed is not None
    assert both.unseal(sealed) == tokens(2)


async def test_lost_key_file_is_asked_for_and_not_replaced(
    store: SqliteStore, tmp_path: Path
) -> None:
    config = Config(store=StoreConfig(url=f"sqlite:///{tmp_path}/syncline.db"))
    await open_sealer(config, store)
    key = tmp_path / "syncline.db.key"
    kept = key.read_text()
    key.unlink()
    with pytest.raises(WrongKeyError, match="put the key file back"):
        await open_sealer(config, store)
    assert not key.exists()
    key.write_text(kept)
    key.chmod(0o600)
    await open_sealer(config, store)


async def test_keys_that_could_not_be_taken_up_are_the_next_time(store: SqliteStore) -> None:
    sealer = await start(store, OLD)
    await connect(store, sealer, 1)
    both = Config(secrets=SecretsConfig(keys=(Secret(NEW), Secret(OLD))))
    refuse = (
        "CREATE TRIGGER refuse BEFORE UPDATE ON credentials BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    await on_writer(store, lambda connection: connection.execute(refuse))
    with pytest.raises(sqlite3.Error):
        await take_up_keys(both, store, sealer)
    await on_writer(store, lambda connection: connection.execute("DROP TRIGGER refuse"))
    assert await take_up_keys(both, store, sealer) == 1
    assert await unsealed(store, await start(store, NEW)) == [tokens(1)]
    assert await take_up_keys(both, store, sealer) is None
