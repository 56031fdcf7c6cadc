"""A supervisor that runs over one house, and what tests ask of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import anyio

from actors import events
from daemon.hosted import Condition
from daemon.restart import RestartPolicy
from daemon.supervisor import Supervisor
from support.actor_house import House


@dataclass
class Hosting:
    """A supervisor that runs, and when it ended."""

    house: House
    supervisor: Supervisor
    ended_s: float | None = None

    async def go(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        await self.supervisor.run(task_status=task_status)
        self.ended_s = self.house.now_s()

    def condition(self, account_id: str | None = None) -> Condition:
        return self.supervisor.hosted()[account_id or self.house.account_id].condition

    async def restarts_s(self, count: int) -> list[float]:
        """Return when the next restarts happen, as the number of restarts shows."""
        found: list[float] = []
        hosted = self.supervisor.hosted()[self.house.account_id]
        known = hosted.restarts
        while len(found) < count:
            await anyio.sleep(0.01)
            if hosted.restarts > known:
                known = hosted.restarts
                found.append(self.house.now_s())
        return found


def new_supervisor(house: House, policy: RestartPolicy, grace_s: float) -> Supervisor:
    return Supervisor(
        house.whole_store,
        {house.vendor.name: house.around},
        policy,
        house.clock,
        Random(0),
        grace_s=grace_s,
    )


@asynccontextmanager
async def hosting(
    house: House, policy: RestartPolicy | None = None, *, grace_s: float = 30.0
) -> AsyncIterator[Hosting]:
    """Run a supervisor; at the end it is stopped and has to end."""
    run = Hosting(house, new_supervisor(house, policy or RestartPolicy(), grace_s))
    async with anyio.create_task_group() as tasks:
        await tasks.start(run.go)
        try:
            yield run
        except BaseException:
            tasks.cancel_scope.cancel()
            raise
        run.supervisor.stop()


async def first_looks_s(house: House, accounts: int) -> list[float]:
    """Return after how long each account's first look was stored."""
    begin_s, found = house.now_s(), dict[str, float]()
    while len(found) < accounts:
        await anyio.sleep(0.1)
        for event in house.told(events.PageStored):
            found.setdefault(event.account_id, house.now_s() - begin_s)
        house.heard.clear()
    return sorted(found.values())


def assert_spread(firsts_s: list[float], over_s: float) -> None:
    """Looks are spread evenly: none is late, and no second has many more than its share."""
    assert 0.8 * over_s < firsts_s[-1] < over_s + 0.5
    for second in range(int(over_s)):
        inside = sum(second <= at_s < second + 1 for at_s in firsts_s)
        assert inside < 1.6 * len(firsts_s) / over_s


def bug(*operations: str) -> Callable[[str], None]:
    def trouble(called: str) -> None:
        if called in operations:
            raise ZeroDivisionError("a bug")

    return trouble


def logged(records: list[Any], event: str) -> list[Any]:
    return [record for record in records if record["event"] == event]
