"""Finds out from the replica what became of routed work. Makes no call to any vendor."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from actors.clock import Clock
from actors.jobs.resolution import (
    Ref,
    Row,
    Rows,
    job_of,
    matched_jobs,
    named_jobs,
    offer_of,
    progress,
)
from actors.vendors.dispatching import Dispatcher, Sighting
from store.job_models import Routing, RoutingProgress, RoutingStatus
from store.models import ObjectFilter, StoredObject
from store.ports import Store

_ROUNDS = 4
"""Rows name jobs, jobs name other rows: further than that nothing leads to anything new."""
_SCANNED_AT_ONCE = 500
_CLOCKS_APART = timedelta(minutes=5)
"""By so much a vendor's clock may be behind ours when it says when a job was made."""

_NOTHING = Sighting()


class Tracer:
    """Looks at objects of one company after the other."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def trace(
        self, account_id: str, dispatcher: Dispatcher, refs: Iterable[Ref], *, news: bool = True
    ) -> Sequence[RoutingProgress]:
        """Return what became of the routings that hang on any of these objects.

        Where they are no `news`, none of the company's jobs is gone through for one that may be of a
        lead that was taken: one that comes is news itself.

        Raises:
            StoreUnavailableError: the store can't be read now.
        """
        found = _Trace(self._store, account_id, dispatcher)
        await found.follow(set(refs), news=news)
        if not found.routings:
            return ()
        await found.match()
        await found.catch_up()
        now = self._clock.now().utc
        return found.progress(now)


class _Trace:
    """One company's objects and routings, as far as they were come across.

    Attributes:
        routings: those that were delivered, by id.
    """

    def __init__(self, store: Store, account_id: str, dispatcher: Dispatcher) -> None:
        self._store = store
        self._account_id = account_id
        self._dispatcher = dispatcher
        self._rows = Rows()
        self._looked_at: set[Ref] = set()
        self._asked_about: set[Ref | str] = set()
        self._changed: set[Ref] = set()
        self._jobs: dict[str, Ref] = {}
        self.routings: dict[str, Routing] = {}

    async def follow(self, refs: set[Ref], *, news: bool) -> None:
        """Read these objects, the routings that hang on them, and what else says anything of those."""
        self._changed, wanted = refs if news else set(), refs
        for _ in range(_ROUNDS):
            await self._read(wanted)
            await self._find_routings()
            self._jobs = dict(named_jobs(self.routings.values(), self._rows))
            wanted = self._leads_to() - self._looked_at
            if not wanted:
                return

    async def match(self) -> None:
        """Link what only has a key in common with its job."""
        waiting = self._waiting()
        if not waiting:
            return
        # All that wait under these keys, come across or not: a key that two have says nothing.
        for each in await self._store.routings_of(self._account_id, (), list(waiting)):
            self.routings.setdefault(each.id, each)
        waiting = self._waiting(waiting)
        offered_at = await self._offered_at(
            [each for routings in waiting.values() for each in routings]
        )
        if not offered_at:
            return
        jobs = [
            row
            for row in await self._scan(self._dispatcher.job_type, min(offered_at.values()))
            if row.says.match_key in waiting
        ]
        owned = await self._store.routings_of(self._account_id, [job.ref for job in jobs])
        taken = {ref for each in owned if (ref := job_of(each)) is not None}
        found = matched_jobs(waiting, jobs, offered_at, taken | set(self._jobs.values()))
        self._jobs |= found
        await self._read(set(found.values()))
        await self._read(self._leads_to())

    async def catch_up(self) -> None:
        """Read what was said of newly linked jobs before anybody knew whose they are.

        And of those that they take the place of: what these brought is to go.
        """
        linked = [
            routing
            for routing in self.routings.values()
            if self._jobs.get(routing.id, job_of(routing)) != job_of(routing)
        ]
        offered_at = await self._offered_at(linked)
        if not offered_at:
            return
        jobs = {self._jobs[routing.id] for routing in linked}
        jobs |= {left for routing in linked if (left := job_of(routing)) is not None}
        offers = {routing.external_type for routing in linked}
        for name in self._dispatcher.tracked_types:
            if name != self._dispatcher.job_type and name not in offers:
                for row in await self._scan(name, min(offered_at.values())):
                    if row.says.job in jobs:
                        self._rows.add(row)

    async def _offered_at(self, routings: Iterable[Routing]) -> Mapping[str, datetime]:
        """Return when routings were offered at the earliest, by the vendor's clock."""
        found = {}
        for routing in routings:
            job = await self._store.job(routing.job_id)
            if job is not None:
                found[routing.id] = job.created_at - _CLOCKS_APART
        return found

    def progress(self, now: datetime) -> Sequence[RoutingProgress]:
        """Return what became of each of them."""
        found = []
        for routing in self.routings.values():
            job = self._jobs.get(routing.id)
            said = progress(
                routing, job, self._rows.about(offer_of(routing), job, job_of(routing)), now
            )
            if said is not None:
                found.append(said)
        return found

    async def _read(self, refs: set[Ref]) -> None:
        wanted = refs - self._looked_at
        if not wanted:
            return
        self._looked_at |= wanted
        for held in await self._store.named_objects(self._account_id, sorted(wanted)):
            if (row := self._row(held)) is not None:
                self._rows.add(row)

    def _row(self, held: StoredObject) -> Row | None:
        ref = (held.object_type, held.object_id)
        says = self._dispatcher.sighting(held.object_type, bytes(held.payload))
        if says is None and held.deleted:
            says = _NOTHING  # what hangs on it by its id is to know that it is gone
        return None if says is None else Row(ref, says, held.deleted)

    async def _find_routings(self) -> None:
        """Find the routings that hang on anything that a row is or names."""
        refs: set[Ref] = set()
        keys: set[str] = set()
        for row in self._rows:
            refs |= {each for each in (row.ref, row.says.offer, row.says.job) if each is not None}
            if row.is_job and row.says.match_key is not None:
                keys.add(row.says.match_key)
        refs -= self._asked_about
        keys -= self._asked_about
        if not refs and not keys:
            return
        self._asked_about |= refs | keys
        for each in await self._store.routings_of(self._account_id, sorted(refs), sorted(keys)):
            if offer_of(each) is not None:
                self.routings[each.id] = each

    def _leads_to(self) -> set[Ref]:
        """Return what says more of the routings: their offers, their jobs and what newly linked jobs name."""
        found: set[Ref] = set()
        for routing in self.routings.values():
            if (offer := offer_of(routing)) is not None:
                found.add(offer)
            job = self._jobs.get(routing.id)
            if job is None:
                continue
            found.add(job)
            if (left := job_of(routing)) is not None:
                found.add(left)
            if job != left and (row := self._rows.get(job)) is not None:
                found.update(row.says.more)
        return found

    def _waiting(self, keys: Iterable[str] | None = None) -> Mapping[str, Sequence[Routing]]:
        """Return the routings without a job, by what they may have in common with one.

        Only under keys that are worth looking for: a job that just changed has it, or the offer just
        changed and says that somebody took it. Given `keys`, under those.
        """
        worth: set[str] = set() if keys is None else set(keys)
        if keys is None:
            taken = set(self._jobs.values())
            worth = {
                row.says.match_key
                for row in self._rows
                if row.is_job and row.ref not in taken and row.says.match_key is not None
            }
        found: defaultdict[str, list[Routing]] = defaultdict(list)
        for routing in self.routings.values():
            key = self._key(routing)
            if key is None or routing.id in self._jobs:
                continue
            if key in worth or (keys is None and self._was_just_taken(routing)):
                found[key].append(routing)
        return found

    def _key(self, routing: Routing) -> str | None:
        for row in self._rows.of_offer(offer_of(routing)):
            if not row.is_job and row.says.match_key is not None:
                return row.says.match_key
        return routing.match_key

    def _was_just_taken(self, routing: Routing) -> bool:
        return any(
            row.ref in self._changed and row.says.status is RoutingStatus.ACCEPTED
            for row in self._rows.of_offer(offer_of(routing))
        )

    async def _scan(self, object_type: str, since: datetime) -> Sequence[Row]:
        """Return all of a type's rows that were changed since then."""
        found, after_id = list[Row](), ""
        while True:
            page = await self._store.objects(
                ObjectFilter(
                    self._account_id,
                    object_type,
                    updated_since=since,
                    after_id=after_id,
                    limit=_SCANNED_AT_ONCE,
                )
            )
            found += [row for held in page if (row := self._row(held)) is not None]
            if len(page) < _SCANNED_AT_ONCE:
                return found
            after_id = page[-1].object_id
