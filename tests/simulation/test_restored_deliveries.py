"""Deliveries that were sent after the backup that the database was put back to."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from store.job_models import RoutingStatus
from store.sqlite import open_store
from store.sqlite.backup import copy_database, park_open_actions
from support.actor_house import TroubledStore
from support.routed_house import RoutedHouse, open_routed_house
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RoutedHouse]:
    async with open_routed_house(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("was_sent", [True, False])
async def test_a_delivery_of_before_a_backup_is_looked_for_before_it_is_sent_again(
    house: RoutedHouse, tmp_path: Path, *, was_sent: bool
) -> None:
    partners = [
        await house.connect_titan(books=True),
        await house.connect_titan(books=False),
        await house.connect_housecall(),
    ]
    await house.enter(1)
    copy = tmp_path / "copy.db"
    copy_database(tmp_path / "syncline.db", copy, house.clock.utc(), lambda *_: None)
    if was_sent:
        async with house.living():
            await anyio.sleep(3_600)
    assert [house.effects(each).total() for each in partners] == [was_sent] * 3
    park_open_actions(copy, "restored from a backup")
    async with await open_store(copy, mode="inline", durable=False) as older:
        house.real_store, house.store = older, TroubledStore(older)
        async with house.living():
            await anyio.sleep(600)
            assert [house.effects(each).total() for each in partners] == [was_sent] * 3
            (job,) = await house.jobs()
            for routing in job.routings:
                assert routing.status is RoutingStatus.SENDING
                await house.offer_again(job, routing)
            await anyio.sleep(3_600)
        (job,) = await house.jobs()
    assert {each.status for each in job.routings} == {RoutingStatus.SYNCED}
    assert [house.effects(each).total() for each in partners] == [1, 1, 1]
