"""What a process knows of accounts stays true when other nodes change them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from actors.events import OwnerNeeded
from daemon.cluster.account_follower import AccountFollower
from daemon.metrics import Census
from store.sqlite import SqliteStore
from support.cluster_memory import ClusterMemory
from support.ready_store import open_ready
from support.store_fixtures import Owned, at, credential, own, record
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


class Shared(ClusterMemory):
    """A store's accounts beside what nodes share."""

    def __init__(self, store: SqliteStore, clock: VirtualClock) -> None:
        super().__init__(clock, store)
        self._store = store

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._store, name)


@dataclass
class Followed:
    store: SqliteStore
    memory: Shared
    here: set[str]
    mine: Census
    theirs: Census
    company: Owned
    follower: AccountFollower


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Followed]:
    clock = VirtualClock()
    async with (
        await open_ready(tmp_path / "syncline.db", mode="inline") as store,
        anyio.create_task_group() as tasks,
    ):
        memory, here, censuses = Shared(store, clock), set[str](), (Census(), Census())
        company = await own(store)
        followers = list[AccountFollower]()
        for census in censuses:
            census.load(await store.accounts())
            followers.append(AccountFollower(memory, census, here.__contains__, clock))
            tasks.start_soon(followers[-1].run)
        await anyio.sleep(1)
        yield Followed(store, memory, here, *censuses, company, followers[0])
        tasks.cancel_scope.cancel()


def paused(census: Census, account_id: str) -> bool:
    counted = census.counted(account_id)
    assert counted is not None
    return counted.account.paused


async def test_need_of_an_owner_that_an_actor_notes_is_known_everywhere_at_once(
    nodes: Followed,
) -> None:
    account_id, cause = nodes.company.account_id, "the vendor refused the refresh token"
    await nodes.store.require_reauthorization(account_id, nodes.company.epoch, cause, at(0))
    nodes.follower.listen(OwnerNeeded(account_id, "quickbooks", cause))
    await anyio.sleep(0.1)
    counted = nodes.theirs.counted(account_id)
    assert counted is not None
    assert counted.account.reauth_cause == cause


async def test_what_somebody_changes_at_one_node_others_know_at_once(nodes: Followed) -> None:
    account = await nodes.store.set_paused(nodes.company.account_id, paused=True)
    nodes.mine.put(account)
    await anyio.sleep(0.1)
    assert paused(nodes.theirs, account.id)


async def test_company_that_was_forgotten_is_forgotten_everywhere(nodes: Followed) -> None:
    await nodes.store.disconnect(nodes.company.account_id, purge=True, at=at(0))
    nodes.mine.forget(nodes.company.account_id)
    await anyio.sleep(0.1)
    assert nodes.theirs.ids() == []


async def test_without_a_word_it_is_known_within_a_minute(nodes: Followed) -> None:
    nodes.memory.is_silent = True
    account = await nodes.store.set_paused(nodes.company.account_id, paused=True)
    other = await own(nodes.store, "realm-2")
    nodes.mine.put(account)
    await anyio.sleep(60)
    assert paused(nodes.theirs, account.id)
    assert other.account_id in nodes.theirs.ids()


async def test_watermark_is_the_stored_one_unless_its_actor_is_here(nodes: Followed) -> None:
    other = await own(nodes.store, "realm-2")
    await nodes.store.apply_page(nodes.company.page(record("1"), cursors=()))
    nodes.here.add(other.account_id)
    await nodes.store.disconnect(nodes.company.account_id, purge=False, at=at(0))
    await nodes.store.connect("quickbooks", "realm-1", "New", credential(), at(1), "unused")
    await anyio.sleep(60)
    found = nodes.theirs.counted(nodes.company.account_id)
    assert found is not None
    assert found.account.name == "New"
    stored = await nodes.store.account(nodes.company.account_id)
    assert found.exact_as_of_s == (
        None if stored.exact_as_of is None else stored.exact_as_of.timestamp()
    )
