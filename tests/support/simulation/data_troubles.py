"""Data that are hard to follow: thousands of rows in a second, names that merge, bodies of odd shapes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from random import Random

import anyio
import msgspec

from actors.messages import SyncNow
from daemon.sandbox.quickbooks.api_fault import ApiFault
from support.simulation.odd_bodies import Rewrite, body_of, put_body
from support.simulation.scenario import Trouble
from support.simulation.world import World

HOUR_S = 3600.0


def imports(sizes: Sequence[int], object_type: str = "Customer") -> Trouble:
    """Let one company after the other import so many rows within one second."""

    async def go_on(world: World, random: Random) -> None:
        pause_s = world.scenario.days * 24 * HOUR_S / (len(sizes) + 1)
        realms = list(world.realms.values())
        for number, size in enumerate(sizes):
            await anyio.sleep(random.uniform(0.5, 1.0) * pause_s)
            world.sandbox.bulk(realms[number % len(realms)], object_type, size)

    return go_on


def imports_at_once(sizes: Sequence[int], object_type: str = "Customer") -> Trouble:
    """Let every company import rows in a few seconds, before it is read for the first time."""

    async def begin(world: World, random: Random) -> None:
        for realm in world.realms.values():
            for size in sizes:
                world.sandbox.bulk(realm, object_type, size)
                await anyio.sleep(1.0)

    return begin


def edits(object_type: str, *, every_s: float) -> Trouble:
    """Change any object of this type, again and again."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            account_id = random.choice(world.account_ids)
            object_id = _any_id(world, account_id, object_type, random)
            note = {"PrintOnCheckName": f"Note {random.getrandbits(32)}"}
            realm = world.realms[account_id]
            _try(partial(world.sandbox.update, realm, object_type, object_id, note))

    return go_on


def twice_in_a_second(*, every_s: float = HOUR_S) -> Trouble:
    """Change an object, have it read, and change it again within the same second."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            account_id = random.choice(world.account_ids)
            now_s = world.vendor_clock.now().monotonic_s
            await anyio.sleep(-now_s % 1.0 + 0.01)
            customer_id = _any_id(world, account_id, "Customer", random)
            _rename(world, account_id, customer_id, random)
            world.tell(account_id, SyncNow())
            await anyio.sleep(random.uniform(0.1, 0.9))
            _rename(world, account_id, customer_id, random)

    return go_on


def on_and_off(*, every_s: float = HOUR_S / 2) -> Trouble:
    """Deactivate, reactivate and merge names; void and delete transactions; all in quick succession."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            account_id = random.choice(world.account_ids)
            for act in random.sample(_acts_on_one(world, account_id, random), 3):
                _try(act)
                await anyio.sleep(random.choice((0.0, 1.0, 90.0)))

    return go_on


def _acts_on_one(world: World, account_id: str, random: Random) -> list[Callable[[], object]]:
    """Return what can be done to one customer and one invoice, if an invoice is left."""
    realm, sandbox = world.realms[account_id], world.sandbox
    names = [_any_id(world, account_id, "Customer", random) for _ in range(2)]
    acts: list[Callable[[], object]] = [
        lambda: sandbox.deactivate(realm, "Customer", names[0]),
        lambda: sandbox.reactivate(realm, "Customer", names[0]),
        lambda: _merge(world, realm, names),
    ]
    if sandbox.company(realm).tables["Invoice"].rows:
        sale = _any_id(world, account_id, "Invoice", random)
        acts.append(lambda: sandbox.void(realm, "Invoice", sale))
        acts.append(lambda: sandbox.delete(realm, "Invoice", sale))
    return acts


def odd_bodies(
    rewrites: Sequence[Rewrite], object_types: Sequence[str], *, every_s: float = 2 * HOUR_S
) -> Trouble:
    """Give objects bodies that the vendor's own rules don't foresee; each way is used."""

    async def go_on(world: World, random: Random) -> None:
        number = 0
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            account_id, object_type = random.choice(world.account_ids), random.choice(object_types)
            object_id = _any_id(world, account_id, object_type, random)
            realm, key = world.realms[account_id], (object_type, object_id)
            body = body_of(world.sandbox, realm, key)
            put_body(world.sandbox, realm, key, body, rewrites[number % len(rewrites)])
            number += 1

    return go_on


def unreadable_bodies(rewrites: Sequence[Rewrite], object_types: Sequence[str]) -> Trouble:
    """Let the first company have objects that are no JSON; mend each after some hours."""

    async def go_on(world: World, random: Random) -> None:
        account_id = world.account_ids[0]
        realm = world.realms[account_id]
        for rewrite in random.sample(rewrites, len(rewrites)):
            await anyio.sleep(random.uniform(1.0, 3.0) * HOUR_S)
            object_type = random.choice(object_types)
            key = (object_type, _any_id(world, account_id, object_type, random))
            sound = body_of(world.sandbox, realm, key)
            put_body(world.sandbox, realm, key, sound, rewrite)
            try:
                await anyio.sleep(random.uniform(1.0, 6.0) * HOUR_S)
            finally:
                put_body(world.sandbox, realm, key, sound)

    return go_on


def short_lists(
    object_types: Sequence[str] = ("Class", "Term"), *, every_s: float = HOUR_S
) -> Trouble:
    """Let every company have a few objects of these types, and change them."""

    async def go_on(world: World, random: Random) -> None:
        for realm in world.realms.values():
            for object_type in object_types:
                for number in range(5):
                    world.sandbox.create(realm, object_type, {"Name": f"{object_type} {number}"})
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            account_id, object_type = random.choice(world.account_ids), random.choice(object_types)
            realm = world.realms[account_id]
            object_id = _any_id(world, account_id, object_type, random)
            name = {"Name": f"{object_type} {random.getrandbits(32)}"}
            # Not readable any more for the sandbox itself, when it was spoiled.
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                _try(partial(world.sandbox.update, realm, object_type, object_id, name))

    return go_on


def _any_id(world: World, account_id: str, object_type: str, random: Random) -> str:
    """Return an object's id. Of types whose objects can be deleted there may be none."""
    table = world.sandbox.company(world.realms[account_id]).tables[object_type]
    return random.choice(list(table.rows))


def _merge(world: World, realm: str, names: Sequence[str]) -> None:
    """Merge the first name into the second; the product merges no name into its own part."""
    if not any("ParentRef" in world.sandbox.read(realm, "Customer", each) for each in names):
        world.sandbox.merge(realm, "Customer", names[0], names[1])


def _rename(world: World, account_id: str, customer_id: str, random: Random) -> None:
    note = f"Note {random.getrandbits(32)}"
    realm = world.realms[account_id]
    _try(lambda: world.sandbox.update(realm, "Customer", customer_id, {"Notes": note}))


def _try(act: Callable[[], object]) -> None:
    """Do what the product may refuse: a second void, a merge of a name with itself."""
    with suppress(ApiFault, ValueError):
        act()
