"""How far behind its vendor a replica may be. Pure."""

from math import inf, isinf

from actors.surroundings import Surroundings
from daemon.heartbeat import expected_interval_s


def freshness_target_s(around: Surroundings, now_s: float) -> float:
    """Return from what age on a replica is stale; infinite while the month's reads rest.

    An idle account is looked at once in an interval, and is exact up to the overlap before that: it
    is stale when a whole interval more has passed.
    """
    interval_s = expected_interval_s(around, now_s)
    return inf if isinf(interval_s) else around.settings.overlap_s + 2 * interval_s
