"""Whether and when a crashed actor is started again. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_MAX_DOUBLINGS = 32
_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How patient the supervisor is with one actor. Durations are seconds.

    Attributes:
        base_s: the wait after the first crash; doubled after each further one.
        cap_s: the longest wait.
        max_restarts: more crashes than this within `window_s` put the account into quarantine.
        healthy_after_s: a run of this length makes the earlier crashes forgotten.
    """

    base_s: float = 1.0
    cap_s: float = 300.0
    max_restarts: int = 10
    window_s: float = 3600.0
    healthy_after_s: float = 600.0


@dataclass(frozen=True, slots=True)
class CrashHistory:
    """When an actor crashed, in monotonic seconds, oldest first; only what still counts."""

    crashes_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Restart:
    """Start it again after `delay_s`."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Leave it alone until somebody looks at it."""


def after_crash(
    history: CrashHistory, began_s: float, now_s: float, policy: RestartPolicy, random: "Random"
) -> tuple[CrashHistory, Restart | Quarantine]:
    """Count a crash and say what to do about it.

    Args:
        history: the crashes before.
        began_s: when the run that crashed began.
        now_s: when it crashed.
        policy: how patient to be.
        random: the source of chance.
    """
    healthy = now_s - began_s >= policy.healthy_after_s
    kept = () if healthy else history.crashes_s
    recent = tuple(crash_s for crash_s in kept if now_s - crash_s < policy.window_s)
    crashes_s = (*recent, now_s)
    if len(crashes_s) > policy.max_restarts:
        return CrashHistory(crashes_s), Quarantine()
    return CrashHistory(crashes_s), Restart(pause_s(len(crashes_s), policy, random))


def pause_s(crashes: int, policy: RestartPolicy, random: "Random") -> float:
    """Return how long to wait after so many crashes, in seconds."""
    doublings = min(crashes - 1, _MAX_DOUBLINGS)
    longest_s = min(policy.cap_s, policy.base_s * 2.0**doublings)
    return longest_s * random.uniform(1 - _JITTER, 1.0)
