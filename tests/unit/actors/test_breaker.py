from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.breaker import Breaker, BreakerState
from actors.settings import BreakerPolicy

POLICY = BreakerPolicy(failures=3, reset_after_s=100.0)


class FixedRandom(Random):
    """Always draws the same."""

    def __init__(self, drawn: float) -> None:
        super().__init__(0)
        self.drawn = drawn

    def random(self) -> float:
        return self.drawn


def opened(at_s: float = 0.0, drawn: float = 0.0) -> Breaker:
    breaker = Breaker(POLICY)
    for _ in range(POLICY.failures):
        breaker.began(at_s)
        breaker.failed(at_s, FixedRandom(drawn))
    return breaker


@dataclass
class Model:
    """The state machine as it is told in a sentence."""

    failures: int = 0
    rests_until_s: float | None = None
    testing: bool = False

    def state(self, now_s: float) -> BreakerState:
        if self.rests_until_s is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now_s < self.rests_until_s else BreakerState.HALF_OPEN

    def apply(self, operation: str, now_s: float, rest_s: float) -> None:
        if operation == "began":
            self.testing = self.state(now_s) is BreakerState.HALF_OPEN
        elif operation == "succeeded":
            self.failures, self.rests_until_s = 0, None
        elif operation == "failed":
            self.failures += 1
            if self.testing or self.failures >= POLICY.failures:
                self.rests_until_s = now_s + rest_s
        if operation != "began":
            self.testing = False


operations = st.lists(
    st.tuples(
        st.sampled_from(["began", "succeeded", "failed", "failed", "abandoned"]),
        st.sampled_from([0.0, 1.0, 50.0, 100.0, 111.0]),
    ),
    max_size=60,
)


@given(steps=operations, drawn=st.floats(0.0, 0.999))
def test_it_behaves_as_the_state_machine_says(steps: list[tuple[str, float]], drawn: float) -> None:
    breaker, model, random, now_s = Breaker(POLICY), Model(), FixedRandom(drawn), 0.0
    rest_s = POLICY.reset_after_s * (1.0 + 0.1 * drawn)
    for operation, gap_s in steps:
        now_s += gap_s
        model.apply(operation, now_s, rest_s)
        match operation:
            case "began":
                breaker.began(now_s)
            case "succeeded":
                breaker.succeeded()
            case "failed":
                breaker.failed(now_s, random)
            case _:
                breaker.abandoned()
        assert breaker.state(now_s) is model.state(now_s)
        assert breaker.probing is model.testing
        assert breaker.failures == model.failures
        assert (breaker.wait_s(now_s) > 0) is (model.state(now_s) is BreakerState.OPEN)


def test_fewer_failures_than_allowed_leave_it_closed() -> None:
    breaker = Breaker(POLICY)
    for _ in range(2):
        breaker.failed(0.0, Random(0))
    assert breaker.state(0.0) is BreakerState.CLOSED
    assert breaker.wait_s(0.0) == 0


def test_a_success_between_makes_failures_forgotten() -> None:
    breaker = Breaker(POLICY)
    for _ in range(10):
        breaker.failed(0.0, Random(0))
        breaker.failed(0.0, Random(0))
        breaker.succeeded()
    assert breaker.state(0.0) is BreakerState.CLOSED


@pytest.mark.parametrize(("drawn", "rest_s"), [(0.0, 100.0), (0.5, 105.0)])
def test_it_rests_as_long_as_the_policy_says_and_up_to_a_tenth_longer(
    drawn: float, rest_s: float
) -> None:
    breaker = opened(at_s=7.0, drawn=drawn)
    assert breaker.wait_s(7.0) == pytest.approx(rest_s)
    assert breaker.state(7.0 + rest_s - 0.01) is BreakerState.OPEN
    assert breaker.state(7.0 + rest_s + 0.01) is BreakerState.HALF_OPEN
    assert breaker.wait_s(7.0 + rest_s + 0.01) == 0


def test_half_open_test_call_that_succeeds_closes() -> None:
    breaker = opened()
    breaker.began(100.0)
    assert breaker.probing
    breaker.succeeded()
    assert breaker.state(100.0) is BreakerState.CLOSED
    assert breaker.failures == 0


def test_half_open_probe_failure_reopens() -> None:
    breaker = opened()
    breaker.began(100.0)
    breaker.failed(105.0, FixedRandom(0.0))
    assert breaker.state(204.9) is BreakerState.OPEN
    assert breaker.state(205.0) is BreakerState.HALF_OPEN


def test_half_open_test_call_given_up_by_us_leaves_it_half_open() -> None:
    breaker = opened()
    breaker.began(100.0)
    breaker.abandoned()
    assert breaker.state(100.0) is BreakerState.HALF_OPEN
    breaker.began(101.0)
    assert breaker.probing


def test_breakers_that_opened_together_do_not_all_try_again_at_once() -> None:
    random, rests_s = Random(3), set()
    for _ in range(100):
        breaker = Breaker(POLICY)
        for _ in range(POLICY.failures):
            breaker.failed(0.0, random)
        rests_s.add(round(breaker.wait_s(0.0), 1))
    assert len(rests_s) > 40
