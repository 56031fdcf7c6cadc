"""How long a start takes, with many accounts in the database."""

import time
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.fernet import Fernet

from bench.alone import alone
from bench.cores import Cores
from bench.daemon_process import daemon_process, get
from bench.figures import Figure, middle, percentile
from bench.house import TYPES
from bench.seed import seed

READY_S = 5.0
SCRAPE_MS = 100.0
SCRAPE_KB = 200.0
_ANSWERS = 15
_UNREACHABLE = "http://127.0.0.1:9"
UNREACHABLE_QUICKBOOKS: Mapping[str, object] = {
    "client_id": "bench",
    "client_secret": "bench",
    "endpoints": dict.fromkeys(
        ("authorize_url", "token_url", "revoke_url", "api_url"), _UNREACHABLE
    ),
}
"""Nobody listens there: polls fail at once."""


def measure(folder: Path, cores: Cores, *, accounts: int, repetitions: int) -> list[Figure]:
    """Start the daemon as a service over so many accounts, and over none."""
    key = Fernet.generate_key().decode()
    ready, stopped = [], []
    scrapes, sizes = list[float](), list[float]()
    with TemporaryDirectory(dir=folder) as place:
        alone(seed, Path(place) / "syncline.db", key, accounts, TYPES)
        for _ in range(repetitions):
            with daemon_process(Path(place), key, UNREACHABLE_QUICKBOOKS, cores.daemon) as daemon:
                for _ in range(_ANSWERS):
                    took_ms, size_bytes = _answer(daemon.connection(), "/metrics")
                    scrapes.append(took_ms)
                    sizes.append(size_bytes / 1000)
            ready.append(daemon.ready_s)
            stopped.append(daemon.stopped_s)
    empty = []
    for _ in range(repetitions):
        with (
            TemporaryDirectory(dir=folder) as place,
            daemon_process(Path(place), key, UNREACHABLE_QUICKBOOKS, cores.daemon) as daemon,
        ):
            empty.append(daemon.ready_s)
    among = f"{accounts:,} accounts"
    return [
        middle(
            ready,
            key="start.ready",
            title=f"Start to ready, {among}",
            unit="s",
            at_most=READY_S,
            note=f"of {len(TYPES)} cursors, `syncline run` until READY=1",
        ),
        middle(empty, key="start.ready_empty", title="Start to ready, no accounts", unit="s"),
        middle(stopped, key="start.stopped", title=f"Stop, {among}", unit="s"),
        middle(
            scrapes,
            key="start.metrics",
            title=f"/metrics, {among}",
            unit="ms",
            at_most=SCRAPE_MS,
            note=f"{len(scrapes)} scrapes right after the start, all polls failing;"
            f" 99 % within {percentile(scrapes, 0.99):.0f} ms",
        ),
        middle(
            sizes,
            key="start.metrics_size",
            title=f"/metrics, {among}",
            unit="kB",
            at_most=SCRAPE_KB,
        ),
    ]


def _answer(connection: HTTPConnection, path: str) -> tuple[float, int]:
    """Return how many milliseconds an answer took, and its bytes."""
    began_s = time.perf_counter()
    body = get(connection, path)
    return (time.perf_counter() - began_s) * 1000, len(body)
