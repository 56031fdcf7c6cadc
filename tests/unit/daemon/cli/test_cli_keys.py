import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from cryptography.fernet import Fernet

from actors.credential import Credential, Sealer
from daemon.durable_file import replace_text
from daemon.sealing_proof import PROOF_KEY
from store.sqlite import SqliteStore
from support.command_line import CONFIG, NOW, CommandLine
from support.store_fixtures import open_quick

KEY = Fernet.generate_key().decode()


async def fill(folder: Path) -> None:
    async with await open_quick(folder / "syncline.db") as store:
        await put(store, Sealer([KEY]))


async def put(store: SqliteStore, sealer: Sealer) -> None:
    for number in range(3):
        tokens = sealer.seal(Credential(f"access {number}", "refresh", NOW, NOW))
        await store.connect("quickbooks", f"{number}", "", tokens, NOW, f"id {number}")
    await store.set_metadata(PROOF_KEY, sealer.proof())


@pytest.fixture
def filled(cli: CommandLine) -> CommandLine:
    anyio.run(fill, cli.folder)
    replace_text(cli.folder / "syncline.db.key", f"{KEY}\n")
    return cli


def keys(folder: Path) -> Sequence[str]:
    return (folder / "syncline.db.key").read_text().split()


def assert_sealed_with(folder: Path, key: str) -> None:
    with closing(sqlite3.connect(folder / "syncline.db")) as connection:
        sealed = connection.execute("SELECT sealed FROM credentials").fetchall()
    assert len(sealed) == 3
    for (each,) in sealed:
        Sealer([key]).check(each)


def test_all_tokens_are_sealed_with_a_new_key_and_the_old_one_stays(filled: CommandLine) -> None:
    result = filled.run("keys", "rotate")
    assert result.code == 0, result.err
    new, old = keys(filled.folder)
    assert old == KEY
    assert_sealed_with(filled.folder, new)
    assert (filled.folder / "syncline.db.key").stat().st_mode & 0o777 == 0o600
    assert new not in result.out + result.err


def test_what_died_half_way_goes_on_with_the_key_that_it_made(filled: CommandLine) -> None:
    new = Fernet.generate_key().decode()
    replace_text(filled.folder / "syncline.db.key", f"{new}\n{KEY}\n")
    assert filled.run("keys", "rotate").code == 0
    assert list(keys(filled.folder)) == [new, KEY]
    assert_sealed_with(filled.folder, new)


def test_old_keys_are_forgotten_only_when_nothing_needs_them(filled: CommandLine) -> None:
    new = Fernet.generate_key().decode()
    replace_text(filled.folder / "syncline.db.key", f"{new}\n{KEY}\n")
    result = filled.run("keys", "forget", "--yes")
    assert result.code == 1
    assert "is not in use yet" in result.err
    assert filled.run("keys", "rotate").code == 0
    assert filled.run("keys", "forget", "--yes").code == 0
    assert list(keys(filled.folder)) == [new]


def test_tokens_that_a_rotation_missed_keep_their_key(filled: CommandLine) -> None:
    filled.run("keys", "rotate")
    late = Sealer([KEY]).seal(Credential("late", "refresh", NOW, NOW)).sealed
    with closing(sqlite3.connect(filled.folder / "syncline.db")) as connection:
        connection.execute("UPDATE credentials SET sealed = ? WHERE account_id = 'id 1'", (late,))
        connection.commit()
    assert filled.run("keys", "forget", "--yes").code == 1
    assert len(keys(filled.folder)) == 2


def test_the_file_that_the_configuration_names_is_changed(filled: CommandLine) -> None:
    named = filled.folder / "seal.keys"
    replace_text(named, f"{KEY}\n")
    (filled.folder / "config.yaml").write_text(f"{CONFIG}secrets: {{keys_file: seal.keys}}\n")
    assert filled.run("keys", "rotate").code == 0
    assert_sealed_with(filled.folder, named.read_text().split()[0])
    assert list(keys(filled.folder)) == [KEY]


def test_keys_in_the_configuration_itself_are_not_changed(filled: CommandLine) -> None:
    (filled.folder / "config.yaml").write_text(f"{CONFIG}secrets: {{keys: [{KEY}]}}\n")
    result = filled.run("keys", "rotate")
    assert result.code == 1
    assert "syncline keys new" in result.err


def test_keys_of_another_database_are_refused(filled: CommandLine) -> None:
    other = Fernet.generate_key().decode()
    replace_text(filled.folder / "syncline.db.key", f"{other}\n")
    assert filled.run("keys", "rotate").code == 1
    assert list(keys(filled.folder)) == [other]


def test_a_new_key_is_a_key(cli: CommandLine) -> None:
    Sealer([cli.run("keys", "new").out.strip()])
