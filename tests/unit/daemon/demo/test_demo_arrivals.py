from datetime import timedelta

from daemon.demo.arrivals import Arrivals, ObjectKey
from support.command_line import NOW

KEY = ObjectKey("934", "Invoice", "7")
OTHER = ObjectKey("934", "Invoice", "8")


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_delay_counts_from_the_oldest_change_under_way() -> None:
    arrivals = Arrivals()
    arrivals.left(KEY, NOW)
    arrivals.left(KEY, NOW + after(1))
    assert arrivals.arrived(KEY, NOW + after(1.5)) == 1.5


def test_change_that_nobody_expected_has_no_delay() -> None:
    arrivals = Arrivals()
    arrivals.left(OTHER, NOW)
    assert arrivals.arrived(KEY, NOW + after(1)) is None
    assert arrivals.all_delays_s() == []


def test_next_change_of_the_same_object_counts_anew() -> None:
    arrivals = Arrivals()
    arrivals.left(KEY, NOW)
    arrivals.arrived(KEY, NOW + after(2))
    arrivals.left(KEY, NOW + after(3))
    assert arrivals.arrived(KEY, NOW + after(4)) == 1.0
    assert arrivals.delays_s == {"934": [2.0, 1.0]}


def test_all_delays_are_in_order() -> None:
    arrivals = Arrivals()
    for key, delay_s in ((KEY, 3.0), (OTHER, 1.0)):
        arrivals.left(key, NOW)
        arrivals.arrived(key, NOW + after(delay_s))
    assert arrivals.all_delays_s() == [1.0, 3.0]
