import errno
import fcntl
import hashlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from store.errors import StoreOpenError
from store.sqlite import open_store
from store.sqlite.connection import open_writer, refuse_old_library
from store.sqlite.migrate import (
    APPLICATION_ID,
    Migration,
    bundled_migrations,
    migrate,
    schema_version,
)
from store.sqlite.opening import Mode
from support.store_fixtures import all_objects, open_fresh, own, record


def one_line(error: pytest.ExceptionInfo[StoreOpenError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def files_in(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def spoil(path: Path, content: bytes, offset: int = 0) -> None:
    held = path.read_bytes() if path.exists() else b""
    path.write_bytes(held[:offset] + content + held[offset + len(content) :])


async def test_new_file_is_made_with_what_makes_it_durable(path: Path) -> None:
    async with await open_store(path):
        pass
    writer = open_writer(path, durable=True, busy_timeout_s=1.5)
    settings = {
        name: writer.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "page_size", "foreign_keys", "busy_timeout")
    }
    (encoding,) = writer.execute("PRAGMA encoding").fetchone()
    writer.close()
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "page_size": 8192,
        "foreign_keys": 1,
        "busy_timeout": 1500,
    }
    assert encoding == "UTF-8"


@pytest.fixture
def usual_umask() -> Iterator[None]:
    earlier = os.umask(0o022)
    yield
    os.umask(earlier)


def modes_in(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


@pytest.mark.usefixtures("usual_umask")
async def test_new_files_are_for_the_daemons_user_alone(path: Path, mode: Mode) -> None:
    async with await open_fresh(path, mode) as store:
        await own(store)
        modes = modes_in(path.parent)
    name = path.name
    assert modes == dict.fromkeys((name, f"{name}-wal", f"{name}-shm", f"{name}.lock"), 0o600)


@pytest.mark.usefixtures("usual_umask")
async def test_mode_of_an_existing_file_is_kept(path: Path, mode: Mode) -> None:
    async with await open_fresh(path, mode):
        pass
    path.chmod(0o640)  # noqa: ASYNC240 - nothing else runs
    async with await open_fresh(path, mode) as store:
        await own(store)
        assert modes_in(path.parent)[path.name] == 0o640


async def test_what_was_stored_is_there_after_reopening(path: Path, mode: Mode) -> None:
    async with await open_fresh(path, mode) as store:
        company = await own(store)
        await store.apply_page(company.page(record("1")))
    async with await open_fresh(path, mode) as store:
        assert list(await all_objects(store, company.account_id)) == ["1"]
        assert await store.last_seq() == 1
        await store.changed(0)


async def test_path_with_odd_characters_is_one_file(tmp_path: Path, mode: Mode) -> None:
    path = tmp_path / "100% of a?b#c d.db"
    async with await open_fresh(path, mode) as store:
        await own(store)
    assert path.exists()


async def test_missing_directory_is_named(tmp_path: Path, mode: Mode) -> None:
    path = tmp_path / "missing" / "x.db"
    with pytest.raises(StoreOpenError, match="directory that does not exist: create it") as error:
        await open_fresh(path, mode)
    assert str(path) in one_line(error)
    assert files_in(tmp_path) == {}


async def test_file_in_the_place_of_the_directory_is_refused(tmp_path: Path, mode: Mode) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreOpenError, match="is not in a directory"):
        await open_fresh(tmp_path / "file" / "x.db", mode)


async def test_directory_in_the_place_of_the_file_is_refused(tmp_path: Path, mode: Mode) -> None:
    (tmp_path / "x.db").mkdir()
    with pytest.raises(StoreOpenError, match="cannot be written") as error:
        await open_fresh(tmp_path / "x.db", mode)
    one_line(error)


@pytest.mark.parametrize(
    "garbage",
    [b"this is no database, only text" * 100, b"SQLite format 3\x00" + b"\x77" * 9000],
    ids=["text", "damaged header"],
)
async def test_what_is_no_database_is_refused_and_left_alone(
    path: Path, mode: Mode, garbage: bytes
) -> None:
    spoil(path, garbage)
    with pytest.raises(StoreOpenError, match="damaged or no database: restore it") as error:
        await open_fresh(path, mode)
    assert str(path) in one_line(error)
    assert files_in(path.parent)[path.name] == garbage


async def test_database_with_a_damaged_schema_is_refused(path: Path, mode: Mode) -> None:
    async with await open_fresh(path, mode):
        pass
    spoil(path, b"\xff" * 3000, offset=100)
    with pytest.raises(StoreOpenError, match="damaged"):
        await open_fresh(path, mode)


@pytest.mark.parametrize("user_version", [0, 1])
async def test_another_programs_database_is_refused_and_left_alone(
    path: Path, mode: Mode, user_version: int
) -> None:
    other = sqlite3.connect(path)
    other.executescript(f"CREATE TABLE theirs (x); PRAGMA user_version = {user_version}")
    other.close()
    before = files_in(path.parent)[path.name]
    with pytest.raises(StoreOpenError, match="another program's: name another file"):
        await open_fresh(path, mode)
    assert files_in(path.parent)[path.name] == before


async def test_database_of_a_later_version_is_refused_and_left_alone(
    path: Path, mode: Mode
) -> None:
    async with await open_fresh(path, mode):
        pass
    newest = len(bundled_migrations())
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {newest + 1}")
    other.close()
    before = files_in(path.parent)
    with pytest.raises(StoreOpenError, match=f"newer version .its schema is {newest + 1}") as error:
        await open_fresh(path, mode)
    one_line(error)
    assert files_in(path.parent) == before


async def test_database_locked_by_another_program_is_refused(path: Path, mode: Mode) -> None:
    async with await open_fresh(path, mode):
        pass
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreOpenError, match="locked by another program: close that one") as error:
        await open_fresh(path, mode)
    one_line(error)
    other.close()
    async with await open_fresh(path, mode):
        pass


AS_NOBODY = """
import asyncio, os, sys
from pathlib import Path
from store.errors import StoreOpenError
from store.sqlite import open_store

async def main():
    if os.geteuid() == 0:  # the superuser may write anywhere
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        await open_store(Path(sys.argv[1]))
    except StoreOpenError as error:
        print(error)

asyncio.run(main())
"""


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o777)
        yield place
        place.chmod(0o777)


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o777), (0o666, 0o555)])
def test_what_may_not_be_written_is_refused(
    open_to_all: Path, file_mode: int, folder_mode: int
) -> None:
    path = open_to_all / "x.db"
    open_writer(path, durable=False, busy_timeout_s=0).close()
    path.chmod(file_mode)
    open_to_all.chmod(folder_mode)
    said = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ).stdout
    assert f"the database {path} cannot be written: check who owns" in said
    assert said.count("\n") == 1


async def test_file_that_is_read_only_in_itself_is_refused(
    path: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await open_fresh(path, mode):
        pass
    connect = sqlite3.connect

    def connect_read_only(database: str, **options: Any) -> Any:  # noqa: ANN401
        return connect(database.replace("mode=rwc", "mode=ro"), **options)

    monkeypatch.setattr(sqlite3, "connect", connect_read_only)
    with pytest.raises(StoreOpenError, match="cannot be written"):
        await open_fresh(path, mode)


async def test_file_system_without_shared_memory_is_refused(
    path: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself declines to use a write-ahead log there; one without locks shows the same."""
    connect = sqlite3.connect

    def connect_without(database: str, **options: Any) -> Any:  # noqa: ANN401
        return connect(f"{database}&vfs=unix-none", **options)

    monkeypatch.setattr(sqlite3, "connect", connect_without)
    with pytest.raises(StoreOpenError, match="network's file system: name a file on a local disk"):
        await open_fresh(path, mode)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "cannot be written"),
        (errno.ENOSPC, "has no room: free some"),
        (errno.EIO, "cannot be read or written: check its disk"),
        (errno.ENOLCK, "cannot be used"),
    ],
)
async def test_disk_that_fails_while_opening_is_explained(
    path: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(StoreOpenError, match=words) as error:
        await open_fresh(path, mode)
    assert os.strerror(number) in one_line(error)


def test_library_without_the_arrow_operators_is_refused() -> None:
    refuse_old_library((3, 38, 0))
    with pytest.raises(StoreOpenError, match=r"SQLite 3\.37\.2, and 3\.38\.0 is needed"):
        refuse_old_library((3, 37, 2))


async def test_failed_opening_leaves_nothing_held(path: Path, mode: Mode) -> None:
    spoil(path, b"no database" * 1000)
    threads = threading.active_count()
    for _ in range(3):
        with pytest.raises(StoreOpenError, match="damaged"):
            await open_fresh(path, mode)
    assert threading.active_count() == threads


@pytest.fixture
def bare(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def test_migrations_are_applied_once_and_in_order(bare: sqlite3.Connection) -> None:
    steps = [
        Migration(1, "0001_a.sql", "CREATE TABLE log (step);"),
        Migration(2, "0002_b.sql", "INSERT INTO log VALUES (2);"),
    ]
    migrate(bare, steps[:1])
    migrate(bare, steps)
    migrate(bare, [*steps, Migration(3, "0003_c.sql", "INSERT INTO log VALUES (3);")])
    assert bare.execute("SELECT step FROM log").fetchall() == [(2,), (3,)]
    assert schema_version(bare) == 3
    assert bare.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_migration_that_fails_leaves_the_version_before_it(bare: sqlite3.Connection) -> None:
    steps = [
        Migration(1, "0001_a.sql", "CREATE TABLE kept (x);"),
        Migration(2, "0002_b.sql", "CREATE TABLE half (x); INSERT INTO missing VALUES (1);"),
    ]
    with pytest.raises(sqlite3.OperationalError, match="missing"):
        migrate(bare, steps)
    assert schema_version(bare) == 1
    tables = bare.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("kept",)]
    assert not bare.in_transaction


def test_migration_interrupted_before_its_end_is_taken_back(bare: sqlite3.Connection) -> None:
    """As by a kill: the connection goes away with the transaction open."""
    (first,) = bundled_migrations()[:1]
    statements = first.sql.split(";\n")
    for stop in (1, len(statements) // 2, len(statements)):
        bare.executescript("BEGIN IMMEDIATE;" + ";\n".join(statements[:stop]) + ";")
        bare.rollback()
        assert bare.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    migrate(bare, bundled_migrations())
    assert schema_version(bare) == len(bundled_migrations())


def test_released_migrations_are_never_edited() -> None:
    digests = {
        migration.name: hashlib.sha256(migration.sql.encode()).hexdigest()[:16]
        for migration in bundled_migrations()
    }
    assert digests == {
        "0001_initial.sql": "0ff96581acaa52b4",
        "0002_history_and_brake.sql": "41907b7e95af8783",
        "0003_metered_reads.sql": "1d8401d9c1310157",
        "0004_notices.sql": "d9e249e3f749ba05",
        "0005_verification.sql": "6279206816f23a3c",
        "0006_finance.sql": "e1912af8329cf824",
        "0007_actions.sql": "ef9141d23240d277",
        "0008_mended.sql": "0ccfc07f1a0ab69e",
        "0009_drifts.sql": "eaf621b34db13aa6",
        "0010_watching.sql": "6c12fca255da0410",
        "0011_jobs.sql": "6b96a7b53f4d9e9c",
        "0012_done_routings.sql": "d219f83470f1b6e7",
    }


def test_gap_in_the_migrations_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_a.sql").write_text("")
    (folder / "0003_c.sql").write_text("")
    monkeypatch.setattr("store.sqlite.migrate.files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="not numbered"):
        bundled_migrations()
