"""Brings the actors of this node what was left for them through other nodes.

What must be done is in the store: errands, users' writes, notices. A word on the wire has it looked
for at once, and without one it is found within a second.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import anyio
import structlog
from anyio.abc import TaskGroup

from actors.clock import Clock
from actors.mailbox import MailboxFullError
from actors.messages import ActionsWaiting, Hinted, Pause, Resume
from daemon.cluster import words
from daemon.cluster.errand_deeds import (
    IN_THE_STORE,
    BadErrandError,
    Deed,
    Start,
    StopAccount,
    deed,
)
from daemon.cluster.errand_store import ErrandStore
from daemon.cluster.far_readers import FarReaders
from daemon.cluster.holding import Holding
from daemon.hosted import NotHostedError, must_start
from daemon.hosting import Hosting
from store.cluster_models import Errand
from store.errors import StaleEpochError, StoreUnavailableError, UnknownAccountError

POLL_S = 1.0
_AT_ONCE = 200
_TOO_OLD = timedelta(hours=1)
_LATE_S = 15.0
"""So much later than it was taken in something may become visible, by the clocks of all nodes."""

log = structlog.get_logger()


class Courier:
    """Runs each errand at least once, in order by account.

    One may be run late, behind what was done to the account meanwhile through another node: what the
    store says then decides, and not what held when the errand was left.

    Attributes:
        on_change: is told of accounts that were started or stopped, or could not be.
    """

    def __init__(
        self,
        store: ErrandStore,
        here: Hosting,
        holding: Holding,
        readers: FarReaders,
        clock: Clock,
    ) -> None:
        self._store = store
        self._here = here
        self._holding = holding
        self._readers = readers
        self._clock = clock
        self._wake = anyio.Event()
        self._known: set[int] = set()
        self._done: set[int] = set()
        self._chains: dict[str, deque[Errand]] = {}
        self._asked: Mapping[str, object] = {}
        self._noticed: dict[tuple[str, str], int] = {}
        self._looked_s: float | None = None
        self.on_change: Callable[[str], None] = lambda _account_id: None

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hear)
            while True:
                self._wake = anyio.Event()
                with suppress(StoreUnavailableError):
                    await self._deliver(tasks)
                with suppress(StoreUnavailableError):
                    await self._look_for_news()
                with anyio.move_on_after(POLL_S):
                    await self._wake.wait()

    async def _hear(self) -> None:
        """Take in words until the store is closed."""
        topics = (words.ERRANDS, words.ACTIONS, words.NOTICES, words.READS)
        async for heard in self._store.hear(topics):
            if not heard:
                self._wake.set()
                continue
            self.take_in(heard)

    def take_in(self, heard: Mapping[str, Collection[str]]) -> None:
        """Pass words on to the actors that they are for, as far as those are here."""
        if any(not each or self._holding.covers(each) for each in heard.get(words.ERRANDS, ())):
            self._wake.set()
        for account_id in heard.get(words.ACTIONS, ()):
            self._ask_to_act(account_id)
        for word in heard.get(words.NOTICES, ()):
            if (notice := words.read_notice(word)) is not None:
                self._hint(*notice)
        for word in heard.get(words.READS, ()):
            if (read := words.read_far_read(word)) is not None:
                self._readers.take_in(read)

    async def _deliver(self, tasks: TaskGroup) -> None:
        """End what was run, and begin what is new."""
        holds = self._holding.holds()
        if self._done:
            ended = frozenset(self._done)
            await self._store.end_errands(ended, holds)
            self._done -= ended
            self._known -= ended
        for each in await self._store.errands(holds, limit=_AT_ONCE + len(self._known)):
            if each.id in self._known:
                continue
            self._known.add(each.id)
            chain = self._chains.get(each.account_id)
            if chain is not None:
                chain.append(each)
            else:
                self._chains[each.account_id] = deque([each])
                tasks.start_soon(self._run_chain, each.account_id)

    async def _run_chain(self, account_id: str) -> None:
        """Run an account's errands, one after the other, until none is left, or they are not ours.

        One that has to wait stays known: however many wait, they are in no other's way.
        """
        chain = self._chains[account_id]
        try:
            while chain:
                if await self._is_over(chain[0]):
                    self._done.add(chain.popleft().id)
                elif self._holds(chain[0]):
                    await anyio.sleep(POLL_S)
                else:
                    break
        finally:
            self._known.difference_update(each.id for each in chain)
            del self._chains[account_id]
        if not chain:
            self._wake.set()

    async def _is_over(self, errand: Errand) -> bool:
        """Run an errand; tell whether that was the last that anybody has to do about it."""
        try:
            await self._run(errand)
        except NotHostedError:
            # No actor to tell: whoever starts one finds all that matters. If the account is somebody
            # else's by now, it is for him to see.
            if not self._holds(errand):
                return False
            self.on_change(errand.account_id)
        except (MailboxFullError, StoreUnavailableError):
            return False
        except (StaleEpochError, UnknownAccountError):
            # Who left it may take the account for one that is about to run.
            self.on_change(errand.account_id)
        except BadErrandError as error:
            log.warning(
                "errand_dropped", account=errand.account_id, kind=errand.kind, reason=str(error)
            )
        except Exception:
            # One that nobody can run must not keep the others from being run.
            log.exception("errand_failed", account=errand.account_id, kind=errand.kind)
            self.on_change(errand.account_id)
        return True

    def _holds(self, errand: Errand) -> bool:
        """Tell whether the errand is for this node to run."""
        return any(each.shard == errand.shard for each in self._holding.holds())

    async def _run(self, errand: Errand) -> None:
        now = self._clock.now()
        if errand.kind in IN_THE_STORE and now.utc - errand.at > _TOO_OLD:
            return
        await self._do(errand.account_id, deed(errand.kind, errand.payload, now.monotonic_s))

    async def _do(self, account_id: str, wanted: Deed) -> None:
        match wanted:
            case Start():
                await self._here.start_account(account_id)
                self.on_change(account_id)
            case StopAccount():
                await self._stop(account_id, wanted.connected_at)
            case Pause() | Resume():
                await self._tell_whether_paused(account_id)
            case _:
                self._here.post(account_id, wanted)

    async def _stop(self, account_id: str, connected_at: datetime | None) -> None:
        """Stop the actor. Of a company that is connected again meanwhile, see that one runs."""
        if not await self._is_connected_again(account_id, connected_at):
            await self._here.stop_account(account_id)
            self.on_change(account_id)
            if not await self._is_connected_again(account_id, connected_at):
                return
        if account_id not in self._here.hosted_here():
            await self._here.start_account(account_id)
            self.on_change(account_id)

    async def _is_connected_again(self, account_id: str, connected_at: datetime | None) -> bool:
        """Tell whether the company was connected anew since it was connected at an instant."""
        if connected_at is None:
            return False
        try:
            return (await self._store.account(account_id)).connected_at != connected_at
        except UnknownAccountError:
            return False

    async def _tell_whether_paused(self, account_id: str) -> None:
        """Tell the actor what the store says, again while that changes under our hands."""
        told: bool | None = None
        while (paused := (await self._store.account(account_id)).paused) is not told:
            told = paused
            try:
                self._here.post(account_id, Pause() if paused else Resume())
            except NotHostedError:
                hosted = self._here.hosted_here().get(account_id)
                if not must_start(hosted, paused=paused):
                    raise
                await self._here.start_account(account_id)
                self.on_change(account_id)

    async def _look_for_news(self) -> None:
        """Look for what words may have been lost of, once a second."""
        now_s = self._clock.now().monotonic_s
        since_s = POLL_S if self._looked_s is None else now_s - self._looked_s
        if since_s < POLL_S:
            return
        news = await self._store.news(self._holding.holds(), within_s=since_s + _LATE_S)
        self._looked_s = now_s
        for account_id, at in news.asked.items():
            if self._asked.get(account_id) != at:
                self._ask_to_act(account_id)
        self._asked = news.asked
        fresh: defaultdict[str, list[str]] = defaultdict(list)
        noticed: dict[tuple[str, str], int] = {}
        for account_id, notices in news.noticed.items():
            for each in notices:
                noticed[account_id, each.object_type] = each.newest
                if self._noticed.get((account_id, each.object_type), 0) < each.newest:
                    fresh[account_id].append(each.object_type)
        self._noticed = noticed
        for account_id, types in fresh.items():
            told = [each for each in news.noticed[account_id] if each.object_type in types]
            self._here.hint(account_id, Hinted(tuple(told)))

    def _ask_to_act(self, account_id: str) -> None:
        with suppress(NotHostedError):
            self._here.post(account_id, ActionsWaiting())

    def _hint(self, account_id: str, hinted: Hinted) -> None:
        for each in hinted.notices:
            self._noticed[account_id, each.object_type] = each.newest
        self._here.hint(account_id, hinted)
