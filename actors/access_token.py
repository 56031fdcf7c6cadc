"""What has to be known about the tokens to decide when to renew them; never the tokens. Pure."""

from math import inf

import msgspec
from msgspec.structs import replace

from actors.settings import AccountSettings

_REFUSAL_WAIT_S = 60.0
_LONGEST_REFUSAL_WAIT_S = 3600.0
_HOPELESS_AFTER_S = 24 * 3600.0
"""A vendor in trouble may refuse good tokens for hours; as long as it renews them, the grant lives."""
_AFTER_FAILURE_S = 1.0
_BETWEEN_REFRESHES_S = 10.0
"""A vendor that gives tokens which are dead on arrival is not asked for the next one at once."""

_KEEP_TRYING_S = 6 * 3600.0
_CALENDAR_S = 86_400.0
"""The calendar is another clock than ours, which may stand still: it is looked at once a day."""
_SAME_MOMENT_S = 1.0
"""Rounding between the two must not wake us just before the moment."""


class Token(msgspec.Struct, frozen=True, gc=False):
    """The state of the access token. Times are monotonic seconds.

    Attributes:
        expires_at_s: when it ends.
        refresh_at_s: when to renew it, or to try again to.
        refused: how many tokens in a row were refused, each newer than the one before.
        refused_since_s: when the first of them was; None when the last one was accepted.
        usable: whether calls may be made with it: it was not refused since it was renewed.
        busy: whether it is being renewed, or given up, right now.
        failures: how often in a row renewing failed; `error` says how the last time.
    """

    expires_at_s: float
    refresh_at_s: float
    refused: int = 0
    refused_since_s: float | None = None
    usable: bool = True
    busy: bool = False
    failures: int = 0
    error: str = ""


def loaded(now_s: float, lifetime_s: float, settings: AccountSettings) -> Token:
    """Return the state of a token that is taken up with so much life left.

    One that lives shorter than the usual margin is renewed at half its life.
    """
    margin_s = min(settings.refresh_before_s, max(lifetime_s, 0.0) / 2)
    expires_at_s = now_s + lifetime_s
    return Token(expires_at_s=expires_at_s, refresh_at_s=expires_at_s - margin_s)


def renewed(token: Token, now_s: float, lifetime_s: float, settings: AccountSettings) -> Token:
    """Return the state after a new token took the place of this one."""
    fresh = loaded(now_s, lifetime_s, settings)
    return Token(
        expires_at_s=fresh.expires_at_s,
        refresh_at_s=max(fresh.refresh_at_s, now_s + _BETWEEN_REFRESHES_S),
        refused=token.refused,
        refused_since_s=token.refused_since_s,
    )


def renewal_failed(token: Token, error: str, now_s: float, wait_s: float) -> Token:
    """Return the state after the token could not be renewed: `wait_s` is how long to let it be."""
    return replace(
        token,
        busy=False,
        failures=token.failures + 1,
        error=error,
        refresh_at_s=now_s + max(_AFTER_FAILURE_S, wait_s),
    )


def refused(token: Token, now_s: float) -> Token:
    """Return the state after the vendor did not accept the token.

    It is renewed at once after the first refusal; after more, the wait is longer each time. Looks
    that ran side by side are refused together: that is one refusal.
    """
    if not token.usable:
        return token
    count = token.refused + 1
    wait_s = 0.0 if count == 1 else _REFUSAL_WAIT_S * 2.0 ** (count - 2)
    return replace(
        token,
        refused=count,
        refused_since_s=now_s if token.refused_since_s is None else token.refused_since_s,
        usable=False,
        refresh_at_s=now_s + min(wait_s, _LONGEST_REFUSAL_WAIT_S),
    )


def accepted(token: Token) -> Token:
    """Return the state after a look was made with it."""
    return token if token.refused == 0 else replace(token, refused=0, refused_since_s=None)


def hopeless(token: Token, now_s: float) -> bool:
    """Tell whether new tokens were refused for so long that only the owner can help."""
    since_s = token.refused_since_s
    return since_s is not None and not token.usable and now_s - since_s >= _HOPELESS_AFTER_S


def keep_alive_in_s(token: Token, now_s: float, at_s: float) -> float:
    """Return how long a paused account lets its tokens be; 0 when it has to renew them now.

    At most until it is to look again; infinite when only an event can change anything.

    Args:
        token: their state.
        now_s: the time.
        at_s: when they have to be renewed, so that they don't die of rest.
    """
    again_s = token.refresh_at_s + _KEEP_TRYING_S if token.failures else -inf
    wait_s = max(at_s, again_s) - now_s
    if token.busy or wait_s == inf:
        return inf
    return min(wait_s, _CALENDAR_S) if wait_s > _SAME_MOMENT_S else 0.0
