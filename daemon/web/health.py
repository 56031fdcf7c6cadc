"""How the process, its parts and its accounts do."""

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

import anyio
import msgspec
from msgspec import Meta

from actors.status import AccountState
from daemon.hosted import Condition
from daemon.standing import WORST_FIRST, standing
from daemon.watching import Watching
from daemon.web.account_view import AccountHealth, account_health
from daemon.web.cluster import ClusterBrief, cluster_brief
from daemon.web.freshness import freshness
from daemon.web.health_view import check_view, response_view, sample_view
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.problem import ProblemError
from store.errors import StoreUnavailableError, UnknownAccountError
from store.watch_models import Severity

_TAG = "health"
_DATABASE_ANSWERS_WITHIN_S = 5.0
_NEEDS_A_LOOK = WORST_FIRST[: WORST_FIRST.index(AccountState.CONNECTING)]


class Alive(msgspec.Struct, frozen=True):
    """The process and its loop are alive."""

    status: str
    version: str


class Ready(msgspec.Struct, frozen=True):
    """The daemon can do its work."""

    ready: bool


class DatabaseHealth(msgspec.Struct, frozen=True):
    """The database can be read and written."""

    writable: bool
    last_seq: Annotated[int, Meta(description="Number of the newest change.")]


class SupervisorHealth(msgspec.Struct, frozen=True):
    """The supervisor runs."""

    running: bool
    accounts: Annotated[int, Meta(description="How many it looks after.")]
    conditions: Mapping[Condition, int]
    stalled: Annotated[
        Sequence[str], Meta(description="Accounts whose actor should have moved long ago.")
    ]


class AccountBrief(msgspec.Struct, frozen=True):
    """An account that somebody should look at."""

    id: str
    vendor: str
    name: str
    state: AccountState
    reasons: Sequence[str]


class OpenAlerts(msgspec.Struct, frozen=True):
    """How many alerts are open."""

    critical: int
    warning: int
    acknowledged: Annotated[int, Meta(description="How many of these somebody looks after.")]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts at a glance."""

    accounts: Annotated[Mapping[AccountState, int], Meta(description="How many, by state.")]
    worst: Annotated[
        Sequence[AccountBrief], Meta(description="Those that are not well, the worst first.")
    ]
    alerts: Annotated[OpenAlerts, Meta(description="`GET /alerts` names them.")]
    incidents: Annotated[
        Sequence[str], Meta(description="Vendors at which most accounts fail at once.")
    ]
    cluster: Annotated[
        ClusterBrief | msgspec.UnsetType,
        Meta(description="The nodes that share the database; left out where it is nobody else's."),
    ] = msgspec.UNSET


class SummaryQuery(msgspec.Struct, frozen=True):
    """Parameters of the summary."""

    limit: Annotated[int, Meta(ge=0, le=1000, description="How many accounts to name.")] = 20


async def alive(call: Call[Nothing, Nothing]) -> Answer:
    """Say that we are here. Depends on nothing else."""
    return Answer(Alive("ok", call.context.version))


async def ready(call: Call[Nothing, Nothing]) -> Answer:
    """Say whether the parts work, as far as is known without asking them."""
    store = call.context.store.health()
    reasons = [] if store.writable else [f"the database takes no writes: {store.reason}"]
    if not call.context.supervisor.running:
        reasons.append("the supervisor does not run")
    if reasons:
        raise _unready("not-ready", reasons)
    return Answer(Ready(ready=True))


async def database(call: Call[Nothing, Nothing]) -> Answer:
    """Read and write a trifle."""
    store = call.context.store
    try:
        with anyio.fail_after(_DATABASE_ANSWERS_WITHIN_S):
            await store.check()
            return Answer(DatabaseHealth(writable=True, last_seq=await store.last_seq()))
    except TimeoutError:
        reason = f"the database did not answer within {_DATABASE_ANSWERS_WITHIN_S:g} s"
    except StoreUnavailableError as error:
        reason = str(error)
    raise _unready("database-unwell", [reason])


async def supervisor(call: Call[Nothing, Nothing]) -> Answer:
    """Count what the supervisor does, unless the heartbeat shows that nothing comes of it."""
    supervising = call.context.supervisor
    if not supervising.running:
        raise _unready("supervisor-unwell", ["the supervisor does not run"])
    if (heartbeat := call.context.heartbeat) is not None and (silent := heartbeat.reasons()):
        raise _unready("heartbeat-silent", [f"nothing comes through from {why}" for why in silent])
    hosted = supervising.hosted_here()
    counts = Counter(each.condition for each in hosted.values())
    return Answer(
        SupervisorHealth(
            running=True,
            accounts=len(hosted),
            conditions={condition: counts[condition] for condition in Condition},
            stalled=supervising.stalled(),
        )
    )


async def summary(call: Call[SummaryQuery, Nothing]) -> Answer:
    """Count the accounts by state and name the worst."""
    census, hosted = call.context.metrics.census, call.context.supervisor.hosted()
    await census.settle(hosted)
    counts: Counter[AccountState] = Counter()
    for (_, state), count in census.states.items():
        counts[state] += count
    worst: list[AccountBrief] = []
    for state in _NEEDS_A_LOOK:
        for account_id in census.in_state(state, call.query.limit - len(worst)):
            brief = await _brief(call, account_id)
            worst += [] if brief is None else [brief]
    watching = call.context.watching
    return Answer(
        Summary(
            accounts={state: counts[state] for state in WORST_FIRST},
            worst=worst,
            alerts=open_alerts(watching),
            incidents=() if watching is None else watching.incidents(),
            cluster=cluster_brief(call.context),
        )
    )


async def account(call: Call[Nothing, Nothing]) -> Answer:
    """Say all that is known now of one account."""
    context, account_id = call.context, call.path("account_id")
    stored = await context.store.account(account_id)
    credential = await context.store.credential(account_id)
    now = context.clock.now().utc
    fresh = freshness(stored.exact_as_of, now, context.stale_after_s(stored.vendor))
    hosted = await context.supervisor.seen(account_id)
    shown = account_health(stored, hosted, credential, fresh, now)
    if context.watching is not None:
        monitor = context.watching.monitor
        judged = monitor.judged(stored, credential, hosted)
        shown = msgspec.structs.replace(
            shown,
            checks=[check_view(each) for each in judged],
            response=response_view(None if hosted is None else hosted.status()),
            samples=[sample_view(each) for each in await monitor.samples(account_id)],
        )
    return Answer(shown)


def open_alerts(watching: Watching | None) -> OpenAlerts:
    """Count what is open."""
    alerts = () if watching is None else watching.desk.book.open_alerts()
    counts = Counter(alert.severity for alert in alerts)
    acknowledged = sum(alert.acked_at is not None for alert in alerts)
    return OpenAlerts(counts[Severity.CRITICAL], counts[Severity.WARNING], acknowledged)


async def _brief(call: Call[SummaryQuery, Nothing], account_id: str) -> AccountBrief | None:
    try:
        stored = await call.context.store.account(account_id)
    except UnknownAccountError:
        return None
    now = standing(stored, call.context.supervisor.hosted().get(account_id))
    return AccountBrief(stored.id, stored.vendor, stored.name, now.state, now.reasons)


def _unready(kind: str, reasons: Sequence[str]) -> ProblemError:
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, kind, "; ".join(reasons), reasons=reasons)


_UNWELL = {HTTPStatus.SERVICE_UNAVAILABLE: "It does not, and `reasons` says why."}

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/health",
        name="getHealth",
        tag=_TAG,
        summary="Whether the process is alive; never depends on a vendor or the database",
        handler=alive,
        replies=[Reply(HTTPStatus.OK, "It is.", Alive)],
        is_open=True,
    ),
    Operation(
        method="HEAD",
        path="/health",
        name="headHealth",
        tag=_TAG,
        summary="The status that GET has, without its body",
        handler=alive,
        replies=[Reply(HTTPStatus.OK, "It is.")],
        problem_media=(),
        is_open=True,
    ),
    Operation(
        method="GET",
        path="/health/ready",
        name="getReady",
        tag=_TAG,
        summary="Whether the daemon can do its work",
        handler=ready,
        replies=[Reply(HTTPStatus.OK, "It can.", Ready)],
        problems=_UNWELL,
        is_open=True,
    ),
    Operation(
        method="HEAD",
        path="/health/ready",
        name="headReady",
        tag=_TAG,
        summary="The status that GET has, without its body",
        handler=ready,
        replies=[Reply(HTTPStatus.OK, "It can.")],
        problems=_UNWELL,
        problem_media=(),
        is_open=True,
    ),
    Operation(
        method="GET",
        path="/health/db",
        name="getDatabaseHealth",
        tag=_TAG,
        summary="Whether the database can be read and written, by doing it",
        handler=database,
        replies=[Reply(HTTPStatus.OK, "It can.", DatabaseHealth)],
        problems=_UNWELL,
    ),
    Operation(
        method="GET",
        path="/health/supervisor",
        name="getSupervisorHealth",
        tag=_TAG,
        summary="Whether the supervisor runs and changes come through, and what it does",
        handler=supervisor,
        replies=[Reply(HTTPStatus.OK, "It runs.", SupervisorHealth)],
        problems=_UNWELL,
    ),
    Operation(
        method="GET",
        path="/health/summary",
        name="getSummary",
        tag=_TAG,
        summary="All accounts by state, and the worst by name",
        handler=summary,
        query=SummaryQuery,
        replies=[Reply(HTTPStatus.OK, "The summary.", Summary)],
    ),
    Operation(
        method="GET",
        path="/health/accounts/{account_id}",
        name="getAccountHealth",
        tag=_TAG,
        summary="How one account does",
        handler=account,
        replies=[Reply(HTTPStatus.OK, "What is known now.", AccountHealth)],
        problems={HTTPStatus.NOT_FOUND: "There is no such account."},
    ),
)
