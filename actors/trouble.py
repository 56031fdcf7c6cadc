"""What makes an account degraded, in words. Pure."""

from actors.brake import reason
from actors.breaker import BreakerState
from actors.settings import AccountSettings
from actors.state import State
from store.models import StoreHealth


def trouble(
    state: State,
    breaker: BreakerState,
    settings: AccountSettings,
    store: StoreHealth,
    why_reads_rest: str | None = None,
) -> tuple[str, ...]:
    """Say in words what makes the account degraded; nothing when nothing does."""
    attempts = settings.retry.attempts
    found = [
        f"{key}: {failure.error}"
        for key, failure in state.failures.items()
        if failure.count >= attempts
    ]
    found += [reason(held) for held in state.held]
    if breaker is not BreakerState.CLOSED:
        found.append("calls to the vendor failed too often; it is left alone for a while")
    if state.token.failures >= attempts:
        found.append(f"the tokens can't be renewed: {state.token.error}")
    if state.token.refused > 1:
        found.append("the vendor refuses the access token, though it was renewed")
    if state.verification.failures >= attempts:
        found.append(f"it cannot be verified: {state.verification.error}")
    if not store.writable:
        found.append(f"the store takes no writes: {store.reason}")
    if why_reads_rest is not None:
        found.append(why_reads_rest)
    return tuple(found)
