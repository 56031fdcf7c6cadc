"""Two nodes on one PostgreSQL database: payments through the wrong one, and a first reading against one's.

Nothing is kept to a core of its own: nodes, server and vendor share what there is, and what each of
them took of it is said.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec
import psycopg
from cryptography.fernet import Fernet

from bench.cores import Cores
from bench.daemon_process import DaemonProcess, daemon_process, get, post
from bench.figures import Figure, middle, percentile
from bench.ingest import MEAN_BYTES
from bench.postgresql import Server, running_server
from bench.processor_time import processor_s
from bench.vendor_process import vendor_process
from bench.vendor_server import Company, Vendor
from bench.web import section

OVER_MS = 60.0
OF_ONE_NODE = 1.8
_COMPANIES = 64
_PAYMENT_EVERY_S = 0.1
_LOOK_EVERY_S = 0.1
_SPREAD_WITHIN_S = 90.0
_FAIR = 0.8
_HELD = "SELECT count(*) FROM shards WHERE shard >= 0 AND node IS NOT NULL GROUP BY node"
_VENDOR_TIME = re.compile(
    rb'syncline_vendor_request_duration_seconds_sum\{operation="write",vendor="quickbooks"\} (\S+)'
)
_NAMES: Mapping[str, str] = {
    "/0/config.yaml": "node 1",
    "/1/config.yaml": "node 2",
    "vendor_server": "the vendor",
    "postgres": "PostgreSQL",
}


class _Integration(msgspec.Struct):
    id: str
    state: str


class _Integrations(msgspec.Struct):
    items: list[_Integration]
    next: str | None


class _Action(msgspec.Struct):
    state: str


@dataclass(slots=True)
class _Payments:
    """Milliseconds over the vendor's own, of payments through the account's owner and through another."""

    by_owner: list[float] = field(default_factory=list)
    by_other: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A first reading of all companies."""

    objects_per_s: float
    processors: Mapping[str, float]


def measure(
    folder: Path, cores: Cores, *, invoices: int, repetitions: int, payments: int
) -> list[Figure]:
    """Make so many payments through each of two nodes; then read so many invoices by one and by two."""
    del cores
    with running_server(folder.parent, None) as server:
        return [
            *_payment_figures(folder, server, payments),
            *_reading_figures(folder, server, invoices, repetitions),
        ]


@contextmanager
def _nodes(number: int, folder: Path, url: str, vendor: Vendor) -> Iterator[list[DaemonProcess]]:
    key = Fernet.generate_key().decode()
    with ExitStack() as stack:
        nodes = []
        for each in range(number):
            place = folder / str(each)
            place.mkdir()
            node = daemon_process(place, key, section(vendor), None, store={"url": url})
            nodes.append(stack.enter_context(node))
        yield nodes


def _payment_figures(folder: Path, server: Server, payments: int) -> list[Figure]:
    with (
        vendor_process(companies=16, invoices=20, mean_bytes=MEAN_BYTES, core=None) as vendor,
        TemporaryDirectory(dir=folder) as place,
        server.database() as url,
        _nodes(2, Path(place), url, vendor) as nodes,
    ):
        _until_spread(url, len(nodes))
        took = _pay(nodes, vendor, payments)
    return [
        figure
        for key, title, samples, at_most in (
            ("other", "through a node that does not host the account", took.by_other, OVER_MS),
            ("owner", "through the node that hosts it", took.by_owner, None),
        )
        for figure in _figures(key, title, samples, at_most)
    ]


def _figures(key: str, title: str, samples: Sequence[float], at_most: float | None) -> list[Figure]:
    return [
        Figure(
            key=f"cluster.actions.{key}.p{share * 100:.0f}",
            title=f"a payment over the vendor's own time, {title}, {share:.0%} within",
            value=percentile(samples, share),
            unit="ms",
            at_most=at_most if share > 0.5 else None,  # noqa: PLR2004 - the middle has no target
            note=f"{len(samples)} payments",
        )
        for share in (0.5, 0.99)
    ]


def _pay(nodes: Sequence[DaemonProcess], vendor: Vendor, payments: int) -> _Payments:
    """Pay through both nodes in turns; whose count of the vendor's time moves is the owner."""
    connections = [node.connection() for node in nodes]
    accounts = [_connect(connections[0], company) for company in vendor.companies]
    _until_live(connections[0], len(accounts))
    took = _Payments()
    for number in range(2 * payments):
        connection, account = connections[number % 2], accounts[number // 2 % len(accounts)]
        before = [_vendor_s(each) for each in connections]
        wish = {
            "type": "payment.create",
            "payload": {"CustomerRef": {"value": "1"}, "TotalAmt": number + 1},
            "idempotency_key": f"payment-{number}",
        }
        began_s = time.perf_counter()
        answer = post(connection, f"/integrations/{account}/actions?wait=30", wish)
        took_s = time.perf_counter() - began_s
        state = msgspec.json.decode(answer, type=_Action).state
        if state != "succeeded":
            raise RuntimeError(f"a payment is {state}")
        moved = [_vendor_s(each) - was for each, was in zip(connections, before, strict=True)]
        is_owner = moved[number % 2] > 0
        (took.by_owner if is_owner else took.by_other).append((took_s - sum(moved)) * 1000)
        time.sleep(_PAYMENT_EVERY_S)
    return took


def _vendor_s(connection: HTTPConnection) -> float:
    """Return how long the vendor took for all writes so far, as a node saw it."""
    found = _VENDOR_TIME.search(get(connection, "/metrics"))
    return 0.0 if found is None else float(found[1])


def _connect(connection: HTTPConnection, company: Company) -> str:
    grant = {"authorization_code": company.code, "realm_id": company.realm_id}
    answer = post(connection, "/auth/quickbooks/connect", grant)
    return msgspec.json.decode(answer, type=_Integration).id


def _until_live(connection: HTTPConnection, number: int) -> None:
    while True:
        answer = get(connection, "/integrations?limit=1000")
        items = msgspec.json.decode(answer, type=_Integrations).items
        if sum(each.state == "live" for each in items) == number:
            return
        time.sleep(_LOOK_EVERY_S)


def _reading_figures(folder: Path, server: Server, invoices: int, repetitions: int) -> list[Figure]:
    """Take turns, so that a machine that is busy for a while is so for both. The first turn warms up."""
    readings: dict[int, list[_Reading]] = {1: [], 2: []}
    for _ in range(1 + repetitions):
        for nodes, done in readings.items():
            done.append(_read(folder, server, nodes, invoices))
    one, two = readings[1][1:], readings[2][1:]
    title = f"Ingest into PostgreSQL, {_COMPANIES} accounts"
    return [
        middle(
            [each.objects_per_s for each in found],
            key=f"cluster.ingest.{nodes}.rate",
            title=f"{title}, {nodes} node{'s' * (nodes > 1)}",
            unit="objects/s",
            note=_processors(found),
        )
        for nodes, found in ((1, one), (2, two))
    ] + [
        middle(
            [more.objects_per_s / less.objects_per_s for more, less in zip(two, one, strict=True)],
            key="cluster.ingest.ratio",
            title=f"{title}: two nodes, of one",
            unit="x",
            at_least=OF_ONE_NODE,
            note="pair by pair; where the cores allow it",
        )
    ]


def _processors(found: Sequence[_Reading]) -> str:
    shares = ", ".join(
        f"{name} {median(each.processors[name] for each in found):.2f}"
        for name in _NAMES.values()
        if any(each.processors[name] for each in found)
    )
    return f"processors taken: {shares}"


def _read(folder: Path, server: Server, nodes: int, invoices: int) -> _Reading:
    with (
        vendor_process(
            companies=_COMPANIES,
            invoices=invoices // _COMPANIES,
            mean_bytes=MEAN_BYTES,
            core=None,
        ) as vendor,
        TemporaryDirectory(dir=folder) as place,
        server.database() as url,
        _nodes(nodes, Path(place), url, vendor) as running,
    ):
        connection = running[0].connection()
        _until_spread(url, nodes)
        before, began_s = processor_s(_NAMES), time.perf_counter()
        with ThreadPoolExecutor(len(vendor.companies)) as owners:
            list(
                owners.map(
                    lambda company: _connect(running[0].connection(), company), vendor.companies
                )
            )
        _until_live(connection, len(vendor.companies))
        took_s, after = time.perf_counter() - began_s, processor_s(_NAMES)
        objects = sum(company.objects for company in vendor.companies)
        return _Reading(
            objects / took_s,
            {name: (after[name] - before[name]) / took_s for name in after},
        )


def _until_spread(url: str, nodes: int) -> None:
    """Wait until each node holds nearly its share of the shards.

    Raises:
        RuntimeError: they do not within the time.
    """
    ends_s = time.perf_counter() + _SPREAD_WITHIN_S
    held: list[int] = []
    with psycopg.connect(url, autocommit=True) as connection:
        while time.perf_counter() < ends_s:
            held = [count for (count,) in connection.execute(_HELD)]
            if len(held) == nodes and min(held) >= _FAIR * sum(held) / nodes:
                return
            time.sleep(_LOOK_EVERY_S)
    raise RuntimeError(f"{nodes} nodes hold {held} shards")
