"""Two troubles at once, drawn by the seed."""

from datetime import timedelta
from random import Random

import anyio

from support.simulation.data_troubles import imports, on_and_off, twice_in_a_second
from support.simulation.machine_troubles import (
    away,
    crashes,
    full_disk,
    operator,
    reconnecting_owner,
    swizzle,
    wrong_clock,
)
from support.simulation.scenario import Trouble
from support.simulation.vendor_troubles import (
    HOUR_S,
    PASSING,
    false_deletes,
    lost_refreshes,
    outage,
    scattered,
    storm,
)
from support.simulation.wire_troubles import dripping, spoiled, throttled_with_retry_after
from support.simulation.world import World

TROUBLES: tuple[Trouble, ...] = (
    away(6 * HOUR_S),
    crashes(),
    false_deletes(),
    full_disk(),
    imports((999, 1001), "Vendor"),
    lost_refreshes(),
    on_and_off(),
    operator(),
    outage(6 * HOUR_S),
    reconnecting_owner(),
    scattered(every_s=600.0),
    spoiled(dripping),
    storm(PASSING, length_s=HOUR_S, probability=0.5),
    swizzle(),
    throttled_with_retry_after(),
    twice_in_a_second(),
    wrong_clock([timedelta(minutes=minutes) for minutes in (0, 5, -5, 1440, -1440)]),
)


async def two_at_once(world: World, random: Random) -> None:
    """Make two of the troubles."""
    async with anyio.create_task_group() as tasks:
        for trouble in random.sample(TROUBLES, 2):
            tasks.start_soon(trouble, world, Random(random.getrandbits(64)))
