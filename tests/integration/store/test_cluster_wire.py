"""Words between nodes: they come at once, some may be lost, and then that is told."""

from collections.abc import AsyncIterator, Collection, Mapping

import anyio
import pytest

from store.errors import StoreUnavailableError
from store.postgresql import PostgresqlStore
from support.postgres_database import PostgresDatabase
from support.store_fixtures import own, record

SOON_S = 5.0
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'syncline' AND query LIKE '%%pg_notify%%'"
)

Words = AsyncIterator[Mapping[str, Collection[str]]]


@pytest.fixture
async def node(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> AsyncIterator[PostgresqlStore]:
    async with await postgres.open_again(alone=False) as opened:
        yield opened


@pytest.fixture
async def other(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> AsyncIterator[PostgresqlStore]:
    async with await postgres.open_again(alone=False) as opened:
        yield opened


async def heard(words: Words) -> Mapping[str, Collection[str]]:
    with anyio.fail_after(SOON_S):
        return await anext(words)


async def test_word_reaches_every_node(
    store: PostgresqlStore, node: PostgresqlStore, other: PostgresqlStore
) -> None:
    here, there = node.hear({"news"}), other.hear({"news"})
    assert await heard(here) == {}
    assert await heard(there) == {}
    node.say("news", ["one"])
    node.say("else", ["nobody asks"])
    assert {key: list(found) for key, found in (await heard(there)).items()} == {"news": ["one"]}
    assert {key: list(found) for key, found in (await heard(here)).items()} == {"news": ["one"]}


async def test_what_is_more_than_the_server_takes_at_once_comes_whole(
    store: PostgresqlStore, node: PostgresqlStore, other: PostgresqlStore
) -> None:
    said = {f"{number} {'ü' * 300}" for number in range(300)}
    words, found = other.hear({"news"}), set[str]()
    await heard(words)
    node.say("news", said)
    while found != said:
        found.update((await heard(words))["news"])


async def test_lost_connection_is_told_and_opened_again(
    store: PostgresqlStore,
    node: PostgresqlStore,
    other: PostgresqlStore,
    postgres: PostgresDatabase,
) -> None:
    words = other.hear({"news"})
    await heard(words)
    node.say("news", ["before"])
    assert "news" in await heard(words)
    other.say("news", ["own"])
    assert "news" in await heard(words)
    postgres.query(CUT)
    assert await heard(words) == {}
    # The one that says it may still be without a connection itself: what it says waits.
    node.say("news", ["after"])
    assert "after" in (await heard(words))["news"]


async def test_hearing_ends_with_the_store(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    node = await postgres.open_again(alone=False)
    words = node.hear({"news"})
    await heard(words)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(node.close)
        with anyio.fail_after(SOON_S):
            assert [each async for each in words] in ([], [{}])


async def test_change_of_another_node_wakes_who_waits_for_it(
    store: PostgresqlStore, node: PostgresqlStore, other: PostgresqlStore
) -> None:
    company = await own(node)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(node.apply_page, company.page(record("1")))
        with anyio.fail_after(0.7):
            await other.changed(0)


async def test_change_that_no_word_told_of_is_seen_within_about_a_second(
    store: PostgresqlStore, node: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    postgres.query("UPDATE feed SET last_seq = 1 RETURNING last_seq")
    with anyio.fail_after(2.0):
        await node.changed(0)


async def test_waiting_for_a_change_ends_when_the_store_is_closed(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    node = await postgres.open_again(alone=False)

    async def wait() -> None:
        with pytest.raises(StoreUnavailableError):
            await node.changed(0)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(SOON_S):
            await node.close()
