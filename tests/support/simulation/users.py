"""What the companies' users do all day: single acts at any time, now and then many at once."""

from contextlib import suppress
from random import Random

import anyio

from daemon.sandbox.quickbooks.api_fault import ApiFault
from support.simulation.world import World

DAY_S = 86_400.0
_BURST_SHARE = 0.1
_BURST_ACTS = 6


async def work(world: World, account_id: str, random: Random) -> None:
    """Change one company's data until cancelled."""
    if not world.scenario.acts_per_day:
        return
    mean_s = DAY_S / world.scenario.acts_per_day
    while True:
        await anyio.sleep(random.expovariate(1.0 / mean_s))
        acts = random.randint(2, _BURST_ACTS) if random.random() < _BURST_SHARE else 1
        for _ in range(acts):
            # Refused, as on objects that were spoiled, or no one left to sell to.
            with suppress(ApiFault, ValueError):
                world.sandbox.churn(world.realms[account_id], 1)
            await anyio.sleep(random.choice((0.0, 0.3, 1.0)) if acts > 1 else 0.0)
