"""What clients see: how the service does, and with their own link how their company does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from actors.status import AccountState
from daemon.service_history import KEPT, Day, ServiceState, Span
from daemon.standing import Standing
from daemon.web.freshness import Freshness

_WIDTH = KEPT.total_seconds()

_WORDS = {
    AccountState.CONNECTING: "It has just been connected; its data are about to be copied.",
    AccountState.BACKFILLING: "Its data are being copied for the first time.",
    AccountState.LIVE: "Its data are here, and kept up to date.",
    AccountState.DEGRADED: "New data arrive late just now. It is tried again and again.",
    AccountState.PAUSED: "It was paused; nothing new is read until it is resumed.",
    AccountState.REAUTH_REQUIRED: (
        "It has to be connected again by somebody who may give access: ask for a new link."
    ),
    AccountState.QUARANTINED: "It does not work just now; its operator has been told.",
    AccountState.DISCONNECTED: "It is disconnected; nothing new is read.",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the day as a chart shows it; `x` and `width` are seconds."""

    state: ServiceState
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Incident:
    """A time in which the service did not work as it should. `until` is None while it lasts."""

    since: datetime
    until: datetime | None
    state: ServiceState
    causes: Sequence[str]


@dataclass(frozen=True, slots=True)
class ServicePage:
    """How the service does.

    Attributes:
        causes: what is wrong now.
        width: of the whole chart, in seconds.
        incidents: the newest first.
    """

    state: ServiceState
    causes: Sequence[str]
    stretches: Sequence[Stretch]
    width: float
    incidents: Sequence[Incident]


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """How one company does, for its own people."""

    name: str
    state: AccountState
    words: str
    fresh: Freshness


def service_page(day: Day, now: datetime) -> ServicePage:
    """Return what is shown of the day. Pure."""
    nexts = [span.since for span in day.spans[1:]]
    pairs = list(zip(day.spans, [*nexts, None], strict=False))
    begin = now - KEPT
    return ServicePage(
        state=day.spans[-1].state if day.spans else ServiceState.WORKING,
        stretches=[_stretch(span, until or now, begin) for span, until in pairs],
        width=_WIDTH,
        causes=day.spans[-1].causes if day.spans else (),
        incidents=_incidents(pairs),
    )


def company_page(name: str, now: Standing, fresh: Freshness) -> CompanyPage:
    """Return what a company's own people may see of it. Pure."""
    return CompanyPage(name, now.state, _WORDS[now.state], fresh)


def _incidents(pairs: Sequence[tuple[Span, datetime | None]]) -> Sequence[Incident]:
    """Return the incidents, the newest first: what goes on under another cause is still the same."""
    found: list[Incident] = []
    for span, until in pairs:
        before = found[-1] if found else None
        if span.state is ServiceState.WORKING:
            continue
        if before is not None and (before.until, before.state) == (span.since, span.state):
            causes = tuple(dict.fromkeys((*before.causes, *span.causes)))
            found[-1] = Incident(before.since, until, span.state, causes)
        else:
            found.append(Incident(span.since, until, span.state, span.causes))
    return found[::-1]


def _stretch(span: Span, until: datetime, begin: datetime) -> Stretch:
    since = max(span.since, begin)
    width = max(until - since, timedelta(0))
    return Stretch(span.state, (since - begin).total_seconds(), width.total_seconds())
