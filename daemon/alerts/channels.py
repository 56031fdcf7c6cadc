"""The channels that are configured now. Can be configured anew while running."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING

import anyio
import httpx
from anyio import TaskHandle

from actors.clock import Clock
from daemon.alerts.alertmanager import Alertmanager
from daemon.alerts.delivery import Delivery, Sender
from daemon.alerts.mail import AlertMail, NameOf, Post
from daemon.alerts.webhook import AlertWebhook
from daemon.config import AlertsConfig
from daemon.config.alerts import AlertmanagerConfig, EmailConfig, WebhookConfig
from store.watch_models import Alert, AlertEvent, ChannelPosition
from store.watch_ports import WatchStore

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

Section = WebhookConfig | EmailConfig | AlertmanagerConfig

CHANNELS = ("webhook", "email", "alertmanager")
_NAMES: Mapping[type[Section], str] = MappingProxyType(
    dict(zip((WebhookConfig, EmailConfig, AlertmanagerConfig), CHANNELS, strict=True))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWorkshop:
    """What all channels have in common.

    Attributes:
        open_client: makes the HTTP client of a channel.
        public_url: where the daemon is to be found.
        name_of: tells what an account is called.
        count: hears of each delivery's channel and outcome.
        post_mail: hands over a mail; None does it over SMTP.
        shared: whether other nodes deliver too, one at a time.
    """

    store: WatchStore
    clock: Clock
    random: Random
    open_client: Callable[[], httpx.AsyncClient]
    public_url: str
    name_of: NameOf
    count: Callable[[str, str], None]
    post_mail: Post | None = None
    shared: bool = False


@dataclass(slots=True)
class _Running:
    config: Section
    delivery: Delivery
    http: httpx.AsyncClient | None
    task: TaskHandle[None] | None = None
    is_over: bool = False


class Channels:
    """Delivers over each channel by itself: one that hangs holds up no other."""

    def __init__(
        self,
        workshop: ChannelWorkshop,
        config: AlertsConfig,
        open_alerts: Callable[[], Sequence[Alert]],
    ) -> None:
        self._workshop = workshop
        self._open_alerts = open_alerts
        self._running: dict[str, _Running] = {}
        self._tasks: TaskGroup | None = None
        self._closing: list[httpx.AsyncClient] = []
        self.configure(config)

    def configure(self, config: AlertsConfig) -> None:
        """Deliver as configured from now on; what did not change goes on undisturbed."""
        wanted = dict(self._wanted(config))
        for name, running in list(self._running.items()):
            if running.config != wanted.get(name):
                self._end(self._running.pop(name))
        for name, section in wanted.items():
            if name not in self._running:
                self._running[name] = self._build(section)
                self._start(self._running[name])

    def deliveries(self) -> Sequence[Delivery]:
        """Return what delivers now, one for each channel."""
        return [running.delivery for running in self._running.values()]

    def wake(self) -> None:
        """There is something to tell."""
        for delivery in self.deliveries():
            delivery.wake()

    def tell_unstored(self, events: Sequence[AlertEvent]) -> None:
        """Tell what can't be stored."""
        for delivery in self.deliveries():
            delivery.tell_unstored(events)

    async def told_through(self) -> float:
        """Return up to which event all channels were told, by whichever node; infinite without any.

        Raises:
            StoreUnavailableError: that can't be read now.
        """
        if self._workshop.shared:
            store = self._workshop.store
            positions = [await store.channel(each.name) for each in self.deliveries()]
        else:
            positions = [each.position for each in self.deliveries()]
        return min((-1 if each is None else each.position for each in positions), default=inf)

    async def replay(self, name: str, after: int) -> bool:
        """Have a channel told once more what happened behind `after`; tell whether there is such a one.

        Raises:
            StoreUnavailableError: another node would tell it, and this can't be stored for that one.
        """
        for delivery in self.deliveries():
            if delivery.name == name:
                if self._workshop.shared:
                    await self._workshop.store.put_channel(ChannelPosition(name, after))
                else:
                    delivery.replay(after)
                return True
        return False

    async def run(self) -> None:
        """Deliver until cancelled; may be run again afterwards."""
        try:
            async with anyio.create_task_group() as self._tasks:
                for name, running in list(self._running.items()):
                    if running.is_over:
                        self._running[name] = self._build(running.config)
                    self._start(self._running[name])
                await anyio.sleep_forever()
        finally:
            self._tasks = None
            with anyio.CancelScope(shield=True):
                for running in self._running.values():
                    self._put_away(running)
                while self._closing:
                    await self._closing.pop().aclose()

    def _wanted(self, config: AlertsConfig) -> Iterator[tuple[str, Section]]:
        for section in (config.webhook, config.email, config.alertmanager):
            if section is not None:
                yield _NAMES[type(section)], section

    def _build(self, section: Section) -> _Running:
        workshop = self._workshop
        http = None if isinstance(section, EmailConfig) else workshop.open_client()
        delivery = Delivery(
            _sender(section, workshop, http),
            workshop.store,
            workshop.clock,
            workshop.random,
            open_alerts=self._open_alerts,
            count=workshop.count,
            shared=workshop.shared,
        )
        return _Running(section, delivery, http)

    def _start(self, running: _Running) -> None:
        if self._tasks is not None and running.task is None:
            running.task = self._tasks.start_soon(
                running.delivery.run, name=f"alerts by {running.delivery.name}"
            )

    def _end(self, running: _Running) -> None:
        if running.task is not None:
            running.task.cancel()
        self._put_away(running)

    def _put_away(self, running: _Running) -> None:
        running.is_over = True
        if running.http is not None:
            self._closing.append(running.http)
            running.http = None


def _sender(section: Section, workshop: ChannelWorkshop, http: httpx.AsyncClient | None) -> Sender:
    match section:
        case WebhookConfig() if http is not None:
            return AlertWebhook(section, http, workshop.clock)
        case AlertmanagerConfig() if http is not None:
            return Alertmanager(section, http, workshop.clock, workshop.public_url)
        case EmailConfig():
            return AlertMail(section, workshop.clock, workshop.name_of, workshop.post_mail)
    raise ValueError("a channel over HTTP needs a client")
