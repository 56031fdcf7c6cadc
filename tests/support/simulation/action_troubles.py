"""Users who have things done at the vendor, calls of theirs that go wrong, and what must come of it."""

from collections.abc import Iterator
from contextlib import suppress
from random import Random
from uuid import UUID

import anyio
import msgspec

from actors.messages import ActionsWaiting
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from store.action_models import NewAction
from store.errors import StoreError
from support.action_judging import wrong_about
from support.action_wishes import wish
from support.company_house import is_by
from support.simulation.doom import Killed, Moment
from support.simulation.scenario import Expectation, Trouble
from support.simulation.world import World

HOUR_S = 3600.0
WRITES = frozenset({Route.WRITE, Route.SEND})

LOST = (
    FaultKind.RESET,
    FaultKind.RESET_IN_BODY,
    FaultKind.HTML_503,
    FaultKind.EMPTY_502,
    FaultKind.GATEWAY_TIMEOUT,
    FaultKind.INTERNAL_3100,
    FaultKind.TRUNCATED,
    FaultKind.HANG,
)
"""Ways in which nobody hears whether a write happened."""


def payers(*, every_s: float = HOUR_S / 4, deadly: float = 0.0) -> Trouble:
    """Ask for writes, half of them alone, so that they are stored and begun in one commit.

    At a share of them the daemon dies: before or after one of the next commits or calls, which are
    most often those of the write.
    """

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            if random.random() < deadly:
                world.restart_s = random.choice((1.0, 5.0, 120.0))
                world.process.doom.strike_at(random.choice(list(Moment)), random.randint(0, 1))
            # Whoever asks a dying process, or a full disk, hears so, and asks for something else.
            with suppress(Killed, StoreError):
                await _ask(world, random.choice(world.account_ids), random)

    return go_on


async def _ask(world: World, account_id: str, random: Random) -> None:
    action_type, payload = wish(random, world.sandbox.truth(world.realms[account_id]))
    body = msgspec.json.encode(payload)
    new = NewAction(
        id=str(UUID(int=random.getrandbits(128), version=4)),
        account_id=account_id,
        action_type=action_type,
        payload=body,
        fingerprint=body.decode(),
        idempotency_key=None,
        at=world.clock.now().utc,
        allow_duplicate=True,
    )
    actor = world.supervisor.actor(account_id) if random.random() < 0.5 else None
    taken = None if actor is None else await actor.take_in(new)
    if taken is None:
        await world.process.store.accept_action(new)
    world.tell(account_id, ActionsWaiting())


def lost_answers(*, share: float = 0.3) -> Trouble:
    """Lose a share of all answers to writes: half of these writes happened."""

    async def go_on(world: World, random: Random) -> None:
        kinds = random.sample(LOST, 4)
        for kind in kinds:
            for executed in (True, False):
                each = share / (2 * len(kinds))
                world.sandbox.inject(Fault(kind, WRITES, probability=each, executed=executed))
        await anyio.sleep_forever()

    return go_on


def each_write_once(at_least: int) -> Expectation:
    """Want so many writes, each of them done as often as the ledger says: once, or not at all."""

    def check(world: World) -> Iterator[str]:
        made = [
            write.request_id or ""
            for realm in world.realms.values()
            for write in world.sandbox.applied_writes(realm)
        ]
        actions = world.reader.actions()
        if len(actions) < at_least:
            yield f"only {len(actions)} writes were asked for: the run shows little"
        for action_id, action_type, state, parked in actions:
            mark = action_id.replace("-", "")
            effects = sum(is_by(each, mark) for each in made)
            wrong = wrong_about(action_type, state, parked=parked, effects=effects)
            if wrong is not None:
                yield f"{action_type} {action_id}: {wrong}"

    return check
