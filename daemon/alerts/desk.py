"""Where everybody tells what holds and what is over; writes it down, and has it told.

Whoever tells is not kept waiting: it is written a moment later, all that came meanwhile at once.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress

import anyio
import structlog

from actors.clock import Clock
from daemon.alerts.book import AlertBook
from daemon.alerts.channels import Channels
from daemon.alerts.condition import Condition
from daemon.alerts.delivery import FAILING_TOLD_AFTER_S
from daemon.alerts.kinds import CHANNEL_FAILING, STORE_UNAVAILABLE, TEST
from store.errors import StoreUnavailableError
from store.watch_models import Alert, AlertChange, AlertEvent, AlertHappening, Severity
from store.watch_ports import WatchStore

LOOK_EVERY_S = 10.0
SHARED_LOOK_EVERY_S = 2.0
"""Where other nodes write alerts too: so late this one knows of them, and tells them."""

_TELL_WITHIN_S = 2.0
_TELL_LOOKS = 40

log = structlog.get_logger()


class UnknownAlertError(Exception):
    """There is no such alert, or it is over already."""


class AlertDesk:
    """Raises and resolves alerts. `run` is its life.

    What is told before it runs, or while the store takes no writes, is kept in memory and written
    once it can be. That the store takes none is told over the channels at once, unwritten.

    Where several nodes share the store, that is the truth: what is open is read from it again and
    again, and one node at a time escalates and tells over the channels.

    Attributes:
        tells: whether this is the node that tells.
    """

    def __init__(
        self,
        store: WatchStore,
        clock: Clock,
        book: AlertBook,
        channels: Channels,
        *,
        shared: bool = False,
    ) -> None:
        """Take what is needed; `shared` is whether other nodes write alerts to the store as well."""
        self._store = store
        self._clock = clock
        self.book = book
        self.channels = channels
        self._shared = shared
        self.tells = not shared
        self._pending: list[AlertChange] = []
        self._told_unstored: list[AlertChange] = []
        self._news = anyio.Event()
        self._writing = anyio.Lock()

    async def load(self) -> None:
        """Begin with what is open in the store. Raises `StoreUnavailableError`."""
        await self.refresh()
        for delivery in self.channels.deliveries():
            await delivery.load()

    def hold(self, condition: Condition) -> None:
        """Something holds, or happened, that somebody should know."""
        self._take(self.book.raise_one(condition, self._clock.now().utc))

    def end(self, kind: str, subject: str, how: str) -> None:
        """It is over."""
        self._take(self.book.resolve(kind, subject, how, self._clock.now().utc))

    async def let_go(self, account_id: str) -> None:
        """End what is open about an account, and have that told, before its data is deleted.

        A channel that does not take it soon is not waited for.

        Raises:
            StoreUnavailableError: the store takes no writes now.
        """
        about = [each for each in self.book.open_alerts() if each.account_id == account_id]
        if not about:
            return
        for alert in about:
            self.end(alert.kind, alert.subject, "the company was let go, and its data deleted")
        await self._write()
        last = await self._store.last_alert_seq()
        for _ in range(_TELL_LOOKS):
            if await self.channels.told_through() >= last:
                break
            await anyio.sleep(_TELL_WITHIN_S / _TELL_LOOKS)

    def settle(
        self, kinds: Collection[str], subject: str, holding: Sequence[Condition], how: str = ""
    ) -> None:
        """These conditions are all of these kinds that hold for the subject; the others do not."""
        now = self._clock.now().utc
        self._take(self.book.settle(kinds, subject, holding, now, how))

    async def acknowledge(self, alert_id: int, by: str, note: str | None) -> Alert:
        """Note durably that somebody looks after an alert; return it.

        Raises:
            UnknownAlertError: no such alert is open.
            StoreUnavailableError: the store takes no writes now; it will be noted.
        """
        if self._shared:
            await self.refresh()
        found = [alert for alert in self.book.open_alerts() if alert.id == alert_id]
        if not found or not alert_id:
            raise UnknownAlertError
        changes = self.book.acknowledge(found[0], by, note, self._clock.now().utc)
        self._take(changes)
        await self._write()
        return changes[-1].alert

    async def send_test(self, by: str) -> AlertEvent:
        """Send an alert that means nothing over every channel; return it.

        Raises:
            StoreUnavailableError: the store takes no writes now.
        """
        now = self._clock.now().utc
        cause = f"{by} wanted to see whether alerts come"
        alert = Alert(0, TEST, "", Severity.WARNING, cause, now, resolved_at=now)
        change = AlertChange(AlertHappening.TEST, alert, now)
        (event,) = await self._store.record_alerts([change])
        self.channels.wake()
        return event

    async def run(self) -> None:
        """Write and escalate until cancelled."""
        while True:
            with anyio.move_on_after(SHARED_LOOK_EVERY_S if self._shared else LOOK_EVERY_S):
                await self._news.wait()
            self._news = anyio.Event()
            try:
                await self.look()
            except StoreUnavailableError:
                if self.tells:
                    self._tell_of_the_store()

    async def look(self) -> None:
        """Learn what other nodes wrote, escalate what stays, and write what is pending.

        Raises:
            StoreUnavailableError: that can't be done now.
        """
        if self.tells:
            self._look_at_channels()
            self._take(self.book.escalate(self._clock.now().utc))
        await self._write()
        if self._shared:
            await self.refresh()
            self.channels.wake()

    async def close(self) -> None:
        """Write what is pending, if the store takes it."""
        with suppress(StoreUnavailableError):
            await self._write()

    def _take(self, changes: Sequence[AlertChange]) -> None:
        if changes:
            self._pending.extend(changes)
            self._news.set()

    async def refresh(self) -> None:
        """Know what is open in the store. Raises `StoreUnavailableError`."""
        async with self._writing:
            self.book.load(await self._store.open_alerts(), self._pending)

    async def _write(self) -> None:
        """Store what is pending, then have it told.

        Raises:
            StoreUnavailableError: it stays pending.
        """
        async with self._writing:
            while changes := list(self._pending):
                told = await self._store.record_alerts(changes)
                del self._pending[: len(changes)]
                for event in told:
                    if event.what is AlertHappening.RAISED:
                        self.book.stored(event.alert)
                    _log(event)
                if told:
                    self.channels.wake()

    def _tell_of_the_store(self) -> None:
        """Have the one alert told that can't be stored."""
        mine = [
            change
            for change in self._pending
            if change.alert.kind == STORE_UNAVAILABLE.name
            and change.what is not AlertHappening.CHANGED
        ]
        untold = [change for change in mine if change not in self._told_unstored]
        self._told_unstored = mine
        self.channels.tell_unstored(
            [AlertEvent(0, change.what, change.at, change.alert) for change in untold]
        )

    def _look_at_channels(self) -> None:
        for delivery in self.channels.deliveries():
            known = delivery.position
            holding: Sequence[Condition] = ()
            if known is not None and delivery.failing_s() >= FAILING_TOLD_AFTER_S:
                cause = f"{delivery.name} fails since {known.failing_at:%H:%M:%S} UTC"
                holding = (
                    Condition(CHANNEL_FAILING, delivery.name, f"{cause}: {known.last_error}"),
                )
            self.settle((CHANNEL_FAILING.name,), delivery.name, holding)


def _log(event: AlertEvent) -> None:
    alert = event.alert
    about = {"alert": alert.id, "kind": alert.kind, "subject": alert.subject}
    write = log.error if alert.severity is Severity.CRITICAL else log.warning
    match event.what:
        case AlertHappening.RAISED:
            write(
                "alert_raised",
                **about,
                severity=str(alert.severity),
                account=alert.account_id,
                vendor=alert.vendor,
                cause=alert.cause,
            )
        case AlertHappening.ESCALATED:
            write(
                "alert_escalated",
                **about,
                severity=str(alert.severity),
                escalations=alert.escalations,
                cause=alert.cause,
            )
        case AlertHappening.ACKNOWLEDGED:
            log.info("alert_acknowledged", **about, by=alert.acked_by)
        case AlertHappening.RESOLVED:
            log.info("alert_resolved", **about, resolution=alert.resolution)
