"""How long a user waits for a payment, over what the vendor itself takes: while the account is read, and after."""

import re
import time
from http.client import HTTPConnection
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
from bench.web import section

OVER_MS = {0.5: 5.0, 0.99: 25.0}
_VENDOR_TIME = re.compile(
    rb'syncline_vendor_request_duration_seconds_sum\{operation="write",vendor="quickbooks"\} (\S+)'
)
_EVERY_S = 0.25


class _Integration(msgspec.Struct):
    id: str
    state: str


class _Action(msgspec.Struct):
    state: str


def measure(folder: Path, cores: Cores, *, invoices: int, payments: int) -> list[Figure]:
    """Read a company of so many invoices and make payments all the while; then so many more."""
    with (
        vendor_process(
            companies=1, invoices=invoices, mean_bytes=MEAN_BYTES, core=cores.others
        ) as vendor,
        TemporaryDirectory(dir=folder) as place,
        daemon_process(
            Path(place), Fernet.generate_key().decode(), _section(vendor), cores.daemon
        ) as daemon,
    ):
        busy, idle = _pay(daemon, vendor, payments)
    return [
        *_figures("busy", "while its account is read", busy),
        *_figures("idle", "of an account that is in sync", idle),
    ]


def _section(vendor: Vendor) -> dict[str, object]:
    """Return the vendor with the limit that it sets in earnest: the pace of a first reading."""
    return {
        **section(vendor),
        "limits": {"per_minute": 5000, "per_second": 10, "in_flight": 10},
    }


def _pay(daemon: DaemonProcess, vendor: Vendor, payments: int) -> tuple[list[float], list[float]]:
    connection = daemon.connection()
    company = vendor.companies[0]
    grant = {"authorization_code": company.code, "realm_id": company.realm_id}
    account = msgspec.json.decode(
        post(connection, "/auth/quickbooks/connect", grant), type=_Integration
    )
    path = f"/integrations/{account.id}"
    busy: list[float] = []
    while msgspec.json.decode(get(connection, path), type=_Integration).state != "live":
        busy.append(_over_ms(connection, path, len(busy)))
        time.sleep(_EVERY_S)
    idle = []
    for number in range(payments):
        idle.append(_over_ms(connection, path, len(busy) + number))
        time.sleep(_EVERY_S)
    return busy, idle


def _over_ms(connection: HTTPConnection, path: str, number: int) -> float:
    """Make one payment; return how much longer it took than the vendor's own answer."""
    before_s = _vendor_s(connection)
    payload = {"CustomerRef": {"value": "1"}, "TotalAmt": number + 1}
    wish = {"type": "payment.create", "payload": payload, "idempotency_key": f"payment-{number}"}
    began_s = time.perf_counter()
    answer = post(connection, f"{path}/actions?wait=30", wish)
    took_s = time.perf_counter() - began_s
    state = msgspec.json.decode(answer, type=_Action).state
    if state != "succeeded":
        raise RuntimeError(f"a payment is {state}")
    return (took_s - (_vendor_s(connection) - before_s)) * 1000


def _vendor_s(connection: HTTPConnection) -> float:
    """Return how long the vendor took for all writes so far, as its client saw it."""
    found = _VENDOR_TIME.search(get(connection, "/metrics"))
    if found is None:
        raise RuntimeError("no metric of the vendor's time")
    return float(found[1])


def _figures(key: str, title: str, samples: list[float]) -> list[Figure]:
    return [
        Figure(
            key=f"actions.{key}.p{share * 100:.0f}",
            title=f"a payment over the vendor's own time, {title}, {share:.0%} within",
            value=percentile(samples, share),
            unit="ms",
            at_most=at_most,
            note=f"{len(samples)} payments",
        )
        for share, at_most in OVER_MS.items()
    ]
