"""Every scenario of the simulation by its name: the faults of the promise's table that it can answer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType

from daemon.sandbox.quickbooks import Behaviour, FaultKind
from support.quickbooks_replica import DEFAULT_TYPES
from support.simulation.action_scenarios import ACTIONS
from support.simulation.allowance_scenarios import ALLOWANCE
from support.simulation.data_troubles import (
    edits,
    imports,
    imports_at_once,
    odd_bodies,
    on_and_off,
    short_lists,
    twice_in_a_second,
    unreadable_bodies,
)
from support.simulation.expectations import (
    daemon_died,
    happened,
    held_and_kept,
    ids_are_shared,
    never_behind_by_more_than,
    no_more_calls_than,
    no_more_token_calls_than,
    owner_asked_once,
    quarantined_first,
    told_of_trouble,
)
from support.simulation.long_scenarios import CLOCK_JUMPS, LONG
from support.simulation.machine_troubles import (
    crashes,
    frozen,
    full_disk,
    operator,
    reconnecting_owner,
    swizzle,
    wrong_clock,
)
from support.simulation.mixture import two_at_once
from support.simulation.odd_bodies import HARMLESS, LATIN_1, NO_JSON
from support.simulation.scenario import SMALL, Scenario, realistic
from support.simulation.vendor_troubles import (
    HOUR_S,
    access_lost,
    false_deletes,
    lost_refreshes,
    scattered,
    storm,
)
from support.simulation.verified_scenarios import VERIFIED
from support.simulation.webhook_scenarios import WEBHOOK_SCENARIOS
from support.simulation.wire_troubles import (
    dripping,
    empty_pages,
    forgetful,
    one_row_too_many,
    poisonous,
    short_counts,
    spoiled,
    throttled_with_retry_after,
)

_REFUSALS = (FaultKind.UNAUTHORIZED, FaultKind.GENERAL_AUTHENTICATION, FaultKind.WRONG_CLUSTER)
_THROTTLES = (FaultKind.THROTTLE_XML, FaultKind.THROTTLE_JSON, FaultKind.THROTTLE_HISTORIC)
_SERVER_ERRORS = (
    FaultKind.HTML_503,
    FaultKind.EMPTY_502,
    FaultKind.GATEWAY_TIMEOUT,
    FaultKind.INTERNAL_3100,
    FaultKind.SYSTEM_10000,
    FaultKind.BACK_SOON,
    FaultKind.FAULT_IN_200,
)
_CONNECTIONS = (
    FaultKind.HANG,
    FaultKind.SLOW_BODY,
    FaultKind.RESET,
    FaultKind.RESET_IN_BODY,
    FaultKind.TRUNCATED,
)
_LISTS = ("Class", "Term")
_BY_TIME = ("TaxCode", "TaxRate")
_SPRING_FORWARD = datetime(2026, 3, 8, 4, tzinfo=UTC)
_FALL_BACK = datetime(2026, 11, 1, 3, tzinfo=UTC)
_MANY_ACTS = 400.0


def _behaviour(**changes: object) -> Behaviour:
    behaviour = realistic()
    for name, value in changes.items():
        setattr(behaviour, name, value)
    return behaviour


def _with(**changes: object) -> partial[Behaviour]:
    return partial(_behaviour, **changes)


_OURSELVES = (
    Scenario(
        "F01_crashes",
        (crashes(),),
        days=2.0,
        acts_per_day=96.0,
        owner_may_be_needed=True,
        expects=(daemon_died,),
    ),
    Scenario(
        "F03_lost_refresh",
        (lost_refreshes(every_s=2 * HOUR_S, times=3),),
        behaviour=_with(rotate_after_s=0),
        owner_may_be_needed=True,
        expects=(owner_asked_once("was lost"), no_more_token_calls_than(50)),
    ),
    Scenario(
        "F03_lost_refresh_before_rotation",
        (lost_refreshes(every_s=2 * HOUR_S),),
        days=0.9,
        expects=(no_more_token_calls_than(50), never_behind_by_more_than(3 * HOUR_S)),
    ),
    Scenario(
        "F09_wrong_clock",
        (wrong_clock(CLOCK_JUMPS),),
        healthy=3,
    ),
    Scenario(
        "F09_strobing_clock",
        (wrong_clock(CLOCK_JUMPS, every_s=60.0), crashes(every_s=12 * HOUR_S)),
        owner_may_be_needed=True,
    ),
    Scenario(
        "F09_spring_forward",
        accounts=2,
        days=0.5,
        epoch=_SPRING_FORWARD,
        acts_per_day=_MANY_ACTS,
        poll_interval_s=600.0,
        healthy=2,
    ),
    Scenario(
        "F09_fall_back",
        accounts=2,
        days=0.5,
        epoch=_FALL_BACK,
        acts_per_day=_MANY_ACTS,
        poll_interval_s=600.0,
        healthy=2,
    ),
    Scenario(
        "F10_frozen_process",
        (frozen(every_s=HOUR_S), scattered(every_s=HOUR_S, most=1)),
        expects=(never_behind_by_more_than(8 * HOUR_S),),
    ),
    Scenario("F11_full_disk", (full_disk(), operator())),
    Scenario("F24_swizzle", (swizzle(every_s=3 * HOUR_S),), accounts=8, days=0.5),
    Scenario(
        "reconnecting_owner",
        (reconnecting_owner(every_s=HOUR_S), operator()),
        owner_may_be_needed=True,
    ),
)
_CALLS = (
    Scenario(
        "F06_late_answers",
        (twice_in_a_second(), operator(every_s=HOUR_S / 2)),
        behaviour=_with(latency_s=(0.0, 25.0)),
        acts_per_day=96.0,
    ),
    Scenario(
        "F06_backfill_meets_feed",
        (
            scattered(every_s=20.0),
            crashes(every_s=60.0, slowest_s=30.0),
            operator(every_s=10.0),
            false_deletes(every_s=60.0),
        ),
        accounts=2,
        days=0.01,
        acts_per_day=10_000.0,
        poll_interval_s=60.0,
        sizes={**SMALL, "Vendor": 1500, "Customer": 1100},
        behaviour=_with(latency_s=(0.1, 3.0)),
    ),
    Scenario(
        "F06_same_second",
        (twice_in_a_second(every_s=600.0),),
        behaviour=_with(latency_s=(0.01, 0.05), commit_delay_s=(0.0, 0.0)),
    ),
    Scenario(
        "F07_server_errors",
        (storm(_SERVER_ERRORS, unlucky=2),),
        healthy=1,
        expects=(never_behind_by_more_than(10 * HOUR_S), no_more_calls_than(300)),
    ),
    Scenario(
        "F07_throttles",
        (storm(_THROTTLES, unlucky=2),),
        healthy=1,
        expects=(never_behind_by_more_than(10 * HOUR_S), no_more_calls_than(400)),
    ),
    Scenario(
        "F07_retry_after",
        (throttled_with_retry_after(), wrong_clock(CLOCK_JUMPS, every_s=HOUR_S)),
        expects=(never_behind_by_more_than(10 * HOUR_S), no_more_calls_than(200)),
    ),
    Scenario(
        "F07_short_refusals",
        (storm(_REFUSALS, length_s=240.0),),
        expects=(never_behind_by_more_than(3 * HOUR_S),),
    ),
    Scenario(
        "F07_long_refusals",
        (storm((*_REFUSALS, FaultKind.FORBIDDEN), unlucky=2),),
        healthy=1,
        expects=(no_more_token_calls_than(60), never_behind_by_more_than(10 * HOUR_S)),
    ),
    Scenario(
        "F07_access_lost",
        (access_lost,),
        days=2.0,
        owner_may_be_needed=True,
        expects=(owner_asked_once(""), no_more_token_calls_than(60)),
    ),
    Scenario(
        "F15_broken_connections",
        (scattered(_CONNECTIONS, every_s=HOUR_S, most=1), spoiled(dripping)),
        expects=(happened(*_CONNECTIONS), never_behind_by_more_than(10 * HOUR_S)),
    ),
    Scenario(
        "F23_poison",
        (spoiled(poisonous),),
        days=0.5,
        healthy=2,
        crashes_expected=True,
        expects=(quarantined_first,),
    ),
)
_DATA = (
    Scenario(
        "F16_feed_at_cap",
        (imports((999, 1000, 1001, 1500), "Vendor"),),
        accounts=2,
        days=1.0,
    ),
    Scenario(
        "F16_odd_pages",
        (
            imports_at_once((600, 900, 1000), "Vendor"),
            spoiled(empty_pages),
            spoiled(short_counts),
            spoiled(one_row_too_many),
            operator(),
        ),
        accounts=2,
        days=0.5,
        acts_per_day=_MANY_ACTS,
    ),
    Scenario(
        "F17_ten_thousand_in_a_second",
        (imports_at_once((10_000,), "Vendor"), operator(every_s=6 * HOUR_S)),
        accounts=1,
        days=0.5,
    ),
    Scenario(
        "F17_shrinking_second",
        (
            imports_at_once((2500,), "Vendor"),
            edits("Vendor", every_s=0.2),
            operator(every_s=20.0),
        ),
        accounts=2,
        days=0.01,
        poll_interval_s=60.0,
        behaviour=_with(latency_s=(0.1, 3.0)),
    ),
    Scenario(
        "F17_late_rows",
        behaviour=_with(commit_delay_s=(0.0, 118.0)),
        acts_per_day=_MANY_ACTS,
        poll_interval_s=600.0,
        accounts=2,
        days=0.5,
    ),
    Scenario(
        "F18_false_deletes",
        (false_deletes(),),
        acts_per_day=96.0,
        expects=(happened(FaultKind.CDC_FALSE_DELETE), never_behind_by_more_than(2 * HOUR_S)),
    ),
    Scenario(
        "F18_all_gone_in_the_feed",
        (forgetful("Vendor", tells=True), crashes(every_s=6 * HOUR_S)),
        sizes={**SMALL, "Vendor": 120},
        expects=(held_and_kept("Vendor"),),
        owner_may_be_needed=True,
    ),
    Scenario(
        "F18_all_gone_in_a_comparison",
        (forgetful("Vendor", tells=False), scattered(every_s=2 * HOUR_S, most=1)),
        sizes={**SMALL, "Vendor": 700},
        expects=(held_and_kept("Vendor"), no_more_calls_than(400)),
    ),
    Scenario("F18_on_and_off", (on_and_off(),)),
    Scenario(
        "F18_merge_leaves_inactive", (on_and_off(),), behaviour=_with(merge_leaves_inactive=True)
    ),
    Scenario("F20_odd_bodies", (odd_bodies(HARMLESS, ("Customer", "Vendor")),), acts_per_day=24.0),
    Scenario(
        "F20_latin_1",
        (short_lists(), odd_bodies(LATIN_1, _LISTS)),
        object_types=(*DEFAULT_TYPES, *_LISTS),
    ),
    Scenario(
        "F20_no_json",
        (short_lists(), unreadable_bodies(NO_JSON, _LISTS)),
        object_types=(*DEFAULT_TYPES, *_LISTS),
        expects=(told_of_trouble("cannot be read"),),
        healthy=2,
    ),
    Scenario(
        "F22_same_ids", accounts=6, days=0.5, acts_per_day=_MANY_ACTS, expects=(ids_are_shared,)
    ),
    Scenario(
        "types_without_feed",
        (short_lists(_BY_TIME, every_s=600.0), crashes(every_s=6 * HOUR_S)),
        object_types=(*DEFAULT_TYPES, *_BY_TIME),
        owner_may_be_needed=True,
    ),
)
_TOGETHER = (
    Scenario("F30_two_at_once", (two_at_once,), owner_may_be_needed=True),
    Scenario("plain", healthy=3),
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        each.name: each
        for each in (
            *_OURSELVES,
            *ACTIONS,
            *_CALLS,
            *ALLOWANCE,
            *_DATA,
            *LONG,
            *VERIFIED,
            *_TOGETHER,
            *WEBHOOK_SCENARIOS,
        )
    }
)
"""What `make simulate` goes round."""
