from datetime import UTC, datetime, timedelta

from actors.status import AccountState
from daemon.health.samples import Sample
from daemon.web.pages.day import account_day

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIVE, DEGRADED = AccountState.LIVE, AccountState.DEGRADED


def sample(minutes_ago: float, state: AccountState = LIVE, response_s: float = 0.5) -> Sample:
    return Sample(NOW - timedelta(minutes=minutes_ago), state, 60, response_s)


def parts(*samples: Sample) -> list[tuple[AccountState, float, float]]:
    day = account_day(samples, NOW)
    minutes = day.width / 60
    return [(each.state, minutes - each.x / 60, each.width / 60) for each in day.stretches]


def test_samples_of_one_state_are_one_stretch_up_to_now() -> None:
    assert parts(sample(15), sample(10), sample(5), sample(1)) == [(LIVE, 15, 15)]


def test_a_turn_begins_another_stretch() -> None:
    found = parts(sample(15), sample(10, DEGRADED), sample(5, DEGRADED), sample(1))
    assert found == [(LIVE, 15, 5), (DEGRADED, 10, 9), (LIVE, 1, 1)]


def test_a_gap_stays_open() -> None:
    assert parts(sample(60), sample(5)) == [(LIVE, 60, 5), (LIVE, 5, 5)]


def test_what_was_before_the_day_is_cut_off() -> None:
    assert parts(sample(24 * 60 + 3), sample(24 * 60 - 2))[0] == (LIVE, 24 * 60, 7)


def test_responses_and_ages_are_lines() -> None:
    day = account_day([sample(10, response_s=2.0), sample(5, response_s=1.0)], NOW)
    assert (day.responses.most, day.responses.last, day.ages.last) == (2.0, 1.0, 60.0)


def test_no_samples_are_an_empty_day() -> None:
    day = account_day([], NOW)
    assert (day.stretches, day.responses.points) == ([], "")
