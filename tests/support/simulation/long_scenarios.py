"""The scenarios that take weeks: outages, tokens that end, and thirty days of fifty accounts."""

from datetime import timedelta

from daemon.sandbox.quickbooks import Behaviour
from support.simulation.expectations import no_more_token_calls_than, owner_asked_once
from support.simulation.machine_troubles import away, crashes, wrong_clock
from support.simulation.scenario import Scenario, realistic
from support.simulation.vendor_troubles import HOUR_S, PASSING, false_deletes, outage, scattered

CLOCK_JUMPS = (
    timedelta(0),
    timedelta(minutes=5),
    timedelta(minutes=-5),
    timedelta(days=1),
    timedelta(days=-1),
    timedelta(seconds=-1),
)
"""How wrong our clock can be; the last as after a leap second that it did not hear of."""


def _short_lived_grant() -> Behaviour:
    behaviour = realistic()
    behaviour.refresh_hard_life_s = 2 * 24 * 3600
    return behaviour


LONG = (
    Scenario(
        "F19_long_outage",
        (outage(31 * 24 * HOUR_S),),
        accounts=2,
        days=33.0,
        acts_per_day=6.0,
    ),
    Scenario(
        "F19_long_absence",
        (away(31 * 24 * HOUR_S),),
        accounts=2,
        days=33.0,
        acts_per_day=6.0,
    ),
    Scenario(
        "F19_idle_token",
        (away(102 * 24 * HOUR_S),),
        accounts=2,
        days=104.0,
        acts_per_day=2.0,
        owner_may_be_needed=True,
        expects=(owner_asked_once("refused the refresh token"),),
    ),
    Scenario(
        "F19_end_of_the_grant",
        behaviour=_short_lived_grant,
        days=3.0,
        owner_may_be_needed=True,
        expects=(owner_asked_once("refused the refresh token"), no_more_token_calls_than(50)),
    ),
)

THIRTY_DAYS = Scenario(
    "thirty_days",
    (
        scattered(PASSING, every_s=0.5 * HOUR_S),
        false_deletes(every_s=6 * HOUR_S),
        crashes(every_s=48 * HOUR_S),
        wrong_clock(CLOCK_JUMPS, every_s=24 * HOUR_S),
        outage(3 * HOUR_S),
    ),
    accounts=50,
    days=30.0,
    acts_per_day=12.0,
    owner_may_be_needed=True,
)
"""Thirty days of fifty accounts, polled hourly, with churn and faults: how fast a simulation is."""
