"""Any order of events: what must hold after each of them, and that the actor always comes back to work."""

from datetime import timedelta
from math import inf
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from msgspec.structs import replace

from actors import access_token
from actors.messages import Pause, Read, RescanRequested, Resume, Stop, SyncNow
from actors.moment import Moment
from actors.outcomes import Ended, Event, LookFailed, LookStored, Refreshed, RefreshFailed
from actors.settings import AccountSettings, CallLimits
from actors.state import Rules, State
from actors.step import Decision, step
from actors.vendors.base import Look
from store.models import Cursor, CursorMove, Via
from support.scripted_vendor import FEED, IDLE, ScriptedPlanner
from support.virtual_time import EPOCH

TYPES = ("Customer", "Invoice", "Item")

types_asked_for = st.lists(st.sampled_from(TYPES), max_size=2, unique=True).map(tuple)
seldom = st.integers(0, 19).map(lambda drawn: drawn == 7)
delays_s = st.one_of(st.floats(0.0, 5.0), st.floats(0.0, 2000.0))


class ActorLife(RuleBasedStateMachine):
    """Plays the world around `step`, and keeps its own books of what is under way."""

    @initialize(
        in_flight=st.integers(1, 6),
        lifetime_s=st.floats(-100.0, 4000.0),
        first_s=st.floats(0.0, 300.0),
        complete=st.booleans(),
        refusals=st.integers(0, 4),
        seed=st.integers(0, 100),
    )
    def begin(
        self,
        in_flight: int,
        lifetime_s: float,
        first_s: float,
        complete: bool,
        refusals: int,
        seed: int,
    ) -> None:
        configured = AccountSettings(TYPES, limits=CallLimits(in_flight=in_flight))
        self.actor_rules = Rules(configured, ScriptedPlanner(), Random(seed), 0.37)
        self.most_looks = max(1, in_flight - 1)
        self.now_s = 1000.0
        self.rest_until_s = 0.0
        self.looks: dict[str, Look] = {}
        self.token_work: str | None = None
        self.given_up = 0
        self.refusals_in_a_row = refusals
        self.renewed_s = -inf
        position = IDLE if complete else ""
        self.state = State(
            cursors={name: Cursor(name, position, complete=complete) for name in TYPES},
            token=replace(
                access_token.loaded(self.now_s, lifetime_s, configured), refused=refusals
            ),
            first_look_at_s=self.now_s + first_s,
        )
        self.decision = Decision()
        self.take(None)

    # What may happen.

    @rule(delay_s=delays_s)
    def time_passes(self, delay_s: float) -> None:
        self.now_s += delay_s
        self.take(None)

    @rule()
    def the_time_to_wake_comes(self) -> None:
        if self.decision.wake_at_s < inf:
            self.now_s = max(self.now_s, self.decision.wake_at_s)
            self.take(None)

    @precondition(lambda self: self.looks)
    @rule(data=st.data(), last=st.booleans(), more=st.booleans())
    def a_look_is_stored(self, data: st.DataObject, last: bool, more: bool) -> None:
        look = self.finish_a_look(data)
        self.refusals_in_a_row = 0
        self.take(LookStored(look, self.moves(look, last=last), more=more))

    @precondition(lambda self: self.looks)
    @rule(data=st.data(), wait_s=st.sampled_from([0.0, 0.0, 5.0, 77.0]))
    def a_look_fails(self, data: st.DataObject, wait_s: float) -> None:
        look = self.finish_a_look(data)
        self.take(LookFailed(look, "it failed", wait_s=wait_s))

    @precondition(lambda self: self.looks)
    @rule(data=st.data())
    def a_look_is_refused(self, data: st.DataObject) -> None:
        look = self.finish_a_look(data)
        if self.state.token.usable:
            self.refusals_in_a_row += 1
        self.take(LookFailed(look, "401", refused=True))

    @precondition(lambda self: self.token_work == "refresh")
    @rule(lifetime_s=st.sampled_from([3600.0, 600.0, 5.0, 0.0, -50.0]))
    def the_tokens_are_renewed(self, lifetime_s: float) -> None:
        self.token_work = None
        self.renewed_s = self.now_s
        self.take(Refreshed(lifetime_s))

    @precondition(lambda self: self.token_work == "refresh")
    @rule(wait_s=st.sampled_from([0.0, 500.0]))
    def the_refresh_fails(self, wait_s: float) -> None:
        self.token_work = None
        self.take(RefreshFailed("503", wait_s))

    @precondition(lambda self: self.token_work)
    @rule(surely=seldom)
    def the_token_work_ends_it(self, surely: bool) -> None:
        if surely or self.token_work == "give up":
            self.token_work = None
            self.take(Ended("only the owner can help"))

    @precondition(lambda self: self.looks)
    @rule(data=st.data(), surely=seldom)
    def a_look_finds_another_owner(self, data: st.DataObject, surely: bool) -> None:
        if surely:
            self.take(Ended("fenced off", self.finish_a_look(data)))

    @rule(ago_s=st.sampled_from([0.0, 1.0, 60.0, inf]))
    def somebody_reads(self, ago_s: float) -> None:
        self.take(Read(self.now_s - ago_s))

    @invariant()
    def readers_wait_only_for_what_is_under_way(self) -> None:
        assert not self.state.readers.wait or self.looks or self.token_work

    @rule(wait_s=st.floats(0.0, 400.0))
    def the_vendor_is_left_alone(self, wait_s: float) -> None:
        self.rest_until_s = self.now_s + wait_s
        self.take(None)

    @rule(object_types=types_asked_for)
    def somebody_wants_news(self, object_types: tuple[str, ...]) -> None:
        self.take(SyncNow(object_types))

    @rule(object_types=types_asked_for)
    def somebody_wants_a_full_reading(self, object_types: tuple[str, ...]) -> None:
        self.take(RescanRequested(object_types))

    @rule(message=st.sampled_from([Pause(), Resume(), Resume()]))
    def somebody_pauses_or_resumes(self, message: Pause | Resume) -> None:
        self.take(message)

    @rule(surely=seldom)
    def somebody_stops_it(self, surely: bool) -> None:
        if surely:
            self.take(Stop())

    # What follows.

    def take(self, event: Event | None) -> None:
        before = self.state
        token = before.token
        self.state, self.decision = self.ask(event)
        new = self.decision
        for look in new.looks:
            busy = {name for other in self.looks.values() for name in other.object_types}
            assert look.key not in self.looks
            assert busy.isdisjoint(look.object_types)
            self.looks[look.key] = look
        assert len(self.looks) <= self.most_looks
        if new.looks or new.refresh:
            assert not (self.state.paused)
            assert not (self.state.stopping)
            assert not (self.state.ended)
        if new.looks:
            assert self.state.token.usable
            assert self.now_s < self.state.token.expires_at_s
            assert self.rest_until_s <= self.now_s
        if new.refresh:
            assert self.token_work is None
            assert not new.give_up
            if token.usable and self.state.token.usable:
                assert self.now_s >= self.renewed_s + 10
            self.token_work = "refresh"
        if new.give_up:
            assert self.token_work is None
            assert self.refusals_in_a_row >= 5
            self.given_up += 1
            assert self.given_up == 1
            self.token_work = "give up"

    def ask(self, event: Event | None, *, at_s: float | None = None) -> tuple[State, Decision]:
        now_s = self.now_s if at_s is None else at_s
        now = Moment(now_s, EPOCH + timedelta(seconds=now_s))
        rest_s = max(0.0, self.rest_until_s - now_s)
        return step(self.state, event, now, self.actor_rules, rest_s=rest_s)

    def finish_a_look(self, data: st.DataObject) -> Look:
        return self.looks.pop(data.draw(st.sampled_from(sorted(self.looks))))

    def moves(self, look: Look, *, last: bool) -> list[CursorMove]:
        at = EPOCH + timedelta(seconds=self.now_s)
        if look.key == FEED:
            return [
                CursorMove(name, IDLE, complete=True, covered_until=at) for name in look.cursors
            ]
        (cursor,) = look.cursors.values()
        begins = cursor.complete and not cursor.position.startswith("=")
        position = IDLE if last else ("=x|y" if cursor.complete else "x|y")
        return [
            CursorMove(
                look.key,
                position,
                complete=cursor.complete or last,
                covered_until=at if last else cursor.covered_until,
                begins_comparison=begins,
                ends_comparison=cursor.complete and last,
            )
        ]

    # What must hold.

    @invariant()
    def the_books_agree(self) -> None:
        assert dict(self.state.running) == self.looks
        assert self.state.token.busy is (self.token_work is not None)

    @invariant()
    def it_is_finished_exactly_when_it_must_end_and_nothing_runs(self) -> None:
        must_end = self.state.stopping or self.state.ended is not None
        idle = not self.looks and self.token_work is None
        assert self.decision.finished is (must_end and idle)

    @invariant()
    def it_does_not_spin(self) -> None:
        state, again = self.ask(None)
        assert (again.looks, again.refresh, again.give_up) == ((), False, False)
        assert again.wake_at_s > self.now_s
        assert state == self.state
        self.decision = again

    @invariant()
    def nothing_becomes_due_before_it_wakes(self) -> None:
        until_s = min(self.decision.wake_at_s, self.now_s + 1e5)
        for part in (0.01, 0.5, 0.99):
            at_s = self.now_s + part * (until_s - self.now_s)
            if at_s < until_s:
                _, meanwhile = self.ask(None, at_s=at_s)
                begun = (meanwhile.looks, meanwhile.refresh, meanwhile.give_up)
                assert begun == ((), False, False)

    @invariant()
    def refusals_are_counted_once_for_each_token(self) -> None:
        assert self.state.token.refused == self.refusals_in_a_row

    @invariant()
    def it_is_never_left_without_anything_to_wait_for(self) -> None:
        resting = self.state.paused or self.state.stopping or self.state.ended is not None
        if not resting and not self.looks and self.token_work is None:
            assert self.decision.wake_at_s < inf

    def teardown(self) -> None:
        """From wherever it came to: in a world without trouble all is read again."""
        if not hasattr(self, "state") or self.state.stopping or self.state.ended is not None:
            return
        self.take(Resume())
        made: set[str] = set()
        turns = 0
        while not self.is_settled(made):
            turns += 1
            assert turns < 200
            if self.token_work == "refresh":
                self.token_work = None
                self.take(Refreshed(3600.0))
            elif self.looks:
                look = self.looks.pop(min(self.looks))
                made.add(look.key)
                self.take(LookStored(look, self.moves(look, last=True)))
            elif self.token_work == "give up":
                return
            else:
                assert self.decision.wake_at_s < inf
                self.now_s = self.decision.wake_at_s
                self.take(None)

    def is_settled(self, made: set[str]) -> bool:
        """Tell whether all that failed, was begun or was asked for has been made."""
        cursors = self.state.cursors.values()
        return (
            FEED in made
            and not self.state.failures
            and all(cursor.complete for cursor in cursors)
            and not any(cursor.rescan_requested for cursor in cursors)
        )


TestActorLife = ActorLife.TestCase
TestActorLife.settings = settings(max_examples=200, stateful_step_count=60)


def test_a_polling_type_is_no_backfill() -> None:
    """The planner that the machine plays with makes both kinds of looks."""
    planner = ScriptedPlanner()
    fresh = {name: Cursor(name) for name in TYPES}
    assert {look.via for look in planner.looks(fresh, due=True)} == {Via.BACKFILL}
    done = {name: Cursor(name, IDLE, complete=True) for name in TYPES}
    assert [look.via for look in planner.looks(done, due=True)] == [Via.POLL]
