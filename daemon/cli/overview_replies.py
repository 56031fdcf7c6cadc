"""The daemon and its accounts on one screen, as the HTTP interface answers."""

from datetime import datetime

import msgspec


class MonthsReadsReply(msgspec.Struct, frozen=True):
    """The metered reads of one vendor."""

    month: str
    used: int
    allowance: int | None = None
    forecast: int | None = None
    stretch: float = 1.0
    reason: str | None = None


class OverviewRowReply(msgspec.Struct, frozen=True):
    """One account on the daemon's screen."""

    id: str
    vendor: str
    name: str
    state: str
    reasons: list[str] = []
    exact_as_of: datetime | None = None


class OpenAlertsReply(msgspec.Struct, frozen=True):
    """How many alerts are open."""

    critical: int = 0
    warning: int = 0
    acknowledged: int = 0


class OverviewAlertReply(msgspec.Struct, frozen=True):
    """One open alert."""

    severity: str
    cause: str
    since: datetime


class ClusterNodeReply(msgspec.Struct, frozen=True):
    """A node."""

    name: str
    state: str
    version: str
    shards: int
    has_house: bool = False


class UnheldReply(msgspec.Struct, frozen=True):
    """A shard that nobody holds."""

    shard: int
    for_s: float


class ClusterMoveReply(msgspec.Struct, frozen=True):
    """A shard came to a node."""

    shard: int
    node: str
    at: datetime
    was_let_go: bool
    before: str | None = None


class ClusterReply(msgspec.Struct, frozen=True):
    """The nodes that share a database."""

    nodes: list[ClusterNodeReply]
    shards: int
    unheld: list[UnheldReply] = []
    last_moves: list[ClusterMoveReply] = []


class OverviewReply(msgspec.Struct, frozen=True):
    """The daemon and its accounts, the worst first."""

    version: str
    states: dict[str, int]
    accounts: list[OverviewRowReply]
    trouble: list[str] = []
    alerts: OpenAlertsReply = OpenAlertsReply()
    most_urgent: list[OverviewAlertReply] = []
    incidents: list[str] = []
    oldest_exact_as_of: datetime | None = None
    reads: dict[str, MonthsReadsReply] = {}
    cluster: ClusterReply | None = None
