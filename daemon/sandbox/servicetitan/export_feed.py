"""Export feeds: everything that happened to the objects of one kind, behind opaque tokens (§1.9).

A token is a place in the order in which changes became visible. What became visible only just now is
shown ahead when a caller asks for recent changes, on the last page and without moving the token: it
comes again once it has settled.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import msgspec

from daemon.sandbox.exchange import SandboxReply
from daemon.sandbox.servicetitan.feed_order import FeedOrder
from daemon.sandbox.servicetitan.problems import ok, problem
from daemon.sandbox.servicetitan.tenant import Json, Version
from daemon.sandbox.servicetitan.times import instant_text, read_instant


@dataclass(slots=True)
class FeedHabits:
    """How feeds behave; every field may be set at any time.

    Attributes:
        page_rows: The most rows on a page.
        recent_lag_s: How long after a change it is shown to who asks for recent changes.
        shuffle: Whether rows of a page come in any order.
        tokens_live_s: How long a token is taken; None for ever.
    """

    page_rows: int = 5000
    recent_lag_s: float = 0.0
    shuffle: bool = False
    tokens_live_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a call begins.

    Attributes:
        number: Of the first version that was not shown.
        since: What says that it was changed before is left out, until all is told.
    """

    number: int = 0
    since: datetime | None = None


def export(
    order: FeedOrder,
    kind: str,
    params: dict[str, str],
    habits: FeedHabits,
    now: datetime,
    chance: Random,
) -> SandboxReply:
    """Answer one call."""
    place = _place_of(params.get("from", ""), kind, habits, now)
    if place is None:
        return problem(
            400,
            "One or more validation errors occurred.",
            {"from": ["Invalid continuation token."]},
        )
    settled = order.settled(kind, now)
    newest = {settled[number].object_id: number for number in range(place.number, len(settled))}
    shown: list[Version] = []
    end = place.number
    for number in range(place.number, len(settled)):
        if len(shown) == habits.page_rows:
            break
        end = number + 1
        version = settled[number]
        if newest[version.object_id] == number and _is_since(version, place.since):
            shown.append(version)
    more = end < len(settled)
    if not more and params.get("includeRecentChanges", "").lower() == "true":
        shown += _recent(order, kind, habits, now)
    rows = [msgspec.Raw(version.body) for version in shown]
    if habits.shuffle:
        chance.shuffle(rows)
    token = _token(kind, _Place(end, place.since if more else None), now)
    return ok({"hasMore": more, "continueFrom": token, "data": rows})


def _recent(order: FeedOrder, kind: str, habits: FeedHabits, now: datetime) -> Sequence[Version]:
    """Return the newest version of each object that has one which has not settled."""
    lag = timedelta(seconds=habits.recent_lag_s)
    newest = {
        each.object_id: each
        for each in order.unsettled(kind, now)
        if each.committed_at + lag <= now
    }
    return list(newest.values())


def _is_since(version: Version, since: datetime | None) -> bool:
    if since is None:
        return True
    body: Json = json.loads(version.body)
    modified_on = read_instant(str(body["modifiedOn"]))
    return modified_on is None or modified_on >= since


def _token(kind: str, place: _Place, now: datetime) -> str:
    since = None if place.since is None else instant_text(place.since)
    said = json.dumps([kind, place.number, since, instant_text(now)])
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _place_of(given: str, kind: str, habits: FeedHabits, now: datetime) -> _Place | None:
    if not given:
        return _Place()
    since = read_instant(given)
    if since is not None:
        return _Place(0, since)
    try:
        padded = given + "=" * (-len(given) % 4)
        named, number, since_text, issued = json.loads(base64.urlsafe_b64decode(padded))
    except ValueError:
        return None
    issued_at = read_instant(str(issued))
    if named != kind or issued_at is None:
        return None
    lives_s = habits.tokens_live_s
    if lives_s is not None and now - issued_at > timedelta(seconds=lives_s):
        return None
    return _Place(int(number), None if since_text is None else read_instant(str(since_text)))
