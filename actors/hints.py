"""When to look because a notice came. Pure: takes `now`, and remembers nothing itself.

A notice may come before what it tells of can be seen. So it is looked after soon, and once more when
what was late has become visible: that look answers it. In between it is looked after at growing
distances, while something that was told of is not here. Notices that come meanwhile wait for a round
of their own, so that a stream of them which never ends holds up nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from types import MappingProxyType

from store.notice import OpenNotices

SOON_S = 1.0
"""So long is waited for more of the same burst."""
SPACING_S = 15.0
"""The least from one such look to the next, while notices keep coming."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Notices of one type that are not answered.

    Attributes:
        look_at_s: when to look next.
        looked_at_s: when the last such look began.
        settling: notices up to this one are answered by a look that begins from `settled_at_s` on.
        newest: the newest notice; a round of its own when it is behind `settling`.
        newest_at_s: when we heard of that.
    """

    look_at_s: float
    settling: int
    settled_at_s: float
    newest: int
    newest_at_s: float
    looked_at_s: float = -inf


Hints = Mapping[str, Hint]
"""By object type."""

NO_HINTS: Hints = MappingProxyType({})
"""Shared by all accounts that wait for none: nearly all of them, nearly always."""


def heard(hints: Hints, notices: Iterable[OpenNotices], now_s: float, settle_s: float) -> Hints:
    """Take in that there are notices.

    Args:
        hints: what was there.
        notices: by type, the newest.
        now_s: the time.
        settle_s: how late at most the vendor shows what it told of.
    """
    added = {
        each.object_type: _heard(hints.get(each.object_type), each.newest, now_s, settle_s)
        for each in notices
    }
    return {**hints, **added}


def due_s(hints: Hints, object_types: Iterable[str]) -> float:
    """Return when a look that covers these types is due; infinite when no notice asks for one."""
    return min((hints[name].look_at_s for name in object_types if name in hints), default=inf)


def apart_s(stretch: float) -> float:
    """Return the least from one look that notices ask for to the next of the same account.

    Args:
        stretch: by how much polls are stretched so that the month's reads last. Notices that never
            end must not spend them either, and they come more often than polls: it counts twice.
    """
    return SPACING_S * stretch**2 if stretch > 1.0 else 0.0


def answers(hints: Hints, object_types: Iterable[str], now_s: float) -> Sequence[OpenNotices]:
    """Return what a look that begins now answers."""
    return tuple(
        OpenNotices(name, hints[name].settling)
        for name in object_types
        if name in hints and now_s >= hints[name].settled_at_s
    )


def begun(hints: Hints, object_types: Iterable[str], now_s: float) -> Hints:
    """Note that a look that covers these types begins now."""
    looked = {
        name: replace(hints[name], look_at_s=inf, looked_at_s=now_s)
        for name in object_types
        if name in hints
    }
    return {**hints, **looked} if looked else hints


def ended(
    hints: Hints,
    object_types: Iterable[str],
    answered: Sequence[OpenNotices],
    settle_s: float,
    *,
    awaits: bool,
) -> Hints:
    """Note that a look that covers these types is over.

    Args:
        hints: what was there.
        object_types: what the look covered.
        answered: what it answered.
        settle_s: how late at most the vendor shows what it told of.
        awaits: whether something that was told of is not here yet.
    """
    told = {each.object_type: each.newest for each in answered}
    left = dict(hints)
    for name in object_types:
        hint = left.pop(name, None)
        rest = None if hint is None else _rest(hint, told.get(name, 0), settle_s)
        if rest is not None:
            left[name] = _sooner(rest, settle_s) if awaits else rest
    return left or NO_HINTS


def failed(hints: Hints, object_types: Iterable[str]) -> Hints:
    """Note that a look that covers these types failed: it is due again as soon as it may be."""
    due = {
        name: replace(hints[name], look_at_s=hints[name].looked_at_s)
        for name in object_types
        if name in hints
    }
    return {**hints, **due} if due else hints


def _heard(hint: Hint | None, newest: int, now_s: float, settle_s: float) -> Hint:
    if hint is None:
        return Hint(now_s + SOON_S, newest, now_s + settle_s, newest, now_s)
    newest = max(hint.newest, newest)
    if hint.looked_at_s == -inf:
        return replace(
            hint,
            settling=newest,
            settled_at_s=now_s + settle_s,
            newest=newest,
            newest_at_s=now_s,
        )
    look_at_s = min(hint.look_at_s, max(now_s + SOON_S, hint.looked_at_s + SPACING_S))
    return replace(hint, look_at_s=look_at_s, newest=newest, newest_at_s=now_s)


def _rest(hint: Hint, answered: int, settle_s: float) -> Hint | None:
    """Return what is left of a hint after a look that answered notices up to a number."""
    if answered >= hint.newest:
        return None
    if answered >= hint.settling:
        settled_at_s = hint.newest_at_s + settle_s
        hint = replace(hint, settling=hint.newest, settled_at_s=settled_at_s)
    return replace(hint, look_at_s=min(hint.look_at_s, hint.settled_at_s))


def _sooner(hint: Hint, settle_s: float) -> Hint:
    """Look again before all is settled: at distances that double, so that it is a few times at most."""
    waited_s = hint.looked_at_s - (hint.settled_at_s - settle_s)
    again_s = hint.looked_at_s + max(SPACING_S, 2 * waited_s)
    return replace(hint, look_at_s=min(hint.look_at_s, again_s))
