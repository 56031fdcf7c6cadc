"""How long to wait before trying again. Pure."""

from typing import TYPE_CHECKING

from actors.settings import AccountSettings, RetryPolicy

if TYPE_CHECKING:
    from random import Random

_MAX_DOUBLINGS = 32


def full_jitter_s(failures: int, policy: RetryPolicy, random: "Random") -> float:
    """Return a wait drawn evenly from 0 up to the base doubled with each failure, capped.

    Args:
        failures: how many attempts failed in a row, starting at 1.
        policy: base and cap.
        random: the source of chance.
    """
    doublings = min(max(failures, 1) - 1, _MAX_DOUBLINGS)
    return random.uniform(0.0, min(policy.cap_s, policy.base_s * 2.0**doublings))


def retry_wait_s(failures: int, settings: AccountSettings, random: "Random") -> float:
    """Back off within the allowed attempts; after them, no oftener than an idle account looks."""
    if failures < settings.retry.attempts:
        return full_jitter_s(failures, settings.retry, random)
    rest_s = max(settings.poll_interval_s, settings.retry.cap_s)
    return rest_s * random.uniform(0.5, 1.0)
