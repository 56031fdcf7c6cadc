from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from msgspec.structs import replace

from actors import access_token
from actors.messages import SyncNow
from actors.moment import Moment
from actors.outcomes import Event, LookFailed, LookStored, Refreshed, RefreshFailed
from actors.polling import next_round_s
from actors.settings import AccountSettings, RetryPolicy
from actors.state import Rules, State
from actors.step import Decision, step
from actors.vendors.base import Look, Priority
from store.models import Cursor, CursorMove, Via
from support.virtual_time import EPOCH

TYPES = ("Customer", "Invoice")
PHASE = 0.25


def look(key: str, *object_types: str, via: Via = Via.POLL) -> Look:
    return Look(key, via, Priority.POLL, object_types or (key,), {})


@dataclass
class FixedPlanner:
    """Always wants the same looks."""

    wanted: Sequence[Look]

    def looks(self, _cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:  # noqa: ARG002
        return self.wanted


@dataclass
class Life:
    """An actor's state, with a clock that is set by hand."""

    wanted: Sequence[Look]
    now_s: float = 1000.0
    settings: AccountSettings = field(
        default_factory=lambda: AccountSettings(
            TYPES, poll_interval_s=300.0, retry=RetryPolicy(attempts=3, base_s=1.0, cap_s=60.0)
        )
    )

    def __post_init__(self) -> None:
        self.rules = Rules(self.settings, FixedPlanner(self.wanted), Random(1), PHASE)
        self.state = State(
            cursors={name: Cursor(name) for name in TYPES},
            token=access_token.loaded(self.now_s, 3600.0, self.settings),
            first_look_at_s=self.now_s,
        )

    def after(self, event: Event | None = None, *, delay_s: float = 0.0) -> Decision:
        self.now_s += delay_s
        now = Moment(self.now_s, EPOCH + timedelta(seconds=self.now_s))
        self.state, decision = step(self.state, event, now, self.rules, rest_s=0.0)
        return decision

    def wait_s(self, decision: Decision) -> float:
        return decision.wake_at_s - self.now_s


def test_looks_that_share_a_type_are_not_begun_together() -> None:
    both = look("both", "Customer", "Invoice")
    one = look("one", "Invoice")
    life = Life([both, one])
    assert life.after().looks == (both,)
    assert life.after(LookStored(both, [])).looks == (one,)


def test_a_look_that_comes_round_waits_for_the_next_round() -> None:
    feed = look("feed", *TYPES)
    life = Life([feed])
    life.after()
    decision = life.after(LookStored(feed, []), delay_s=2.0)
    assert decision.looks == ()
    assert decision.wake_at_s == next_round_s(1002.0, 300.0, PHASE)


def test_a_look_that_has_more_to_read_is_made_again_at_once() -> None:
    catch_up = look("Customer")
    life = Life([catch_up])
    life.after()
    assert life.after(LookStored(catch_up, [], more=True)).looks == (catch_up,)
    assert life.after(LookStored(catch_up, [])).looks == ()


def test_reading_from_end_to_end_goes_on_without_waiting() -> None:
    backfill = look("Customer", via=Via.BACKFILL)
    life = Life([backfill])
    life.after()
    for _ in range(5):
        assert life.after(LookStored(backfill, [])).looks == (backfill,)


def test_what_was_asked_for_during_a_look_is_looked_at_after_it() -> None:
    feed = look("feed", *TYPES)
    life = Life([feed])
    life.after()
    life.after(SyncNow())
    assert life.after(LookStored(feed, [])).looks == (feed,)
    assert life.after(LookStored(feed, [])).looks == ()


def test_asking_for_one_type_leaves_the_waits_of_others() -> None:
    customer, invoice, feed = look("Customer"), look("Invoice"), look("feed", "Other")
    life = Life([customer, invoice, feed])
    life.after()
    for each in (customer, invoice, feed):
        life.after(LookStored(each, []))
    assert life.after(SyncNow(("Invoice",))).looks == (invoice, feed)


def test_asking_for_news_does_not_wait_for_the_first_round() -> None:
    feed = look("feed", *TYPES)
    life = Life([feed])
    life.state = replace(life.state, first_look_at_s=5000.0)
    assert life.after().looks == ()
    assert life.after(SyncNow()).looks == (feed,)


def test_the_wait_that_a_vendor_asked_for_is_kept_and_is_no_failure() -> None:
    feed = look("feed", *TYPES)
    life = Life([feed])
    life.after()
    decision = life.after(LookFailed(feed, "429", wait_s=77.0))
    assert life.wait_s(decision) == 77.0
    assert life.state.failures == {}


def test_failures_back_off_and_then_rest() -> None:
    feed = look("feed", *TYPES)
    life = Life([feed])
    life.after()
    bounds = [(0, 1), (0, 2), (150, 300), (150, 300)]
    for count, (least_s, most_s) in enumerate(bounds, start=1):
        decision = life.after(LookFailed(feed, f"error {count}"))
        assert life.state.failures["feed"].count == count
        assert life.state.failures["feed"].error == f"error {count}"
        assert least_s <= life.wait_s(decision) <= most_s
        assert life.after(delay_s=life.wait_s(decision)).looks == (feed,)


def test_refusals_renew_the_token_ever_later_and_after_a_day_are_given_up() -> None:
    feed = look("feed", *TYPES)
    life = Life([feed])
    life.after()
    waits_s = []
    while not (decision := life.after(LookFailed(feed, "401", refused=True))).give_up:
        assert decision.looks == ()
        if not decision.refresh:
            waits_s.append(round(life.wait_s(decision)))
            decision = life.after(delay_s=life.wait_s(decision))
        if decision.give_up:
            break
        assert decision.refresh
        decision = life.after(Refreshed(3600.0))
        if not decision.looks:
            decision = life.after(delay_s=life.wait_s(decision))
        assert decision.looks == (feed,)
    ladder_s = [60, 120, 240, 480, 960, 1920, *[3600] * (len(waits_s) - 6)]
    assert all(wait_s >= least_s for wait_s, least_s in zip(waits_s, ladder_s, strict=True))
    assert set(waits_s[6:]) == {3600}
    assert 24 * 3600 <= life.now_s - 1000.0 <= 25.5 * 3600


def test_a_token_that_was_accepted_makes_refusals_forgotten() -> None:
    feed = look("feed", *TYPES)
    life = Life([feed])
    life.after()
    life.after(LookFailed(feed, "401", refused=True))
    life.after(Refreshed(3600.0))
    life.after(LookStored(feed, []))
    assert life.state.token.refused == 0


def test_the_wait_that_the_token_host_asked_for_is_kept() -> None:
    life = Life([look("feed", *TYPES)])
    life.state = replace(life.state, token=access_token.loaded(life.now_s, -5.0, life.settings))
    assert life.after().refresh
    assert 500.0 <= life.wait_s(life.after(RefreshFailed("429", 500.0))) <= 550.0


def test_a_token_that_ended_stops_looks_until_it_is_renewed() -> None:
    feed = look("feed", *TYPES)
    life = Life([feed])
    life.after(delay_s=2700.0)
    assert life.state.token.busy
    life.after(LookStored(feed, []))
    assert life.after(SyncNow(), delay_s=899.0).looks == (feed,)
    life.after(LookStored(feed, []))
    assert life.after(SyncNow(), delay_s=1.0).looks == ()
    assert life.after(Refreshed(3600.0)).looks == (feed,)


@pytest.mark.parametrize(
    ("lifetime_s", "refresh_in_s"),
    [(3600.0, 2700.0), (1800.0, 900.0), (600.0, 300.0), (-7.0, -7.0)],
)
def test_a_token_is_renewed_a_margin_before_its_end_or_at_half_its_life(
    lifetime_s: float, refresh_in_s: float
) -> None:
    token = access_token.loaded(100.0, lifetime_s, AccountSettings(TYPES))
    assert token.expires_at_s == 100.0 + lifetime_s
    assert token.refresh_at_s == 100.0 + refresh_in_s


def test_a_cursor_forgets_the_wish_for_a_full_reading_when_one_begins() -> None:
    reading = look("Customer", via=Via.BACKFILL)
    life = Life([reading])
    life.state = replace(
        life.state,
        cursors={**life.state.cursors, "Customer": Cursor("Customer", rescan_requested=True)},
    )
    life.after()
    move = CursorMove("Customer", "p1", complete=True, covered_until=None)
    life.after(LookStored(reading, [move]))
    assert life.state.cursors["Customer"].rescan_requested
    begins = CursorMove("Customer", "p1", complete=True, covered_until=None, begins_comparison=True)
    life.after(LookStored(reading, [begins]))
    assert not life.state.cursors["Customer"].rescan_requested
