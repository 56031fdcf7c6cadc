"""What the daemon answers about alerts, timelines and the audit trail, as far as it is read."""

from datetime import datetime

import msgspec


class AlertReply(msgspec.Struct, frozen=True):
    """One alert."""

    id: int
    kind: str
    subject: str
    state: str
    severity: str
    cause: str
    since: datetime
    account_id: str | None = None
    what_to_do: str = ""
    acknowledged_by: str | None = None


class ToldReply(msgspec.Struct, frozen=True):
    """Which channels are told."""

    channels: list[str] = []


class AccountEventReply(msgspec.Struct, frozen=True):
    """One thing that happened to an account."""

    id: int
    at: datetime
    kind: str
    level: str
    text: str
    times: int = 1


class AuditReply(msgspec.Struct, frozen=True):
    """One deed."""

    at: datetime
    who: str
    what: str
    outcome: str
    peer: str = ""
    account_id: str | None = None
    subject: str = ""
