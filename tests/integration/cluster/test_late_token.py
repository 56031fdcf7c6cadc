"""A node that was taken for dead while it renewed a token lives, and the token with it."""

from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import pytest

from actors.credential import Credential
from actors.messages import SyncNow
from actors.vendors.base import Permit
from actors.vendors.quickbooks import QuickBooks
from daemon.hosted import Condition, NotHostedError
from daemon.sandbox.quickbooks import Behaviour
from support.cluster_house import ClusterHouse, cluster_house
from support.postgres_database import PostgresDatabase

ROTATING = Behaviour(token_latency_s=0.0, access_token_life_s=10, rotate_after_s=0)


@pytest.fixture
async def house(database: PostgresDatabase) -> AsyncIterator[ClusterHouse]:
    async with cluster_house(database, behaviour=ROTATING) as opened:
        yield opened


async def test_token_that_a_fenced_off_node_was_given_is_stored_and_used_by_the_next_one(
    house: ClusterHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor has replaced the token; its answer comes when another node holds the shard."""
    ask, asked, answered = QuickBooks.refresh, anyio.Event(), anyio.Event()

    async def answer_late(
        self: QuickBooks, credential: Credential, permit: Permit | None = None
    ) -> Credential:
        fresh = await ask(self, credential, permit)
        if not asked.is_set():
            asked.set()
            await answered.wait()
        return fresh

    monkeypatch.setattr(QuickBooks, "refresh", answer_late)
    account = await house.live()
    with anyio.fail_after(10):
        while not asked.is_set():
            house.owner.supervisor.post(account.id, SyncNow())
            await anyio.sleep(0.05)
    before = await house.owner.store.credential(account.id)
    await house.other.take(account.shard)
    taken = await house.other.store.account(account.id)
    earlier, later = house.owner.supervisor, house.other.supervisor
    await house.until(lambda: later.actor(account.id) is not None)
    with_the_old_token = later.actor(account.id)
    answered.set()
    await house.until(lambda: earlier.hosted()[account.id].condition is Condition.STOPPED)
    assert await house.other.store.credential(account.id) != before
    with anyio.fail_after(10):
        while later.actor(account.id) in {None, with_the_old_token}:
            with suppress(NotHostedError):  # it may have met the new token by itself
                later.post(account.id, SyncNow())
            await anyio.sleep(0.05)
    now = await house.other.store.account(account.id)
    assert now.epoch == taken.epoch + 2
    assert now.reauth_cause is None
    assert house.sandbox.world.authorization.traps == 0
