"""What an account does about notices, and how webhooks that work put its polls off."""

from collections.abc import Mapping, Sequence
from math import inf
from random import Random

from msgspec.structs import replace

from actors import access_token
from actors.messages import Hinted, Pause, Resume
from actors.moment import Moment
from actors.outcomes import LookFailed, LookStored
from actors.pace import Pace
from actors.polling import DISTRUST_S
from actors.settings import AccountSettings
from actors.state import Rules, State
from actors.step import Decision, step
from actors.vendors.base import Look, Priority
from store.models import Cursor, HeldDeletes, Via
from store.notice import OpenNotices
from support.virtual_time import EPOCH

TYPES = ("Customer", "Invoice")
SETTINGS = AccountSettings(TYPES, poll_interval_s=300.0, poll_interval_with_webhooks_s=3600.0)
HINT = Hinted([OpenNotices("Invoice", 7)])


class _Feed:
    """A vendor that shows all types in one look."""

    def looks(self, cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:
        return [Look("feed", Via.POLL, Priority.POLL, tuple(cursors), cursors)] if due else []


class Account:
    """One account that is in sync; its clock is set by hand."""

    def __init__(self, *, works_until_s: float = -inf) -> None:
        self.works_until_s = works_until_s
        self.rules = Rules(SETTINGS, _Feed(), Random(0), phase=0.0)
        covered = {name: Cursor(name, "live", True, EPOCH) for name in TYPES}  # noqa: FBT003
        token = access_token.loaded(1000.0, 1e9, SETTINGS)
        self.state = State(cursors=covered, token=token, first_look_at_s=1000.0)
        (look,) = self.at(1000.0).looks
        self.store(1000.0, look)

    def at(self, now_s: float, event: object = None) -> Decision:
        now = Moment(now_s, EPOCH)
        self.state, decision = step(
            self.state,
            event,  # type: ignore[arg-type]
            now,
            self.rules,
            rest_s=0.0,
            works_until_s=self.works_until_s,
        )
        return decision

    def store(self, now_s: float, look: Look, *, missed: bool = False) -> Decision:
        return self.at(now_s, LookStored(look, (), missed=missed))


def test_hint_is_a_look_a_second_later_before_polls() -> None:
    account = Account()
    assert account.at(1010.0, HINT).wake_at_s == 1011.0
    (look,) = account.at(1011.0).looks
    assert (look.priority, look.hinted, look.answers) == (Priority.FRESH, True, ())


def test_second_look_answers_when_all_must_be_visible() -> None:
    account = Account(works_until_s=inf)
    account.at(1010.0, HINT)
    (look,) = account.at(1011.0).looks
    assert account.store(1011.5, look).wake_at_s == 1130.0
    (look,) = account.at(1130.0).looks
    assert list(look.answers) == [OpenNotices("Invoice", 7)]
    account.store(1130.5, look)
    assert not account.state.hints


def test_hints_during_a_look_are_one_look_after_it() -> None:
    account = Account()
    account.at(1010.0, HINT)
    (look,) = account.at(1011.0).looks
    for number in range(100):
        assert not account.at(1011.0 + number / 100, HINT).looks
    account.store(1012.0, look)
    assert len(account.at(1026.0).looks) == 1


def test_hint_does_not_shorten_the_wait_after_a_failure() -> None:
    account = Account()
    account.at(1010.0, HINT)
    (look,) = account.at(1011.0).looks
    assert account.at(1011.5, LookFailed(look, "throttled", wait_s=60.0)).wake_at_s == 1071.5
    assert account.at(1012.0, HINT).wake_at_s == 1071.5
    assert len(account.at(1071.5).looks) == 1


def test_hint_waits_while_the_account_is_paused() -> None:
    account = Account()
    account.at(1005.0, Pause())
    assert not account.at(1010.0, HINT).looks
    assert account.at(2000.0).wake_at_s == inf
    (look,) = account.at(2001.0, Resume()).looks
    assert look.hinted


def test_hint_of_a_type_that_is_not_replicated_is_nothing() -> None:
    account = Account()
    account.at(1010.0, Hinted([OpenNotices("Estimate", 1)]))
    assert not account.state.hints


def test_poll_is_put_off_while_webhooks_work_and_comes_back_when_they_stop() -> None:
    account = Account(works_until_s=inf)
    assert account.at(1100.0).wake_at_s == 1200.0 + 3300.0
    account.works_until_s = 1100.0
    assert account.at(1150.0).wake_at_s == 1200.0


def test_poll_is_not_put_off_while_the_account_does_not_count_on_webhooks() -> None:
    account = Account(works_until_s=inf)
    account.state = replace(account.state, trusts_from_s=5000.0)
    assert account.at(1100.0).wake_at_s == 1200.0


def test_missed_change_brings_the_normal_interval_back_for_a_day() -> None:
    account = Account(works_until_s=inf)
    (look,) = account.at(4500.0).looks
    assert account.store(4501.0, look, missed=True).wake_at_s == 4800.0
    account.state = replace(account.state, next_at_s={"feed": 4501.0 + DISTRUST_S})
    assert account.at(4600.0).wake_at_s == 4501.0 + DISTRUST_S + 3300.0


def test_look_that_never_was_is_not_put_off() -> None:
    account = Account(works_until_s=inf)
    account.state = replace(account.state, next_at_s={}, first_look_at_s=1300.0)
    assert account.at(1100.0).wake_at_s == 1300.0


def test_when_the_months_reads_are_short_notices_that_never_end_are_looked_after_seldom() -> None:
    account = Account()
    account.rules = replace(account.rules, pace=Pace(stretch=8.0))
    looks, now_s = 0, 1010.0
    while now_s < 1010.0 + 86_400:
        decision = account.at(now_s, Hinted([OpenNotices("Invoice", int(now_s))]))
        for look in decision.looks:
            looks += 1
            account.store(now_s + 0.5, look)
        now_s += 10.0
    assert 50 <= looks <= 130


def test_notices_of_deletes_that_are_held_stay_open() -> None:
    account = Account()
    account.at(1010.0, HINT)
    (look,) = account.at(1011.0).looks
    account.store(1011.5, look)
    (look,) = account.at(1130.0).looks
    assert look.answers
    held = HeldDeletes("Invoice", 80, 100, ("1",), EPOCH)
    account.at(1130.5, LookStored(look, (), held=(held,)))
    assert "Invoice" in account.state.hints
