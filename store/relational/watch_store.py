"""The part of a relational store that keeps what is watched."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from store.relational import account_events, alerts
from store.relational.runners import ReadRunner, WriteRunner
from store.watch_models import (
    AccountEvent,
    AccountEventFilter,
    Alert,
    AlertChange,
    AlertEvent,
    AlertFilter,
    AuditEntry,
    AuditFilter,
    ChannelPosition,
    PackedSamples,
    ParkedAction,
)


class RelationalWatchStore:
    """`store.watch_ports`; a base of `RelationalStore`."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def open_alerts(self) -> Sequence[Alert]:
        """Return every alert that is not resolved."""
        return await self._readers.run(alerts.open_alerts)

    async def record_alerts(self, changes: Sequence[AlertChange]) -> Sequence[AlertEvent]:
        """Store what happens to alerts; return what is to be told."""
        return await self._writer.submit(partial(alerts.record_alerts, changes=changes))

    async def alerts(self, wanted: AlertFilter) -> Sequence[Alert]:
        """Return a page of alerts, newest first."""
        return await self._readers.run(partial(alerts.read_alerts, wanted=wanted))

    async def alert(self, alert_id: int) -> Alert | None:
        """Return one alert."""
        return await self._readers.run(partial(alerts.read_alert, alert_id=alert_id))

    async def alert_events(self, after: int, limit: int) -> Sequence[AlertEvent]:
        """Return what is to be told behind a number."""
        return await self._readers.run(partial(alerts.read_alert_events, after=after, limit=limit))

    async def last_alert_seq(self) -> int:
        """Return the number of the newest event."""
        return await self._readers.run(alerts.last_alert_seq)

    async def prune_alerts(self, before: datetime, *, limit: int) -> int:
        """Forget some alerts that were resolved before then."""
        return await self._writer.submit(partial(alerts.prune_alerts, before=before, limit=limit))

    async def parked_actions(self) -> Sequence[ParkedAction]:
        """Return every user's write that waits for a person."""
        return await self._readers.run(alerts.parked_actions)

    async def channel(self, name: str) -> ChannelPosition | None:
        """Return how far a channel was told."""
        return await self._readers.run(partial(alerts.read_channel, name=name))

    async def put_channel(self, position: ChannelPosition) -> None:
        """Store how far a channel was told."""
        await self._writer.submit(partial(alerts.put_channel, position=position))

    async def add_account_events(self, events: Sequence[AccountEvent]) -> None:
        """Store what happened."""
        await self._writer.submit(partial(account_events.add_account_events, events=events))

    async def account_events(self, wanted: AccountEventFilter) -> Sequence[AccountEvent]:
        """Return a page of what happened to an account."""
        return await self._readers.run(partial(account_events.read_account_events, wanted=wanted))

    async def prune_account_events(self, before: datetime, *, limit: int) -> int:
        """Forget some of the oldest that are from before then."""
        return await self._writer.submit(
            partial(account_events.prune_account_events, before=before, limit=limit)
        )

    async def add_audit(self, entries: Sequence[AuditEntry]) -> None:
        """Store who did what."""
        await self._writer.submit(partial(account_events.add_audit, entries=entries))

    async def audit(self, wanted: AuditFilter) -> Sequence[AuditEntry]:
        """Return a page of who did what, newest first."""
        return await self._readers.run(partial(account_events.read_audit, wanted=wanted))

    async def put_health_samples(
        self, part: int, samples: PackedSamples, forget_before: datetime
    ) -> None:
        """Keep one check of a part of the accounts; forget the oldest."""
        await self._writer.submit(
            lambda connection: account_events.put_health_samples(
                connection, part, samples, forget_before
            ),
            len(samples.body),
        )

    async def health_samples(self, part: int, since: datetime) -> Sequence[PackedSamples]:
        """Return the checks of a part, oldest first."""
        return await self._readers.run(
            partial(account_events.read_health_samples, part=part, since=since)
        )
