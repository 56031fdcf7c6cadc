"""How long the dashboard takes with many accounts."""

import time
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from cryptography.fernet import Fernet

from bench.alone import alone
from bench.cores import Cores
from bench.daemon_process import ADMIN_TOKEN, daemon_process
from bench.figures import Figure, percentile
from bench.house import TYPES
from bench.seed import seed
from bench.start import UNREACHABLE_QUICKBOOKS

ANSWER_MS = 100.0
_FORM = "application/x-www-form-urlencoded"
_PAGES = {
    "all": "/dashboard",
    "found": "/dashboard?q=99&state=degraded",
}


def measure(folder: Path, cores: Cores, *, accounts: int, answers: int) -> list[Figure]:
    """Look at the dashboard of a daemon with so many accounts, none of whose vendors answers.

    An update of an open page takes no longer than the page: the same is gathered and rendered.
    """
    key = Fernet.generate_key().decode()
    with TemporaryDirectory(dir=folder) as place:
        alone(seed, Path(place) / "syncline.db", key, accounts, TYPES)
        with daemon_process(Path(place), key, UNREACHABLE_QUICKBOOKS, cores.daemon) as daemon:
            connection = daemon.connection()
            cookie = _signed_in(connection, daemon.url)
            samples = {
                name: [_answer_ms(connection, path, cookie) for _ in range(answers)]
                for name, path in _PAGES.items()
            }
    return [
        Figure(
            key=f"pages.{name}",
            title=f"{_PAGES[name]}, {accounts:,} accounts, 99 %",
            unit="ms",
            value=percentile(found, 0.99),
            at_most=ANSWER_MS,
            note=f"{len(found)} answers; middle {percentile(found, 0.5):.1f} ms",
        )
        for name, found in samples.items()
    ]


def _signed_in(connection: HTTPConnection, origin: str) -> str:
    form = urlencode({"token": ADMIN_TOKEN})
    headers = {"Content-Type": _FORM, "Origin": origin}
    connection.request("POST", "/dashboard/login", form, headers)
    reply = connection.getresponse()
    reply.read()
    return (reply.headers["Set-Cookie"] or "").partition(";")[0]


def _answer_ms(connection: HTTPConnection, path: str, cookie: str) -> float:
    began_s = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": cookie})
    reply = connection.getresponse()
    body = reply.read()
    if b'id="accounts"' not in body:
        raise RuntimeError(f"{path} answered {reply.status}")
    return (time.perf_counter() - began_s) * 1000
