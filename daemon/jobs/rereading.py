"""Has objects of routed work read again that may change without their vendor's lists telling of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import anyio
import structlog

from actors.clock import Clock
from actors.errors import VendorError
from actors.jobs.resolution import Ref
from actors.vendors.dispatching import Dispatcher
from daemon.hosting import Hosting
from store.errors import StoreError
from store.models import Account, StoredObject
from store.ports import Store

AT_ONCE = 50
"""What a vendor's call takes of ids."""
_TRACKED_AT_ONCE = 500
_TRIES = 40
_TRY_AGAIN_S = 30.0
"""An account whose token has ended gets a new one only when it is looked at, some minutes later."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Batch:
    account_id: str
    refs: Sequence[Ref]


class Rereading:
    """Goes round: all that is to be read again, evenly over one interval."""

    def __init__(
        self,
        store: Store,
        supervisor: Hosting,
        dispatchers: Mapping[str, Dispatcher],
        clock: Clock,
        every_s: float | None,
        window_s: float,
    ) -> None:
        """Take what is read and how often; None is never.

        What was done is read for `window_s` more.
        """
        self._store = store
        self._supervisor = supervisor
        self._dispatchers = {name: each for name, each in dispatchers.items() if each.rereads}
        self._clock = clock
        self._every_s = every_s
        self._window = timedelta(seconds=window_s)

    async def run(self) -> None:
        """Go round until cancelled."""
        if self._every_s is None or not self._dispatchers:
            return
        async with anyio.create_task_group() as tasks:
            while True:
                try:
                    batches = await self._batches(self._every_s)
                except StoreError:
                    batches = []
                gap_s = self._every_s / (len(batches) + 1)
                for batch in batches:
                    await anyio.sleep(gap_s)
                    tasks.start_soon(self._reread, batch)
                await anyio.sleep(gap_s)

    async def _batches(self, every_s: float) -> Sequence[_Batch]:
        """Return what is to be read in this round."""
        found: list[_Batch] = []
        for account in await self._store.accounts():
            if account.vendor in self._dispatchers and self._supervisor.is_here(account.id):
                found += await self._of(account, every_s)
        return found

    async def _of(self, account: Account, every_s: float) -> Sequence[_Batch]:
        now, types = self._clock.now().utc, self._dispatchers[account.vendor].rereads
        held: list[StoredObject] = []
        after_id = ""
        while tracked := await self._store.tracked(
            account.id, limit=_TRACKED_AT_ONCE, after_id=after_id, done_since=now - self._window
        ):
            refs = [
                (each.object_type, each.object_id) for each in tracked if each.object_type in types
            ]
            held += await self._store.named_objects(account.id, refs) if refs else ()
            after_id = tracked[-1].routing_id
        # What came by a list since was seen. The others by their age: a vendor whose list has to be
        # gone through for them is asked for neighbours.
        stale = [each for each in held if now - each.synced_at >= timedelta(seconds=every_s)]
        stale = sorted(
            (each for each in stale if not each.deleted),
            key=lambda each: (each.object_type, each.updated_at),
        )
        refs = [(each.object_type, each.object_id) for each in stale]
        return [
            _Batch(account.id, refs[start : start + AT_ONCE])
            for start in range(0, len(refs), AT_ONCE)
        ]

    async def _reread(self, batch: _Batch) -> None:
        """Have a batch read; one that can't be for a while waits for the next round."""
        for _ in range(_TRIES):
            actor = self._supervisor.actor(batch.account_id)
            try:
                if actor is not None and await actor.reread(batch.refs):
                    return
            except (VendorError, StoreError) as error:
                log.debug("reread_failed", account=batch.account_id, error=str(error))
            await anyio.sleep(_TRY_AGAIN_S)
