"""Trouble at the vendor: calls that fail in all its ways, one by one, in storms, and all of them."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle
from random import Random

import anyio

from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from support.simulation.scenario import Trouble
from support.simulation.world import World

HOUR_S = 3600.0

UNCERTAIN = frozenset({FaultKind.RESET, FaultKind.GATEWAY_TIMEOUT, FaultKind.EMPTY_502})
"""Faults after which a call may have taken effect or not."""

PASSING = (
    FaultKind.HTML_503,
    FaultKind.EMPTY_502,
    FaultKind.GATEWAY_TIMEOUT,
    FaultKind.INTERNAL_3100,
    FaultKind.SYSTEM_10000,
    FaultKind.SPURIOUS_500,
    FaultKind.UNAUTHORIZED,
    FaultKind.GENERAL_AUTHENTICATION,
    FaultKind.WRONG_CLUSTER,
    FaultKind.FORBIDDEN,
    FaultKind.LOWERCASE_FAULT,
    FaultKind.THROTTLE_XML,
    FaultKind.THROTTLE_JSON,
    FaultKind.THROTTLE_HISTORIC,
    FaultKind.BACK_SOON,
    FaultKind.FAULT_IN_200,
    FaultKind.FAULT_IN_QUERY_RESPONSE,
    FaultKind.RESET,
    FaultKind.RESET_IN_BODY,
    FaultKind.TRUNCATED,
    FaultKind.SLOW_BODY,
    FaultKind.HANG,
)
"""What a single call may meet with, and what a repeat heals."""

LOST = (FaultKind.RESET, FaultKind.HTML_503, FaultKind.HANG, FaultKind.TRUNCATED)
"""Ways in which the answer to a call that took effect does not arrive."""

READS = frozenset({Route.QUERY, Route.CDC, Route.READ})


def scattered(
    kinds: Sequence[FaultKind] = PASSING, *, every_s: float = HOUR_S, most: int = 3
) -> Trouble:
    """Let one call fail, or up to so many in a row, now here and now there; each way comes in turn."""

    async def go_on(world: World, random: Random) -> None:
        order = random.sample(kinds, len(kinds))
        for kind in cycle(order):
            await anyio.sleep(random.expovariate(1.0 / every_s))
            world.sandbox.inject(
                Fault(
                    kind,
                    routes=READS,
                    realm_id=random.choice(list(world.realms.values())),
                    count=random.randint(1, most),
                    skip=random.randint(0, 2),
                    executed=kind in UNCERTAIN and random.random() < 0.5,
                    delay_s=random.uniform(1.0, 200.0),
                )
            )

    return go_on


def storm(
    kinds: Sequence[FaultKind],
    *,
    length_s: float = 2 * HOUR_S,
    probability: float = 1.0,
    routes: frozenset[Route] = READS,
    unlucky: int | None = None,
) -> Trouble:
    """Let calls fail for hours, each time in another of these ways.

    Args:
        kinds: the ways.
        length_s: how long each lasts at most.
        probability: the share of calls that is hit.
        routes: which calls.
        unlucky: how many of the accounts, the first ones, it is about; None means all.
    """

    async def go_on(world: World, random: Random) -> None:
        realms: Sequence[str | None] = [None]
        if unlucky is not None:
            realms = list(world.realms.values())[:unlucky]
        for kind in random.sample(kinds, len(kinds)):
            await anyio.sleep(random.expovariate(1.0 / length_s))
            faults = [
                Fault(kind, routes=routes, realm_id=realm, probability=probability)
                for realm in realms
            ]
            numbers = [world.sandbox.inject(fault) for fault in faults]
            await anyio.sleep(random.uniform(0.1, 1.0) * length_s)
            for number in numbers:
                world.sandbox.clear_faults(number)

    return go_on


def outage(length_s: float, *, unlucky: int | None = None) -> Trouble:
    """Let the vendor be away once, its token host too."""

    async def go_on(world: World, random: Random) -> None:
        left_s = world.scenario.days * 24 * HOUR_S - length_s
        await anyio.sleep(random.uniform(0.1, 0.5) * max(left_s, HOUR_S))
        until = world.vendor_clock.utc() + timedelta(seconds=length_s)
        realms = list(world.realms.values())
        for realm in [None] if unlucky is None else realms[:unlucky]:
            world.sandbox.outage(realm, until)

    return go_on


def lost_refreshes(*, every_s: float = 6 * HOUR_S, times: int = 1_000_000) -> Trouble:
    """Lose the answer to a token refresh that took effect, so many times, one after the other."""

    async def go_on(world: World, random: Random) -> None:
        for _ in range(times):
            await anyio.sleep(random.uniform(0.5, 1.5) * every_s)
            fault = Fault(
                random.choice(LOST), routes=frozenset({Route.TOKEN}), count=1, executed=True
            )
            number = world.sandbox.inject(fault)
            while number in world.sandbox.world.faults.active():  # noqa: ASYNC110 - virtual time
                await anyio.sleep(60.0)

    return go_on


async def access_lost(world: World, random: Random) -> None:
    """Let every company's connection end for good, each in one of the ways that there are."""
    for account_id in random.sample(world.account_ids, len(world.account_ids)):
        await anyio.sleep(random.uniform(0.5, 2.0) * HOUR_S)
        realm = world.realms[account_id]
        ways = (world.sandbox.disconnect, world.sandbox.lose_scope, world.sandbox.lose_admin)
        random.choice(ways)(realm)


def false_deletes(*, every_s: float = HOUR_S) -> Trouble:
    """Let the change feed call a living object deleted, now and then."""
    return scattered((FaultKind.CDC_FALSE_DELETE,), every_s=every_s)
