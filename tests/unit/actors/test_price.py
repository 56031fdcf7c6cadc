import pytest

from actors.price import Bound, price
from actors.settings import CallLimits

LIMITS = CallLimits(per_minute=500, per_second=10, in_flight=10)


@pytest.mark.parametrize(
    ("calls", "limits", "duration_s", "bound_by"),
    [
        ({"Invoice": 30, "Bill": 2}, LIMITS, 30.0, Bound.PAGES_IN_TURN),
        ({str(number): 2 for number in range(18)}, LIMITS, 4.0, Bound.CALLS_AT_ONCE),
        # The first 50 may be made at once, the others at 7.5 a second.
        ({str(number): 100 for number in range(10)}, LIMITS, 950 / 7.5, Bound.CALLS_PER_MINUTE),
        ({"a": 20, "b": 20}, CallLimits(per_second=1), 39 / 0.99, Bound.CALLS_PER_SECOND),
        ({"news": 1}, CallLimits(), 1.0, Bound.PAGES_IN_TURN),
        ({}, CallLimits(), 0.0, Bound.PAGES_IN_TURN),
    ],
)
def test_a_price_is_as_long_as_what_bounds_it_takes(
    calls: dict[str, int], limits: CallLimits, duration_s: float, bound_by: Bound
) -> None:
    found = price(calls, limits)
    assert found.duration_s == pytest.approx(duration_s)
    assert found.bound_by is bound_by


def test_more_calls_never_take_less() -> None:
    durations_s = [price({"Invoice": n, "Bill": 5 * n}, LIMITS).duration_s for n in range(1, 400)]
    assert durations_s == sorted(durations_s)
    assert len(set(durations_s)) == len(durations_s)
