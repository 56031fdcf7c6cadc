"""The daemon and its accounts on one screen: what somebody who watches it looks at each second.

All of it is in memory. It costs about the same whatever the number of accounts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from heapq import nsmallest
from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.status import AccountState
from daemon.standing import WORST_FIRST
from daemon.watching import Watching
from daemon.web.cluster import ClusterBrief, cluster_brief
from daemon.web.context import WebContext
from daemon.web.health import OpenAlerts, open_alerts
from daemon.web.instant import Instant
from daemon.web.open_trouble import open_trouble
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.pages.overview import Row, worst
from store.watch_models import Severity

_MOST_ROWS = 500
_MOST_ALERTS = 3
_URGENCY = {Severity.CRITICAL: 0, Severity.WARNING: 1}


class OverviewQuery(msgspec.Struct, frozen=True):
    """Parameters of the overview."""

    limit: Annotated[
        int, Meta(ge=0, le=_MOST_ROWS, description="How many accounts to name, the worst first.")
    ] = 20


class MonthsReads(msgspec.Struct, frozen=True, kw_only=True):
    """The metered reads of one vendor."""

    month: str
    used: int
    allowance: Annotated[int | None, Meta(description="Reads in a month; null is unmetered.")]
    forecast: Annotated[
        int | None, Meta(description="By the month's end; null while no account polls.")
    ]
    stretch: Annotated[
        float, Meta(description="By how much the usual account's poll interval is stretched.")
    ]
    reason: Annotated[str | None, Meta(description="Why polls rest; null while they go on.")]


class OverviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """One account."""

    id: str
    vendor: str
    name: str
    state: AccountState
    reasons: Sequence[str]
    exact_as_of: Instant | None


class OverviewAlert(msgspec.Struct, frozen=True, kw_only=True):
    """One open alert."""

    severity: Severity
    cause: str
    since: Instant


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The daemon and its accounts."""

    version: str
    at: Annotated[Instant, Meta(description="Our time.")]
    trouble: Annotated[Sequence[str], Meta(description="What is wrong with the daemon itself.")]
    alerts: Annotated[OpenAlerts, Meta(description="`GET /alerts` names them.")]
    most_urgent: Annotated[
        Sequence[OverviewAlert],
        Meta(description="A few alerts that nobody looks after yet, the most urgent first."),
    ]
    incidents: Annotated[
        Sequence[str], Meta(description="Vendors at which most accounts fail at once.")
    ]
    states: Annotated[Mapping[AccountState, int], Meta(description="How many accounts, by state.")]
    oldest_exact_as_of: Annotated[
        Instant | None,
        Meta(description="Of the account that is furthest behind, among those meant to be fresh."),
    ]
    reads: Annotated[
        Mapping[str, MonthsReads], Meta(description="By vendor, of those that meter reads.")
    ]
    cluster: Annotated[
        ClusterBrief | msgspec.UnsetType,
        Meta(description="The nodes that share the database; left out where it is nobody else's."),
    ] = msgspec.UNSET
    accounts: Annotated[
        Sequence[OverviewRow],
        Meta(description="The worst first, by name within a state; those that are well last."),
    ]


async def overview(call: Call[OverviewQuery, Nothing]) -> Answer:
    """Say how the daemon is, and name the accounts that are worst off."""
    context, limit = call.context, call.query.limit
    census, hosted = context.metrics.census, context.supervisor.hosted()
    await census.settle(hosted)
    counts: Counter[AccountState] = Counter()
    for (_, state), count in census.states.items():
        counts[state] += count
    oldest_s = min((exact_s for _, exact_s in census.watermarks()), default=None)
    watching = context.watching
    return Answer(
        Overview(
            version=context.version,
            at=context.clock.now().utc,
            trouble=open_trouble(context),
            alerts=open_alerts(watching),
            most_urgent=_most_urgent(watching),
            incidents=() if watching is None else watching.incidents(),
            states={state: counts[state] for state in WORST_FIRST},
            oldest_exact_as_of=None if oldest_s is None else datetime.fromtimestamp(oldest_s, UTC),
            reads=_reads(context),
            cluster=cluster_brief(context),
            accounts=[_row(each) for each in worst(census, hosted, limit)],
        )
    )


def _most_urgent(watching: Watching | None) -> Sequence[OverviewAlert]:
    alerts = () if watching is None else watching.desk.book.open_alerts()
    waiting = [alert for alert in alerts if alert.acked_at is None]
    first = nsmallest(
        _MOST_ALERTS, waiting, key=lambda each: (_URGENCY[each.severity], each.opened_at)
    )
    return [
        OverviewAlert(severity=each.severity, cause=each.cause, since=each.opened_at)
        for each in first
    ]


def _reads(context: WebContext) -> Mapping[str, MonthsReads]:
    states = {vendor: meter.state() for vendor, meter in context.reads.items()}
    return {
        vendor: MonthsReads(
            month=each.month,
            used=each.used,
            allowance=each.allowance,
            forecast=each.forecast,
            stretch=round(each.stretch, 2),
            reason=each.reason,
        )
        for vendor, each in states.items()
    }


def _row(row: Row) -> OverviewRow:
    return OverviewRow(
        id=row.id,
        vendor=row.vendor,
        name=row.name,
        state=row.state,
        reasons=row.reasons,
        exact_as_of=row.exact_as_of,
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/health/overview",
        name="getOverview",
        tag="health",
        summary="The daemon and its accounts on one screen, the worst first",
        handler=overview,
        query=OverviewQuery,
        replies=[Reply(HTTPStatus.OK, "The overview.", Overview)],
    ),
)
