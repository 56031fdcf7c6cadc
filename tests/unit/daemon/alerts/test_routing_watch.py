"""Jobs that could not be offered: one alert for each company, until none that failed of late is left."""

from pathlib import Path

import pytest

from daemon.alerts.book import AlertBook
from daemon.alerts.desk import AlertDesk
from daemon.alerts.routing_watch import RoutingWatch
from support.jobs import action_of, enter, new_job, new_routing, offer, refuse, routing_of
from support.store_fixtures import START, at, open_quick, own
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


class _Nobody:
    """Takes what happens to alerts."""

    def __getattr__(self, name: str) -> object:
        return lambda *_, **__: None


async def test_a_company_is_told_of_once_until_it_is_tried_again(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    async with await open_quick(tmp_path / "syncline.db") as store:
        companies = [await own(store, f"realm-{number}") for number in range(2)]
        desk = AlertDesk(store, clock, AlertBook(None), _Nobody())  # type: ignore[arg-type]
        watch = RoutingWatch(desk, store, clock, lambda _: "quickbooks")

        def open_ones() -> list[tuple[str, str]]:
            return [(alert.subject, alert.cause) for alert in desk.book.open_alerts()]

        await watch.look()
        assert open_ones() == []
        first, second = companies
        for job_id in ("one", "two"):
            await enter(store, companies, job_id)
            await refuse(store, first, job_id)
        await watch.look()
        assert open_ones() == [(first.account_id, "2 jobs could not be offered: no such campaign")]
        await store.accept_job(
            new_job("three", fingerprint="three"), [new_routing("three", second, "set a campaign")]
        )
        await watch.look()
        assert (second.account_id, "1 job could not be offered: set a campaign") in open_ones()
        for job_id in ("one", "two"):
            tried = action_of(job_id, first)
            new = offer(f"again {job_id}")
            assert await store.offer_again(routing_of(job_id, first), new, at(9), instead_of=tried)
        await watch.look()
        assert [subject for subject, _ in open_ones()] == [second.account_id]
        clock.epoch = at(2 * 86_400)
        await watch.look()
        assert open_ones() == []


@pytest.mark.parametrize("purge", [False, True])
async def test_of_a_company_that_was_let_go_nothing_is_told(tmp_path: Path, purge: bool) -> None:
    clock = VirtualClock(START)
    async with await open_quick(tmp_path / "syncline.db") as store:
        companies = [await own(store, f"realm-{number}") for number in range(2)]
        desk = AlertDesk(store, clock, AlertBook(None), _Nobody())  # type: ignore[arg-type]
        watch = RoutingWatch(desk, store, clock, lambda _: "quickbooks")
        await enter(store, companies, "one")
        await refuse(store, companies[0], "one")
        await watch.look()
        assert len(desk.book.open_alerts()) == 1
        await store.disconnect(companies[0].account_id, purge=purge, at=at(5))
        await watch.look()
        assert desk.book.open_alerts() == ()
        # As after a restart.
        desk = AlertDesk(store, clock, AlertBook(None), _Nobody())  # type: ignore[arg-type]
        await RoutingWatch(desk, store, clock, lambda _: "quickbooks").look()
        assert desk.book.open_alerts() == ()
