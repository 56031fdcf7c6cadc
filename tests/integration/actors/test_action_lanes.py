"""Deliveries are handed out a few at a time by one run only: none is forgotten between two of them."""

from collections.abc import Sequence
from dataclasses import replace

import anyio
import pytest

from actors.messages import ActionsWaiting
from store.action_models import Action, ActionPriority, ActionState
from support.company_house import CompanyHouse


class Deliveries:
    """Has an account's actor take what it reads for deliveries; a reading may be slow once."""

    def __init__(self, house: CompanyHouse, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slow_s = 0.0
        self._read = house.store.open_actions
        monkeypatch.setattr(house.store, "open_actions", self.open_actions)

    async def open_actions(
        self,
        account_id: str,
        *,
        limit: int,
        after_id: str | None = None,
        without: Sequence[str] = (),
    ) -> Sequence[Action]:
        found = await self._read(account_id, limit=limit, after_id=after_id, without=without)
        slow_s, self.slow_s = self.slow_s, 0.0
        await anyio.sleep(slow_s)
        return [replace(each, priority=ActionPriority.DELIVERY) for each in found]


async def deliver(house: CompanyHouse, account_id: str, amount: float) -> str:
    customer = min(house.truth(account_id)["Customer"], key=int)
    wish = {"CustomerRef": {"value": customer}, "TotalAmt": amount}
    return await house.ask(account_id, "payment.create", wish)


async def test_a_delivery_that_came_while_another_run_was_about_to_end_is_made(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await house.connect()
    deliveries = Deliveries(house, monkeypatch)
    async with house.syncing():
        await anyio.sleep(200)
        deliveries.slow_s = 1.0
        house.tell(account_id, ActionsWaiting())
        await anyio.sleep(0.5)
        action_id = await deliver(house, account_id, 1.25)
        await anyio.sleep(60)
        assert (await house.action(account_id, action_id)).state is ActionState.SUCCEEDED
        assert house.effects(account_id, action_id) == 1


async def test_all_deliveries_are_made_once_however_often_the_actor_is_told(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await house.connect()
    Deliveries(house, monkeypatch)
    async with house.syncing():
        await anyio.sleep(200)
        ids: list[str] = []
        for number in range(30):
            ids.append(await deliver(house, account_id, 1 + number / 4))
            await anyio.sleep(0.05)
        await anyio.sleep(60)
        states = {(await house.action(account_id, each)).state for each in ids}
        assert states == {ActionState.SUCCEEDED}
        assert {house.effects(account_id, each) for each in ids} == {1}
