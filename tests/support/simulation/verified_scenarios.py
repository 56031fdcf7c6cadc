"""Scenarios of verification: damage is found, and what is right is never called wrong."""

from support.simulation.damage import bit_flips, interrupting, verifying
from support.simulation.data_troubles import on_and_off, twice_in_a_second
from support.simulation.expectations import (
    all_damage_named,
    mended_before_its_certificate,
    verified_without_alarm,
)
from support.simulation.machine_troubles import crashes
from support.simulation.scenario import Scenario
from support.simulation.vendor_troubles import HOUR_S, PASSING, scattered

VERIFIED = (
    Scenario(
        "F13_damaged_rows",
        (bit_flips(), verifying(every_s=HOUR_S / 2)),
        days=2.0,
        acts_per_day=12.0,
        expects=(all_damage_named,),
    ),
    Scenario(
        "F13_damaged_and_interrupted",
        (bit_flips(), verifying(every_s=HOUR_S / 2), interrupting(every_s=HOUR_S)),
        days=1.5,
        acts_per_day=12.0,
        owner_may_be_needed=True,
        expects=(all_damage_named, mended_before_its_certificate),
    ),
    Scenario(
        "F13_verified_all_the_time",
        (verifying(every_s=300.0), twice_in_a_second()),
        accounts=2,
        days=0.5,
        poll_interval_s=600.0,
        acts_per_day=400.0,
        expects=(verified_without_alarm(30),),
        healthy=2,
    ),
    Scenario(
        "F13_verified_all_the_time_and_killed",
        (verifying(every_s=300.0), crashes(), on_and_off()),
        accounts=2,
        days=0.5,
        poll_interval_s=600.0,
        owner_may_be_needed=True,
        expects=(verified_without_alarm(10),),
    ),
    Scenario(
        "F13_verified_on_schedule",
        (scattered(PASSING, every_s=HOUR_S),),
        days=2.0,
        verify_interval_s=6 * HOUR_S,
        expects=(verified_without_alarm(4),),
    ),
)
