"""How old what is shown may be."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.staleness import StaleReason
from daemon.web.instant import Instant


class Freshness(msgspec.Struct, frozen=True):
    """How far behind the vendor what is shown may be."""

    exact_as_of: Instant | None
    age_seconds: float | None
    stale: Annotated[
        bool,
        Meta(
            description="Whether it is older than an account in good health ever is, or than"
            " `max_age` asked for."
        ),
    ]
    reason: Annotated[
        StaleReason | None,
        Meta(
            description="Why it is stale; null when it is not. `behind` without `max_age`; else what"
            " kept the account from being looked at."
        ),
    ] = None


def freshness(
    exact_as_of: datetime | None,
    now: datetime,
    stale_after_s: float,
    reason: StaleReason | None = None,
) -> Freshness:
    """Say how old what we have may be.

    Args:
        exact_as_of: up to when it is exact.
        now: the time.
        stale_after_s: at what age it is stale whatever was asked for.
        reason: why it is older than was asked for; None when it is not.
    """
    if exact_as_of is None:
        return Freshness(None, None, stale=True, reason=reason or StaleReason.BACKFILLING)
    age_s = max(0.0, (now - exact_as_of).total_seconds())
    if reason is None and age_s > stale_after_s:
        reason = StaleReason.BEHIND
    return Freshness(exact_as_of, age_s, stale=reason is not None, reason=reason)
