import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from store.errors import DamagedRowError, StoreFullError, StoreUnavailableError
from store.models import StoreHealth
from store.sqlite import SqliteStore
from store.sqlite.group_commit import Done, Undone, commit_group
from store.sqlite.session import SqliteSession
from support.store_fixtures import (
    Owned,
    all_changes,
    all_objects,
    at,
    move,
    on_writer,
    open_quick,
    own,
    record,
)

if TYPE_CHECKING:
    from store.sqlite.readers import Readers

FILLER = b"x" * 2000


async def allow_pages(store: SqliteStore, more: int) -> None:
    """Let the file grow by so many pages and no more: SQLite then finds its disk full."""

    def limit(connection: SqliteSession) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages - free + more}")

    await on_writer(store, limit)


async def set_query_only(store: SqliteStore, state: str) -> None:
    await on_writer(store, lambda connection: connection.execute(f"PRAGMA query_only = {state}"))


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    start = content.index(FILLER) // 8192 * 8192
    content[start : start + 8192] = b"\x99" * 8192
    path.write_bytes(content)


async def test_full_disk_refuses_the_page_whole_and_says_so(
    store: SqliteStore, company: Owned, path: Path
) -> None:
    heard: list[StoreHealth] = []
    store.on_health(heard.append)
    await store.apply_page(company.page(record("before"), cursors=[move(covered=1)]))
    await allow_pages(store, 20)
    page = company.page(
        *[record(f"{number}", payload=FILLER) for number in range(500)],
        cursors=[move(covered=9)],
    )
    for _ in range(3):
        with pytest.raises(StoreFullError, match="no room left"):
            await store.apply_page(page)

    assert [health.writable for health in heard] == [False]
    assert store.health() == heard[0]
    assert "no room left" in str(heard[0].reason)
    assert list(await all_objects(store, company.account_id)) == ["before"]
    assert (await store.account(company.account_id)).exact_as_of == at(1)
    assert await store.last_seq() == 1

    await allow_pages(store, 100_000)
    assert (await store.apply_page(page)).last_seq == 501
    assert [health.writable for health in heard] == [False, True]
    reader = sqlite3.connect(path)
    assert reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    reader.close()


async def test_small_write_that_still_fits_does_not_pass_for_room(
    store: SqliteStore, company: Owned
) -> None:
    await allow_pages(store, 20)
    with pytest.raises(StoreFullError):
        await store.apply_page(
            company.page(*[record(f"{number}", payload=FILLER) for number in range(500)])
        )
    assert (await store.apply_page(company.page(record("small")))).upserts == 1
    assert not store.health().writable
    with pytest.raises(StoreFullError):
        await store.check()
    assert not store.health().writable


async def test_check_finds_out_that_there_is_room_again(store: SqliteStore, company: Owned) -> None:
    await allow_pages(store, 20)
    with pytest.raises(StoreFullError):
        await store.apply_page(
            company.page(*[record(f"{number}", payload=FILLER) for number in range(500)])
        )
    await allow_pages(store, 100_000)
    await store.check()
    assert store.health() == StoreHealth(writable=True)


async def test_check_gives_back_the_room_it_tried(store: SqliteStore, company: Owned) -> None:
    await allow_pages(store, 20)
    page = company.page(*[record(f"{number}", payload=FILLER) for number in range(500)])
    with pytest.raises(StoreFullError):
        await store.apply_page(page)
    await allow_pages(store, 200)
    await store.check()
    assert (await store.apply_page(page)).upserts == 500


async def test_read_only_database_refuses_until_it_is_not(
    store: SqliteStore, company: Owned
) -> None:
    await set_query_only(store, "ON")
    with pytest.raises(StoreUnavailableError, match="read-only"):
        await store.apply_page(company.page(record("1")))
    with pytest.raises(StoreUnavailableError, match="read-only"):
        await store.check()
    assert store.health().writable is False
    assert list(await all_objects(store, company.account_id)) == []
    await set_query_only(store, "OFF")
    await store.check()
    assert store.health() == StoreHealth(writable=True)
    assert (await store.apply_page(company.page(record("1")))).last_seq == 1


async def test_database_that_another_program_locks_refuses_until_it_is_free(
    store: SqliteStore, company: Owned, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="keeps the database locked"):
        await store.apply_page(company.page(record("1")))
    other.execute("ROLLBACK")
    other.close()
    assert (await store.apply_page(company.page(record("1")))).upserts == 1
    assert store.health().writable


async def test_listeners_hear_each_stop_and_each_resumption_once(
    store: SqliteStore, company: Owned
) -> None:
    heard: list[bool] = []
    store.on_health(lambda health: heard.append(health.writable))
    for _ in range(2):
        await set_query_only(store, "ON")
        for _ in range(3):
            with pytest.raises(StoreUnavailableError):
                await store.apply_page(company.page(record("1")))
        await set_query_only(store, "OFF")
        for _ in range(3):
            await store.apply_page(company.page(record("1")))
    assert heard == [False, True, False, True]


async def test_damaged_table_makes_reads_unavailable(
    store: SqliteStore, company: Owned, path: Path
) -> None:
    await store.apply_page(
        company.page(*[record(f"{number}", payload=FILLER) for number in range(100)])
    )
    await store.close()
    damage(path)
    async with await open_quick(path) as reopened:
        with pytest.raises(StoreUnavailableError, match="damaged"):
            await all_objects(reopened, company.account_id)


async def test_wrong_statement_is_not_taken_for_trouble(store: SqliteStore) -> None:
    # No public door asks for what is not there.
    readers = cast("Readers", store._readers)  # noqa: SLF001
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await readers.run(lambda connection: connection.execute("SELECT * FROM missing"))


async def test_changes_are_numbered_on_after_a_full_disk(
    store: SqliteStore, company: Owned
) -> None:
    other = await own(store, "realm-2")
    await allow_pages(store, 10)
    for number in range(5):
        await store.apply_page(company.page(record(f"{number}")))
        with pytest.raises(StoreFullError):
            await store.apply_page(
                other.page(*[record(f"{n}", number, payload=FILLER) for n in range(500)])
            )
    assert [change.seq for change in await all_changes(store)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "damage",
    [
        "version = CAST(x'ff' AS TEXT)",
        "updated_at = '2026-11-2'",
        "object_id = CAST(x'31ff' AS TEXT)",
    ],
)
async def test_a_damaged_row_is_named_to_who_reads_it_and_hides_no_other(
    store: SqliteStore, company: Owned, damage: str
) -> None:
    await store.apply_page(company.page(record("1"), record("2"), record("3", object_type="Bill")))
    spoil = f"UPDATE objects SET {damage} WHERE object_id = '1'"  # noqa: S608
    await on_writer(store, lambda connection: connection.execute(spoil).rowcount)
    with pytest.raises(DamagedRowError) as error:
        await all_objects(store, company.account_id)
    assert error.value.object_type == "Invoice"
    assert error.value.object_id.startswith("1")
    assert await store.object(company.account_id, "Invoice", "2") is not None
    assert list(await all_objects(store, company.account_id, "Bill")) == ["3"]


async def test_a_text_that_is_none_troubles_its_reader_and_nobody_else(
    store: SqliteStore, company: Owned
) -> None:
    await store.apply_page(company.page(record("1"), record("2")))

    def spoil(connection: SqliteSession) -> None:
        connection.execute("UPDATE objects SET version = CAST(x'ff' AS TEXT) WHERE object_id = '1'")

    def read(connection: SqliteSession) -> None:
        connection.execute("SELECT version FROM objects").fetchall()

    def write(connection: SqliteSession) -> None:
        connection.execute("UPDATE objects SET via = 'poll' WHERE object_id = '2'")

    await on_writer(store, spoil)
    with pytest.raises(StoreUnavailableError, match="damaged"):
        await store.object(company.account_id, "Invoice", "1")
    group = await on_writer(store, lambda connection: commit_group(connection, [read, write]))
    refused, done = group.outcomes
    assert isinstance(refused, Undone)
    assert isinstance(refused.error, StoreUnavailableError)
    assert (done, group.trouble) == (Done(None), None)
    assert await store.object(company.account_id, "Invoice", "2") is not None
