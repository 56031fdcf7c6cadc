"""The scenarios of the month's metered reads."""

from datetime import UTC, datetime

from support.simulation.allowance import (
    reads_refused_at_most,
    reads_rested_once,
    refreshes_went_on,
    warned_of_the_forecast,
    watch_the_rest,
)
from support.simulation.expectations import never_behind_by_more_than, verified_apart
from support.simulation.machine_troubles import restarts
from support.simulation.scenario import Scenario
from support.simulation.vendor_troubles import HOUR_S

_LAST_DAYS = datetime(2026, 3, 28, 4, tzinfo=UTC)
_TURN = datetime(2026, 4, 1, 7, tzinfo=UTC)
"""When April begins in Pacific daylight time."""
_MID_MONTH = datetime(2026, 3, 12, 4, tzinfo=UTC)

ALLOWANCE = (
    Scenario(
        "F08_allowance_used_up",
        (watch_the_rest(),),
        accounts=2,
        days=4.5,
        epoch=_LAST_DAYS,
        poll_interval_s=600.0,
        reads_per_month=500_000,
        read_cap=300,
        expects=(
            reads_rested_once(_TURN),
            refreshes_went_on,
            reads_refused_at_most(40),
            never_behind_by_more_than(4 * 24 * HOUR_S),
        ),
    ),
    Scenario(
        "F08_allowance_lasts",
        days=20.5,
        acts_per_day=12.0,
        epoch=_MID_MONTH,
        reads_per_month=660,
        read_cap=660,
        expects=(
            warned_of_the_forecast,
            reads_refused_at_most(0),
            never_behind_by_more_than(6 * HOUR_S),
        ),
    ),
    Scenario(
        "F08_verified_in_a_short_month",
        (restarts(every_s=36 * HOUR_S),),
        accounts=2,
        days=16.0,
        acts_per_day=4.0,
        epoch=_MID_MONTH,
        poll_interval_s=2 * HOUR_S,
        verify_interval_s=24 * HOUR_S,
        reads_per_month=500,
        read_cap=500,
        expects=(
            reads_refused_at_most(0),
            verified_apart(least_s=6 * 24 * HOUR_S, most_s=(7 * 24 + 6) * HOUR_S),
        ),
    ),
)
