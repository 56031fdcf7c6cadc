from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.service_history import KEPT, Day, ServiceHistory, ServiceState, judged
from daemon.web.pages.service import service_page
from support.web_house import house

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORKING, IMPAIRED, STOPPED = ServiceState
LATE = ("quickbooks: it does not answer as it should, so data arrive late.",)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def looked(*looks: tuple[float, ServiceState, tuple[str, ...]]) -> Day:
    day = Day()
    for minutes, state, causes in looks:
        day = day.with_look(after(minutes), state, causes)
    return day


def test_only_turns_are_kept() -> None:
    day = looked((0, WORKING, ()), (1, WORKING, ()), (2, IMPAIRED, LATE), (3, IMPAIRED, LATE))
    assert [(span.since, span.state) for span in day.spans] == [
        (NOON, WORKING),
        (after(2), IMPAIRED),
    ]
    assert day.seen_at == after(3)


def test_a_time_in_which_nobody_looked_shows_as_stopped() -> None:
    day = looked((0, WORKING, ()), (10, WORKING, ()))
    assert [(span.since, span.state) for span in day.spans] == [
        (NOON, WORKING),
        (NOON, STOPPED),
        (after(10), WORKING),
    ]


def test_what_is_older_than_a_day_is_forgotten_and_what_goes_on_begins_with_the_day() -> None:
    minutes = KEPT.total_seconds() / 60
    looks = [(at, WORKING, ()) for at in range(0, int(minutes) + 30, 2)]
    day = looked((-4, IMPAIRED, LATE), (-2, IMPAIRED, LATE), *looks)
    assert [(span.since, span.state) for span in day.spans] == [
        (after(looks[-1][0]) - KEPT, WORKING)
    ]


def test_clients_see_one_incident_while_its_causes_change() -> None:
    more = (*LATE, "New data do not come through just now.")
    day = looked(
        (0, WORKING, ()),
        (2, IMPAIRED, LATE),
        (3, IMPAIRED, more),
        (4, WORKING, ()),
        (5, WORKING, ()),
    )
    page = service_page(day, after(5))
    assert (page.state, page.causes) == (WORKING, ())
    [incident] = page.incidents
    assert (incident.since, incident.until) == (after(2), after(4))
    assert list(incident.causes) == list(more)
    assert sum(stretch.width for stretch in page.stretches) == 5 * 60


def test_clients_see_what_is_wrong_now_and_two_incidents_apart() -> None:
    day = looked((0, IMPAIRED, LATE), (1, WORKING, ()), (2, IMPAIRED, LATE))
    page = service_page(day, after(2))
    assert (page.state, page.causes) == (IMPAIRED, LATE)
    assert [each.until for each in page.incidents] == [None, after(1)]


def test_before_the_first_look_it_works() -> None:
    page = service_page(Day(), NOON)
    assert (page.state, page.incidents, page.stretches) == (WORKING, [], [])


def test_an_incident_of_a_vendor_is_told_and_nothing_of_anyone() -> None:
    assert judged(["quickbooks"], writable=True, silent=False) == LATE
    assert judged([], writable=True, silent=False) == ()


def test_a_store_that_takes_nothing_and_a_silent_heartbeat_are_incidents() -> None:
    assert len(judged([], writable=False, silent=True)) == 2


@pytest.mark.parametrize(
    "stored",
    [
        b"\xff\xfe",
        b'{"spans":[{"since":"x"}]}',
        b'{"spans":[{"since":"2026-03-01T12:00:00Z","state":"unknown"}]}',
    ],
)
async def test_a_stored_day_that_cannot_be_read_is_forgotten(tmp_path: Path, stored: bytes) -> None:
    async with house(tmp_path) as within:
        await within.store.set_metadata("service_history", stored)
        history = ServiceHistory(within.store, list, within.heartbeat.reasons, within.clock)
        await history.load()
        assert history.day == Day()
        await history.look()
        assert history.day.spans[-1].state is WORKING
