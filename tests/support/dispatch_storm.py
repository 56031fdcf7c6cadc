"""Routed jobs in a storm: lost answers, 429s, 5xx, cut connections, crashes at commits and of the process.

What was made is counted at the vendors, and what came back is held against what they have. One seed is
one world; `make jobs-storm` plays many.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

import anyio
from structlog.testing import capture_logs

from daemon.sandbox.housecallpro import faults as housecall_faults
from daemon.sandbox.servicetitan import faults as titan_faults
from store.errors import StoreUnavailableError
from store.job_models import Job, Routing, RoutingStatus
from support.actor_house import no_trouble
from support.dispatch_office import Offices
from support.routed_house import RoutedHouse, open_routed_house

_COMMITS = ("begin_attempt", "end_attempt", "close_action", "note_progress")
_CRASHES = 0.002
_STORE_FAILS = 0.004
_LIVES_S = 500.0
_ENTERED_WITHIN_S = 1_500.0
_STORM_S = 2_400.0
_CALM_S = 1_800.0
_ROUNDS = 8
"""How often a person tries again what failed for good."""
_STEPS = 5
_POLLED_S = 1_300.0

Kind = titan_faults.FaultKind | housecall_faults.FaultKind
_ON_WRITES = (
    *("gateway_502", "empty_503", "reset", "reset_in_body", "truncated", "page_with_200", "hang"),
)
_NOT_DONE = ("throttled", "unauthorized")


class CrashError(Exception):
    """The process is gone."""


@dataclass
class Verdict:
    """What one storm came to.

    Attributes:
        wrong: what must not be; empty when all is well.
        delivered: how many routings are at their companies.
        made: how many leads and bookings the vendors made.
        doubled: how many routings they made more than one for.
        by_hand: how often somebody tried again.
        reconnected: how many companies' owners had to connect them again.
        came_back: how many routings stand where the company's own system has them, beyond delivery.
        calls: how many calls the vendors got.
        violations: how many of those were above a limit.
    """

    seed: int
    wrong: list[str] = field(default_factory=list)
    routings: int = 0
    delivered: int = 0
    made: int = 0
    doubled: int = 0
    crashes: int = 0
    by_hand: int = 0
    reconnected: int = 0
    came_back: int = 0
    calls: int = 0
    violations: int = 0
    statuses: Counter[str] = field(default_factory=Counter)


class Storm:
    """Some companies, those who enter jobs, and what goes wrong."""

    def __init__(self, house: RoutedHouse, seed: int) -> None:
        self.house = house
        self.random = Random(seed)
        self.verdict = Verdict(seed)
        self.offices = Offices(house, Random(seed + 1))
        self.life = anyio.CancelScope()
        self.rate = self.random.choice([0.02, 0.06, 0.12])
        self.crashes = self.random.random() < 0.8

    async def play(self, entered: int, companies: int, worked: float) -> Verdict:
        """Have so many jobs entered in the storm; then let it calm down, work on some, and count."""
        house = self.house
        for number in range(companies):
            if number % 2:
                await house.connect_housecall()
            else:
                await house.connect_titan(books=number % 4 == 0)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._live, _STORM_S)
            await anyio.sleep(30)
            self._blow()
            for number in range(entered):
                await anyio.sleep(self.random.expovariate(entered / _ENTERED_WITHIN_S))
                await house.enter(number)
        self._calm()
        async with house.living():
            self.verdict.reconnected = await house.connect_again()
            await anyio.sleep(_CALM_S)
            await self._by_hand()
            await self._work(worked)
            await anyio.sleep(_POLLED_S)
        await self._count(entered * companies)
        return self.verdict

    async def _live(self, seconds: float) -> None:
        """Run process after process; each may be killed at any moment."""
        end_s = self.house.now_s() + seconds
        while (left_s := end_s - self.house.now_s()) > 0:
            life_s = left_s
            if self.crashes:
                life_s = min(left_s, self.random.expovariate(1 / _LIVES_S))
            with anyio.move_on_after(life_s) as self.life:
                async with self.house.living():
                    await anyio.sleep_forever()
            self.verdict.crashes += 1

    def _blow(self) -> None:
        house = self.house
        house.titan.faults = _TitanFaults(self.random, self.rate)
        house.housecall.faults = _HousecallFaults(self.random, self.rate)
        if self.crashes:
            house.store.trouble = house.store.trouble_after = self._trouble

    def _calm(self) -> None:
        house = self.house
        house.titan.faults = titan_faults.Faults()
        house.housecall.faults = housecall_faults.Faults()
        house.store.trouble = house.store.trouble_after = no_trouble

    def _trouble(self, method: str) -> None:
        if method not in _COMMITS:
            return
        chance = self.random.random()
        if chance < _CRASHES:
            self.verdict.crashes += 1
            if method == "note_progress":
                self.life.cancel()
                raise StoreUnavailableError("the process is being killed")
            raise CrashError(method)
        if chance < _CRASHES + _STORE_FAILS:
            raise StoreUnavailableError("the disk is full for a moment")

    async def _by_hand(self) -> None:
        """Try again what failed for good or is not known, until all is delivered."""
        for _ in range(_ROUNDS):
            stuck = [
                (job, routing)
                for job in await self.house.jobs()
                for routing in job.routings
                if routing.external_id is None
            ]
            if not stuck:
                return
            for job, routing in stuck:
                self.verdict.by_hand += 1
                await self.house.offer_again(job, routing)
            await anyio.sleep(_CALM_S)

    async def _work(self, worked: float) -> None:
        """Have the companies work on a part of what they were offered, step by step."""
        chosen = [
            routing
            for job in await self.house.jobs()
            for routing in job.routings
            if routing.external_id is not None and self.random.random() < worked
        ]
        for _ in range(_STEPS):
            for routing in chosen:
                if self.random.random() < 0.8:
                    partner = self.house.partners[routing.account_id]
                    self.offices.work(partner, routing.external_id or "")
            await anyio.sleep(self.random.choice([5.0, 400.0, 700.0]))

    async def _count(self, offered: int) -> None:
        """Hold what routings say against what the vendors have."""
        house, verdict = self.house, self.verdict
        effects = {key: house.effects(each) for key, each in house.partners.items()}
        verdict.made = sum(each.total() for each in effects.values())
        verdict.calls, verdict.violations = house.calls(), house.violations()
        if verdict.violations:
            verdict.wrong.append(f"{verdict.violations} calls above a vendor's limit")
        jobs = await house.jobs()
        for job in jobs:
            for routing in job.routings:
                self._judge(routing, effects[routing.account_id])
        if verdict.routings != offered:
            verdict.wrong.append(f"{verdict.routings} routings, and {offered} were accepted")
        if verdict.made != verdict.delivered and not verdict.doubled:
            verdict.wrong.append(f"{verdict.made} were made, and {verdict.delivered} are known")
        await self._judge_jobs(jobs)

    def _judge(self, routing: Routing, effects: Counter[str]) -> None:
        verdict = self.verdict
        verdict.routings += 1
        verdict.statuses[routing.status.value] += 1
        if routing.external_id is None:
            verdict.wrong.append(f"{routing.id} is {routing.status}: {routing.last_error}")
            return
        verdict.delivered += 1
        times = effects[routing.action_id or ""]
        if times != 1:
            verdict.doubled += times > 1
            verdict.wrong.append(f"{routing.id} was delivered {times} times")
        partner = self.house.partners[routing.account_id]
        expected = self.offices.expected(partner, routing)
        if (routing.status, routing.revenue) != expected:
            status, revenue = expected
            verdict.wrong.append(
                f"{routing.id} at {partner.vendor} is {routing.status} with {routing.revenue},"
                f" there {status} with {revenue}"
            )
        verdict.came_back += routing.status is not RoutingStatus.SYNCED

    async def _judge_jobs(self, jobs: Sequence[Job]) -> None:
        """See that histories tell each step once, in order, and end where the routing stands."""
        for job in self.random.sample(list(jobs), min(len(jobs), 20)):
            known = await self.house.real_store.job(job.id)
            for routing in () if known is None else known.routings:
                steps = [step.status for step in routing.history]
                told_twice = any(a is b for a, b in pairwise(steps))
                if not steps or steps[-1] is not routing.status or told_twice:
                    self.verdict.wrong.append(f"the history of {routing.id} is {steps}")


class _TitanFaults(titan_faults.Faults):
    def __init__(self, random: Random, rate: float) -> None:
        super().__init__()
        self._draw = _drawer(random, rate)

    def draw(self, path: str, method: str) -> titan_faults.Fault | None:
        if (hit := self._draw(path, method)) is None:
            return None
        name, takes_effect = hit
        return titan_faults.Fault(titan_faults.FaultKind(name), takes_effect=takes_effect)


class _HousecallFaults(housecall_faults.Faults):
    def __init__(self, random: Random, rate: float) -> None:
        super().__init__()
        self._draw = _drawer(random, rate)

    def draw(self, path: str, method: str) -> housecall_faults.Fault | None:
        if (hit := self._draw(path, method)) is None:
            return None
        name, takes_effect = hit
        return housecall_faults.Fault(housecall_faults.FaultKind(name), takes_effect=takes_effect)


def _drawer(random: Random, rate: float) -> Callable[[str, str], tuple[str, bool] | None]:
    """Return what says what hits a call, if anything, and whether it was carried out all the same."""

    def draw(path: str, method: str) -> tuple[str, bool] | None:
        chance = random.random()
        if path.endswith("/token"):
            return ("gateway_502", False) if chance < 0.05 else None
        if method == "POST":
            if chance < rate:
                return random.choice(_ON_WRITES), random.random() < 0.6
            return (random.choice(_NOT_DONE), False) if chance < rate * 1.3 else None
        if chance < rate / 4:
            return random.choice((*_ON_WRITES, *_NOT_DONE)), False
        return None

    return draw


async def play(
    seed: int, folder: Path, entered: int = 1_000, companies: int = 20, worked: float = 0.1
) -> Verdict:
    """Play one storm."""
    with capture_logs():
        async with open_routed_house(folder, seed=seed) as house:
            return await Storm(house, seed).play(entered, companies, worked)
