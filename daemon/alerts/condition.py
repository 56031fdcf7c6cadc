"""What holds now and somebody should know. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from actors.status import AccountState
from daemon.alerts import kinds
from daemon.alerts.kinds import Kind
from daemon.health.checks import Check, Finding, Level
from daemon.health.judge import BREAKER_LONG_S, NOT_RUN_S, Facts
from store.watch_models import Severity

ACCOUNT_KINDS = frozenset(
    kind.name
    for kind in (
        kinds.OWNER_NEEDED,
        kinds.ACCOUNT_QUARANTINED,
        kinds.ACCOUNT_NOT_RUNNING,
        kinds.ACCOUNT_STUCK,
        kinds.ACCOUNT_FAILING,
        kinds.ACCOUNT_STALE,
        kinds.TOKEN_REFRESH_FAILING,
        kinds.TOKEN_ENDING,
        kinds.DELETES_HELD,
        kinds.VERIFICATION_FAILING,
    )
)
"""The kinds that hold or not for an account as it is now; their subject is its id."""

_FAILURES_TOLD = 4
"""Fewer failures in a row are a hiccup: seen in the health, and told to nobody."""
_SEVERITY = {Level.WARNING: Severity.WARNING, Level.CRITICAL: Severity.CRITICAL}


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that holds now.

    Attributes:
        severity: when it is not what its kind begins with.
        tried: what was tried by itself.
    """

    kind: Kind
    subject: str
    cause: str
    vendor: str | None = None
    account_id: str | None = None
    severity: Severity | None = None
    tried: str = ""


class Conditions(Protocol):
    """Where it is told what holds: the desk, or what takes it there from another node."""

    def hold(self, condition: Condition) -> None:
        """Something holds, or happened, that somebody should know."""
        ...

    def end(self, kind: str, subject: str, how: str) -> None:
        """It is over."""
        ...

    def settle(
        self, kinds: Collection[str], subject: str, holding: Sequence[Condition], how: str = ""
    ) -> None:
        """These conditions are all of these kinds that hold for the subject; the others do not."""
        ...


def account_conditions(
    account_id: str,
    vendor: str,
    facts: Facts,
    findings: Sequence[Finding],
    *,
    incident: bool = False,
    tried: str = "",
) -> Sequence[Condition]:
    """Return what holds of one account.

    During an incident of its vendor, what the vendor's failing brings about is not told of each
    account.
    """
    found: dict[str, Condition] = {}
    for each in findings:
        for kind in _kinds(facts, each, incident=incident):
            severity = max(_SEVERITY[each.level], kind.severity, key=list(Severity).index)
            known = found.get(kind.name)
            if known is None or known.severity is Severity.WARNING:
                stuck = tried if kind is kinds.ACCOUNT_STUCK else ""
                found[kind.name] = Condition(
                    kind, account_id, each.reason, vendor, account_id, severity, stuck
                )
    return tuple(found.values())


def _kinds(facts: Facts, finding: Finding, *, incident: bool) -> Iterator[Kind]:
    match finding.check:
        case Check.CONNECTION if facts.state is AccountState.REAUTH_REQUIRED:
            yield kinds.OWNER_NEEDED
        case Check.CONNECTION if facts.token_failures >= _FAILURES_TOLD and not incident:
            yield kinds.TOKEN_REFRESH_FAILING
        case Check.ACTOR:
            yield from _of_actor(facts)
        case Check.TOKEN:
            yield kinds.TOKEN_ENDING
        case Check.DELETES:
            yield kinds.DELETES_HELD
        case Check.VERIFICATION if facts.verification_failures >= _FAILURES_TOLD:
            yield kinds.VERIFICATION_FAILING
        case Check.FAILURES if facts.failures >= _FAILURES_TOLD and not incident:
            yield kinds.ACCOUNT_FAILING
        case Check.BREAKER if facts.breaker_open_s >= BREAKER_LONG_S and not incident:
            yield kinds.ACCOUNT_FAILING
        case Check.FRESHNESS if facts.reads_rest is None and not incident:
            yield kinds.ACCOUNT_STALE


def _of_actor(facts: Facts) -> Iterator[Kind]:
    """An actor that crashed once and is started again is told of only when that does not help.

    Neither is an account told of that has none because it moves from node to node.
    """
    if facts.state is AccountState.QUARANTINED:
        yield kinds.ACCOUNT_QUARANTINED
    elif not facts.is_run:
        if facts.not_run_s >= NOT_RUN_S:
            yield kinds.ACCOUNT_NOT_RUNNING
    elif facts.crash is None:
        yield kinds.ACCOUNT_STUCK
