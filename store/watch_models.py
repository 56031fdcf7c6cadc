"""The values of watching: alerts and what became of them, what actors did, who did what, how accounts were."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """How urgent an alert is: look at it today, or now."""

    WARNING = "warning"
    CRITICAL = "critical"


class AlertHappening(StrEnum):
    """What happened to an alert. `changed` (its cause reads differently) is stored and not told."""

    RAISED = "raised"
    CHANGED = "changed"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that somebody should know. At most one is open of a kind about a subject.

    Attributes:
        id: 0 before it is stored.
        subject: what it is about: an account, a vendor, or a part of one; empty for the process.
        tried: what was tried by itself.
        escalations: how often it was told again because nobody did anything about it.
        resolution: how it ended.
    """

    id: int
    kind: str
    subject: str
    severity: Severity
    cause: str
    opened_at: datetime
    vendor: str | None = None
    account_id: str | None = None
    tried: str = ""
    escalations: int = 0
    acked_at: datetime | None = None
    acked_by: str | None = None
    note: str | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What no two open alerts share."""
        return self.kind, self.subject


@dataclass(frozen=True, slots=True)
class AlertChange:
    """Something that happens to an alert: how it is from now on."""

    what: AlertHappening
    alert: Alert
    at: datetime


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """Something that happened to an alert, in the one order in which it is told."""

    seq: int
    what: AlertHappening
    at: datetime
    alert: Alert


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are wanted, newest first. `open` None is all; `before` is an alert's id."""

    open: bool | None = None
    account_id: str | None = None
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class ChannelPosition:
    """How far a channel was told.

    Attributes:
        position: `seq` of the last event that it took, or that was given up.
        attempts: how often what comes next was tried.
        failing_at: since when that fails; None while it does not.
        next_at: when it is tried again.
    """

    name: str
    position: int
    attempts: int = 0
    failing_at: datetime | None = None
    next_at: datetime | None = None
    last_error: str | None = None


Detail = Mapping[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """Something that an account's actor, or somebody for the account, did.

    Attributes:
        id: 0 before it is stored.
        kind: from a closed set (`daemon/account_events/`).
        level: `info`, `warning` or `error`.
        times: how often, when the same came several times in a row; `at` is the last time.
        detail: what else is known of it.
    """

    account_id: str
    at: datetime
    kind: str
    level: str
    text: str
    times: int = 1
    detail: Detail = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True)
class AccountEventFilter:
    """Which events of an account are wanted: newest first behind `before`, or oldest first behind `after`."""

    account_id: str
    before: int | None = None
    after: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class ParkedAction:
    """A user's write whose outcome only a person can find out."""

    account_id: str
    action_id: str
    action_type: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Somebody had something done.

    Attributes:
        who: as whom it was asked; a name that the asker gave is not proven.
        peer: from which address.
        what: from a closed set (`daemon/audit/`).
        subject: what else it was about: an action's id, an alert's.
        outcome: `done`, or why not.
    """

    at: datetime
    who: str
    peer: str
    what: str
    outcome: str
    account_id: str | None = None
    subject: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted, newest first. `before` is an entry's id."""

    account_id: str | None = None
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class PackedSamples:
    """One check of many accounts, packed."""

    at: datetime
    body: bytes
