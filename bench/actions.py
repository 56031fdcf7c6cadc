"""How long a user waits for a payment, over what the vendor itself takes: while the account is read, and after.

Beside it the floor: one small commit that the disk has kept, in a database of its own on the same
disk, made just before each payment. No payment can take less than two of these, one before it is
sent and one after.

Nobody pays in the moment after a scrape of the metrics, which takes longer than the payment and leaves
nothing of it in the processor's caches: so the user looks at the invoices first.
"""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from store.sqlite.connection import open_writer

OVER_MS = {0.5: 5.0, 0.99: 25.0}
WHOLE_MS = 300.0
VENDOR_MS = 200.0
_VENDOR_TIME = re.compile(
    rb'syncline_vendor_request_duration_seconds_sum\{operation="write",vendor="quickbooks"\} (\S+)'
)
_EVERY_S = 0.25
_LOOKED_AT = ("", "/objects/Invoice?limit=10", "/actions?limit=10")
"""Of the account, just before a payment."""
_COMMITS = 2
"""Of each payment."""


class _Integration(msgspec.Struct):
    id: str
    state: str


class _Action(msgspec.Struct):
    state: str


@dataclass(slots=True)
class _Samples:
    """Milliseconds of each payment, of the whole and over the vendor's own, and of the floor's commit."""

    whole: list[float] = field(default_factory=list)
    over: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)


class _Floor:
    """A database in which nothing is done but to commit a row."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def commit_ms(self) -> float:
        began_s = time.perf_counter()
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO metadata VALUES (lower(hex(randomblob(16))), x'00')")
        self._connection.execute("COMMIT")
        return (time.perf_counter() - began_s) * 1000


@contextmanager
def _floor(folder: Path) -> Iterator[_Floor]:
    connection = open_writer(folder / "floor.db", durable=True, busy_timeout_s=5.0)
    try:
        yield _Floor(connection)
    finally:
        connection.close()


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
        _floor(Path(place)) as floor,
    ):
        busy, idle = _pay(daemon, vendor, floor, payments)
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


def _pay(
    daemon: DaemonProcess, vendor: Vendor, floor: _Floor, payments: int
) -> tuple[_Samples, _Samples]:
    connection = daemon.connection()
    company = vendor.companies[0]
    grant = {"authorization_code": company.code, "realm_id": company.realm_id}
    account = msgspec.json.decode(
        post(connection, "/auth/quickbooks/connect", grant), type=_Integration
    )
    path = f"/integrations/{account.id}"
    busy, idle = _Samples(), _Samples()
    while msgspec.json.decode(get(connection, path), type=_Integration).state != "live":
        _pay_once(connection, path, floor, busy, len(busy.over))
        time.sleep(_EVERY_S)
    for number in range(payments):
        _pay_once(connection, path, floor, idle, len(busy.over) + number)
        time.sleep(_EVERY_S)
    return busy, idle


def _pay_once(
    connection: HTTPConnection, path: str, floor: _Floor, samples: _Samples, number: int
) -> None:
    samples.floor.append(floor.commit_ms())
    before_s = _vendor_s(connection)
    for looked_at in _LOOKED_AT:
        get(connection, path + looked_at)
    payload = {"CustomerRef": {"value": "1"}, "TotalAmt": number + 1}
    wish = {"type": "payment.create", "payload": payload, "idempotency_key": f"payment-{number}"}
    began_s = time.perf_counter()
    answer = post(connection, f"{path}/actions?wait=30", wish)
    took_s = time.perf_counter() - began_s
    state = msgspec.json.decode(answer, type=_Action).state
    if state != "succeeded":
        raise RuntimeError(f"a payment is {state}")
    samples.whole.append(took_s * 1000)
    samples.over.append((took_s - (_vendor_s(connection) - before_s)) * 1000)


def _vendor_s(connection: HTTPConnection) -> float:
    """Return how long the vendor took for all writes so far, as its client saw it."""
    found = _VENDOR_TIME.search(get(connection, "/metrics"))
    if found is None:
        raise RuntimeError("no metric of the vendor's time")
    return float(found[1])


def _figures(key: str, title: str, samples: _Samples) -> list[Figure]:
    over = [
        Figure(
            key=f"actions.{key}.p{share * 100:.0f}",
            title=f"a payment over the vendor's own time, {title}, {share:.0%} within",
            value=percentile(samples.over, share),
            unit="ms",
            at_most=at_most,
            note=f"{len(samples.over)} payments",
        )
        for share, at_most in OVER_MS.items()
    ]
    floor = [
        Figure(
            key=f"actions.{key}.floor.p{share * 100:.0f}",
            title=f"the floor, one small commit beside it, {share:.0%} within",
            value=percentile(samples.floor, share),
            unit="ms",
        )
        for share in OVER_MS
    ]
    whole = Figure(
        key=f"actions.{key}.whole.p99",
        title=f"a payment from end to end, {title}, 99% within",
        value=percentile(samples.whole, 0.99),
        unit="ms",
        at_most=WHOLE_MS - VENDOR_MS,
        note=f"{WHOLE_MS:.0f} ms less the {VENDOR_MS:.0f} ms that a vendor may take",
    )
    ratio = Figure(
        key=f"actions.{key}.ratio.p50",
        title=f"a payment over the vendor's own time, in pairs of such commits, {title}, 50% within",
        value=percentile(samples.over, 0.5) / (_COMMITS * percentile(samples.floor, 0.5)),
        unit="x",
        note="tells a slow disk from slow work of ours",
    )
    return [*over, *floor, ratio, whole]
