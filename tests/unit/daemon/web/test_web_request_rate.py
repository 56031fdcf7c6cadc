import pytest

from daemon.web.request_rate import RequestRate


def let_in(rate: RequestRate, who: str, now_s: float, tries: int) -> int:
    return sum(rate.wait_s(who, now_s) == 0 for _ in range(tries))


def test_twice_the_rate_may_come_at_once_and_then_the_rate() -> None:
    rate = RequestRate(10)
    assert let_in(rate, "a", 0, 100) == 20
    assert let_in(rate, "a", 1, 100) == 10
    assert let_in(rate, "a", 60, 100) == 20


def test_it_says_how_long_to_wait() -> None:
    rate = RequestRate(4)
    let_in(rate, "a", 0, 8)
    assert rate.wait_s("a", 0) == pytest.approx(0.25)
    assert rate.wait_s("a", 0.25) == 0


def test_one_asker_takes_nothing_from_another() -> None:
    rate = RequestRate(1)
    assert let_in(rate, "a", 0, 100) == 2
    assert let_in(rate, "b", 0, 100) == 2


def test_without_a_rate_all_may() -> None:
    assert let_in(RequestRate(None), "a", 0, 10_000) == 10_000


def test_a_clock_that_stands_still_or_goes_back_gives_nothing_away() -> None:
    rate = RequestRate(1)
    let_in(rate, "a", 100, 2)
    assert let_in(rate, "a", 50, 10) == 0


def test_many_askers_do_not_pile_up() -> None:
    rate = RequestRate(1)
    for number in range(25_000):
        rate.wait_s(f"{number}", number / 1000)
    assert len(rate._askers) <= 10_000  # noqa: SLF001 - what it remembers has no public door
