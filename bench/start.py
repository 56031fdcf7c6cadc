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
from bench.figures import Figure, middle
from bench.house import TYPES
from bench.seed import seed

READY_S = 5.0
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
    ready, stopped, scrapes = [], [], []
    with TemporaryDirectory(dir=folder) as place:
        alone(seed, Path(place) / "syncline.db", key, accounts, TYPES)
        for _ in range(repetitions):
            with daemon_process(Path(place), key, UNREACHABLE_QUICKBOOKS, cores.daemon) as daemon:
                scrapes += [_answer_ms(daemon.connection(), "/metrics") for _ in range(_ANSWERS)]
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
        middle(scrapes, key="start.metrics", title=f"/metrics, {among}", unit="ms"),
    ]


def _answer_ms(connection: HTTPConnection, path: str) -> float:
    began_s = time.perf_counter()
    get(connection, path)
    return (time.perf_counter() - began_s) * 1000
