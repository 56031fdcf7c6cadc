from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import anyio
import pytest
from anyio.abc import TaskGroup
from hypothesis import given
from hypothesis import strategies as st

from actors.breaker import BreakerState
from actors.errors import (
    BreakerOpenError,
    ReauthorizeError,
    RejectedError,
    ThrottledError,
    TransientError,
    UnknownOutcomeError,
)
from actors.gate import Gate
from actors.settings import AccountSettings, BreakerPolicy, CallLimits
from actors.vendors.base import Priority
from support.virtual_time import VirtualClock, VirtualLoop


class Door:
    """A gate, and everything that passed it."""

    def __init__(
        self,
        limits: CallLimits | None = None,
        *,
        failures: int = 3,
        reset_after_s: float = 100.0,
    ) -> None:
        self.clock = VirtualClock()
        self.turns: list[BreakerState] = []
        settings = AccountSettings(
            object_types=(),
            limits=limits or CallLimits(),
            breaker=BreakerPolicy(failures=failures, reset_after_s=reset_after_s),
        )
        self.gate = Gate(settings, self.clock, Random(0), self.turns.append)
        self.passed: list[tuple[float, str]] = []
        self.raised: list[tuple[float, str, Exception]] = []
        self.most_at_once = self.at_once = 0

    async def call(
        self,
        name: str = "call",
        priority: Priority = Priority.POLL,
        *,
        takes_s: float = 0.0,
        ends: Exception | None = None,
    ) -> None:
        """Make a call; what is raised is kept."""
        try:
            async with self.gate.permit(priority)(name):
                self.passed.append((self.now_s(), name))
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    await anyio.sleep(takes_s)
                finally:
                    self.at_once -= 1
                if ends is not None:
                    raise ends
        except Exception as error:  # noqa: BLE001 - told to the test
            self.raised.append((self.now_s(), name, error))

    def now_s(self) -> float:
        return self.clock.now().monotonic_s

    def names(self) -> list[str]:
        return [name for _, name in self.passed]

    @asynccontextmanager
    async def crowd(self) -> AsyncIterator[TaskGroup]:
        async with anyio.create_task_group() as tasks:
            yield tasks

    async def fail(self, times: int) -> None:
        for _ in range(times):
            await self.call(ends=TransientError("503"))

    def is_untouched(self) -> bool:
        """Tell whether a call can begin right now, and nothing is left of earlier ones."""
        return self.gate.bucket.in_flight == 0 and not self.gate._queue  # noqa: SLF001


def most_in_a_window(times_s: list[float], window_s: float) -> int:
    return max(
        (sum(begin <= at_s <= begin + window_s for at_s in times_s) for begin in times_s),
        default=0,
    )


async def test_the_most_urgent_of_those_that_wait_goes_first() -> None:
    door = Door(CallLimits(in_flight=1))
    async with door.crowd() as tasks:
        tasks.start_soon(door.call, "first", Priority.POLL)
        for priority in reversed(Priority):
            tasks.start_soon(door.call, priority.name, priority)
    assert door.names() == [
        *("first", "USER", "READ", "DELIVERY", "FRESH", "POLL", "BACKFILL", "VERIFY")
    ]


async def test_a_users_call_waits_behind_many_deliveries_for_one_call_at_most() -> None:
    door = Door(CallLimits(per_second=1, in_flight=1))
    async with door.crowd() as tasks:
        for number in range(60):
            tasks.start_soon(door.call, f"delivery {number}", Priority.DELIVERY)
        await anyio.sleep(30.5)
        made = len(door.names())
        await door.call("user", Priority.USER)
        assert door.names().index("user") <= made + 1


async def test_those_of_one_priority_go_in_the_order_they_came() -> None:
    door = Door(CallLimits(per_second=1, in_flight=10))
    async with door.crowd() as tasks:
        for number in range(20):
            tasks.start_soon(door.call, f"{number}")
    assert door.names() == [f"{number}" for number in range(20)]


async def test_a_users_call_waits_for_no_more_than_one_call_of_a_backfill() -> None:
    door = Door(CallLimits(per_second=1, in_flight=10))
    async with door.crowd() as tasks:
        for number in range(20):
            tasks.start_soon(door.call, f"backfill {number}", Priority.BACKFILL)
        await anyio.sleep(5.5)
        asked_s, before = door.now_s(), len(door.passed)
        await door.call("user", Priority.USER)
        assert door.now_s() - asked_s <= 1.02
        assert len(door.passed) <= before + 2


async def test_one_place_in_flight_is_kept_for_users() -> None:
    door = Door(CallLimits(in_flight=3))
    async with door.crowd() as tasks:
        for number in range(6):
            tasks.start_soon(lambda name: door.call(name, takes_s=10), f"{number}")
        await anyio.sleep(1)
        assert door.most_at_once == 2
        tasks.start_soon(lambda: door.call("user", Priority.USER, takes_s=10))
        await anyio.sleep(1)
        assert door.most_at_once == 3
        assert "user" in door.names()
    assert door.most_at_once == 3
    assert len(door.passed) == 7


async def test_throttled_nobody_calls_before_the_time_that_was_asked_for() -> None:
    door = Door()
    await door.call(ends=ThrottledError("429", retry_after_s=60.0))
    held_s = door.gate.rest_s(door.now_s())
    assert 60.0 <= held_s <= 66.0
    await door.call("poll")
    (_, name, error) = door.raised[-1]
    assert name == "poll"
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s == held_s
    await door.call("user", Priority.USER)
    (at_s, name) = door.passed[-1]
    assert name == "user"
    assert at_s == pytest.approx(held_s)
    await door.call("later")
    assert door.names()[-1] == "later"


async def test_throttled_those_that_wait_are_told_and_make_room() -> None:
    door = Door(CallLimits(in_flight=2))
    async with door.crowd() as tasks:
        tasks.start_soon(
            lambda: door.call("first", takes_s=5, ends=ThrottledError("429", retry_after_s=60.0))
        )
        for number in range(3):
            tasks.start_soon(door.call, f"waiting {number}")
        tasks.start_soon(door.call, "user", Priority.USER)
        await anyio.sleep(6)
        assert {at_s for at_s, _, _ in door.raised} == {5.0}
        assert len(door.raised) == 4
    assert door.names() == ["first", "user"]


async def test_a_longer_wait_is_not_shortened_by_a_later_answer() -> None:
    door = Door()
    async with door.crowd() as tasks:
        tasks.start_soon(lambda: door.call(takes_s=1, ends=ThrottledError("", retry_after_s=500.0)))
        tasks.start_soon(lambda: door.call(takes_s=2, ends=ThrottledError("", retry_after_s=5.0)))
    assert door.gate.rest_s(door.now_s()) > 498


async def test_being_throttled_is_no_failure() -> None:
    door = Door(failures=1)
    await door.call(ends=ThrottledError("429", retry_after_s=1.0))
    assert door.gate.breaker.state(door.now_s()) is BreakerState.CLOSED


@pytest.mark.parametrize("error", [TransientError("503"), UnknownOutcomeError("no answer")])
async def test_an_open_breaker_refuses_at_once(error: Exception) -> None:
    door = Door()
    for _ in range(3):
        await door.call(ends=error)
    assert door.turns == [BreakerState.OPEN]
    await door.call("refused", Priority.USER)
    (at_s, name, raised) = door.raised[-1]
    assert (at_s, name) == (0.0, "refused")
    assert isinstance(raised, BreakerOpenError)
    assert raised.retry_in_s == door.gate.rest_s(0.0)
    assert raised.reason == "breaker_open"
    assert "refused" not in door.names()


@pytest.mark.parametrize("error", [RejectedError("400"), ReauthorizeError("401"), None])
async def test_an_answer_of_any_sense_is_no_failure(error: Exception | None) -> None:
    door = Door()
    for _ in range(10):
        await door.fail(2)
        await door.call(ends=error)
    assert door.turns == []


async def test_a_call_that_ends_in_a_bug_says_nothing_about_the_vendor() -> None:
    door = Door(failures=2)
    await door.fail(1)
    await door.call(ends=ZeroDivisionError())
    assert door.gate.breaker.failures == 1
    await door.fail(1)
    assert door.turns == [BreakerState.OPEN]


async def test_those_that_wait_when_the_breaker_opens_are_told_at_once() -> None:
    door = Door(CallLimits(in_flight=2), failures=1)
    async with door.crowd() as tasks:
        tasks.start_soon(lambda: door.call("first", takes_s=7, ends=TransientError("503")))
        for number in range(4):
            tasks.start_soon(door.call, f"waiting {number}")
    refused = [(at_s, name) for at_s, name, error in door.raised if name != "first"]
    assert refused == [(7.0, f"waiting {number}") for number in range(4)]
    assert door.is_untouched()


async def test_half_open_one_call_tests_while_the_others_wait_and_then_pass() -> None:
    door = Door()
    await door.fail(3)
    await anyio.sleep(111)
    async with door.crowd() as tasks:
        for number in range(4):
            tasks.start_soon(lambda name: door.call(name, takes_s=9), f"{number}")
        await anyio.sleep(8)
        assert door.names()[3:] == ["0"]
    assert [at_s for at_s, _ in door.passed[3:]] == [111, 120, 120, 120]
    assert door.turns == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED]


async def test_half_open_probe_failure_reopens() -> None:
    door = Door()
    await door.fail(3)
    await anyio.sleep(111)
    async with door.crowd() as tasks:
        tasks.start_soon(lambda: door.call("test", takes_s=9, ends=TransientError("503")))
        for _ in range(3):
            tasks.start_soon(door.call, "waiting")
    assert "waiting" not in door.names()
    assert door.turns == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.OPEN]
    assert {at_s for at_s, name, _ in door.raised if name == "waiting"} == {120.0}


async def test_half_open_a_test_call_that_is_cancelled_lets_the_next_one_test() -> None:
    door = Door()
    await door.fail(3)
    await anyio.sleep(111)
    async with door.crowd() as tasks:
        with anyio.move_on_after(5):
            await door.call("given up", takes_s=100)
        for number in range(2):
            tasks.start_soon(lambda name: door.call(name, takes_s=9), f"{number}")
    assert list(door.passed[3:]) == [
        (111.0, "given up"),
        (116.0, "0"),
        (125.0, "1"),
    ]


async def test_one_that_stops_waiting_leaves_no_trace() -> None:
    door = Door(CallLimits(per_second=1, in_flight=5))
    async with door.crowd() as tasks:
        tasks.start_soon(door.call, "first")
        await anyio.sleep(0.01)
        with anyio.move_on_after(0.2):
            await door.call("given up", Priority.USER)
        tasks.start_soon(door.call, "second")
    assert door.names() == ["first", "second"]
    assert door.is_untouched()


async def test_when_the_first_in_line_gives_up_the_next_one_goes() -> None:
    door = Door(CallLimits(in_flight=1))
    async with door.crowd() as tasks:
        tasks.start_soon(lambda: door.call("busy", takes_s=10))
        await anyio.sleep(1)
        scope = anyio.CancelScope()

        async def gives_up() -> None:
            with scope:
                await door.call("given up", Priority.USER)

        tasks.start_soon(gives_up)
        tasks.start_soon(door.call, "next")
        await anyio.sleep(1)
        scope.cancel()
    assert door.passed == [(0.0, "busy"), (10.0, "next")]
    assert door.is_untouched()


async def test_a_call_that_is_cancelled_gives_its_place_back() -> None:
    door = Door(CallLimits(in_flight=1))
    with anyio.move_on_after(5):
        await door.call("given up", takes_s=100)
    await door.call("next")
    assert door.passed[-1] == (5.0, "next")
    assert door.is_untouched()


priorities = st.sampled_from(list(Priority))
visits = st.lists(
    st.tuples(st.floats(0, 20), priorities, st.floats(0, 3), st.booleans()), max_size=60
)


@given(
    visits=visits,
    per_minute=st.none() | st.integers(1, 50),
    per_second=st.none() | st.integers(1, 10),
    in_flight=st.integers(1, 5),
)
def test_limits_hold_for_any_crowd_and_everybody_gets_through(
    visits: list[tuple[float, Priority, float, bool]],
    per_minute: int | None,
    per_second: int | None,
    in_flight: int,
) -> None:
    async def scenario() -> None:
        door = Door(CallLimits(per_minute, per_second, in_flight))

        async def visit(after_s: float, priority: Priority, takes_s: float, leaves: bool) -> None:
            await anyio.sleep(after_s)
            with anyio.move_on_after(1.0 if leaves else 1e6):
                await door.call("visit", priority, takes_s=takes_s)

        async with anyio.create_task_group() as tasks:
            for entry in visits:
                tasks.start_soon(visit, *entry)
        times_s = [at_s for at_s, _ in door.passed]
        if per_minute is not None:
            assert most_in_a_window(times_s, 60.0) <= per_minute
        if per_second is not None:
            assert most_in_a_window(times_s, 1.0) <= per_second
        assert door.most_at_once <= in_flight
        assert len(times_s) >= sum(not leaves for *_, leaves in visits)
        assert door.is_untouched()

    anyio.run(scenario, backend_options={"loop_factory": VirtualLoop})


async def test_a_saturated_gate_comes_close_to_the_limits() -> None:
    door = Door(CallLimits(per_minute=500, per_second=10, in_flight=10))

    async def caller() -> None:
        while door.now_s() < 600:
            await door.call(takes_s=0.2)

    async with door.crowd() as tasks:
        for _ in range(9):
            tasks.start_soon(caller)
    times_s = [at_s for at_s, _ in door.passed]
    assert len(times_s) / 10 >= 440
    assert most_in_a_window(times_s[:600], 60.0) <= 500
    assert most_in_a_window(times_s[:600], 1.0) <= 10
