from dataclasses import dataclass
from math import inf

from daemon.pulse import Pulse, Sight, beat

BEGIN_S = 1_700_000_000.0


@dataclass
class Check:
    """Checks in a row; times count from the first."""

    pulse: Pulse | None = None

    def at(
        self,
        second: float,
        look: float | None,
        *,
        interval: float | None = 300.0,
        feed_ok: bool = True,
        clock_error_s: float = 0.0,
    ) -> str:
        """Make one check and say which link is silent."""
        look_s = None if look is None else BEGIN_S + look
        sight = Sight(BEGIN_S + second + clock_error_s, second, interval, look_s, feed_ok)
        self.pulse = beat(self.pulse, sight)
        return "" if self.pulse is None else self.pulse.silent


def test_pages_that_come_keep_it_quiet() -> None:
    check = Check()
    assert not any(check.at(second, second - 10) for second in range(0, 10_000, 15))


def test_pages_that_stay_away_for_two_intervals_are_silent() -> None:
    check = Check()
    check.at(0, -10)
    assert check.at(600, -10) == ""
    assert check.at(601, -10) == "look"
    assert check.at(616, 610) == ""


def test_the_metric_shows_the_oldest_link() -> None:
    check = Check()
    check.at(0, -10)
    check.at(15, 12)
    assert check.pulse is not None
    assert check.pulse.oldest_s == BEGIN_S + 12
    check.at(30, 29, feed_ok=False)
    assert check.pulse.oldest_s == BEGIN_S + 15


def test_a_feed_that_cannot_be_read_is_silent_though_pages_come() -> None:
    check = Check()
    check.at(0, -1)
    found = [check.at(second, second - 1, feed_ok=False) for second in range(15, 631, 15)]
    assert found[-1] == "feed"
    assert found[10] == ""


def test_a_store_that_cannot_be_read_is_silent() -> None:
    check = Check()
    check.at(0, -1)
    assert check.at(601, None, feed_ok=False) == "look"


def test_without_accounts_that_poll_there_is_nothing_to_expect() -> None:
    check = Check()
    check.at(0, -10)
    check.at(15, -10, interval=None)
    assert check.pulse is None
    assert check.at(50_000, -10) == ""
    assert check.at(50_600, -10) == ""
    assert check.at(50_601, -10) == "look"


def test_a_rest_of_the_reads_is_no_silence_and_its_end_is_given_time() -> None:
    check = Check()
    check.at(0, -10)
    assert not any(check.at(second, -10, interval=inf) for second in range(15, 100_000, 600))
    assert check.at(100_000, -10) == ""
    assert check.at(100_600, -10) == ""
    assert check.at(100_601, -10) == "look"


def test_a_stretch_that_ends_is_not_held_against_who_waits_by_it() -> None:
    check = Check()
    check.at(0, -10, interval=3600.0)
    check.at(15, 10, interval=3600.0)
    assert check.at(5000, 10, interval=300.0) == ""
    assert check.at(7216, 10, interval=300.0) == "look"


def test_a_calendar_that_jumps_makes_nobody_silent_and_nobody_fresh() -> None:
    check = Check()
    check.at(0, -10)
    assert check.at(300, -10, clock_error_s=86_400.0) == ""
    assert check.at(601, -10, clock_error_s=-86_400.0) == "look"


def test_a_page_from_the_future_counts_as_now() -> None:
    check = Check()
    check.at(0, 86_400)
    assert check.pulse is not None
    assert check.pulse.oldest_s == BEGIN_S
