"""What the handlers work with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.clock import Clock
from actors.read_meter import ReadMeter
from actors.settings import AccountSettings
from daemon.config import Secret, ServerConfig
from daemon.connect import Connector
from daemon.heartbeat import HeartbeatCheck
from daemon.metrics import Metrics
from daemon.supervisor import Supervisor
from store.ports import Store


@dataclass(frozen=True, slots=True)
class WebContext:
    """The parts of the daemon, as far as HTTP shows them.

    Attributes:
        admin_token: what opens everything that is not open to all.
        settings: how accounts are kept in sync, by vendor; looked at afresh each time.
        reads: counts metered reads, by vendor; looked at afresh each time.
        heartbeat: proves that the whole pipe works; None where nothing does.
        heartbeat_s: how often a stream without changes shows that it lives.
        max_waiting: how many long polls and streams may be open at once.
    """

    store: Store
    supervisor: Supervisor
    connector: Connector
    server: ServerConfig
    admin_token: Secret
    clock: Clock
    metrics: Metrics
    settings: Mapping[str, AccountSettings]
    version: str
    reads: Mapping[str, ReadMeter] = field(default_factory=dict)
    heartbeat: HeartbeatCheck | None = None
    heartbeat_s: float = 15.0
    max_waiting: int = 1000
