"""The end of a run: calm, in which everything must become right again, and the last look at it all."""

import anyio

from actors.messages import VerificationRequested
from daemon.hosted import Condition
from support.simulation.replica import instant_us
from support.simulation.world import World

_SETTLE_ROUNDS = 6
"""How many poll intervals an account has to become exact again once all trouble is over."""
_SETTLE_LEAST_S = 4 * 3600.0
_VERIFIED_WITHIN_S = 24 * 3600.0
_LATE_S = 60.0
"""What calls, refreshes and restarts may add to the interval between two looks."""


async def settle(world: World) -> None:
    """Let time pass until every account is exact as of now; report those that never become it."""
    await _let_become_exact(world)
    for account_id in await _waiting_for_owner(world):
        cause = (await world.account(account_id)).reauth_cause or ""
        if not world.scenario.owner_may_be_needed:
            world.observer.report(account_id, [f"needs its owner without need: {cause}"])
        await world.reconnect(account_id)
    if world.damages:
        await _verify_all(world)
    calm_us = await _let_become_exact(world)
    hosted = world.supervisor.hosted()
    for account_id in world.account_ids:
        if not world.observer.covers(account_id, calm_us) and not _given_up(world, account_id):
            one = hosted.get(account_id)
            said = "nothing" if one is None else f"{one.condition}, {one.status()}"
            world.observer.report(account_id, [f"stands still though nothing ails it: {said}"])


async def _verify_all(world: World) -> None:
    """Compare every account with the vendor once more: what was damaged last is not found yet."""
    with anyio.fail_after(_VERIFIED_WITHIN_S):
        for account_id in world.account_ids:
            number = await world.store.request_verification(account_id, repair=True)
            world.tell(account_id, VerificationRequested(number, repair=True))
            answered = 0
            while answered < number:
                await anyio.sleep(_LATE_S)
                certificate = await world.store.certificate(account_id)
                answered = 0 if certificate is None else certificate.answers


async def judge(world: World) -> None:
    """Look at everything once more, now that the daemon has ended."""
    observer, statistics = world.observer, world.sandbox.statistics()
    for account_id in world.account_ids:
        if not _given_up(world, account_id):
            lost = {
                (one.object_type, one.object_id)
                for one in world.damages
                if one.account_id == account_id
            }
            observer.look_at_rest(account_id, lost)
    for (realm, limit), times in statistics.violations.items():
        # What a killed process had asked for is still under way at the vendor when the next begins.
        if limit != "in_flight" or not world.deaths:
            observer.report(realm, [f"broke the vendor's limit {limit} {times} times"])
    if statistics.refresh_traps:
        observer.report("tokens", [f"{statistics.refresh_traps} refreshes overlapped"])
    observer.report("tokens", world.tokens.broken)
    if not world.scenario.crashes_expected:
        observer.report("actors", [f"crashed: {each}" for each in world.crashes])
    _judge_freshness(world)
    for expectation in world.scenario.expects:
        observer.report("the scenario", expectation(world))


def _judge_freshness(world: World) -> None:
    limit_s = world.scenario.poll_interval_s + world.scenario.overlap_s + _LATE_S
    healthy = world.account_ids[len(world.account_ids) - world.scenario.healthy :]
    for account_id in healthy:
        worst_s = world.observer.worst_lag_s(account_id)
        if worst_s > limit_s:
            said = f"was {worst_s:.0f} s behind, though trouble was elsewhere"
            world.observer.report(account_id, [said])


async def _let_become_exact(world: World) -> int:
    calm_us = instant_us(world.vendor_clock.utc())
    interval_s = world.scenario.poll_interval_s
    left_s = max(_SETTLE_ROUNDS * interval_s, _SETTLE_LEAST_S)
    step_s = min(interval_s, 1200.0) / 2
    while left_s > 0 and not await _all_done(world, calm_us):
        await anyio.sleep(step_s)
        left_s -= step_s
    return calm_us


async def _all_done(world: World, moment_us: int) -> bool:
    waiting = await _waiting_for_owner(world)
    if not waiting and world.reader.open_actions():
        return False
    return all(
        world.observer.covers(account_id, moment_us)
        or account_id in waiting
        or _given_up(world, account_id)
        for account_id in world.account_ids
    )


async def _waiting_for_owner(world: World) -> set[str]:
    """Return the accounts that say, with a cause, that only their owner can help."""
    accounts = await world.store.accounts()
    return {account.id for account in accounts if account.reauth_cause}


def _given_up(world: World, account_id: str) -> bool:
    """Tell whether the supervisor says openly that it will not run the account again."""
    hosted = world.supervisor.hosted().get(account_id)
    return (
        world.scenario.crashes_expected
        and hosted is not None
        and hosted.condition is Condition.QUARANTINED
    )
