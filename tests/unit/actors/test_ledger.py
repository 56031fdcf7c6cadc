"""Never twice, whatever the vendor, the wire, the clock and the process do; and an end when they are well."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.ledger import (
    GiveUp,
    LookBack,
    Move,
    Park,
    Send,
    Wait,
    next_move,
    read_back_outcome,
    unsettled,
)
from store.action_models import (
    Action,
    ActionState,
    Attempt,
    AttemptCall,
    AttemptOutcome,
)
from support.virtual_time import EPOCH

SETTLED_AFTER = timedelta(seconds=300)

SEND, READ_BACK = AttemptCall.SEND, AttemptCall.READ_BACK


def action(*attempts: Attempt, revived_after: int = 0) -> Action:
    return Action(
        id="a",
        account_id="account",
        action_type="payment.create",
        payload=b"{}",
        idempotency_key=None,
        state=ActionState.PENDING,
        created_at=EPOCH,
        asked_at=EPOCH,
        attempts=attempts,
        revived_after=revived_after,
    )


def sent(outcome: AttemptOutcome, error: str | None = None) -> Attempt:
    ended = None if outcome is AttemptOutcome.OPEN else EPOCH
    return Attempt(SEND, EPOCH, outcome, ended, error=error)


def looked(outcome: AttemptOutcome, vendor_s: float = 0) -> Attempt:
    vendor_time = EPOCH + timedelta(seconds=vendor_s)
    return Attempt(READ_BACK, EPOCH, outcome, EPOCH, vendor_time=vendor_time, error="why")


def after(*attempts: Attempt, seconds: float = 3600, revived_after: int = 0) -> Move:
    now = EPOCH + timedelta(seconds=seconds)
    return next_move(action(*attempts, revived_after=revived_after), now, merges_again=True)


def test_a_new_action_is_sent_at_once() -> None:
    assert after(seconds=0) == Send(0)


@pytest.mark.parametrize("outcome", [AttemptOutcome.OPEN, AttemptOutcome.UNKNOWN])
def test_what_may_have_happened_is_looked_for_and_not_sent(outcome: AttemptOutcome) -> None:
    sending = sent(outcome)
    assert after(sending, seconds=0) == LookBack(sending, 0)
    assert isinstance(after(sending, looked(AttemptOutcome.NOT_FOUND)), LookBack)
    assert isinstance(after(sending, looked(AttemptOutcome.FAILED)), LookBack)


def test_it_is_sent_again_only_after_proof_that_it_did_not_happen() -> None:
    history = (sent(AttemptOutcome.UNKNOWN), looked(AttemptOutcome.ABSENT))
    assert after(*history) == Send(0)


def test_two_looks_prove_its_absence_only_when_they_are_far_enough_apart() -> None:
    first = looked(AttemptOutcome.NOT_FOUND, 10)
    asked = action(sent(AttemptOutcome.UNKNOWN), first)
    assert first.vendor_time is not None
    enough = first.vendor_time + SETTLED_AFTER
    for vendor_time, outcome in [
        (enough - timedelta(seconds=1), AttemptOutcome.NOT_FOUND),
        (enough, AttemptOutcome.ABSENT),
    ]:
        assert (
            read_back_outcome(asked, vendor_time, SETTLED_AFTER, proof=False, repeatable=False)
            is outcome
        )


def test_a_look_before_the_last_sending_proves_nothing() -> None:
    asked = action(
        sent(AttemptOutcome.UNKNOWN),
        looked(AttemptOutcome.REPEATABLE, 0),
        sent(AttemptOutcome.UNKNOWN),
    )
    later = EPOCH + timedelta(days=1)
    found = read_back_outcome(asked, later, SETTLED_AFTER, proof=False, repeatable=True)
    assert found is AttemptOutcome.REPEATABLE


def test_a_refusal_ends_it_with_the_vendors_words() -> None:
    assert after(sent(AttemptOutcome.REFUSED, "books closed")) == GiveUp("books closed")


def test_a_refusal_says_nothing_about_an_earlier_sending() -> None:
    first = sent(AttemptOutcome.UNKNOWN)
    move = after(first, looked(AttemptOutcome.REPEATABLE), sent(AttemptOutcome.REFUSED))
    assert move == LookBack(first, 0)


def test_a_stale_version_is_merged_again_a_few_times() -> None:
    stale = sent(AttemptOutcome.STALE, "stale")
    assert after(stale, seconds=0) == Send(1)
    assert after(stale, stale, stale) == GiveUp("stale")
    kept = next_move(action(stale), EPOCH, merges_again=False)
    assert kept == GiveUp("stale")


def test_what_is_not_clear_waits_for_a_person_and_is_looked_at_again_when_asked() -> None:
    history = (sent(AttemptOutcome.UNKNOWN), looked(AttemptOutcome.UNCLEAR))
    assert after(*history) == Park("why")
    assert isinstance(after(*history, revived_after=2), LookBack)


def test_what_was_refused_is_sent_as_another_request_when_asked_for_again() -> None:
    assert after(sent(AttemptOutcome.REFUSED), revived_after=1) == Send(1)


def test_what_waits_for_a_day_is_not_sent_behind_the_users_back() -> None:
    assert isinstance(after(seconds=86_400), GiveUp)
    assert isinstance(after(sent(AttemptOutcome.NOT_SENT), seconds=86_400), GiveUp)


def test_a_clock_that_was_put_back_does_not_keep_it_waiting() -> None:
    assert after(sent(AttemptOutcome.NOT_SENT), seconds=-3600) == Send(0)


class World:
    """A vendor that may forget request ids, show things late and act late, behind a bad wire."""

    def __init__(self, random: Random, *, locked: bool) -> None:
        self.random = random
        self.locked = locked
        self.heeds_ids = random.random() < 0.5
        self.slow_s = random.choice([0.0, 60.0, 180.0])
        self.hidden_s = random.choice([0.0, 60.0])
        self.trouble = random.choice([0.2, 0.6, 0.95])
        self.now_s = 0.0
        self.skew_s = 0.0
        self.version = 0
        self.effects: list[float] = []
        self._coming: list[tuple[float, str, int]] = []
        self._known: set[str] = set()
        self.refuses = random.random() < 0.2
        self.action = action()
        self.done = False

    def play(self, moves: int) -> Move:
        """Do what the ledger says; return its last word, or its last move."""
        move: Move = Wait(0)
        for _ in range(moves):
            self.pass_time(self.random.uniform(0, 5))
            now = EPOCH + timedelta(seconds=self.now_s + self.skew_s)
            move = next_move(self.action, now, merges_again=True)
            match move:
                case Send():
                    if self._send(move):
                        return move
                case LookBack():
                    if self._look_back(move):
                        return move
                case Wait(delay_s=delay_s):
                    self.pass_time(delay_s)
                case _:
                    return move
        return move

    def ended(self, last: Move) -> bool:
        """Tell whether the vendor said that it is done, or the ledger that it never will be."""
        return self.done or isinstance(last, GiveUp)

    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        for due in sorted(each for each in self._coming if each[0] <= self.now_s):
            self._coming.remove(due)
            self._execute(due[1], due[2])

    def bad(self) -> bool:
        return self.random.random() < self.trouble

    def heal(self) -> None:
        self.trouble = 0.0
        self.pass_time(0)

    def _execute(self, request_id: str, base: int) -> AttemptOutcome:
        if self.heeds_ids and request_id in self._known:
            return AttemptOutcome.DONE
        if self.refuses:
            return AttemptOutcome.REFUSED
        if self.locked and base != self.version:
            return AttemptOutcome.STALE
        self.version += 1
        self._known.add(request_id)
        self.effects.append(self.now_s)
        return AttemptOutcome.DONE

    def _send(self, move: Send) -> bool:
        """Send it, unless the process dies around it; tell whether an answer came that ends it."""
        base = self.version if move.repeated is None else int(move.repeated.base or 0)
        request_id = str(move.generation)
        if not self.bad():
            outcome = self._execute(request_id, base)
            self._note(SEND, outcome, base)
            self.done = outcome is AttemptOutcome.DONE
            return self.done
        happening = self.random.choice(["not_sent", "lost", "arrives", "arrives_late"])
        if happening == "not_sent":
            self._note(SEND, AttemptOutcome.NOT_SENT, base)
            return False
        if happening == "arrives":
            self._execute(request_id, base)
        if happening == "arrives_late":
            due_s = self.now_s + self.random.uniform(0, self.slow_s)
            self._coming.append((due_s, request_id, base))
        died = self.random.random() < 0.5
        self._note(SEND, AttemptOutcome.OPEN if died else AttemptOutcome.UNKNOWN, base)
        if self.random.random() < 0.3:
            self.skew_s += self.random.choice([-86_400.0, -300.0, 300.0, 86_400.0])
        return False

    def _look_back(self, move: LookBack) -> bool:
        if self.bad():
            self._note(READ_BACK, AttemptOutcome.FAILED, 0)
            return False
        hidden_s = 0.0 if self.locked else self.hidden_s
        if any(at_s + hidden_s <= self.now_s for at_s in self.effects):
            self.done = True
            return True
        repeatable = self.locked and int(move.sending.base or 0) == self.version
        vendor_time = EPOCH + timedelta(seconds=self.now_s)
        outcome = read_back_outcome(
            self.action,
            vendor_time,
            SETTLED_AFTER,
            proof=self.locked and not repeatable,
            repeatable=repeatable,
        )
        self._note(READ_BACK, outcome, 0, vendor_s=self.now_s)
        if self.locked and self.random.random() < 0.1:
            self.version += 1
        return False

    def _note(
        self, call: AttemptCall, outcome: AttemptOutcome, base: int, vendor_s: float = 0
    ) -> None:
        now = EPOCH + timedelta(seconds=self.now_s + self.skew_s)
        ended = None if outcome is AttemptOutcome.OPEN else now
        vendor_time = EPOCH + timedelta(seconds=vendor_s)
        attempt = Attempt(
            call, now, outcome, ended, base=str(base), vendor_time=vendor_time, error="why"
        )
        self.action = replace(self.action, attempts=(*self.action.attempts, attempt))


@settings(max_examples=1500, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_no_history_doubles_a_write_or_lies_about_it(seed: int, locked: bool) -> None:
    world = World(Random(seed), locked=locked)
    last = world.play(40)
    if not world.ended(last):
        world.heal()
        last = world.play(80)
    world.pass_time(1000)
    assert world.ended(last), "it comes to an end when all is well"
    if isinstance(last, GiveUp):
        assert not world.effects
        assert not unsettled(world.action.attempts)
    else:
        assert len(world.effects) == 1
