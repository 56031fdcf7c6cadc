"""The parts of a daemon around a QuickBooks sandbox in process, and a visitor who calls it over HTTP.

The visitor holds every answer against the daemon's own description of itself.
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import jsonschema  # type: ignore[import-untyped]
import msgspec
from cryptography.fernet import Fernet

from actors.clock import LastingClock, SystemClock
from actors.credential import Sealer
from actors.events import Event, Listener
from actors.hearing import Hearing
from actors.read_meter import ReadMeter
from actors.settings import AccountSettings
from actors.slots import PageSlots
from actors.surroundings import Surroundings
from actors.vendors.quickbooks import DOOR, OPERATIONS, QuickBooks
from actors.vendors.registry import VENDORS
from daemon.action_desk import ActionDesk
from daemon.action_watch import ActionWatch
from daemon.config import AlertsConfig, Secret, ServerConfig
from daemon.connect import Connector
from daemon.deliveries import Deliveries, Receiver
from daemon.heartbeat import HeartbeatCheck
from daemon.jobs.archiving import Archiving
from daemon.jobs.desk import JobDesk
from daemon.metrics import Metrics
from daemon.read_through import ReaderDesk
from daemon.read_watch import ReadWatch
from daemon.restart import RestartPolicy
from daemon.sandbox.quickbooks import Behaviour, QuickBooksSandbox
from daemon.sandbox.transport import SandboxTransport
from daemon.service_history import ServiceHistory
from daemon.status_key import open_status_links
from daemon.supervisor import Supervisor
from daemon.throughput import Throughput
from daemon.watching import Watched, Watching
from daemon.web import WebContext, WebServer
from store.models import Account
from store.sqlite import SqliteStore
from store.sqlite.opening import Mode
from support.plain_http import plain_async_client
from support.quickbooks_replica import settings as quickbooks_settings
from support.ready_store import open_ready

Anything = Any
"""Decoded JSON, or what a library takes."""

TOKEN = "the-admin-token"
VERIFIER = "the-verifier-token"
TYPES = ("Customer", "Invoice", "Item")
SIZES = {"Customer": 3, "Invoice": 7, "Item": 2}


@dataclass
class House:
    """A daemon without its web server.

    Attributes:
        receivers: whose webhooks are taken.
        concealed: the secrets that the log was told of.
        heard: every event of the actors.
    """

    clock: LastingClock
    sandbox: QuickBooksSandbox
    store: SqliteStore
    vendors: dict[str, QuickBooks]
    settings: dict[str, AccountSettings]
    sealer: Sealer
    supervisor: Supervisor
    connector: Connector
    metrics: Metrics
    reads: ReadMeter
    heartbeat: HeartbeatCheck
    concealed: list[str]
    heard: list[Event]
    receivers: dict[str, Receiver]
    deliveries: Deliveries
    actions: ActionDesk
    readers: ReaderDesk
    watching: Watching

    def company(self, *, name: str | None = None) -> str:
        """Found a small company at the vendor and return its id there."""
        return self.sandbox.add_company(name=name, scale=0.1, sizes=SIZES)

    async def connected(self, realm_id: str | None = None) -> Account:
        """Return a company that was connected through the code exchange."""
        realm_id = realm_id or self.company()
        code = self.sandbox.issue_code(realm_id)
        account, _ = await self.connector.connect("quickbooks", code, realm_id)
        return account

    async def live(self, realm_id: str | None = None) -> Account:
        """Return a company that is connected and in sync."""
        account = await self.connected(realm_id)
        await self.until(lambda: self._complete(account.id))
        return await self.store.account(account.id)

    def _complete(self, account_id: str) -> bool:
        status = self.supervisor.hosted()[account_id].status()
        complete = status is not None and all(c.complete for c in status.cursors.values())
        return complete and any(
            getattr(event, "look", "") == "feed"
            for event in self.heard
            if getattr(event, "account_id", "") == account_id
        )

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return as soon as the condition holds."""
        with anyio.fail_after(10):
            while not holds():
                await anyio.lowlevel.checkpoint()


def _meter(
    settings: AccountSettings,
    store: SqliteStore,
    clock: LastingClock,
    listen: Listener,
    allowance: int | None,
) -> ReadMeter:
    metering = VENDORS["quickbooks"].metering
    assert metering is not None
    interval_s = settings.poll_interval_s
    return ReadMeter("quickbooks", metering, allowance, interval_s, store, clock, listen)


@asynccontextmanager
async def house(
    path: Path,
    *,
    clock: LastingClock | None = None,
    mode: Mode = "inline",
    policy: RestartPolicy | None = None,
    object_types: tuple[str, ...] = TYPES,
    reads_per_month: int | None = 500_000,
) -> AsyncIterator[House]:
    """Open a store, a sandbox and everything between them, and run the supervisor."""
    clock, policy = clock or SystemClock(), policy or RestartPolicy()
    sandbox = _sandbox(clock)
    async with await open_ready(path / "syncline.db", mode=mode) as store:
        metrics = Metrics(clock, {"quickbooks": OPERATIONS}, "1.2.3")
        heard, concealed = list[Event](), list[str]()
        watch, read_watch = ActionWatch(), ReadWatch()

        listeners = [heard.append, metrics.listen, watch.listen, read_watch.listen]
        listen = _teller(listeners)
        http = httpx.AsyncClient(transport=SandboxTransport(sandbox))
        vendor = QuickBooks(quickbooks_settings(), http, clock, listen)
        sealer = Sealer([Fernet.generate_key().decode()])
        settings, hearing = AccountSettings(object_types), Hearing(DOOR.noticed_types)
        reads = _meter(settings, store, clock, listen, reads_per_month)
        around = Surroundings(
            *(store, vendor, settings, sealer, clock, Random(0), PageSlots(), listen, reads),
            hearing,
        )
        supervisor, vendors = _supervisor(around, store, policy), {vendor.name: vendor}
        hide, census = concealed.append, metrics.census
        connector = Connector(store, vendors, sealer, supervisor, clock, census, conceal=hide)
        actions = ActionDesk(store, supervisor, {vendor.name: around}, watch, clock)
        readers = ReaderDesk(store, supervisor, {vendor.name: around}, read_watch, clock, listen)
        heartbeat = HeartbeatCheck(store, supervisor, {vendor.name: around}, clock)
        metrics.heartbeat.read = lambda: heartbeat.beats
        connector.reads = metrics.reads.meters = {"quickbooks": reads}
        await reads.load()
        watching = _watching(store, supervisor, around, heartbeat, metrics, clock)
        listeners.append(watching.listen)
        await watching.load()
        receivers = {vendor.name: Receiver(DOOR, Secret(VERIFIER), hearing, settings)}
        deliveries = Deliveries(store, supervisor, receivers, clock, listen)
        await metrics.load(store)
        async with anyio.create_task_group() as tasks:
            await tasks.start(supervisor.run)
            yield House(
                *(clock, sandbox, store, vendors, {vendor.name: settings}, sealer, supervisor),
                connector=connector,
                metrics=metrics,
                reads=reads,
                heartbeat=heartbeat,
                concealed=concealed,
                heard=heard,
                receivers=receivers,
                deliveries=deliveries,
                actions=actions,
                readers=readers,
                watching=watching,
            )
            supervisor.stop()
        await vendor.close()


def _teller(listeners: list[Listener]) -> Listener:
    def listen(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return listen


def _watching(
    store: SqliteStore,
    supervisor: Supervisor,
    around: Surroundings,
    heartbeat: HeartbeatCheck,
    metrics: Metrics,
    clock: LastingClock,
) -> Watching:
    watched = Watched(
        store=store,
        supervisor=supervisor,
        surroundings={around.vendor.name: around},
        outages={},
        heartbeat=heartbeat,
        metrics=metrics,
        clock=clock,
        random=Random(0),
        open_client=httpx.AsyncClient,
        public_url="https://sync.example.com",
    )
    return Watching(watched, AlertsConfig())


def _sandbox(clock: LastingClock) -> QuickBooksSandbox:
    quick = Behaviour(token_latency_s=0.0)
    return QuickBooksSandbox(lambda: clock.now().utc, seed=7, limits=None, behaviour=quick)


def _supervisor(around: Surroundings, store: SqliteStore, policy: RestartPolicy) -> Supervisor:
    vendors = {around.vendor.name: around}
    return Supervisor(store, vendors, policy, around.clock, Random(0), grace_s=5.0)


class Description:
    """The daemon's OpenAPI document, as something to hold answers against."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.used: set[tuple[str, str, str]] = set()
        paths = sorted(document["paths"], key=lambda path: path.count("{"))
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"\Z"), path) for path in paths
        ]

    def check(self, reply: httpx.Response) -> None:
        """Fail unless the answer is one that the document promises."""
        status, media = str(reply.status_code), reply.headers.get("content-type", "")
        promised = self._responses(reply).get(status)
        if promised is None:
            assert status in {"404", "405", "421"}, f"{status} is not described"
            promised = {
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }
            }
        contents = promised.get("content", {})
        plain = media.partition(";")[0]
        if not contents:
            assert not reply.content
            return
        assert plain in contents, f"{media} is not described"
        if plain.endswith("json"):
            self.validate(reply.content, contents[plain]["schema"])

    def validate(self, content: bytes, schema: dict[str, Any]) -> None:
        """Fail unless the JSON text is as the schema says."""
        jsonschema.Draft202012Validator(
            {**schema, "components": self.document["components"]},
            format_checker=jsonschema.FormatChecker(["date-time"]),
        ).validate(msgspec.json.decode(content))

    def _responses(self, reply: httpx.Response) -> dict[str, Any]:
        method, path = reply.request.method.lower(), reply.request.url.raw_path.decode()
        path = path.partition("?")[0]
        for pattern, template in self._paths:
            if pattern.match(path) and method in self.document["paths"][template]:
                self.used.add((method, template, str(reply.status_code)))
                responses: dict[str, Any] = self.document["paths"][template][method]["responses"]
                return responses
        return {}


@dataclass
class Visitor:
    """Calls the daemon with the admin token, unless told otherwise."""

    http: httpx.AsyncClient
    description: Description

    async def call(
        self, method: str, path: str, *, expect: int = 200, check: bool = True, **how: Anything
    ) -> httpx.Response:
        """Call, and fail unless the status is the expected one and the answer is as described."""
        reply = await self.http.request(method, path, **how)
        assert reply.status_code == expect, f"{reply.status_code}: {reply.text}"
        if check:
            self.description.check(reply)
        return reply

    async def get(self, path: str, **how: Anything) -> Anything:
        """Return the JSON that is at the path."""
        return (await self.call("GET", path, **how)).json()

    async def post(self, path: str, body: object = None, **how: Anything) -> Anything:
        """Post JSON and return the JSON that is answered."""
        return (await self.call("POST", path, json=body, **how)).json()

    async def delete(self, path: str, **how: Anything) -> Anything:
        """Delete and return the JSON that is answered."""
        return (await self.call("DELETE", path, **how)).json()


@dataclass
class WebHouse(House):
    """A daemon with its web server, and a visitor."""

    context: WebContext = field(kw_only=True)
    server: WebServer = field(kw_only=True)
    port: int = field(kw_only=True)
    visitor: Visitor = field(kw_only=True)

    def stranger(self, **how: Anything) -> httpx.AsyncClient:
        """Return a client without the token."""
        return plain_async_client(base_url=f"http://127.0.0.1:{self.port}", **how)


@asynccontextmanager
async def serving(
    within: House, server: ServerConfig | None = None, **context: Anything
) -> AsyncIterator[WebHouse]:
    """Run the web server on a free port of the loopback."""
    around = within.supervisor._surroundings  # noqa: SLF001 - what is configured later, too
    config = server or ServerConfig(public_url="https://sync.example.com", shutdown_grace_s=5.0)
    web_context = WebContext(
        store=context.pop("store", within.store),
        supervisor=within.supervisor,
        connector=context.pop("connector", within.connector),
        deliveries=within.deliveries,
        server=replace(config, port=0),
        admin_token=Secret(TOKEN),
        clock=within.clock,
        metrics=within.metrics,
        settings=within.settings,
        version="1.2.3",
        actions=within.actions,
        jobs=JobDesk(within.store, around, within.actions, within.clock),
        readers=within.readers,
        reads={"quickbooks": within.reads},
        heartbeat=within.heartbeat,
        throughput=context.pop("throughput", Throughput(within.clock)),
        service_history=ServiceHistory(
            within.store, within.watching.monitor.incidents, within.heartbeat.reasons, within.clock
        ),
        status_links=await open_status_links(within.store),
        watching=context.pop("watching", within.watching),
        archiving=context.pop("archiving", Archiving(within.store, within.clock, 1e9, time(2))),
        **context,
    )
    web_server = WebServer(web_context)
    async with anyio.create_task_group() as tasks:
        port = await tasks.start(web_server.run)
        async with plain_async_client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {TOKEN}"}
        ) as http:
            document = _decoded((await http.get("/openapi.json")).content)
            yield WebHouse(
                **{name: getattr(within, name) for name in House.__dataclass_fields__},
                context=web_context,
                server=web_server,
                port=port,
                visitor=Visitor(http, Description(document)),
            )
        web_server.stop()


@cache
def _decoded(document: bytes) -> dict[str, Any]:
    """Read the description; it is the same for all tests, and large."""
    found: dict[str, Any] = msgspec.json.decode(document)
    return found


def instant(text: str) -> datetime:
    """Read a time of an answer."""
    return msgspec.convert(text, type=datetime)
