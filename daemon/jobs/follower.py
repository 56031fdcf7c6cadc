"""Brings routings up to date with what the replica learns of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import anyio
import structlog

from actors.clock import Clock
from actors.events import ActionEnded, Event, Listener, RoutingMoved
from actors.jobs.resolution import Ref
from actors.vendors.dispatching import Dispatcher
from daemon.jobs.tracing import Tracer
from store.errors import StoreError, StoreUnavailableError
from store.job_models import RoutingProgress
from store.models import Change, ChangeFilter
from store.ports import Store

_AGAIN_S = 0.5
"""What is told within this time is looked at together."""
_TROUBLE_S = 5.0
_BETWEEN_S = 0.01
_CHANGES_AT_ONCE = 500
_NOTED_EVERY_S = 60.0
_SWEPT_EVERY_S = 3_600.0
_SWEPT_AT_ONCE = 200
_SEARCHED_EVERY_S = 86_400.0
"""For what has no link, all of a company's jobs are gone through: a second or two for a thousand leads."""

log = structlog.get_logger()

Told = defaultdict[tuple[str, str], set[Ref]]
"""Objects to look at, by vendor and account."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a routing, and whose it is."""

    vendor: str
    account_id: str
    progress: RoutingProgress


class JobFollower:
    """Follows the changes of those types that say something of routed work.

    Its place is stored with what came of the changes before it: whatever breaks off is done again,
    and done again it changes nothing. Where no routing was ever delivered, no change is read at all.

    Now and then it looks at everything that open routings hang on: what it was told by an event, and
    not by a change, may have been lost with the process.
    """

    def __init__(
        self,
        store: Store,
        dispatchers: Mapping[str, Dispatcher],
        clock: Clock,
        tell: Listener = lambda _: None,
    ) -> None:
        """Take what is followed, and who is told of what came of it."""
        self._store = store
        self._tell = tell
        self._dispatchers = dispatchers
        self._clock = clock
        self._tracer = Tracer(store, clock)
        self._types = sorted({name for each in dispatchers.values() for name in each.tracked_types})
        self._told: Told = defaultdict(set)
        self._woken = anyio.Event()
        self._is_loaded = False
        self._is_followed = False
        self._through = 0
        self._noted = 0
        self._noted_at_s = -inf
        self._swept_at_s = -inf
        self._searched_at_s = -inf
        self._has_routings = False

    def listen(self, event: Event) -> None:
        """Learn of a delivery: the replica may have had what it left before anybody knew that it was ours."""
        if not isinstance(event, ActionEnded) or event.vendor not in self._dispatchers:
            return
        result = None if event.action is None else event.action.result
        if result is not None:
            self.note(event.vendor, event.account_id, (result.object_type, result.object_id))

    def note(self, vendor: str, account_id: str, ref: Ref) -> None:
        """Look at what a delivery left; whoever begins to follow later looks at everything anyway."""
        if self._is_followed:
            self._told[vendor, account_id].add(ref)
            self._woken.set()

    def unfollowed(self, last_seq: int) -> int:
        """Return how many changes there are, up to one, that were not looked at."""
        return max(0, last_seq - self._through) if self._is_loaded else 0

    async def run(self) -> None:
        """Follow until cancelled."""
        if not self._dispatchers:
            return
        # Another process may have followed since this one did.
        self._is_loaded, self._swept_at_s = False, -inf
        self._is_followed = True
        try:
            while True:
                seen = await self._follow()
                if seen is None:
                    await anyio.sleep(_TROUBLE_S)
                    continue
                await anyio.sleep(_AGAIN_S)
                await self._wait(seen)
        finally:
            self._is_followed = False
            self._told.clear()

    async def _wait(self, seen: int) -> None:
        """Return when there is a change behind one, something was told, or it is time to sweep."""
        self._woken = woken = anyio.Event()
        if self._told:
            return
        rest_s = max(0.0, self._swept_at_s + _SWEPT_EVERY_S - self._clock.now().monotonic_s)
        with anyio.move_on_after(rest_s):
            async with anyio.create_task_group() as either:
                either.start_soon(_first, either.cancel_scope, self._store, seen, woken)

    async def _follow(self) -> int | None:
        """Do all that there is to do; return the newest change that was looked at, None in trouble."""
        try:
            return await self._follow_all()
        except StoreUnavailableError:
            return None
        except Exception:  # a routing that is late must not end the daemon
            log.exception("job_follow_failed")
            return None

    async def _follow_all(self) -> int:
        store, now_s = self._store, self._clock.now().monotonic_s
        if not self._is_loaded:
            self._through = self._noted = await store.followed_seq()
            self._is_loaded = True
        newest = await store.last_seq()
        # Asked for after the newest change: who was delivered something since has it in a later one.
        self._has_routings = self._has_routings or bool(await store.routing_counts())
        if not self._has_routings:
            self._told.clear()
            self._through = max(self._through, newest)
            await self._note((), now_s)
            return self._through
        if now_s - self._swept_at_s >= _SWEPT_EVERY_S:
            news = now_s - self._searched_at_s >= _SEARCHED_EVERY_S
            await self._sweep(news=news)
            self._swept_at_s = now_s
            self._searched_at_s = now_s if news else self._searched_at_s
        more = True
        while more:
            more = await self._step(newest)
            await anyio.sleep(_BETWEEN_S)
        return self._through

    async def _step(self, newest: int) -> bool:
        """Look at some changes, and at what was told of; return whether there may be more."""
        after = self._through
        wanted = ChangeFilter(after=after, limit=_CHANGES_AT_ONCE, object_types=self._types)
        changes = await self._store.changes(wanted) if after < newest else ()
        told, self._told = self._told, defaultdict(set)
        try:
            steps = await self._trace(changes, told)
            full = len(changes) == _CHANGES_AT_ONCE
            through = changes[-1].seq if full else max([newest, *(each.seq for each in changes)])
            self._through = max(after, through)
            await self._note(steps, self._clock.now().monotonic_s)
        except BaseException:
            self._through = after
            for owner, refs in told.items():
                self._told[owner] |= refs
            raise
        return full

    async def _trace(self, changes: Sequence[Change], told: Told) -> Sequence[Step]:
        wanted: Told = defaultdict(set, {owner: set(refs) for owner, refs in told.items()})
        for change in changes:
            dispatcher = self._dispatchers.get(change.vendor)
            if dispatcher is not None and change.object_type in dispatcher.tracked_types:
                ref = (change.object_type, change.object_id)
                wanted[change.vendor, change.account_id].add(ref)
        found: list[Step] = []
        for (vendor, account_id), refs in wanted.items():
            found += await self._trace_one(vendor, account_id, refs)
        return found

    async def _trace_one(
        self, vendor: str, account_id: str, refs: set[Ref], *, news: bool = True
    ) -> Sequence[Step]:
        """Trace one company's; what nobody foresaw is told, and must not hold up the others."""
        dispatcher = self._dispatchers.get(vendor)
        if dispatcher is None:
            return ()
        try:
            return [
                Step(vendor, account_id, each)
                for each in await self._tracer.trace(account_id, dispatcher, refs, news=news)
            ]
        except StoreError:
            raise
        except Exception:
            log.exception("job_trace_failed", account=account_id)
            return ()

    async def _note(self, steps: Sequence[Step], now_s: float) -> None:
        """Store what came of it and the place; the place alone only now and then."""
        through = self._through
        late = through > self._noted and now_s - self._noted_at_s >= _NOTED_EVERY_S
        if steps or late:
            await self._store_steps(steps, through)
            self._noted, self._noted_at_s = through, now_s

    async def _store_steps(self, steps: Sequence[Step], through: int) -> None:
        await self._store.note_progress([each.progress for each in steps], through)
        for each in steps:
            if (status := each.progress.status) is not None:
                about = (each.account_id, each.vendor, each.progress.routing_id)
                self._tell(RoutingMoved(*about, status, each.progress.cause))

    async def _sweep(self, *, news: bool) -> None:
        """Look at all that open routings hang on; as at `news` of it, or only at what is linked."""
        for account in await self._store.accounts():
            if account.vendor in self._dispatchers:
                await self._sweep_one(account.vendor, account.id, news=news)

    async def _sweep_one(self, vendor: str, account_id: str, *, news: bool) -> None:
        after_id = ""
        while tracked := await self._store.tracked(
            account_id, limit=_SWEPT_AT_ONCE, after_id=after_id
        ):
            refs = {(each.object_type, each.object_id) for each in tracked}
            if steps := await self._trace_one(vendor, account_id, refs, news=news):
                await self._store_steps(steps, 0)
            after_id = tracked[-1].routing_id
            await anyio.sleep(_BETWEEN_S)


async def _first(scope: anyio.CancelScope, store: Store, seen: int, woken: anyio.Event) -> None:
    """Cancel the scope at the first of both: a change behind one, and being woken."""
    async with anyio.create_task_group() as both:

        async def change() -> None:
            await store.changed(seen)
            scope.cancel()

        both.start_soon(change)
        await woken.wait()
        scope.cancel()
