"""What the demo plays on: a sandbox and a daemon, both over real HTTP, in one folder."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
import msgspec
import yaml

from actors.clock import Clock
from daemon.app import running
from daemon.cli.replies import AccountReply, Page, StatusReply
from daemon.cli.sandbox_section import sandbox_section
from daemon.config import Config, load_config, secret_values
from daemon.log import configure_logging
from daemon.redaction import Redactor
from daemon.sandbox.quickbooks import Behaviour, QuickBooksSandbox
from daemon.sandbox.serve import serve_sandbox
from daemon.sandbox.webhook_carrier import carry_webhooks, over_http
from daemon.world import World, this_world

_COMPANIES: Mapping[str, float] = {"Corner Café": 1, "Harbour Plumbing": 8, "Meridian Foods": 40}
"""Their sizes; 1 is about 260 objects."""
_LATENCY_S = (0.02, 0.08)
_TIMEOUT_S = 60.0
_SWIFT = {
    "poll_interval": "2s",
    "overlap": "2s",
    "retry": {"attempts": 2, "base": "0.2s", "cap": "1s"},
    "breaker": {"failures": 3, "reset_after": "2s"},
}
"""What a real daemon does in minutes, in seconds."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that the demo acts on, and watches.

    Attributes:
        companies: names by realm id.
        config_path: what a command names to reach the daemon.
        http: calls the daemon as an operator would, with the admin token.
    """

    sandbox: QuickBooksSandbox
    companies: Mapping[str, str]
    config: Config
    config_path: Path
    clock: Clock
    base_url: str
    http: httpx.AsyncClient

    @property
    def object_types(self) -> tuple[str, ...]:
        """What is replicated."""
        return self.config.vendors["quickbooks"].account.object_types

    async def connect(self, realm_id: str) -> AccountReply:
        """Connect a company as its owner would: consent page, redirect, code exchange."""
        start = await self.http.get("/auth/quickbooks/start")
        consent = httpx.URL(start.headers["Location"]).copy_merge_params({"realmId": realm_id})
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as browser:
            reply = await browser.get(consent, follow_redirects=True)
        reply.raise_for_status()
        return msgspec.json.decode(reply.content, type=AccountReply)

    async def status(self, account_id: str) -> StatusReply:
        """Ask how an account is."""
        reply = await self.http.get(f"/integrations/{account_id}/status")
        reply.raise_for_status()
        return msgspec.json.decode(reply.content, type=StatusReply)

    async def changes(self, after: int, wait_s: float) -> Page:
        """Wait for changes behind a number."""
        query = {"after": after, "wait": wait_s, "limit": 1000}
        reply = await self.http.get("/changes", params=query)
        reply.raise_for_status()
        return msgspec.json.decode(reply.content, type=Page)

    def objects_at_vendor(self, realm_id: str) -> int:
        """Count what the vendor has of what is replicated."""
        truth = self.sandbox.truth(realm_id)
        return sum(len(truth.get(name, ())) for name in self.object_types)


@asynccontextmanager
async def open_stage(folder: Path, seed: int) -> AsyncIterator[Stage]:
    """Start a sandbox with companies in it, and a daemon that knows none of them yet."""
    redactor = Redactor()
    world = this_world(redactor)
    sandbox = QuickBooksSandbox(
        lambda: world.clock.now().utc, seed, behaviour=Behaviour(latency_s=_LATENCY_S)
    )
    companies = {
        sandbox.add_company(name=name, scale=scale): name for name, scale in _COMPANIES.items()
    }
    async with serve_sandbox(sandbox) as url:
        path = _write_config(folder, sandbox, url)
        config = load_config(path, {})
        for secret in secret_values(config):
            redactor.add(secret)
        with (folder / "daemon.log").open("w", encoding="utf-8") as log:
            configure_logging(
                config.log, clock=world.clock, redactor=redactor, stream=log, environ={}
            )
            async with (
                running(config, world) as daemon,
                httpx.AsyncClient(
                    base_url=daemon.base_url,
                    headers={"Authorization": f"Bearer {daemon.admin_token}"},
                    timeout=_TIMEOUT_S,
                    trust_env=False,
                ) as http,
                _webhooks_to(f"{daemon.base_url}/webhooks/quickbooks", sandbox, world),
            ):
                yield Stage(sandbox, companies, config, path, world.clock, daemon.base_url, http)


@asynccontextmanager
async def _webhooks_to(url: str, sandbox: QuickBooksSandbox, world: World) -> AsyncIterator[None]:
    """Have the vendor tell the daemon of its changes."""
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        anyio.create_task_group() as tasks,
    ):
        post = over_http(url, client)
        tasks.start_soon(carry_webhooks, sandbox.webhooks, lambda: world.clock.now().utc, post)
        yield
        tasks.cancel_scope.cancel()


def _write_config(folder: Path, sandbox: QuickBooksSandbox, url: str) -> Path:
    port = _free_port()
    path = folder / "config.yaml"
    document = {
        "store": {"url": "sqlite:///syncline.db"},
        "server": {"port": port, "public_url": f"http://127.0.0.1:{port}"},
        "vendors": {"quickbooks": sandbox_section(sandbox, url) | _SWIFT},
    }
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def _free_port() -> int:
    """Return a port that was free a moment ago: the commands need to find it in the file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
