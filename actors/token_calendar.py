"""When an account's refresh token ends, who is told ahead, and how a resting account keeps it. Pure.

A refresh token has two ends. The idle one moves on with each refresh, and comes only when none was
made for long: the account is degraded, quarantined, or nothing runs it. The hard one comes whatever
happens: only the owner can give a new grant.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import inf

from actors.moment import Moment
from store.models import SealedCredential

THRESHOLD_DAYS = (1, 7, 30)
"""How far ahead of an end it is told, the nearest first."""

_BETWEEN_RENEWALS = timedelta(minutes=1)
_KEEP_ALIVE_BEFORE = timedelta(days=31)
"""A paused account renews its tokens so long before their idle end: before anybody is warned, and
with a month left to try again in."""


class End(StrEnum):
    """Which of a refresh token's ends."""

    IDLE = "idle"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class TokenEnd:
    """A refresh token's nearer end.

    Attributes:
        within_days: the nearest of `THRESHOLD_DAYS` that it lies within; None when it is far off.
        advice: what to do about it; None when it is far off.
    """

    end: End
    at: datetime
    within_days: int | None
    advice: str | None


def nearest_end(
    idle_end: datetime | None, hard_end: datetime | None, now: datetime
) -> TokenEnd | None:
    """Return the end that comes first; None when none is known.

    Of two that come together it is the hard one: renewing does not help.
    """
    ends = [(at, end) for at, end in ((hard_end, End.HARD), (idle_end, End.IDLE)) if at is not None]
    if not ends:
        return None
    at, end = min(ends, key=lambda each: each[0])
    within = next((days for days in THRESHOLD_DAYS if at - now <= timedelta(days=days)), None)
    return TokenEnd(end, at, within, None if within is None else advice(end, at, now))


def advice(end: End, at: datetime, now: datetime) -> str:
    """Say what ends, when, and what to do."""
    day = f"{at:%Y-%m-%d %H:%M} UTC"
    if at <= now:
        return f"the refresh token ended at {day}; only its owner can help: connect it again"
    if end is End.HARD:
        return (
            f"the grant ends at {day} whatever happens: have its owner connect it again before that"
        )
    return (
        f"the tokens were not renewed for long, and the refresh token ends at {day}; the next"
        " renewal moves that on. See why there is none: a degraded or quarantined account tells, a"
        " paused one tries by itself; else connect it again before that"
    )


def keep_alive_at_s(sealed: SealedCredential, now: Moment) -> float:
    """Return when a paused account renews its tokens (monotonic seconds), so that they don't die of rest.

    It costs no read, and losing the grant in silence is not what a pause is for. Tokens that live
    shortly are renewed when a third of their life is left, those that are dead on arrival once a
    minute. Infinite when they don't die.
    """
    idle_end = sealed.refresh_expires_at
    if idle_end is None:
        return inf
    at = idle_end - min(_KEEP_ALIVE_BEFORE, (idle_end - sealed.obtained_at) / 3)
    at = max(at, sealed.obtained_at + _BETWEEN_RENEWALS)
    return now.monotonic_s + (at - now.utc).total_seconds()
