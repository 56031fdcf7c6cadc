"""The daemon as a process of its own, started as systemd starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import yaml

from bench.cores import pin

ADMIN_TOKEN = "bench"  # noqa: S105 - opens nothing but this
_READY_WITHIN_S = 60.0
_STOPPED_WITHIN_S = 60.0
_ADDRESS = re.compile(r"http://\S+")


class NotReadyError(Exception):
    """The daemon did not say that it is ready."""


@dataclass(slots=True)
class DaemonProcess:
    """A daemon that is ready.

    Attributes:
        ready_s: how long it took from being started to saying so.
        stopped_s: how long it took from SIGTERM to its end; known once that has come.
    """

    url: str
    ready_s: float
    pid: int
    stopped_s: float = 0.0

    def memory_bytes(self) -> int:
        """Return how much of the machine's memory it takes now."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def connection(self) -> HTTPConnection:
        """Return a connection to its API."""
        return HTTPConnection(urlsplit(self.url).netloc, timeout=30)


@contextmanager
def daemon_process(
    folder: Path,
    key: str,
    quickbooks: Mapping[str, object],
    core: int | None,
    *,
    server: Mapping[str, object] | None = None,
    store: Mapping[str, object] | None = None,
) -> Iterator[DaemonProcess]:
    """Run `syncline run` over the database in this folder for as long as the context lasts.

    Args:
        folder: where `syncline.db` is or will be.
        key: what its tokens are sealed with.
        quickbooks: the section of the vendor.
        core: where the process runs; None anywhere.
        server: what else is set of the server.
        store: what is set of the store; None keeps it in the folder.
    """
    config = folder / "config.yaml"
    config.write_text(
        yaml.safe_dump(_config(key, quickbooks, server or {}, store)), encoding="utf-8"
    )
    command = [str(Path(sys.executable).with_name("syncline")), "run", "--config", str(config)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
        address = str(folder / "notify")
        notifications.bind(address)
        notifications.settimeout(_READY_WITHIN_S)
        began_s = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            env={**os.environ, "NOTIFY_SOCKET": address},
            stderr=subprocess.DEVNULL,
        )
        try:
            pin(core, process.pid)
            url = _wait_until_ready(notifications)
            daemon = DaemonProcess(url, time.perf_counter() - began_s, process.pid)
            yield daemon
            began_s = time.perf_counter()
            process.send_signal(signal.SIGTERM)
            process.wait(_STOPPED_WITHIN_S)
            daemon.stopped_s = time.perf_counter() - began_s
        finally:
            process.kill()
            process.wait()
            Path(address).unlink()


def _config(
    key: str,
    quickbooks: Mapping[str, object],
    server: Mapping[str, object],
    store: Mapping[str, object] | None,
) -> dict[str, object]:
    return {
        "store": dict(store or {"url": "sqlite:///syncline.db"}),
        "server": {"port": 0, "admin_token": ADMIN_TOKEN, **server},
        "secrets": {"keys": [key]},
        "log": {"format": "json"},
        "vendors": {"quickbooks": dict(quickbooks)},
    }


def _wait_until_ready(notifications: socket.socket) -> str:
    """Return the address that the daemon says it serves at."""
    try:
        while True:
            text = notifications.recv(4096).decode()
            found = _ADDRESS.search(text)
            if "READY=1" in text.splitlines() and found is not None:
                return found[0]
    except TimeoutError as error:
        raise NotReadyError(f"not ready within {_READY_WITHIN_S:g} s") from error


def get(connection: HTTPConnection, path: str) -> bytes:
    """Ask for something; return its body."""
    return _call(connection, "GET", path, None)


def post(connection: HTTPConnection, path: str, document: object) -> bytes:
    """Send a JSON document; return the answer's body."""
    return _call(connection, "POST", path, msgspec.json.encode(document))


def _call(connection: HTTPConnection, method: str, path: str, body: bytes | None) -> bytes:
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}", "Content-Type": "application/json"}
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    answer = reply.read()
    if reply.status >= 400:  # noqa: PLR2004 - where HTTP's errors begin
        raise RuntimeError(f"{method} {path}: {reply.status} {answer[:200]!r}")
    return answer
