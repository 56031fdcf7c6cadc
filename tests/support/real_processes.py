"""The console script as real processes: a sandbox and daemons, and how to wait for them."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec
import yaml

from actors.clock import SystemClock
from support.plain_http import plain_client

SCRIPT = Path(sys.executable).with_name("syncline")
DEADLINE_S = 25.0
_LOOK_EVERY_S = 0.05
_KEPT = {"PATH", "HOME", "LANG", "PYTHONPATH"}
_NAME_LISTS = {"Customer", "Vendor", "Account", "Item"}

Seen = TypeVar("Seen")


def until(what: str, look: Callable[[], Seen | None], deadline_s: float = DEADLINE_S) -> Seen:
    """Return the first thing that a look shows; fails when there is none in time."""
    clock = SystemClock()
    ends_at = clock.now().monotonic_s + deadline_s
    while clock.now().monotonic_s < ends_at:
        seen = look()
        if seen:
            return seen
        threading.Event().wait(_LOOK_EVERY_S)
    raise AssertionError(f"not {what} within {deadline_s:.0f} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RunningScript:
    """One process of the console script; what it prints goes to files."""

    process: subprocess.Popen[bytes]
    out_path: Path
    err_path: Path

    @property
    def out(self) -> str:
        return self.out_path.read_text()

    @property
    def err(self) -> str:
        return self.err_path.read_text()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def exit_code(self) -> int:
        return self.process.wait(DEADLINE_S)


@contextmanager
def script(folder: Path, *arguments: str) -> Iterator[RunningScript]:
    """Run the console script; it is killed at the end if it still runs."""
    number = len(list(folder.glob("*.out")))
    out_path, err_path = folder / f"{number}.out", folder / f"{number}.err"
    with out_path.open("wb") as out, err_path.open("wb") as err:
        process = subprocess.Popen(
            [SCRIPT, *arguments], cwd=folder, stdout=out, stderr=err, env=_environment()
        )
    try:
        yield RunningScript(process, out_path, err_path)
    finally:
        process.kill()
        process.wait(DEADLINE_S)


def _environment() -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    return kept | {"PYTHONWARNINGS": "error"}


@dataclass(frozen=True, slots=True)
class SandboxProcess:
    """The sandbox that another process serves."""

    url: str
    client_id: str
    client_secret: str
    http: httpx.Client

    def post(self, path: str, body: object = None) -> dict[str, object]:
        reply = self.http.post(path, json=body or {})
        reply.raise_for_status()
        answer: dict[str, object] = reply.json()
        return answer

    def add_company(
        self, name: str, scale: float = 1.0, sizes: Mapping[str, int] | None = None
    ) -> str:
        wanted = {"name": name, "scale": scale, "sizes": sizes}
        return str(self.post("/sandbox/companies", wanted)["realm_id"])

    def churn(self, realm_id: str, acts: int) -> None:
        self.post(f"/sandbox/companies/{realm_id}/churn", {"acts": acts})

    def fault(self, kind: str, **wanted: object) -> None:
        self.post("/sandbox/faults", {"kind": kind, **wanted})

    def code(self, realm_id: str) -> str:
        return str(self.post(f"/sandbox/companies/{realm_id}/code")["code"])

    def clear_faults(self) -> None:
        self.http.delete("/sandbox/faults").raise_for_status()

    def statistics(self) -> dict[str, object]:
        answer: dict[str, object] = self.http.get("/sandbox/statistics").json()
        return answer

    def violations(self, realm_id: str) -> list[dict[str, object]]:
        """Return how often which of the vendor's limits was broken for a company."""
        found = self.statistics()["violations"]
        assert isinstance(found, list)
        return [each for each in found if each["realm_id"] == realm_id]

    def truth(self, realm_id: str, object_types: Sequence[str]) -> dict[str, dict[str, bytes]]:
        """Read a company through the vendor's own interface.

        The consent that this takes ends the daemon's: stop the daemon first.
        """
        form = {
            "grant_type": "authorization_code",
            "code": self.code(realm_id),
            "redirect_uri": "http://localhost/callback",
        }
        app = (self.client_id, self.client_secret)
        reply = self.http.post("/oauth2/v1/tokens/bearer", data=form, auth=app)
        reply.raise_for_status()
        bearer = f"Bearer {reply.json()['access_token']}"
        return {name: dict(self._rows(realm_id, name, bearer)) for name in object_types}

    def _rows(self, realm_id: str, object_type: str, bearer: str) -> Iterator[tuple[str, bytes]]:
        where = " WHERE Active IN (true, false)" if object_type in _NAME_LISTS else ""
        start, rows = 1, [msgspec.Raw()]
        while rows:
            query = f"SELECT * FROM {object_type}{where} STARTPOSITION {start} MAXRESULTS 1000"  # noqa: S608
            reply = self._admitted(realm_id, query, bearer)
            members = msgspec.json.decode(reply.content, type=_Reply).members
            rows = msgspec.json.decode(members.get(object_type, b"[]"), type=list[msgspec.Raw])
            for row in rows:
                yield msgspec.json.decode(row, type=_Row).object_id, bytes(row)
            start += len(rows)

    def _admitted(self, realm_id: str, query: str, bearer: str) -> httpx.Response:
        """Ask as often as the vendor's limits make it necessary."""

        def ask() -> httpx.Response | None:
            reply = self.http.get(
                f"/v3/company/{realm_id}/query",
                params={"query": query},
                headers={"Authorization": bearer},
            )
            return reply if reply.is_success else None

        return until(f"answered {query}", ask)


class _Reply(msgspec.Struct):
    members: dict[str, msgspec.Raw] = msgspec.field(name="QueryResponse")


class _Row(msgspec.Struct):
    object_id: str = msgspec.field(name="Id")


@contextmanager
def sandbox_process(folder: Path) -> Iterator[SandboxProcess]:
    """Serve a sandbox, with one company in it, from a process of its own."""
    with script(folder, "sandbox", "--port", "0", "--companies", "1", "--json") as running:
        facts = json.loads(until("serving the sandbox", lambda: running.out.strip() or None))
        with plain_client(base_url=facts["url"], timeout=DEADLINE_S) as http:
            yield SandboxProcess(facts["url"], facts["client_id"], facts["client_secret"], http)


@dataclass(frozen=True, slots=True)
class DaemonSetup:
    """A configuration in a folder of its own, and how to reach the daemon that runs with it."""

    folder: Path
    port: int

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def database(self) -> Path:
        return self.folder / "syncline.db"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[RunningScript]:
        """Run the daemon; inside, it is ready."""
        with script(self.folder, "run") as daemon:
            until("ready", lambda: self.is_ready(daemon))
            yield daemon

    def get(self, path: str) -> dict[str, object]:
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: object = None) -> dict[str, object]:
        token = self.database.with_name("syncline.db.admin-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        with plain_client(timeout=DEADLINE_S) as http:
            reply = http.request(method, f"{self.url}{path}", headers=headers, json=body)
        reply.raise_for_status()
        answer: dict[str, object] = reply.json()
        return answer

    def connect(self, sandbox: SandboxProcess, realm_id: str) -> str:
        """Connect a company, as its owner does; return its account's id."""
        body = {"authorization_code": sandbox.code(realm_id), "realm_id": realm_id}
        return str(self.ask("POST", "/auth/quickbooks/connect", body)["id"])

    def exact_past(self, account_id: str, instant: datetime) -> bool:
        exact_as_of = self.get(f"/integrations/{account_id}")["exact_as_of"]
        return exact_as_of is not None and datetime.fromisoformat(str(exact_as_of)) > instant

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [SCRIPT, *arguments],
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def is_ready(self, daemon: RunningScript | None = None) -> bool:
        assert daemon is None or daemon.process.poll() is None, daemon.err
        try:
            with plain_client(timeout=DEADLINE_S) as http:
                return http.get(f"{self.url}/health/ready").is_success
        except httpx.TransportError:
            return False


def set_up(
    folder: Path,
    sandbox: SandboxProcess,
    vendor_keys: Mapping[str, object] | None = None,
    *,
    port: int = 0,
) -> DaemonSetup:
    """Write a configuration that leads to the sandbox and is quick about everything."""
    folder.mkdir(exist_ok=True)
    setup = DaemonSetup(folder, port or free_port())
    vendor = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "endpoints": {
            "authorize_url": f"{sandbox.url}/connect/oauth2",
            "token_url": f"{sandbox.url}/oauth2/v1/tokens/bearer",
            "revoke_url": f"{sandbox.url}/v2/oauth2/tokens/revoke",
            "api_url": sandbox.url,
        },
        "poll_interval": "1s",
        "overlap": "1s",
        **(vendor_keys or {}),
    }
    server = {"port": setup.port, "public_url": setup.url, "shutdown_grace": "5s"}
    document = {"server": server, "vendors": {"quickbooks": vendor}}
    setup.config.write_text(yaml.safe_dump(document))
    return setup
