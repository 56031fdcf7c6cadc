"""What an actor's state looks like from outside. Pure."""

from math import inf

from actors.gate import Gate
from actors.outage import RESTING
from actors.state import State
from actors.status import ActorStatus, BucketStatus, VerificationProgress
from actors.surroundings import Surroundings
from actors.trouble import trouble
from actors.verification_plan import verification_in_s
from store.models import Via


def describe(
    account_id: str,
    state: State,
    gate: Gate,
    around: Surroundings,
    *,
    wake_at_s: float,
    verification: VerificationProgress | None,
) -> ActorStatus:
    """Describe an actor as it is now.

    Args:
        account_id: whose it is.
        state: what it remembers.
        gate: where its calls wait.
        around: what is around it.
        wake_at_s: when it wakes by itself.
        verification: how far the verification under way has come.
    """
    now = around.clock.now()
    now_s = now.monotonic_s
    breaker = gate.breaker.state(now_s)
    resting = around.why_reads_rest()
    if around.outage is not None and around.outage.rests(account_id):
        resting = RESTING
    return ActorStatus(
        breaker=breaker,
        breaker_failures=gate.breaker.failures,
        bucket=BucketStatus(gate.bucket.in_flight, gate.bucket.within_a_second(now_s)),
        cursors=state.cursors,
        trouble=trouble(state, breaker, around.settings, around.store.health(), resting),
        looks=tuple(state.running),
        reads_whole=any(look.via is Via.BACKFILL for look in state.running.values()),
        failures=state.failures,
        next_look_in_s=(None if wake_at_s == inf or state.paused else max(0.0, wake_at_s - now_s)),
        verification=verification,
        verification_in_s=verification_in_s(
            state.verification, now_s, around.pace(account_id, now), around.settings
        ),
        verification_error=state.verification.error or None,
        verification_failures=state.verification.failures,
        held=state.held,
        token_failures=state.token.failures,
        last_response_s=gate.last_response_s,
        slowest_response_s=gate.slowest_response_s,
    )
