"""Damage to the database's file: rows altered, lost or made up past the store."""

import sqlite3
from contextlib import suppress
from datetime import timedelta
from random import Random

import anyio

from actors.mailbox import MailboxFullError
from actors.messages import Pause, Resume, VerificationRequested
from store.relational.instants import to_text
from support.simulation.damaged import Damage
from support.simulation.doom import Moment
from support.simulation.scenario import Trouble
from support.simulation.world import World

HOUR_S = 3600.0
_SETTLED = timedelta(hours=3)
"""What is newer may be shown by a poll once more, which mends it before it is found.

So would one that is about to bring news of the object: only what is held as the vendor has it is
damaged.
"""
_TRIGGER = "SELECT sql FROM sqlite_master WHERE name = 'objects_changed'"
_LIVE = (
    "SELECT object_type, object_id FROM objects"
    " WHERE account_id = ? AND updated_at < ? AND NOT deleted ORDER BY 1, 2"
)
_ROW = " WHERE account_id = ? AND object_type = ? AND object_id = ?"
_WAYS = (
    "UPDATE objects SET payload = CAST(substr(payload, 1, 9) || x'01' || substr(payload, 11) AS TEXT)",
    "UPDATE objects SET version = version || '1'",
    "UPDATE objects SET updated_at = '2001-01-01T00:00:00.000000Z'",
    "UPDATE objects SET updated_at = '2999-01-01T00:00:00.000000Z'",
    "UPDATE objects SET deleted = 1",
    "DELETE FROM objects",
)


def bit_flips(*, every_s: float = 2 * HOUR_S) -> Trouble:
    """Damage a row that has settled, now and then, in every way that there is."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            account_id = random.choice(world.account_ids)
            if (await world.account(account_id)).exact_as_of is not None:
                _damage(world, account_id, random)

    return go_on


def _damage(world: World, account_id: str, random: Random) -> None:
    connection = sqlite3.connect(world.path)
    settled = to_text(world.vendor_clock.utc() - _SETTLED)
    rows = [
        key
        for key in connection.execute(_LIVE, (account_id, settled)).fetchall()
        if world.observer.holds_newest(account_id, key)
    ]
    if not rows:
        connection.close()
        return
    with connection:
        # Of triggers a broken disk knows nothing.
        (trigger,) = connection.execute(_TRIGGER).fetchone()
        connection.execute("DROP TRIGGER objects_changed")
        object_type, object_id = random.choice(rows)
        how = random.choice(_WAYS)
        connection.execute(how + _ROW, (account_id, object_type, object_id))
        connection.execute(trigger)
    connection.close()
    versions = world.observer.versions_of(account_id, (object_type, object_id))
    world.damages.append(Damage(account_id, object_type, object_id, versions, how))


def verifying(*, every_s: float) -> Trouble:
    """Have accounts verified all the time, as a busy operator does."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            await _verify(world, random.choice(world.account_ids))

    return go_on


def interrupting(*, every_s: float = HOUR_S / 2) -> Trouble:
    """Damage a row, have it verified, and interrupt that: kill, stop or pause.

    A verification of a small account takes hardly longer than its one call: what is to hit it between
    its mend and its certificate dies at a commit.
    """

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            account_id = random.choice(world.account_ids)
            if (await world.account(account_id)).exact_as_of is not None:
                _damage(world, account_id, random)
            await _verify(world, account_id)
            way = random.choice(("kill", "kill", "stop", "pause"))
            if way != "kill":
                await anyio.sleep(random.uniform(0.0, 2.0))
            match way:
                case "kill":
                    world.process.doom.strike_at(Moment.AFTER_COMMIT, after=random.randint(0, 1))
                case "stop":
                    await world.stop(account_id)
                    await world.start(account_id)
                case _:
                    with suppress(MailboxFullError):
                        world.tell(account_id, Pause())
                        await anyio.sleep(60.0)
                        world.tell(account_id, Resume())

    return go_on


async def _verify(world: World, account_id: str) -> None:
    number = await world.store.request_verification(account_id, repair=True)
    with suppress(MailboxFullError):
        world.tell(account_id, VerificationRequested(number, repair=True))
