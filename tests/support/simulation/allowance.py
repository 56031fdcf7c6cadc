"""The month's metered reads: what a run over them must show."""

from collections.abc import Iterator
from datetime import datetime
from random import Random

import anyio

from actors.events import ReadsForecast, ReadsResumed, ReadsUsedUp, RefreshFailed
from daemon.sandbox.quickbooks import Route
from support.simulation.scenario import Expectation, Trouble
from support.simulation.world import World

_EVERY_S = 3600.0


def watch_the_rest() -> Trouble:
    """Look every hour whether accounts that rest say why, and until when."""

    async def go_on(world: World, random: Random) -> None:
        while True:
            await anyio.sleep(_EVERY_S)
            told = [each for each in world.heard if isinstance(each, ReadsUsedUp | ReadsResumed)]
            if not told or isinstance(told[-1], ReadsResumed):
                continue
            if world.clock.now().utc >= told[-1].until:
                continue
            until = f"{told[-1].until:%Y-%m-%dT%H:%M:%SZ}"
            for account_id, hosted in world.supervisor.hosted().items():
                status = hosted.status()
                said = () if status is None else status.trouble
                if not any("used up" in each and until in each for each in said):
                    world.observer.report(account_id, [f"rests and says only {said}"])

    return go_on


def reads_rested_once(turn: datetime) -> Expectation:
    """Want the reads to have rested once, told with their end, and to have gone on when it came."""

    def check(world: World) -> Iterator[str]:
        used_up = [each for each in world.heard if isinstance(each, ReadsUsedUp)]
        resumed = [each for each in world.heard if isinstance(each, ReadsResumed)]
        if [each.until for each in used_up] != [turn] or not used_up[0].told_by_vendor:
            yield f"the reads' rest was told as {used_up}"
        if len(resumed) != 1:
            yield f"the reads' going on was told as {resumed}"

    return check


def reads_refused_at_most(limit: int) -> Expectation:
    """Want the vendor to have refused no more reads than this."""

    def check(world: World) -> Iterator[str]:
        refused = world.sandbox.statistics().reads_refused
        if refused > limit:
            yield f"{refused} reads were refused: we asked again and again"

    return check


def refreshes_went_on(world: World) -> Iterator[str]:
    """Want every renewal of tokens that was needed to have been let through."""
    failed = [each for each in world.heard if isinstance(each, RefreshFailed)]
    if failed:
        yield f"{len(failed)} refreshes failed: {failed[0]}"
    made = world.sandbox.statistics().calls_to(Route.TOKEN)
    if made < 10 * len(world.account_ids):
        yield f"only {made} token calls: refreshes were starved"


def warned_of_the_forecast(world: World) -> Iterator[str]:
    """Want it to have been said, once a month, that the reads would not last unstretched."""
    warned = [each.month for each in world.heard if isinstance(each, ReadsForecast)]
    if not warned or len(set(warned)) != len(warned):
        yield f"the forecast was told for {warned}"
