"""What metrics say of routed work."""

import pytest

from actors.events import ActionEnded
from daemon.metrics import Metrics
from daemon.metrics.job_counts import JobsReading
from store.action_models import Action, ActionPriority, ActionState
from support.store_fixtures import START
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

VENDORS = {"quickbooks": ("query",), "servicetitan": ("export",)}


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.fixture
async def metrics() -> Metrics:
    return Metrics(VirtualClock(START), VENDORS, "1")


def ended(priority: ActionPriority, state: ActionState = ActionState.SUCCEEDED) -> ActionEnded:
    action = Action(
        "a", "account", "lead.create", b"{}", None, state, START, START, priority=priority
    )
    return ActionEnded("account", "servicetitan", "a", "lead.create", state, 3.0, None, action)


async def test_every_status_and_vendor_is_there_before_anything_happened(metrics: Metrics) -> None:
    value = metrics.registry.get_sample_value
    assert value("syncline_routings", {"status": "failed"}) == 0
    name = "syncline_delivery_duration_seconds_count"
    assert value(name, {"vendor": "servicetitan"}) == 0
    assert value(name, {"vendor": "quickbooks"}) == 0


async def test_deliveries_are_told_apart_from_what_users_wait_for(metrics: Metrics) -> None:
    metrics.listen(ended(ActionPriority.DELIVERY))
    metrics.listen(ended(ActionPriority.DELIVERY, ActionState.FAILED))
    metrics.listen(ended(ActionPriority.USER))
    value, of = metrics.registry.get_sample_value, {"vendor": "servicetitan"}
    assert value("syncline_delivery_duration_seconds_sum", of) == 3.0
    assert value("syncline_delivery_duration_seconds_count", of) == 1
    assert value("syncline_action_duration_seconds_count", of) == 1
    succeeded = {**of, "state": "succeeded"}
    assert value("syncline_actions_ended_total", succeeded) == 2


async def test_a_scrape_shows_where_routings_stand_and_how_far_they_were_followed(
    metrics: Metrics,
) -> None:
    metrics.jobs.unfollowed = lambda last_seq: last_seq - 40
    metrics.jobs.reading = JobsReading({"synced": 7}, 100)
    value = metrics.registry.get_sample_value
    assert value("syncline_routings", {"status": "synced"}) == 7
    assert value("syncline_routings", {"status": "pending"}) == 0
    assert value("syncline_job_follower_lag_changes") == 60
    metrics.jobs.reading = JobsReading()
    assert value("syncline_routings", {"status": "synced"}) is None
