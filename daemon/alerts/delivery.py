"""Tells one channel what happens to alerts: in order, until it takes it or is given up."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from math import inf
from random import Random
from typing import Protocol

import anyio
import structlog

from actors.clock import Clock
from daemon.alerts.delivery_policy import DeliveryError, TryAgain, after_failure
from store.errors import StoreUnavailableError
from store.watch_models import Alert, AlertEvent, ChannelPosition
from store.watch_ports import WatchStore

FAILING_TOLD_AFTER_S = 600.0
"""From when on a channel that fails is an alert of its own, over the others."""

_AT_ONCE = 50
_STORE_AGAIN_S = 5.0

log = structlog.get_logger()


class Sender(Protocol):
    """How one channel is told.

    Attributes:
        resend_every_s: how often all open alerts are sent though nothing happened; None is never.
    """

    name: str
    resend_every_s: float | None

    async def send(self, events: Sequence[AlertEvent], open_alerts: Sequence[Alert]) -> None:
        """Deliver what happened. Raises `DeliveryError`."""
        ...


class Delivery:
    """One channel. What was told is durable: after a restart it goes on with what was not.

    A batch that was taken and not noted, because the process ended between, is told again.

    Attributes:
        position: how far it was told; None before that was read.
    """

    def __init__(
        self,
        sender: Sender,
        store: WatchStore,
        clock: Clock,
        random: Random,
        *,
        open_alerts: Callable[[], Sequence[Alert]],
        count: Callable[[str, str], None],
        shared: bool = False,
    ) -> None:
        """Take what is needed; `count` hears of each delivery's channel and outcome.

        `shared` is whether other nodes may store that something is to be told once more.
        """
        self._sender = sender
        self._store = store
        self._clock = clock
        self._random = random
        self._open_alerts = open_alerts
        self._count = count
        self._shared = shared
        self._kept: ChannelPosition | None = None
        self._news = anyio.Event()
        self._unstored: list[AlertEvent] = []
        self._again_after: int | None = None
        self._batch: Sequence[AlertEvent] = ()
        self._sent_at_s = -inf
        self.position: ChannelPosition | None = None

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._sender.name

    def wake(self) -> None:
        """There is something to tell."""
        self._news.set()

    def tell_unstored(self, events: Sequence[AlertEvent]) -> None:
        """Tell what can't be stored; it is tried for as long as the process lives."""
        self._unstored.extend(events)
        self.wake()

    def replay(self, after: int) -> None:
        """Tell once more what happened behind `after`."""
        self._again_after = after
        self.wake()

    def failing_s(self) -> float:
        """Return since how long the channel fails; 0 when it does not."""
        if self.position is None or self.position.failing_at is None:
            return 0.0
        return (self._clock.now().utc - self.position.failing_at).total_seconds()

    async def load(self) -> None:
        """Learn where to go on; a new channel begins with what happens from now on.

        Raises:
            StoreUnavailableError: that can't be read now, or not be noted.
        """
        known = await self._store.channel(self.name)
        if known is None:
            known = ChannelPosition(self.name, await self._store.last_alert_seq())
            await self._store.put_channel(known)
        self.position = self._kept = known

    async def run(self) -> None:
        """Deliver until cancelled."""
        position = await self._begin()
        while True:
            self._news = anyio.Event()
            await self._look_for_replay()
            if self._again_after is not None:
                position, self._again_after = ChannelPosition(self.name, self._again_after), None
                self._batch = ()
            # What is tried again is the same message, whatever came since.
            self._batch = events = self._batch or await self._events(position.position)
            if events or (self._resend_in_s() <= 0 and self._open_alerts()):
                position = await self._try(position, events)
            else:
                with anyio.move_on_after(self._resend_in_s() or self._sender.resend_every_s):
                    await self._news.wait()

    async def _look_for_replay(self) -> None:
        """See whether another node stored where to begin again: it is not where this one left off."""
        if not self._shared:
            return
        with suppress(StoreUnavailableError):
            stored = await self._store.channel(self.name)
            if stored is not None and stored != self._kept:
                self._again_after, self._kept = stored.position, stored

    async def _begin(self) -> ChannelPosition:
        """Return where to go on, once it is time to."""
        while self.position is None:
            try:
                await self.load()
            except StoreUnavailableError:
                await anyio.sleep(_STORE_AGAIN_S)
        if self.position.next_at is not None:
            await anyio.sleep(self._left_s(self.position))
        return self.position

    async def _events(self, after: int) -> Sequence[AlertEvent]:
        try:
            stored = await self._store.alert_events(after, _AT_ONCE)
        except StoreUnavailableError:
            stored = ()
        return [*self._unstored, *stored]

    def _resend_in_s(self) -> float:
        """Return when all open alerts are to be sent though nothing happened."""
        if self._sender.resend_every_s is None:
            return inf
        waited_s = self._clock.now().monotonic_s - self._sent_at_s
        return max(0.0, self._sender.resend_every_s - waited_s)

    async def _try(
        self, position: ChannelPosition, events: Sequence[AlertEvent]
    ) -> ChannelPosition:
        try:
            await self._sender.send(events, self._open_alerts())
        except DeliveryError as error:
            return await self._failed(position, events, error)
        self._count(self.name, "delivered")
        if position.attempts:
            log.info("alert_channel_back", channel=self.name, attempts=position.attempts)
        self._sent_at_s = self._clock.now().monotonic_s
        return await self._moved(position, events)

    async def _failed(
        self, position: ChannelPosition, events: Sequence[AlertEvent], error: DeliveryError
    ) -> ChannelPosition:
        now = self._clock.now().utc
        since, attempts = position.failing_at or now, position.attempts + 1
        self._count(self.name, "failed")
        if position.attempts == 0:
            log.warning("alert_channel_failing", channel=self.name, error=str(error))
        verdict = after_failure(error, attempts, (now - since).total_seconds(), self._random)
        if not isinstance(verdict, TryAgain):
            self._count(self.name, "given_up")
            log.error(
                "alert_given_up",
                channel=self.name,
                events=len(events),
                attempts=attempts,
                error=str(error),
            )
            return await self._moved(position, events)
        position = replace(
            position,
            attempts=attempts,
            failing_at=since,
            next_at=now + timedelta(seconds=verdict.wait_s),
            last_error=str(error),
        )
        await self._keep(position)
        await anyio.sleep(verdict.wait_s)
        return position

    async def _moved(
        self, position: ChannelPosition, events: Sequence[AlertEvent]
    ) -> ChannelPosition:
        self._batch = ()
        told = max((event.seq for event in events), default=0)
        self._unstored = [event for event in self._unstored if event not in events]
        after = ChannelPosition(self.name, max(position.position, told))
        if after != position:
            await self._keep(after)
        return after

    async def _keep(self, position: ChannelPosition) -> None:
        """Store how far it was told; while the store takes no writes, memory must do."""
        self.position = position
        try:
            await self._store.put_channel(position)
            self._kept = position
        except StoreUnavailableError:
            log.debug("alert_position_not_kept", channel=self.name)

    def _left_s(self, position: ChannelPosition) -> float:
        if position.next_at is None:
            return 0.0
        left_s = (position.next_at - self._clock.now().utc).total_seconds()
        return min(max(0.0, left_s), 3_600.0)
