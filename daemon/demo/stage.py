"""What the demo plays on: stand-ins of the vendors and a daemon, all over real HTTP, in one folder."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import anyio
import httpx
import msgspec
import yaml

from actors.clock import Clock
from daemon.app import running
from daemon.cli.replies import AccountReply, Page, StatusReply
from daemon.config import Config, load_config, secret_values
from daemon.demo.stands import Cast, Stand, open_cast
from daemon.log import configure_logging
from daemon.redaction import Redactor
from daemon.sandbox.serve import serve_sandbox
from daemon.sandbox.side_by_side import SideBySide
from daemon.sandbox.webhook_carrier import carry_webhooks, over_http
from daemon.world import World, this_world

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
        config_path: what a command names to reach the daemon.
        http: calls the daemon as an operator would, with the admin token.
    """

    cast: Cast
    config: Config
    config_path: Path
    clock: Clock
    base_url: str
    http: httpx.AsyncClient

    @property
    def companies(self) -> Mapping[str, str]:
        """The names of all companies, by their vendors' own ids."""
        return {key: name for stand in self.cast.stands for key, name in stand.companies.items()}

    def stand_of(self, company_id: str) -> Stand:
        """Return the vendor that has the company."""
        return next(stand for stand in self.cast.stands if company_id in stand.companies)

    def object_types(self, company_id: str) -> tuple[str, ...]:
        """Return what is replicated of a company."""
        return self.config.vendors[self.stand_of(company_id).vendor].account.object_types

    async def connect(self, company_id: str) -> AccountReply:
        """Connect a company as its owner would."""
        reply = await self.stand_of(company_id).connect(self.http, company_id)
        return msgspec.json.decode(reply, type=AccountReply)

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

    def objects_at_vendor(self, company_id: str) -> int:
        """Count what the vendor has of what is replicated."""
        truth = self.stand_of(company_id).truth(company_id)
        return sum(len(truth.get(name, ())) for name in self.object_types(company_id))


@asynccontextmanager
async def open_stage(folder: Path, seed: int) -> AsyncIterator[Stage]:
    """Start the vendors with companies in them, and a daemon that knows none of them yet."""
    redactor = Redactor()
    world = this_world(redactor)
    cast = open_cast(partial(_now, world), seed)
    below = {stand.path: stand.sandbox for stand in cast.stands if stand.path}
    async with serve_sandbox(SideBySide(cast.books.sandbox, below)) as url:
        path = _write_config(folder, cast, url)
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
                _webhooks_to(f"{daemon.base_url}/webhooks", cast, world),
            ):
                yield Stage(cast, config, path, world.clock, daemon.base_url, http)


@asynccontextmanager
async def _webhooks_to(url: str, cast: Cast, world: World) -> AsyncIterator[None]:
    """Have the vendors tell the daemon of their changes."""
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        anyio.create_task_group() as tasks,
    ):
        now = partial(_now, world)
        to_books = over_http(f"{url}/{cast.books.vendor}", client)
        tasks.start_soon(carry_webhooks, cast.books.sandbox.webhooks, now, to_books)
        to_titan = over_http(f"{url}/{cast.titan.vendor}", client)
        tasks.start_soon(carry_webhooks, cast.titan.sandbox.webhooks, now, to_titan)
        yield
        tasks.cancel_scope.cancel()


def _now(world: World) -> datetime:
    return world.clock.now().utc


def _write_config(folder: Path, cast: Cast, url: str) -> Path:
    port = _free_port()
    path = folder / "config.yaml"
    document = {
        "store": {"url": "sqlite:///syncline.db"},
        "server": {"port": port, "public_url": f"http://127.0.0.1:{port}"},
        "vendors": {
            stand.vendor: stand.section(f"{url}/{stand.path}".rstrip("/")) | _SWIFT
            for stand in cast.stands
        },
    }
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def _free_port() -> int:
    """Return a port that was free a moment ago: the commands need to find it in the file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
