"""How long the vendor waits for our answer when 10,000 events come at once, and what that takes in memory."""

import hashlib
import hmac
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from cryptography.fernet import Fernet

from bench.cores import Cores
from bench.daemon_process import DaemonProcess, daemon_process, get, post
from bench.figures import Figure, percentile
from bench.vendor_process import vendor_process
from bench.web import section

ANSWER_S = 3.0
"""How long the vendor waits before it counts a delivery as failed."""
GROWTH_MB = 30.0
_CONNECTIONS = 16
_VERIFIER = "bench-verifier"
_TYPES = ("invoice", "customer", "payment")
_LOOK_AGAIN_S = 0.05


class _Integration(msgspec.Struct):
    id: str
    state: str


def measure(folder: Path, cores: Cores, *, events: int) -> list[Figure]:
    """Deliver so many events one by one over several connections, then as many in one delivery."""
    with (
        vendor_process(companies=1, invoices=1000, mean_bytes=2300, core=cores.others) as vendor,
        TemporaryDirectory(dir=folder) as place,
        daemon_process(
            Path(place),
            Fernet.generate_key().decode(),
            {**section(vendor), "webhook_verifier_token": _VERIFIER},
            cores.daemon,
        ) as daemon,
    ):
        company = vendor.companies[0]
        grant = {"authorization_code": company.code, "realm_id": company.realm_id}
        connection = daemon.connection()
        body = post(connection, "/auth/quickbooks/connect", grant)
        _until_live(daemon, msgspec.json.decode(body, type=_Integration).id)
        bodies = _events(company.realm_id)
        for _ in range(200):  # warm
            _deliver(daemon, [[next(bodies)]])
        before_bytes = daemon.memory_bytes()
        answers = _burst(daemon, [next(bodies) for _ in range(events)])
        after_bytes = daemon.memory_bytes()
        (whole_s,) = _deliver(daemon, [[next(bodies) for _ in range(events)]])
        again_bytes = daemon.memory_bytes()
    return [
        *_answers(answers),
        Figure(
            key="webhooks.one.answer",
            title=f"one delivery of {events:,} events",
            value=whole_s,
            unit="s",
            at_most=ANSWER_S,
        ),
        Figure(
            key="webhooks.memory.growth",
            title="the process' growth by the burst",
            value=(after_bytes - before_bytes) / 1e6,
            unit="MB",
            at_most=GROWTH_MB,
            note=f"{(again_bytes - before_bytes) / 1e6:.1f} MB with the large delivery",
        ),
    ]


def _answers(answers: Sequence[float]) -> Iterator[Figure]:
    for share in (0.5, 0.99, 0.999):
        yield Figure(
            key=f"webhooks.single.p{share * 100:g}",
            title=f"a delivery within a burst, {share:.1%} within",
            value=percentile(answers, share),
            unit="s",
            at_most=ANSWER_S,
            note=f"{len(answers)} deliveries over {_CONNECTIONS} connections",
        )


def _burst(daemon: DaemonProcess, events: Sequence[dict[str, object]]) -> list[float]:
    shares = [[[event] for event in events[first::_CONNECTIONS]] for first in range(_CONNECTIONS)]
    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        return [took for part in threads.map(partial(_deliver, daemon), shares) for took in part]


def _deliver(
    daemon: DaemonProcess, deliveries: Sequence[Sequence[dict[str, object]]]
) -> list[float]:
    """Make the deliveries over one connection; return how long each answer took."""
    connection, took = daemon.connection(), []
    for events in deliveries:
        body = msgspec.json.encode(events)
        digest = hmac.new(_VERIFIER.encode(), body, hashlib.sha256).digest()
        headers = {"intuit-signature": b64encode(digest).decode()}
        began_s = time.perf_counter()
        connection.request("POST", "/webhooks/quickbooks", body, headers)
        reply = connection.getresponse()
        reply.read()
        took.append(time.perf_counter() - began_s)
        if reply.status != 200:  # noqa: PLR2004 - the only status that a vendor takes for an answer
            raise RuntimeError(f"a delivery was answered {reply.status}")
    connection.close()
    return took


def _events(realm_id: str) -> Iterator[dict[str, object]]:
    for number in count(1):
        yield {
            "specversion": "1.0",
            "id": f"bench-{number}",
            "source": "intuit.YmVuY2g=",
            "type": f"qbo.{_TYPES[number % len(_TYPES)]}.updated.v1",
            "datacontenttype": "application/json",
            "time": "2026-11-21T09:00:00Z",
            "intuitentityid": str(number),
            "intuitaccountid": realm_id,
            "data": {},
        }


def _until_live(daemon: DaemonProcess, account_id: str) -> None:
    connection = daemon.connection()
    while True:
        found = get(connection, f"/integrations/{account_id}")
        if msgspec.json.decode(found, type=_Integration).state == "live":
            return
        time.sleep(_LOOK_AGAIN_S)
