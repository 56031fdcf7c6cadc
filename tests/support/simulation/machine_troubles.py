"""Trouble on our own side: a process that dies, a clock that is wrong, a disk that is full, a busy operator."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import anyio

from actors.mailbox import MailboxFullError
from actors.messages import Message, Pause, RescanRequested, Resume, SyncNow
from support.simulation.doom import Moment
from support.simulation.scenario import Trouble
from support.simulation.world import World

HOUR_S = 3600.0


def crashes(*, every_s: float = 3 * HOUR_S, slowest_s: float = HOUR_S) -> Trouble:
    """Kill the daemon at any moment, or right at a commit or a call; it is started again soon."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            world.restart_s = random.choice((1.0, 5.0, slowest_s))
            moment = random.choice((None, *Moment))
            if moment is None:
                world.process.doom.strike()
            else:
                world.process.doom.strike_at(moment, after=random.randint(0, 30))

    return go_on


def frozen(*, every_s: float = 3 * HOUR_S, length_s: float = 600.0) -> Trouble:
    """Let the whole process stand still for a while, as on a machine that was suspended."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            world.freeze(random.uniform(1.0, length_s))

    return go_on


def restarts(*, every_s: float) -> Trouble:
    """Stop the daemon in good order and start it again at once, as an upgrade does."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            await world.shut_down()
            world.let_run()

    return go_on


def away(length_s: float) -> Trouble:
    """Stop the daemon in good order, and start it only so much later."""

    async def go_on(world: World, random: Random) -> None:
        await anyio.sleep(random.uniform(2.0, 12.0) * HOUR_S)
        await world.shut_down()
        await anyio.sleep(length_s)
        world.let_run()

    return go_on


def wrong_clock(errors: Sequence[timedelta], *, every_s: float = 3 * HOUR_S) -> Trouble:
    """Set this machine's clock wrong, differently each time; the vendor's stays right."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            world.clock.set_wrong(random.choice(errors))

    return go_on


def full_disk(*, every_s: float = 8 * HOUR_S, length_s: float = HOUR_S) -> Trouble:
    """Let the store refuse every write for a while."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            world.disk.full = True
            await anyio.sleep(random.uniform(0.0, length_s))
            world.disk.full = False

    return go_on


def operator(*, every_s: float = HOUR_S) -> Trouble:
    """Ask for looks and full readings, pause accounts and resume them."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            await _ask(world, random.choice(world.account_ids), random)

    return go_on


async def _ask(world: World, account_id: str, random: Random) -> None:
    types = tuple(random.sample(world.scenario.object_types, 2))
    wish = random.choice(("look", "look at some", "read again", "pause", "resume"))
    message: Message
    match wish:
        case "look":
            message = SyncNow()
        case "look at some":
            message = SyncNow(types)
        case "read again":
            await world.store.request_rescan(account_id, types)
            message = RescanRequested(types)
        case "pause":
            await world.store.set_paused(account_id, paused=True)
            message = Pause()
        case _:
            await world.store.set_paused(account_id, paused=False)
            message = Resume()
    try:
        world.tell(account_id, message)
    except MailboxFullError:
        return


def swizzle(*, every_s: float = 6 * HOUR_S) -> Trouble:
    """Stop a random half of the accounts one by one, and start them again in another order."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            half = random.sample(world.account_ids, len(world.account_ids) // 2)
            for account_id in half:
                await world.stop(account_id)
                await anyio.sleep(random.uniform(0.0, 60.0))
            random.shuffle(half)
            for account_id in half:
                await world.start(account_id)
                await anyio.sleep(random.choice((0.0, 0.0, 10.0)))

    return go_on


def reconnecting_owner(*, every_s: float = 6 * HOUR_S) -> Trouble:
    """Let an owner connect the account again although it works."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            await world.reconnect(random.choice(world.account_ids))

    return go_on
