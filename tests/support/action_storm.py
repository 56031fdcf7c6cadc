"""Users' writes in a storm: lost answers, 5xx, resets, crashes at every commit, and a vendor that may
ignore request ids. What happened is counted at the vendor.

One seed is one world. `make storm` plays many.
"""

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import anyio
from structlog.testing import capture_logs

from daemon.sandbox.quickbooks import Behaviour, Fault, FaultKind, Route
from daemon.sandbox.quickbooks.faults import ITEM_FAULTS
from store.action_models import Action, ActionFilter, ActionState, AttemptOutcome
from store.errors import StoreUnavailableError
from support.action_judging import wrong_about
from support.action_wishes import PAYMENTS, wish
from support.actor_house import no_trouble
from support.company_house import CompanyHouse, open_company_house
from support.virtual_time import VirtualClock

WRITES = frozenset({Route.WRITE, Route.SEND})
READS = frozenset({Route.QUERY, Route.READ, Route.CDC})
_SPOILED = (
    FaultKind.RESET,
    FaultKind.RESET_IN_BODY,
    FaultKind.HTML_503,
    FaultKind.EMPTY_502,
    FaultKind.GATEWAY_TIMEOUT,
    FaultKind.INTERNAL_3100,
    FaultKind.SYSTEM_10000,
    FaultKind.TRUNCATED,
    FaultKind.HANG,
    FaultKind.SLOW_BODY,
    FaultKind.BACK_SOON,
    FaultKind.FAULT_IN_200,
    FaultKind.LOWERCASE_FAULT,
)
_NOT_DONE = (FaultKind.THROTTLE_XML, FaultKind.UNAUTHORIZED)
_COMMITS = ("take_in", "accept_action", "begin_attempt", "end_attempt", "close_action")
_ASKED_ALONE = 0.5
_CRASHES = 0.04
_STORE_FAILS = 0.02
_AT_ONCE = (*(1,) * 9, 15)
"""How many writes are asked for together: many wait for their turn then, and share calls."""
_PAYMENTS_AT_ONCE = 1.3
"""How many payments are among what is asked for at once, on average."""
STORM_S = 3600.0
CALM_S = 9000.0


class CrashError(Exception):
    """The process is gone."""


@dataclass
class Tally:
    """What became of writes of a kind.

    Attributes:
        states: how many ended how.
        effects: how many of them the vendor carried out.
        doubled: how many it carried out more than once.
        wrong: how many stand otherwise than they may.
        causes: why those failed that did.
    """

    states: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    effects: int = 0
    doubled: int = 0
    wrong: int = 0

    def add(self, other: "Tally") -> None:
        """Count another's in."""
        self.states += other.states
        self.causes += other.causes
        self.effects += other.effects
        self.doubled += other.doubled
        self.wrong += other.wrong


@dataclass
class Verdict:
    """What one storm came to.

    Attributes:
        wrong: what must not be; empty when all is well.
        payments: what became of the payments.
        others: what became of all other writes.
        crashes: how often a process or an actor was killed.
        ignored: whether the vendor ignored request ids.
    """

    seed: int
    wrong: list[str] = field(default_factory=list)
    payments: Tally = field(default_factory=Tally)
    others: Tally = field(default_factory=Tally)
    crashes: int = 0
    ignored: bool = False


class Storm:
    """One account, its users, and what goes wrong."""

    def __init__(self, house: CompanyHouse, seed: int) -> None:
        self.house = house
        self.random = Random(seed)
        self.crash = self.random.random() < 0.7
        self.verdict = Verdict(seed)
        self.life = anyio.CancelScope()

    async def play(self, payments: int) -> Verdict:
        """Have so many payments taken in in the storm, and other writes, let it calm down, and count."""
        house, random = self.house, self.random
        account_id = await house.connect()
        behaviour = house.sandbox.behaviour
        behaviour.request_id_ignored = self.verdict.ignored = random.random() < 0.5
        behaviour.request_id_replays_faults = random.random() < 0.3
        behaviour.request_id_life_s = random.choice([None, 1.0, 120.0])
        behaviour.commit_delay_s = random.choice([(0.0, 0.0), (0.0, 60.0)])
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._live, STORM_S)
            await anyio.sleep(200)
            self._blow(account_id)
            asked = await self._have_asked(account_id, payments)
        house.sandbox.clear_faults()
        house.sandbox.end_outage()
        house.store.trouble = house.store.trouble_after = no_trouble
        self._skew(0.0)
        async with house.syncing():
            await anyio.sleep(CALM_S)
        await self._count(account_id, asked)
        return self.verdict

    async def _have_asked(self, account_id: str, payments: int) -> int:
        """Ask until so many payments were taken in; return how many writes were."""
        random = self.random
        asked: list[str] = []
        each_s = STORM_S * 0.8 / payments * _PAYMENTS_AT_ONCE
        while sum(each in PAYMENTS for each in asked) < payments:
            await anyio.sleep(random.expovariate(1 / each_s))
            together = random.choice(_AT_ONCE)
            for _ in range(together):
                with suppress(StoreUnavailableError):
                    alone = together == 1 and random.random() < _ASKED_ALONE
                    action_type = await self._ask(account_id, at_once=alone)
                    asked += [] if action_type is None else [action_type]
        return len(asked)

    async def _live(self, seconds: float) -> None:
        """Run supervisor after supervisor; each may be killed at any moment."""
        end_s = self.house.now_s() + seconds
        while (left_s := end_s - self.house.now_s()) > 0:
            life_s = left_s
            if self.crash:
                life_s = min(left_s, self.random.expovariate(1 / 400.0))
            with anyio.move_on_after(life_s) as self.life:
                async with self.house.syncing():
                    await anyio.sleep_forever()

    def _blow(self, account_id: str) -> None:
        house, random = self.house, self.random
        realm = house.realms[account_id]
        rate = random.choice([0.05, 0.2, 0.5])
        for kind in random.sample(_SPOILED, 4):
            for executed in (True, False):
                house.sandbox.inject(
                    Fault(kind, WRITES, realm, probability=rate / 4, executed=executed)
                )
        for kind in sorted(ITEM_FAULTS):
            for executed in (True, False):
                house.sandbox.inject(
                    Fault(kind, realm_id=realm, probability=rate / 2, executed=executed)
                )
        house.sandbox.behaviour.batch_unordered = random.random() < 0.5
        for kind in (*_NOT_DONE, *random.sample(_SPOILED, 2)):
            house.sandbox.inject(Fault(kind, WRITES | READS, realm, probability=0.02))
        if self.crash:
            house.store.trouble = self._trouble
            house.store.trouble_after = self._trouble
        if random.random() < 0.3:
            self._skew(random.choice([-86_400.0, -300.0, 300.0, 86_400.0]))

    def _skew(self, seconds: float) -> None:
        """Set the calendar that the daemon sees; the vendor's own goes on as it is."""
        clock = self.house.clock
        truth = VirtualClock()
        self.house.sandbox.world.clock = truth.utc
        clock.epoch = truth.epoch + timedelta(seconds=seconds)

    def _trouble(self, method: str) -> None:
        if method not in _COMMITS:
            return
        if self.random.random() < _CRASHES:
            self.verdict.crashes += 1
            raise CrashError(method)
        if self.random.random() < _STORE_FAILS:
            raise StoreUnavailableError("the disk is full for a moment")

    async def _ask(self, account_id: str, *, at_once: bool) -> str | None:
        """Ask for something; return its type, or None when the process died before it answered."""
        action_type, payload = wish(self.random, self.house.truth(account_id))
        try:
            await self.house.ask(account_id, action_type, payload, at_once=at_once)
        except CrashError:
            self.life.cancel()
            return None
        return action_type

    async def _count(self, account_id: str, asked: int) -> None:
        """Hold what the ledger says against what the vendor did."""
        verdict, wanted = self.verdict, ActionFilter(account_id, limit=1_000_000)
        actions = await self.house.real_store.actions(wanted)
        for action in actions:
            is_payment = action.action_type in PAYMENTS
            wrong = self._judge(
                account_id, action, verdict.payments if is_payment else verdict.others
            )
            if wrong:
                verdict.wrong.append(f"{action.action_type} {action.id}: {wrong}")
        if len(actions) < asked:
            verdict.wrong.append("an accepted action was lost")
        if not await self.house.is_exact(account_id):
            verdict.wrong.append("the replica is not exact")

    def _judge(self, account_id: str, action: Action, tally: Tally) -> str | None:
        effects = self.house.effects(account_id, action.id)
        wrong = wrong_about(
            action.action_type, action.state.value, parked=action.parked, effects=effects
        )
        tally.states[action.state.value] += 1
        if action.state is ActionState.FAILED:
            tally.causes[_cause(action)] += 1
        tally.effects += effects > 0
        tally.doubled += effects > 1
        tally.wrong += wrong is not None
        return wrong


def _cause(action: Action) -> str:
    """Name why it failed: by the vendor's last word of its refusal, or by what we did."""
    error = action.last_error or ""
    refused = any(each.outcome is AttemptOutcome.REFUSED for each in action.attempts)
    text = error.split(": ")[-1] if refused else error.split(":")[0]
    return re.sub(r"\d{3,}|(?<=Bill )\d+|(?<=Invoice )\d+", "N", text).rstrip(".")


async def play(seed: int, folder: Path, payments: int = 50) -> Verdict:
    """Play one storm of so many payments, with other writes between them."""
    behaviour = Behaviour(latency_s=(0.05, 0.3))
    with capture_logs():
        async with open_company_house(folder, seed=seed, behaviour=behaviour) as house:
            return await Storm(house, seed).play(payments)
