"""When a user's write is compared with what the vendor has, and by what. Pure.

The replica is as good as the vendor for it once it is exact past the write: then no call is made.
Where it does not become so, and for types that are not replicated, the object itself is read. Such
types are compared seldom: each time costs a call.
"""

from datetime import datetime, timedelta
from enum import Enum

_STEPS = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
)
"""After a write ended. What drifts beyond that is compared once a day, until it does no more."""

_READING_STEPS = (timedelta(minutes=5), timedelta(days=1))
"""The same for what has to be read each time. What drifts beyond that is read at doubling distances."""

_DAILY = timedelta(days=1)
_READ_AFTER = timedelta(hours=4)
"""So long it is waited for the replica to become exact: with webhooks, polls are hours apart."""


class By(Enum):
    """What a write is compared by."""

    REPLICA = "replica"
    READING = "reading"
    NOTHING = "nothing"


def compared_by(
    written_at: datetime,
    ended_at: datetime,
    now: datetime,
    exact_as_of: datetime | None,
    *,
    is_replicated: bool,
) -> By:
    """Say by what to compare a write now.

    Args:
        written_at: when it was done by the vendor's own clock, as `exact_as_of` is; ours may differ.
        ended_at: when it ended, by ours.
        now: our time.
        exact_as_of: up to when the replica is exact, if that is known.
        is_replicated: whether it holds objects of the type.
    """
    if not is_replicated:
        return By.READING
    if exact_as_of is not None and exact_as_of >= written_at:
        return By.REPLICA
    return By.READING if now - ended_at >= _READ_AFTER else By.NOTHING


def next_comparison(
    ended_at: datetime, now: datetime, *, is_drifting: bool, is_replicated: bool
) -> datetime | None:
    """Return when to compare a write next; None when nothing more is expected of it."""
    for step in _STEPS if is_replicated else _READING_STEPS:
        if ended_at + step > now:
            return ended_at + step
    if not is_drifting:
        return None
    return now + (_DAILY if is_replicated else now - ended_at)
