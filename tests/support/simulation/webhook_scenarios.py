"""The scenarios with webhooks: F21 in simulated form, and F06 and F01 with webhooks on."""

from daemon.sandbox.quickbooks import WebhookForm
from support.simulation.data_troubles import twice_in_a_second
from support.simulation.expectations import no_more_token_calls_than
from support.simulation.machine_troubles import crashes, operator
from support.simulation.scenario import Scenario
from support.simulation.vendor_troubles import HOUR_S
from support.simulation.webhook_troubles import (
    busy_first_company,
    every_notice_answered,
    forgeries_refused,
    half_within,
    idle_accounts_read_at_most,
    no_webhook_missed,
    some_webhooks_missed,
    told_by_webhook,
    webhooks,
)

_POLL_S = 300.0
_ROUGH = {
    "duplicate": 0.3,
    "reorder": 0.3,
    "forge": 0.2,
    "stranger": 0.2,
    "unknown_type": 0.2,
    "delay_s": (0.0, 30.0),
}

WEBHOOK_SCENARIOS = (
    Scenario(
        "F06_webhooks_before_rows_are_visible",
        (webhooks(), twice_in_a_second(every_s=900.0), operator(every_s=HOUR_S)),
        webhooks=True,
        poll_interval_s=_POLL_S,
        acts_per_day=96.0,
        expects=(told_by_webhook(50), every_notice_answered),
    ),
    Scenario(
        "F21_cloud_events",
        (webhooks(**_ROUGH),),
        webhooks=True,
        poll_interval_s=_POLL_S,
        expects=(
            told_by_webhook(20),
            half_within(90.0),
            forgeries_refused,
            every_notice_answered,
        ),
    ),
    Scenario(
        "F21_legacy_form",
        (webhooks(form=WebhookForm.LEGACY, **_ROUGH),),
        webhooks=True,
        poll_interval_s=_POLL_S,
        expects=(told_by_webhook(20), forgeries_refused, every_notice_answered),
    ),
    Scenario(
        "F21_lost_webhooks",
        (webhooks(drop=0.85),),
        webhooks=True,
        poll_interval_s=_POLL_S,
        acts_per_day=96.0,
        expects=(told_by_webhook(3), some_webhooks_missed, every_notice_answered),
    ),
    Scenario(
        "F21_killed_between_durable_and_look",
        (webhooks(delay_s=(0.0, 5.0)), crashes(every_s=HOUR_S / 2, slowest_s=600.0)),
        webhooks=True,
        poll_interval_s=_POLL_S,
        days=0.75,
        acts_per_day=192.0,
        owner_may_be_needed=True,
        expects=(told_by_webhook(20), every_notice_answered),
    ),
    Scenario(
        "F21_idle_accounts",
        (webhooks(), busy_first_company()),
        webhooks=True,
        poll_interval_s=_POLL_S,
        acts_per_day=0.0,
        days=3.0,
        expects=(
            told_by_webhook(100),
            no_webhook_missed,
            idle_accounts_read_at_most(14),
            no_more_token_calls_than(20),
        ),
    ),
)
