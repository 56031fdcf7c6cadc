"""What a person asked for does not rest because the month's reads are short."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

import msgspec

from actors import access_token
from actors.messages import RescanRequested, SyncNow
from actors.moment import Moment
from actors.outcomes import Event, LookFailed, LookStored
from actors.pace import Pace
from actors.settings import AccountSettings
from actors.state import Rules, State
from actors.step import Decision, step
from actors.vendors.base import Look, Priority
from store.models import Cursor, CursorMove, Via
from support.virtual_time import EPOCH

TYPES = ("Customer", "Invoice")
SETTINGS = AccountSettings(TYPES, poll_interval_s=300.0)
FEED = Look("feed", Via.POLL, Priority.POLL, TYPES, {})
READING = Look("Invoice", Via.BACKFILL, Priority.BACKFILL, ("Invoice",), {})
SHORT = Pace(rests_s=(0.0, *[3600.0] * (len(Priority) - 1)), is_short=True)


class Planner:
    """Reads a type whose full reading was asked for by itself, all others by the feed."""

    def looks(self, cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:  # noqa: ARG002
        if cursors["Invoice"].rescan_requested or cursors["Invoice"].position == "under way":
            return [msgspec.structs.replace(FEED, object_types=("Customer",)), READING]
        return [FEED]


@dataclass
class Life:
    """An actor whose vendor's month is short."""

    now_s: float = 1000.0
    pace: Pace = SHORT

    def __post_init__(self) -> None:
        self.state = State(
            cursors={name: Cursor(name, complete=True, covered_until=EPOCH) for name in TYPES},
            token=access_token.loaded(self.now_s, 36_000.0, SETTINGS),
            first_look_at_s=self.now_s,
        )

    def after(self, event: Event | None = None) -> Decision:
        rules = Rules(SETTINGS, Planner(), Random(1), 0.25, self.pace)
        now = Moment(self.now_s, EPOCH + timedelta(seconds=self.now_s))
        self.state, decision = step(self.state, event, now, rules, rest_s=0.0)
        return decision


def stored(look: Look, *, more: bool = False, position: str = "idle") -> LookStored:
    moves = [
        CursorMove(name, position, True, EPOCH, begins_comparison=position == "under way")  # noqa: FBT003
        for name in look.object_types
    ]
    return LookStored(look, moves, more=more)


def test_polls_rest_and_a_wish_does_not_once() -> None:
    life = Life()
    assert life.after().looks == ()
    (look,) = life.after(SyncNow(by_user=True)).looks
    assert (look.key, look.budget, look.priority) == ("feed", Priority.USER, Priority.POLL)
    assert life.after(stored(look)).looks == ()
    assert life.state.urged == frozenset()
    assert life.after(SyncNow()).looks == ()


def test_a_wish_that_came_while_a_look_was_under_way_is_met_by_the_next() -> None:
    life = Life(pace=Pace())
    (look,) = life.after().looks
    assert not look.by_user
    life.pace = SHORT
    life.after(SyncNow(by_user=True))
    (again,) = life.after(stored(look)).looks
    assert again.by_user


def test_a_full_reading_goes_on_to_its_end() -> None:
    life = Life()
    looks = life.after(RescanRequested(("Invoice",))).looks
    assert [(each.key, each.budget) for each in looks] == [("Invoice", Priority.USER)]
    for _ in range(3):
        looks = life.after(stored(looks[0], more=True, position="under way")).looks
        assert [each.by_user for each in looks] == [True]
    assert life.after(stored(looks[0])).looks == ()
    assert life.state.urged == frozenset()


def test_a_wish_that_failed_is_still_one() -> None:
    life = Life()
    (look,) = life.after(SyncNow(("Invoice",), by_user=True)).looks
    life.after(LookFailed(look, "HTTP 503"))
    life.now_s += 120.0
    (again,) = life.after().looks
    assert again.by_user


def test_while_the_vendor_refuses_a_wish_waits_until_it_is_asked_again() -> None:
    life = Life(pace=replace(SHORT, refused_s=900.0))
    decision = life.after(SyncNow(by_user=True))
    assert decision.looks == ()
    assert decision.wake_at_s == life.now_s + 900.0
