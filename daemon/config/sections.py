"""The configuration's shape. Its field names are the file's keys, less the unit of a quantity."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal, Self

from daemon.config.alerts import AlertsConfig
from daemon.config.cluster import ClusterConfig
from daemon.config.jobs import JobsConfig
from daemon.config.rule import Named, at_least, between, fernet_key, http_url, store_url
from daemon.config.secret import Secret
from daemon.config.vendor import VendorConfig
from daemon.config.vendors import VENDORS
from daemon.restart import RestartPolicy

_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where the replica is kept.

    Attributes:
        url: `sqlite:///` and a path, absolute once loaded; or a PostgreSQL database, without its
            password.
        password: PostgreSQL's; None when it needs none, or libpq finds it by itself.
        files: with PostgreSQL, the folder for what is kept in files; absolute once loaded.
        history_s: how long versions that were replaced are kept; None for ever.
        changes_retention_s: how long changes can be followed; None for ever.
        webhooks_retention_s: how long what vendors told of is remembered once it was looked at: as
            long, the same event again is known.
    """

    url: Annotated[str, store_url()] = f"{_SQLITE}syncline.db"
    password: Secret | None = None
    files: str = "."
    history_s: Annotated[float | None, at_least(0, "a duration such as 90d, or null")] = (
        90 * 86_400.0
    )
    changes_retention_s: Annotated[
        float | None, at_least(3_600, "a duration from 1h up, such as 90d, or null")
    ] = None
    webhooks_retention_s: Annotated[
        float, at_least(86_400, "a duration from 1d up, such as 7d")
    ] = 7 * 86_400.0

    @property
    def is_file(self) -> bool:
        """Whether the database is a file, and not a server's."""
        return self.url.startswith(_SQLITE)

    @property
    def path(self) -> Path:
        """The database's file; what is kept beside it has names that begin with its name.

        With PostgreSQL there is no such file, only what is kept beside it.
        """
        return (
            Path(self.url.removeprefix(_SQLITE)) if self.is_file else Path(self.files, "syncline")
        )

    def resolved(self, folder: Path) -> Self:
        """Take relative paths from this folder."""
        files = str(folder / self.files)
        if self.is_file:
            return replace(self, url=f"{_SQLITE}{folder / self.path}", files=files)
        return replace(self, files=files)


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What clients of the HTTP server may do.

    Attributes:
        connections: at most so many at once.
        requests_per_second: of one token, and twice as many at once; None is no limit.
        waiting: at most so many long polls and streams at once.
        stream_s: how long a stream lasts before its reader has to resume it.
        header_bytes: the longest request line, and the longest header.
        head_timeout_s: how long a request's head may take to arrive.
        body_timeout_s: how long its body may take.
        reader_timeout_s: how long a client may take nothing of what it is sent.
    """

    connections: Annotated[int, at_least(1, "a whole number from 1 up")] = 1000
    requests_per_second: Annotated[int | None, at_least(1, "a whole number from 1 up, or null")] = (
        500
    )
    waiting: Annotated[int, at_least(0, "a whole number from 0 up")] = 500
    stream_s: Annotated[float, at_least(1, "a duration such as 1h")] = 3600.0
    header_bytes: int = 8 << 10
    head_timeout_s: Annotated[float, at_least(0.1, "a duration such as 10s")] = 10.0
    body_timeout_s: Annotated[float, at_least(0.1, "a duration such as 30s")] = 30.0
    reader_timeout_s: Annotated[float, at_least(0.1, "a duration such as 30s")] = 30.0


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """The HTTP server.

    Attributes:
        port: 0 takes any free one.
        public_url: what vendors redirect to and deliver webhooks to, without a slash at its end.
        admin_token: None when it is to be generated.
        shutdown_grace_s: how long actors may take to finish the page in hand.
        max_body_bytes: the largest request body that is read.
        allowed_hosts: names in `Host` that are ours besides the address and `public_url`.
        limits: what clients may do.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, between(0, 65_535, "a port from 0 to 65535")] = 8321
    public_url: Annotated[str, http_url()] = ""
    admin_token: Secret | None = None
    shutdown_grace_s: Annotated[float, at_least(0, "a duration such as 20s")] = 20.0
    max_body_bytes: int = 1 << 20
    allowed_hosts: tuple[str, ...] = ()
    limits: ServerLimits = field(default_factory=ServerLimits)

    def resolved(self) -> Self:
        """Put in the address that this machine itself reaches the server by."""
        return replace(self, public_url=self.public_url or f"http://localhost:{self.port}")


@dataclass(frozen=True, slots=True)
class SecretsConfig:
    """What tokens are sealed with.

    Attributes:
        keys: the first one seals, all of them unseal; none when they are to be generated.
    """

    keys: tuple[Annotated[Secret, fernet_key()], ...] = ()


@dataclass(frozen=True, slots=True)
class LogConfig:
    """What is logged, and how.

    Attributes:
        fold_after: how many lines of one event and account are written in a minute before the rest is
            only counted; None is all.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"
    fold_after: Annotated[int | None, at_least(1, "a whole number from 1 up, or null")] = 20


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    """What is scraped.

    Attributes:
        per_account: at most so many accounts have series of their own; 0 is none.
    """

    per_account: Annotated[int, between(0, 10_000, "a whole number from 0 to 10000")] = 0


@dataclass(frozen=True, slots=True)
class SupervisorConfig:
    """How failing actors are restarted."""

    restart: RestartPolicy = field(default_factory=RestartPolicy)


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration, with every default put in.

    Attributes:
        vendors: the configured vendors' sections by name.
    """

    store: StoreConfig = field(default_factory=StoreConfig)
    server: ServerConfig = field(default_factory=ServerConfig)
    secrets: SecretsConfig = field(default_factory=SecretsConfig)
    log: LogConfig = field(default_factory=LogConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)
    supervisor: SupervisorConfig = field(default_factory=SupervisorConfig)
    cluster: ClusterConfig = field(default_factory=ClusterConfig)
    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    jobs: JobsConfig = field(default_factory=JobsConfig)
    vendors: Annotated[Mapping[str, VendorConfig], Named(VENDORS, "a vendor")] = field(
        default_factory=dict
    )

    def resolved(self, folder: Path) -> Self:
        """Put in what follows from other settings, and take relative paths from this folder."""
        server = self.server.resolved()
        return replace(
            self,
            store=self.store.resolved(folder),
            server=server,
            vendors={
                name: vendor.resolved(server.public_url) for name, vendor in self.vendors.items()
            },
        )
