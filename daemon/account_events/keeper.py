"""Keeps the accounts' timelines: gathers what happens, and writes it every few seconds at once.

Nothing is written with a page: a process that ends by a crash loses the last seconds of timelines,
and the counts of idle polls since they were last written. What matters for the data is in the page's
own transaction.
"""

from collections.abc import Sequence
from dataclasses import replace

import anyio
import structlog

from actors import events
from actors.clock import Clock
from daemon.account_events.telling import INFO, account_event, is_idle
from store.errors import StoreUnavailableError
from store.watch_models import AccountEvent, AccountEventFilter, Detail
from store.watch_ports import WatchStore

WRITE_EVERY_S = 2.0
_MOST_WAITING = 10_000
"""More than that is not kept while the store takes no writes."""
_IDLE_AT_MOST = 288
"""A day of polls every five minutes: an account at which nothing happens has a row a day."""
_TEXT_CHARACTERS = 500

log = structlog.get_logger()


class EventKeeper:
    """Writes timelines. `run` is its life."""

    def __init__(self, store: WatchStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[AccountEvent] = []
        self._lost = 0
        self._polls: dict[str, int] = {}
        self._refreshes: dict[str, int] = {}
        self._failing: set[str] = set()

    def listen(self, event: events.Event) -> None:
        """Take in an event."""
        match event:
            case events.CallMade():
                return
            case events.PageStored() if is_idle(event):
                self._count(self._polls, event.account_id)
            case events.TokenRefreshed() if event.account_id not in self._failing:
                self._count(self._refreshes, event.account_id)
            case _:
                if isinstance(event, events.RefreshFailed):
                    self._failing.add(event.account_id)
                elif isinstance(event, events.TokenRefreshed):
                    self._failing.discard(event.account_id)
                told = account_event(event, self._clock.now().utc)
                if told is not None:
                    self.add(told)

    def note(self, account_id: str, kind: str, text: str, level: str = INFO) -> None:
        """Take in what is no event of an actor."""
        self.add(AccountEvent(account_id, self._clock.now().utc, kind, level, text))

    def add(self, event: AccountEvent) -> None:
        """Take in something that happened to an account."""
        self._fold(event.account_id)
        if len(self._waiting) >= _MOST_WAITING:
            self._lost += 1
            return
        event = replace(event, text=event.text[:_TEXT_CHARACTERS])
        last = self._waiting[-1] if self._waiting else None
        if last is not None and _are_one(last, event):
            self._waiting[-1] = _joined(last, event)
        else:
            self._waiting.append(event)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await anyio.sleep(WRITE_EVERY_S)
            try:
                await self.write()
            except StoreUnavailableError:
                continue
            if self._lost:
                log.warning("account_events_lost", events=self._lost)
                self._lost = 0

    async def write(self) -> None:
        """Write what waits. Raises `StoreUnavailableError`: it goes on waiting."""
        if not self._waiting:
            return
        written, self._waiting = self._waiting, []
        try:
            await self._store.add_account_events(written)
        except StoreUnavailableError:
            self._waiting = [*written, *self._waiting][:_MOST_WAITING]
            raise

    async def page(self, wanted: AccountEventFilter) -> Sequence[AccountEvent]:
        """Return a page of an account's timeline, with all that happened by now.

        Raises:
            StoreUnavailableError: it can't be read now.
        """
        await self.bring_out(wanted.account_id)
        return await self._store.account_events(wanted)

    async def bring_out(self, account_id: str) -> None:
        """Write all that happened to an account by now, if the store takes writes."""
        self._fold(account_id)
        try:
            await self.write()
        except StoreUnavailableError:
            log.debug("account_events_wait", events=len(self._waiting))

    async def close(self) -> None:
        """Write all that is known, the counts of idle accounts too."""
        for account_id in list({**self._polls, **self._refreshes}):
            self._fold(account_id)
        try:
            await self.write()
        except StoreUnavailableError:
            log.debug("account_events_wait", events=len(self._waiting))

    def _count(self, counts: dict[str, int], account_id: str) -> None:
        counts[account_id] = count = counts.get(account_id, 0) + 1
        if count >= _IDLE_AT_MOST:
            self._fold(account_id)

    def _fold(self, account_id: str) -> None:
        """Put in what an idle account did until now."""
        polls = self._polls.pop(account_id, 0)
        refreshes = self._refreshes.pop(account_id, 0)
        if not polls and not refreshes:
            return
        texts = [f"{polls} {'poll' if polls == 1 else 'polls'} without news"] if polls else []
        texts += [f"tokens renewed {refreshes} times"] if refreshes else []
        detail: Detail = {"polls": polls, "token_refreshes": refreshes}
        now = self._clock.now().utc
        self._waiting.append(
            AccountEvent(account_id, now, "idle", INFO, "; ".join(texts), polls or 1, detail)
        )


def _are_one(last: AccountEvent, event: AccountEvent) -> bool:
    """Tell whether two are the same again: pages of one look, or one failure."""
    return (last.account_id, last.kind, last.level) == (
        event.account_id,
        event.kind,
        event.level,
    ) and (
        event.kind == "page_stored"
        and (last.detail["look"], last.detail["via"]) == (event.detail["look"], event.detail["via"])
    )


def _joined(last: AccountEvent, event: AccountEvent) -> AccountEvent:
    sums = {
        name: _number(last.detail[name]) + _number(event.detail[name])
        for name in ("objects", "upserts", "deletes", "duration_s")
    }
    times = last.times + 1
    text = f"{event.detail['look']}: {sums['objects']} objects read in {times} pages,"
    text += f" {sums['upserts']} stored"
    if sums["deletes"]:
        text += f", {sums['deletes']} deleted"
    return replace(event, text=text, times=times, detail={**event.detail, **sums})


def _number(value: str | float | None) -> float | int:
    return value if isinstance(value, int | float) else 0
