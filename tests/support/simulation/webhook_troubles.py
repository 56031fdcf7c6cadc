"""The vendor's webhooks as they really come, and what a run with them must show in the end."""

from collections.abc import Iterator
from random import Random

import anyio

from daemon.sandbox.quickbooks import Route
from daemon.sandbox.webhook_carrier import carry_webhooks
from support.simulation.scenario import Expectation, Trouble
from support.simulation.world import World

_BEGINNING = 25
"""Calls that reading a small company for the first time takes, and a few normal polls."""
_READS = (Route.CDC, Route.QUERY, Route.READ)


def webhooks(**mode: object) -> Trouble:
    """Have the vendor tell of changes, in this mode of its `WebhookMode`."""

    async def go_on(world: World, random: Random) -> None:
        sender = world.sandbox.webhooks
        for name, value in mode.items():
            setattr(sender.mode, name, value)
        await carry_webhooks(sender, world.vendor_clock.utc, world.post)

    return go_on


def busy_first_company(every_s: float = 600.0) -> Trouble:
    """Change the first company's data over and over."""

    async def go_on(world: World, random: Random) -> None:
        realm = world.realms[world.account_ids[0]]
        (invoice, *_) = world.sandbox.truth(realm)["Invoice"]
        while True:
            await anyio.sleep(random.expovariate(1.0 / every_s))
            note = {"PrivateNote": f"call at {world.clock.utc()}"}
            world.sandbox.update(realm, "Invoice", invoice, note)

    return go_on


def told_by_webhook(least: int) -> Expectation:
    """Want this many changes at least to have been told of: else the run shows nothing."""

    def check(world: World) -> Iterator[str]:
        if len(world.lags_s) < least:
            yield f"only {len(world.lags_s)} changes came by webhook"

    return check


def half_within(limit_s: float) -> Expectation:
    """Want half of the changes that were told of to be here this soon."""

    def check(world: World) -> Iterator[str]:
        lags_s = sorted(world.lags_s)
        if lags_s and lags_s[len(lags_s) // 2] > limit_s:
            yield f"half of the changes took more than {lags_s[len(lags_s) // 2]:.0f} s"

    return check


def no_webhook_missed(world: World) -> Iterator[str]:
    """Want every change to have come with a notice, since none was lost."""
    if world.missed:
        yield f"{world.missed} changes count as missed, though each was told of"


def some_webhooks_missed(world: World) -> Iterator[str]:
    """Want lost notices to be noticed."""
    if not world.missed:
        yield "no lost notice was noticed"


def forgeries_refused(world: World) -> Iterator[str]:
    """Want every forgery to be refused, and some to have been tried."""
    counts = world.sandbox.webhooks.counts
    if counts["forged_taken"] or not counts["forged_refused"]:
        yield f"forgeries: {counts['forged_taken']} taken, {counts['forged_refused']} refused"


def every_notice_answered(world: World) -> Iterator[str]:
    """Want no notice to wait for a look for ever."""
    left = world.reader.open_notices()
    if left:
        yield f"{left} notices were never answered"


def idle_accounts_read_at_most(limit_per_day: float) -> Expectation:
    """Want all accounts but the first to make no more reads than this in a day."""

    def check(world: World) -> Iterator[str]:
        days = world.clock.now().monotonic_s / 86_400.0
        statistics = world.sandbox.statistics()
        for account_id in world.account_ids[1:]:
            realm = world.realms[account_id]
            reads = sum(statistics.calls_to(route, realm) for route in _READS)
            if reads > limit_per_day * days + _BEGINNING:
                yield f"{account_id} made {reads} reads in {days:.1f} days, though it is idle"

    return check
