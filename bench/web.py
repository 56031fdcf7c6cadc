"""How long the daemon's own pages take to answer while a first reading runs."""

import itertools
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from cryptography.fernet import Fernet

from bench.cores import Cores
from bench.daemon_process import DaemonProcess, daemon_process, get, post
from bench.figures import Figure, percentile
from bench.ingest import MEAN_BYTES
from bench.vendor_process import vendor_process
from bench.vendor_server import Vendor

ANSWER_MS = 50.0
_PATHS = ("/health", "/metrics")
_EVERY_S = 0.02
_LOOK_EVERY = 20
NO_LIMITS = {"per_minute": None, "per_second": None, "in_flight": 10}


class _Integration(msgspec.Struct):
    id: str
    state: str


def measure(folder: Path, cores: Cores, *, invoices: int) -> list[Figure]:
    """Read a company of so many invoices, and ask for each page all the while."""
    with (
        vendor_process(
            companies=1, invoices=invoices, mean_bytes=MEAN_BYTES, core=cores.others
        ) as vendor,
        TemporaryDirectory(dir=folder) as place,
        daemon_process(
            Path(place), Fernet.generate_key().decode(), section(vendor), cores.daemon
        ) as daemon,
    ):
        answers = _ask_during_backfill(daemon, vendor)
    return [figure for path, samples in answers.items() for figure in _figures(path, samples)]


def _ask_during_backfill(daemon: DaemonProcess, vendor: Vendor) -> dict[str, list[float]]:
    answers: dict[str, list[float]] = {path: [] for path in _PATHS}
    connection = daemon.connection()
    company = vendor.companies[0]
    grant = {"authorization_code": company.code, "realm_id": company.realm_id}
    connected = msgspec.json.decode(
        post(connection, "/auth/quickbooks/connect", grant), type=_Integration
    )
    for number, path in zip(itertools.count(), itertools.cycle(_PATHS), strict=False):
        if number % _LOOK_EVERY == 0:
            found = get(connection, f"/integrations/{connected.id}")
            if msgspec.json.decode(found, type=_Integration).state == "live":
                break
        began_s = time.perf_counter()
        get(connection, path)
        answers[path].append((time.perf_counter() - began_s) * 1000)
        time.sleep(_EVERY_S)
    return answers


def _figures(path: str, samples: list[float]) -> list[Figure]:
    title = f"{path} during a backfill"
    return [
        Figure(
            key=f"web.{path.strip('/')}.p{share * 100:.0f}",
            title=f"{title}, {share:.0%} within",
            value=percentile(samples, share),
            unit="ms",
            at_most=ANSWER_MS,
            note=f"{len(samples)} calls",
        )
        for share in (0.5, 0.99)
    ]


def section(vendor: Vendor) -> dict[str, object]:
    """Return the configuration that leads to this vendor."""
    return {
        "client_id": vendor.client_id,
        "client_secret": vendor.client_secret,
        "limits": NO_LIMITS,
        "endpoints": {
            "authorize_url": f"{vendor.url}/connect/oauth2",
            "token_url": f"{vendor.url}/oauth2/v1/tokens/bearer",
            "revoke_url": f"{vendor.url}/v2/oauth2/tokens/revoke",
            "api_url": vendor.url,
        },
    }
