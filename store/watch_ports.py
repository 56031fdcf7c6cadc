"""What may be asked of a store by who watches. The rules of `store.ports` hold here too."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

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


class WatchStore(Protocol):
    """Alerts, what happened to accounts, who did what, and how accounts were."""

    async def open_alerts(self) -> Sequence[Alert]:
        """Return every alert that is not resolved, oldest first."""
        ...

    async def record_alerts(self, changes: Sequence[AlertChange]) -> Sequence[AlertEvent]:
        """Store these changes in one piece; return what is to be told, with the alerts' ids.

        Each is about the open alert of its kind and subject, as it is by now, and changes of it only
        what it is about: others may have written meanwhile. One that is raised while the same is
        open becomes a change of that one; what happens to one that is over is not kept, nor told.
        """
        ...

    async def alerts(self, wanted: AlertFilter) -> Sequence[Alert]:
        """Return a page of alerts, newest first."""
        ...

    async def alert(self, alert_id: int) -> Alert | None:
        """Return one alert."""
        ...

    async def alert_events(self, after: int, limit: int) -> Sequence[AlertEvent]:
        """Return what is to be told behind `after`, in order."""
        ...

    async def last_alert_seq(self) -> int:
        """Return the number of the newest event, a forgotten one too; 0 before the first."""
        ...

    async def prune_alerts(self, before: datetime, *, limit: int) -> int:
        """Forget at most `limit` alerts resolved before then, and their events; return how many."""
        ...

    async def parked_actions(self) -> Sequence[ParkedAction]:
        """Return every user's write whose outcome only a person can find out."""
        ...

    async def channel(self, name: str) -> ChannelPosition | None:
        """Return how far a channel was told; None when it is new."""
        ...

    async def put_channel(self, position: ChannelPosition) -> None:
        """Store how far a channel was told."""
        ...

    async def add_account_events(self, events: Sequence[AccountEvent]) -> None:
        """Store what happened; what is about accounts that are not known is not kept."""
        ...

    async def account_events(self, wanted: AccountEventFilter) -> Sequence[AccountEvent]:
        """Return a page of what happened to an account."""
        ...

    async def prune_account_events(self, before: datetime, *, limit: int) -> int:
        """Forget some of at most `limit` of the oldest: those from before then; return how many."""
        ...

    async def add_audit(self, entries: Sequence[AuditEntry]) -> None:
        """Store who did what. It is never changed, and never forgotten."""
        ...

    async def audit(self, wanted: AuditFilter) -> Sequence[AuditEntry]:
        """Return a page of who did what, newest first."""
        ...

    async def put_health_samples(
        self, part: int, samples: PackedSamples, forget_before: datetime
    ) -> None:
        """Keep one check of a part of the accounts, and forget its checks from before then."""
        ...

    async def health_samples(self, part: int, since: datetime) -> Sequence[PackedSamples]:
        """Return the checks of a part, oldest first."""
        ...
