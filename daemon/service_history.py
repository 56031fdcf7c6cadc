"""How the service did in the last day, in words that any client may read.

Only turns are kept, so the day is small, and it is stored: a restart shows as the gap that it was.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import anyio
import msgspec

from actors.clock import Clock
from store.errors import StoreUnavailableError
from store.ports import Store

KEPT = timedelta(days=1)
EVERY_S = 30.0

_NAME = "service_history"
_GAP = timedelta(minutes=3)


class ServiceState(StrEnum):
    """How the service does."""

    WORKING = "working"
    IMPAIRED = "impaired"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant until the next span's."""

    since: datetime
    state: ServiceState
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """The last day.

    Attributes:
        spans: the oldest first; none before the first look.
        seen_at: when it was last looked at.
    """

    spans: tuple[Span, ...] = ()
    seen_at: datetime | None = None

    def with_look(self, now: datetime, state: ServiceState, causes: tuple[str, ...]) -> "Day":
        """Return the day after a look. Pure.

        A time in which nobody looked is one in which the service did not run.
        """
        spans = self.spans
        if self.seen_at is not None and now - self.seen_at > _GAP:
            spans += (Span(self.seen_at, ServiceState.STOPPED),)
        if not spans or (spans[-1].state, spans[-1].causes) != (state, causes):
            spans += (Span(now, state, causes),)
        return Day(_within(spans, now - KEPT), now)


class ServiceHistory:
    """Looks twice a minute, and remembers. Of several nodes one looks, and the others show what it saw.

    Attributes:
        day: what is known.
        keeps: whether this is the one that looks.
    """

    def __init__(
        self,
        store: Store,
        incidents: Callable[[], Sequence[str]],
        silences: Callable[[], Sequence[str]],
        clock: Clock,
        *,
        keeps: bool = True,
    ) -> None:
        """Take what is looked at.

        `incidents` names the vendors at which most accounts fail; `silences` says what is silent;
        `keeps` is False for one of several nodes.
        """
        self._store = store
        self._incidents = incidents
        self._silences = silences
        self._clock = clock
        self.keeps = keeps
        self.day = Day()

    async def load(self) -> None:
        """Go on with the day that is stored, if it can be read. Raises `StoreUnavailableError`."""
        stored = await self._store.metadata(_NAME)
        if stored is not None:
            # Damaged, or another version's: nobody's data wait for a page.
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                self.day = msgspec.json.decode(stored, type=Day)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            if self.keeps:
                await self.look()
            else:
                with suppress(StoreUnavailableError):
                    await self.load()
            await anyio.sleep(EVERY_S)

    async def keep_house(self) -> None:
        """Be the one that looks, until cancelled; goes on with what the one before saw."""
        with suppress(StoreUnavailableError):
            await self.load()
        self.keeps = True
        try:
            await anyio.sleep_forever()
        finally:
            self.keeps = False

    async def look(self) -> None:
        """Look once, and store what was seen."""
        causes = judged(
            self._incidents(),
            writable=self._store.health().writable,
            silent=bool(self._silences()),
        )
        state = ServiceState.IMPAIRED if causes else ServiceState.WORKING
        self.day = self.day.with_look(self._clock.now().utc, state, causes)
        try:
            await self._store.set_metadata(_NAME, msgspec.json.encode(self.day))
        except StoreUnavailableError:
            return  # it is in memory, and stored with the next look that can


def judged(incidents: Sequence[str], *, writable: bool, silent: bool) -> tuple[str, ...]:
    """Say what is wrong for many, without saying anything of anyone. Pure."""
    causes = [] if writable else ["New data cannot be stored just now."]
    if silent:
        causes.append("New data do not come through just now.")
    causes += [
        f"{name}: it does not answer as it should, so data arrive late." for name in incidents
    ]
    return tuple(causes)


def _within(spans: Sequence[Span], since: datetime) -> tuple[Span, ...]:
    """Leave out what ended before; what began before and went on begins then."""
    first = max((index for index, span in enumerate(spans) if span.since <= since), default=0)
    kept = list(spans[first:])
    if kept and kept[0].since < since:
        kept[0] = replace(kept[0], since=since)
    return tuple(kept)
