"""What the dashboard's first page shows: all accounts at a glance, and the worst by name."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nsmallest

from actors.read_meter import ReadMeter
from actors.read_state import ReadsState
from actors.status import AccountState
from daemon.alerts.document import AlertDocument, alert_document
from daemon.hosted import HostedAccount
from daemon.metrics.census import Census, Counted
from daemon.standing import WORST_FIRST, standing
from daemon.throughput import INTERVAL_S, KEPT, Interval
from daemon.web.pages.charts import Bar, Line, histogram, line
from store.watch_models import Alert, Severity

ROWS = 50
ALERTS = 20
_RANK = {state: rank for rank, state in enumerate(WORST_FIRST)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which accounts are listed.

    Attributes:
        state: only those in this state; None for all.
        text: only those whose name or company id has this in it, whatever its case.
        page: from 1.
    """

    state: AccountState | None = None
    text: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One account of the list."""

    id: str
    name: str
    vendor: str
    state: AccountState
    reasons: Sequence[str]
    exact_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list. `first` and `last` count from 1; both are 0 when there is nothing."""

    rows: Sequence[Row]
    matching: int
    page: int
    pages: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """The alerts that are open: the first of them, those that nobody looks after and the worst first."""

    shown: Sequence[AlertDocument]
    more: int


@dataclass(frozen=True, slots=True)
class Glance:
    """Everything but the list."""

    total: int
    states: Mapping[AccountState, int]
    ages: Sequence[Bar]
    objects: Line
    changes: Line
    calls: Line
    failed: Line
    budgets: Mapping[str, ReadsState]
    trouble: Sequence[str]


def open_alerts(alerts: Iterable[Alert]) -> OpenAlerts:
    """Return what is shown of these open alerts. Pure."""
    found = sorted(alerts, key=_urgency)
    return OpenAlerts([alert_document(each) for each in found[:ALERTS]], len(found[ALERTS:]))


def listing(census: Census, hosted: Mapping[str, HostedAccount], wanted: Wanted) -> Listing:
    """Return the wanted page of the accounts, the worst first, by name within a state."""
    text = wanted.text.casefold()
    found = [
        counted
        for counted in census.accounts()
        if counted.state is not None
        and (wanted.state is None or counted.state is wanted.state)
        and (not text or _has(counted, text))
    ]
    found.sort(key=_place)
    pages = max(1, -(-len(found) // ROWS))
    page = min(max(wanted.page, 1), pages)
    shown = found[(page - 1) * ROWS : page * ROWS]
    return Listing(
        rows=[_row(counted, hosted.get(counted.account.id)) for counted in shown],
        matching=len(found),
        page=page,
        pages=pages,
        first=(page - 1) * ROWS + 1 if shown else 0,
        last=(page - 1) * ROWS + len(shown),
    )


def worst(census: Census, hosted: Mapping[str, HostedAccount], limit: int) -> Sequence[Row]:
    """Return the accounts that are worst off, by name within a state."""
    rows: list[Row] = []
    for state in WORST_FIRST:
        if len(rows) == limit:
            break
        found = (counted for counted in census.accounts() if counted.state is state)
        first = nsmallest(limit - len(rows), found, key=_place)
        rows += [_row(counted, hosted.get(counted.account.id)) for counted in first]
    return rows


def glance(
    census: Census,
    intervals: Sequence[Interval],
    reads: Mapping[str, ReadMeter],
    trouble: Sequence[str],
    now: datetime,
) -> Glance:
    """Return what is known of all accounts together."""
    counts: Counter[AccountState] = Counter()
    for (_, state), count in census.states.items():
        counts[state] += count
    at_s = now.timestamp()
    return Glance(
        total=sum(counts.values()),
        states={state: counts[state] for state in WORST_FIRST},
        ages=histogram(max(0.0, at_s - exact_s) for _, exact_s in census.watermarks()),
        objects=line([each.objects / INTERVAL_S for each in intervals], KEPT),
        changes=line([each.changes / INTERVAL_S for each in intervals], KEPT),
        calls=line([each.calls / INTERVAL_S for each in intervals], KEPT),
        failed=line([each.failed / INTERVAL_S for each in intervals], KEPT),
        budgets={vendor: meter.state() for vendor, meter in reads.items()},
        trouble=trouble,
    )


def _place(counted: Counted) -> tuple[int, str, str]:
    state = counted.state or AccountState.LIVE
    return (_RANK[state], counted.account.name.casefold(), counted.account.id)


def _urgency(alert: Alert) -> tuple[bool, bool, datetime]:
    return (alert.acked_at is not None, alert.severity is not Severity.CRITICAL, alert.opened_at)


def _has(counted: Counted, text: str) -> bool:
    account = counted.account
    return text in account.name.casefold() or text in account.external_account_id.casefold()


def _row(counted: Counted, host: HostedAccount | None) -> Row:
    account = counted.account
    now = standing(account, host)
    exact_s = counted.exact_as_of_s
    return Row(
        id=account.id,
        name=account.name,
        vendor=account.vendor,
        state=now.state,
        reasons=now.reasons,
        exact_as_of=None if exact_s is None else datetime.fromtimestamp(exact_s, UTC),
    )
