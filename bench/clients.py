"""Whether polls stay on time while many clients read objects and changes."""

import re
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from cryptography.fernet import Fernet

from bench.alone import alone
from bench.cores import Cores
from bench.daemon_process import DaemonProcess, daemon_process, get, post
from bench.figures import Figure, percentile
from bench.ingest import MEAN_BYTES
from bench.readers import read_for
from bench.vendor_process import vendor_process
from bench.vendor_server import Vendor
from bench.web import section

LAG_MS = 50.0
_POLL_EVERY = "2s"
_BUCKET = re.compile(
    r'^syncline_event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE
)


class _Integration(msgspec.Struct):
    id: str
    state: str


def measure(
    folder: Path, cores: Cores, *, companies: int, invoices: int, clients: int, for_s: float
) -> list[Figure]:
    """Have so many clients read from a daemon that polls so many companies."""
    with (
        vendor_process(
            companies=companies, invoices=invoices, mean_bytes=MEAN_BYTES, core=cores.others
        ) as vendor,
        TemporaryDirectory(dir=folder) as place,
        daemon_process(
            Path(place),
            Fernet.generate_key().decode(),
            {**section(vendor), "poll_interval": _POLL_EVERY},
            cores.daemon,
            server={"limits": {"requests_per_second": None}},
        ) as daemon,
    ):
        account_ids = _connect_all(daemon, vendor)
        connection = daemon.connection()
        before = _counts(connection)
        took_ms = alone(read_for, daemon.url, account_ids, clients, for_s, cores.others)
        after = _counts(connection)
    lags = [(bound, after[bound] - before.get(bound, 0.0)) for bound in after]
    among = f"{clients} clients reading, {companies} companies polled every {_POLL_EVERY}"
    return [
        Figure(
            key="clients.lag.p99",
            title=f"Lag of the event loop, {among}, 99 % within",
            value=_quantile(lags, 0.99) * 1000,
            unit="ms",
            at_most=LAG_MS,
            note=f"{lags[-1][1]:.0f} samples in buckets; half within {_quantile(lags, 0.5) * 1000:.0f} ms",
        ),
        Figure(
            key="clients.rate",
            title="Requests answered meanwhile",
            value=len(took_ms) / for_s,
            unit="/s",
            note=f"99 % within {percentile(took_ms, 0.99):.0f} ms",
        ),
    ]


def _connect_all(daemon: DaemonProcess, vendor: Vendor) -> list[str]:
    """Connect every company and wait until all are in sync."""
    connection, account_ids = daemon.connection(), []
    for company in vendor.companies:
        grant = {"authorization_code": company.code, "realm_id": company.realm_id}
        reply = post(connection, "/auth/quickbooks/connect", grant)
        account_ids.append(msgspec.json.decode(reply, type=_Integration).id)
    for account_id in account_ids:
        while (
            msgspec.json.decode(
                get(connection, f"/integrations/{account_id}"), type=_Integration
            ).state
            != "live"
        ):
            time.sleep(0.1)
    return account_ids


def _counts(connection: HTTPConnection) -> dict[float, float]:
    """Return how often the loop was no later than so many seconds."""
    text = get(connection, "/metrics").decode()
    return {float(bound): float(count) for bound, count in _BUCKET.findall(text)}


def _quantile(counts: Sequence[tuple[float, float]], share: float) -> float:
    """Return the bound of the bucket that this share of all lies within, in seconds."""
    wanted = share * counts[-1][1]
    return next((bound for bound, count in counts if count >= wanted), inf)
