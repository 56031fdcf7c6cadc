"""What an account does for those who read it: looks that they wait for, and polls that come sooner."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from math import inf
from random import Random

import msgspec

from actors import access_token
from actors.messages import Hinted, Pause, Read
from actors.moment import Moment
from actors.outcomes import LookFailed, LookStored, RefreshFailed
from actors.pace import Pace
from actors.readers import NO_READERS
from actors.settings import AccountSettings
from actors.state import Rules, State
from actors.step import Decision, step
from actors.vendors.base import Look, Priority
from store.models import Cursor, Via
from store.notice import OpenNotices
from support.virtual_time import EPOCH

TYPES = ("Customer", "Invoice")
SETTINGS = AccountSettings(
    TYPES,
    poll_interval_s=300.0,
    poll_interval_with_webhooks_s=3600.0,
    poll_interval_active_s=60.0,
)


class _Feed:
    """A vendor that shows all types in one look, but those that are read from end to end."""

    reading: str | None = None

    def looks(self, cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:
        fed = {name: each for name, each in cursors.items() if name != self.reading}
        news = [Look("feed", Via.POLL, Priority.POLL, tuple(fed), fed)] if due else []
        if self.reading is None:
            return news
        one = {self.reading: cursors[self.reading]}
        look = Look(self.reading, Via.BACKFILL, Priority.BACKFILL, (self.reading,), one)
        return [*news, look]


class Account:
    """One account that was looked at when its clock, which is set by hand, stood at 1,000 s."""

    def __init__(self, *, works_until_s: float = -inf) -> None:
        self.works_until_s = works_until_s
        self.rest_s = 0.0
        self.feed = _Feed()
        self.rules = Rules(SETTINGS, self.feed, Random(0), phase=0.0)
        covered = {name: Cursor(name, "live", True, EPOCH, False, EPOCH) for name in TYPES}  # noqa: FBT003
        token = access_token.loaded(1000.0, 1e9, SETTINGS)
        self.state = State(cursors=covered, token=token, first_look_at_s=1000.0)
        (look,) = self.at(1000.0).looks
        self.store(1000.0, look)

    def at(self, now_s: float, event: object = None) -> Decision:
        self.state, decision = step(
            self.state,
            event,  # type: ignore[arg-type]
            Moment(now_s, EPOCH + timedelta(seconds=now_s - 1000.0)),
            self.rules,
            rest_s=self.rest_s,
            works_until_s=self.works_until_s,
        )
        return decision

    def store(self, now_s: float, look: Look) -> Decision:
        return self.at(now_s, LookStored(look, ()))


def test_a_reader_who_waits_has_a_look_made_at_once_before_all_but_users_writes() -> None:
    account = Account()
    (look,) = account.at(1010.0, Read(1010.0)).looks
    assert (look.priority, look.began_s) == (Priority.READ, 1010.0)
    decision = account.store(1011.0, look)
    assert (decision.served_s, decision.hindered, decision.looks) == (1010.0, False, ())
    assert not account.state.readers.wait


def test_a_look_under_way_that_began_late_enough_serves_and_no_other_is_made() -> None:
    account = Account()
    (look,) = account.at(1010.0, Read(1010.0)).looks
    assert account.at(1010.5, Read(1005.0)).looks == ()
    decision = account.store(1011.0, look)
    assert (decision.served_s, decision.looks) == (1010.0, ())


def test_who_came_after_the_look_began_gets_another_after_it_and_shares_that() -> None:
    account = Account()
    (look,) = account.at(1010.0, Read(1010.0)).looks
    for late in (1010.5, 1010.6, 1010.7):
        assert account.at(late, Read(late)).looks == ()
    decision = account.store(1011.0, look)
    assert decision.served_s == 1010.0
    (second,) = decision.looks
    assert second.began_s == 1011.0
    decision = account.store(1012.0, second)
    assert (decision.served_s, decision.looks) == (1011.0, ())


def test_what_a_look_brought_already_is_told_without_another() -> None:
    account = Account()
    (look,) = account.at(1010.0, Read(1010.0)).looks
    account.store(1011.0, look)
    decision = account.at(1015.0, Read(1005.0))
    assert (decision.served_s, decision.looks) == (1010.0, ())


def test_nobody_waits_for_a_vendor_that_is_left_alone() -> None:
    account = Account()
    account.rest_s = 30.0
    decision = account.at(1010.0, Read(1010.0))
    assert (decision.hindered, decision.looks) == (True, ())
    assert not account.state.readers.wait


def test_nobody_waits_while_the_months_reads_are_used_up() -> None:
    account = Account()
    account.rules = msgspec.structs.replace(
        account.rules, pace=Pace(rests_s=(0.0, 3600.0, *[1.0] * 5))
    )
    assert account.at(1010.0, Read(1010.0)).hindered


def test_readers_are_served_from_what_is_kept_for_users() -> None:
    account = Account()
    account.rules = msgspec.structs.replace(
        account.rules, pace=Pace(rests_s=(0.0, 0.0, *[9.0] * 5))
    )
    (look,) = account.at(1010.0, Read(1010.0)).looks
    assert look.priority is Priority.READ


def test_a_look_that_fails_sends_all_who_wait_away_and_is_not_made_again_for_them() -> None:
    account = Account()
    (look,) = account.at(1010.0, Read(1010.0)).looks
    decision = account.at(1011.0, LookFailed(look, "down"))
    assert decision.hindered
    assert not account.state.readers.wait
    assert account.at(1011.0, Read(1011.0)).hindered


def test_a_refused_token_is_renewed_and_the_look_made_again_while_readers_wait() -> None:
    account = Account()
    (look,) = account.at(1010.0, Read(1010.0)).looks
    decision = account.at(1011.0, LookFailed(look, "401", refused=True))
    assert (decision.refresh, decision.hindered) == (True, False)
    assert account.at(1012.0, RefreshFailed("down")).hindered


def test_nobody_waits_for_an_account_that_is_paused() -> None:
    account = Account()
    account.at(1005.0, Pause())
    assert account.at(1010.0, Read(1010.0)).hindered
    account.at(1020.0)
    assert not account.state.readers.wait


def test_nobody_waits_for_a_type_that_is_read_from_end_to_end() -> None:
    account = Account()
    account.feed.reading = "Invoice"
    assert account.at(1010.0, Read(1010.0)).hindered


def test_a_look_for_a_reader_answers_notices_too() -> None:
    account = Account()
    account.at(1005.0, Hinted([OpenNotices("Invoice", 7)]))
    (look,) = account.at(1005.5, Read(1005.5)).looks
    assert (look.priority, look.hinted) == (Priority.READ, True)


def test_an_account_that_is_read_is_polled_sooner_and_then_ever_more_seldom() -> None:
    account, polls, now_s = Account(), list[float](), 1100.0
    decision = account.at(now_s, Read())
    while len(polls) < 7:
        for look in decision.looks:
            polls.append(now_s)
            decision = account.store(now_s, look)
        now_s = decision.wake_at_s
        decision = account.at(now_s)
    # Never later than its own rounds, which are at whole multiples of 300 s.
    assert polls == [1100.0, 1160.0, 1200.0, 1300.0, 1500.0, 1800.0, 2100.0]


def test_nothing_is_remembered_of_readers_that_are_long_gone() -> None:
    account = Account()
    account.at(1100.0, Read())
    (look,) = account.at(4700.0).looks or tuple(account.state.running.values())
    account.store(4701.0, msgspec.structs.replace(look, began_s=4700.0))
    assert account.state.readers is NO_READERS


def test_a_mere_reading_is_told_nothing() -> None:
    account = Account()
    assert not account.at(1010.0, Read()).tells_readers


def test_webhooks_that_work_leave_readers_the_normal_interval() -> None:
    account = Account(works_until_s=inf)
    assert account.at(1010.0).wake_at_s > 4000.0
    decision = account.at(1010.0, Read())
    assert decision.wake_at_s == 1300.0
    (look,) = account.at(1300.0).looks
    assert account.store(1300.0, look).wake_at_s == 1600.0


def test_without_a_shorter_interval_reading_changes_nothing() -> None:
    account = Account()
    settings = replace(SETTINGS, poll_interval_active_s=None)
    account.rules = msgspec.structs.replace(account.rules, settings=settings)
    before = account.at(1010.0).wake_at_s
    assert account.at(1010.0, Read()).wake_at_s == before
