"""An alert desk over a real store, and a receiver that answers as it is told. Time is virtual."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from random import Random

import anyio
import httpx
import msgspec

from daemon.alerts.book import AlertBook
from daemon.alerts.channels import Channels, ChannelWorkshop
from daemon.alerts.condition import Condition
from daemon.alerts.desk import AlertDesk
from daemon.alerts.document import AlertEventsDocument
from daemon.alerts.kinds import KINDS
from daemon.config import AlertsConfig, Secret
from daemon.config.alerts import AlertmanagerConfig, EmailConfig, WebhookConfig
from store.sqlite import SqliteStore
from support.ready_store import open_ready
from support.virtual_time import VirtualClock

URL = "https://ops.example.com/hook"
SECRET = "whsec_c2VjcmV0IGtleSBvZiB0aGUgdGVzdHM="
WEBHOOK = WebhookConfig(url=URL, secret=Secret(SECRET))
ALERTMANAGER = AlertmanagerConfig(url="http://localhost:9093")
EMAIL = EmailConfig(
    host="smtp.example.com", sender="Syncline <s@example.com>", recipients=("ops@example.com",)
)

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Receiver:
    """Takes what is sent; `answer` may be set to anything else.

    Attributes:
        requests: all that came, with the time.
        taken: those that were answered with success.
    """

    clock: VirtualClock
    answer: Answer = field(default=lambda _: httpx.Response(200))
    delay_s: float = 0.0
    requests: list[tuple[float, httpx.Request]] = field(default_factory=list)
    taken: list[httpx.Request] = field(default_factory=list)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((self.clock.now().monotonic_s, request))
        if self.delay_s:
            await anyio.sleep(self.delay_s)
        reply = self.answer(request)
        if reply.is_success:
            self.taken.append(request)
        return reply

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.handle))

    def told(self) -> list[tuple[str, str]]:
        """Return what happened and the alert's kind, of all that was taken, in order."""
        documents = [
            msgspec.json.decode(request.content, type=AlertEventsDocument) for request in self.taken
        ]
        return [
            (str(item.event), item.alert.kind) for document in documents for item in document.items
        ]

    def times(self) -> list[float]:
        return [at for at, _ in self.requests]


@dataclass
class AlertHouse:
    """All of it."""

    clock: VirtualClock
    store: SqliteStore
    desk: AlertDesk
    receiver: Receiver
    mails: list[EmailMessage]
    counted: list[tuple[str, str]]

    def hold(
        self, kind: str = "account_failing", subject: str = "a", cause: str = "HTTP 503"
    ) -> None:
        self.desk.hold(Condition(KINDS[kind], subject, cause, "quickbooks", subject))

    def end(self, kind: str = "account_failing", subject: str = "a") -> None:
        self.desk.end(kind, subject, "it is over")

    def now_s(self) -> float:
        return self.clock.now().monotonic_s


async def no_name(account_id: str) -> str | None:
    """Know no account."""
    return None


@asynccontextmanager
async def alert_house(
    path: Path,
    config: AlertsConfig | None = None,
    *,
    receiver: Receiver | None = None,
    clock: VirtualClock | None = None,
) -> AsyncIterator[AlertHouse]:
    """Open a store and run a desk over it."""
    clock = clock or VirtualClock()
    receiver = receiver or Receiver(clock)
    config = config or AlertsConfig(webhook=WEBHOOK)
    mails: list[EmailMessage] = []
    counted: list[tuple[str, str]] = []
    async with await open_ready(path / "syncline.db") as store:
        book = AlertBook(config.escalate_after_s)
        workshop = ChannelWorkshop(
            store=store,
            clock=clock,
            random=Random(1),
            open_client=receiver.client,
            public_url="https://sync.example.com",
            name_of=no_name,
            count=lambda channel, outcome: counted.append((channel, outcome)),
            post_mail=lambda _, mail: mails.append(mail),
        )
        desk = AlertDesk(store, clock, book, Channels(workshop, config, book.open_alerts))
        await desk.load()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(desk.channels.run)
            tasks.start_soon(desk.run)
            yield AlertHouse(clock, store, desk, receiver, mails, counted)
            tasks.cancel_scope.cancel()
