"""This node's part in hosting all accounts: which shards it holds, from their taking to their end.

The engine hands out one job for each shard. While a job runs here, its shard's accounts are hosted
here, under a hold that the store fences. Whatever ends the one ends the other:

job is ours ──► shard taken ──► accounts hosted ──► handed over: they finish the page in hand, the
                                                    shard is let go, and asked for anew
                                               ──► lost (silent too long, or taken by another):
                                                    they are cancelled where they stand
"""

from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Protocol

import anyio
import structlog
from anyio.abc import TaskGroup, TaskStatus
from msgspec.structs import replace

from daemon.cluster.balance import (
    Timing,
    ended_elsewhere,
    fair_share,
    in_turn,
    left_over,
    live_nodes,
    to_hand_over,
    without_job,
)
from daemon.cluster.engine import Engine, EngineUnavailableError, Room
from daemon.cluster.engine_schema import SCHEMA
from daemon.cluster.held_job import HeldJob
from daemon.cluster.holding import shard_of
from daemon.cluster.shard_claims import ShardClaims
from daemon.config.cluster import SHARDS
from daemon.supervisor import Supervisor
from store.cluster_models import HOUSE, NodeStanding, ShardHold
from store.cluster_ports import Nodes, Shards
from store.errors import StoreOpenError, StoreUnavailableError, store_is_unusable

_AGAIN_S = 1.0
_SOON_S = 0.25
_LAST_WORDS_S = 5.0
"""How long what is lost may still store what a vendor answered, before the shard is taken again here."""

_FAILED_AGAIN_S = 10.0
_FORGET_AFTER_S = 3600.0
_LOOKS_BETWEEN_CLEARING = 600
_LOOKS_TO_SETTLE = 3
_AT_ONCE = 8

log = structlog.get_logger()

House = Callable[[ShardHold], Coroutine[Any, Any, None]]
"""Does what is done once for all accounts, until it is cancelled."""


class ClusterStore(Shards, Nodes, Protocol):
    """What placement asks of the store."""


class Placement:
    """Takes shards, hosts their accounts under the supervisor, and lets go of them.

    `run` is its life, and `leave` the beginning of its end.
    """

    def __init__(
        self,
        store: ClusterStore,
        supervisor: Supervisor,
        me: NodeStanding,
        house: House,
        now_s: Callable[[], float],
        *,
        conninfo: str,
        shards: int | None,
        timing: Timing | None = None,
    ) -> None:
        """Take what is needed.

        Args:
            store: knows who holds what.
            supervisor: runs the actors.
            me: this node.
            house: what is done once for all accounts.
            now_s: a clock that counts on while the process is frozen.
            conninfo: where the engine's tables are.
            shards: how many there are to be, if this is the first node of all; None does not mind.
            timing: how the nodes notice each other.
        """
        self._store = store
        self._supervisor = supervisor
        self._me = me
        self._house = house
        self._timing = timing or Timing()
        self._wanted = shards
        self._shards = shards or SHARDS
        self._share = 0
        self._held: dict[int, HeldJob] = {}
        self._doubtful: frozenset[int] = frozenset()
        self._taking = 0
        self._coming = 1
        self._settled: int | None = None
        self._unsettled = 0
        self._tasks: TaskGroup | None = None
        self._left = anyio.Event()
        self._stopped = anyio.Event()
        self._engine = Engine(conninfo, self._host, self._room, now_s, self._timing)

    @property
    def node(self) -> str:
        """This node's id."""
        return self._me.node

    def holds(self) -> Mapping[int, ShardHold]:
        """Return what this node holds, by shard."""
        holds = (held.standing for held in self._held.values())
        return {hold.shard: hold for hold in holds if hold is not None}

    def covers(self, account_id: str) -> bool:
        """Tell whether the account's shard is held: cheaply, for it is asked of every account."""
        shard = shard_of(account_id, self._shards)
        return any(held.shard == shard and held.standing for held in self._held.values())

    def reachable_at(self, url: str) -> None:
        """Tell the others where this node's API is."""
        self._me = replace(self._me, url=url)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Take part until `leave`. It has begun when the others know of it and every shard has a job.

        Raises:
            StoreOpenError: it could not begin; the message says why.
        """
        await self._open()
        try:
            async with anyio.create_task_group() as self._tasks:
                self._tasks.start_soon(self._work)
                self._tasks.start_soon(self._watch_silence)
                try:
                    await self._begin()
                    task_status.started()
                    self._tasks.start_soon(self._keep_looking)
                    await self._left.wait()
                finally:
                    self._left.set()
                    for held in self._held.values():
                        held.lose()
                    self._engine.stop()
                with anyio.move_on_after(_LAST_WORDS_S):
                    await self._stopped.wait()
                self._tasks.cancel_scope.cancel()
        finally:
            self._tasks = None
            await self._engine.close()

    async def leave(self) -> None:
        """Hand over all that this node holds, then take part no more."""
        self._me = replace(self._me, is_leaving=True)
        with suppress(StoreUnavailableError), anyio.move_on_after(_AGAIN_S):
            await self._store.note_node(self._me)
        handed_over = list(self._held.values())
        for held in handed_over:
            held.end.set()
        for held in handed_over:
            await held.over.wait()
        log.info("node_left", node=self.node, shards=len(handed_over))
        self._engine.stop()
        with suppress(StoreUnavailableError), anyio.move_on_after(_AGAIN_S):
            await self._store.forget_nodes(unseen_s=_FORGET_AFTER_S, node=self.node)
        self._left.set()

    async def _open(self) -> None:
        try:
            self._shards = await self._store.prepare_shards(self._shards)
            if self._wanted not in {None, self._shards}:
                log.warning("shard_count_ignored", configured=self._wanted, shards=self._shards)
            await self._engine.open()
        except (StoreUnavailableError, EngineUnavailableError) as error:
            if isinstance(error, StoreUnavailableError) or error.is_outage:
                raise StoreOpenError(f"the database went away during the start: {error}") from error
            raise StoreOpenError(
                f"the engine that places shards cannot use the database ({error}); it needs a schema"
                f" called {SCHEMA} of its own, which the database's user makes or already owns"
            ) from error

    async def _begin(self) -> None:
        """Make the first look, if that is possible by now."""
        with anyio.move_on_after(_LAST_WORDS_S):
            await self._engine.begun.wait()
            with suppress(StoreUnavailableError, EngineUnavailableError):
                await self._look()

    def _room(self) -> Room:
        counted = [held.shard for held in self._held.values() if not held.lost.is_set()]
        house = HOUSE in counted
        open_to = not self._me.is_leaving and not self._left.is_set()
        return Room(
            shards=open_to and len(counted) - house < self._share, house=open_to and not house
        )

    async def _work(self) -> None:
        """Run the engine's jobs, again whenever that had to be given up."""
        while not (self._left.is_set() or self._me.is_leaving):
            try:
                with anyio.CancelScope(shield=True):
                    await self._engine.work(self._shards)
            except EngineUnavailableError as error:
                log.warning("placement_interrupted", error=str(error))
            if not (self._left.is_set() or self._me.is_leaving):
                await anyio.sleep(_SOON_S)
        self._stopped.set()

    async def _watch_silence(self) -> None:
        """Give everything up once this node was silent for so long that others may have taken it."""
        given_up: int | None = None
        while True:
            await anyio.sleep(self._timing.beat_s / 4)
            if self._engine.worker not in {None, given_up} and self._engine.stalled:
                given_up = self._engine.worker
                log.warning("node_silent", node=self.node, shards=len(self._held))
                for held in self._held.values():
                    held.lose()
                self._engine.stop()

    async def _keep_looking(self) -> None:
        looks = 0
        while not self._me.is_leaving:
            await anyio.sleep(self._timing.look_s)
            looks += 1
            with anyio.move_on_after(self._timing.stalled_after_s):
                try:
                    await self._look()
                    if looks % _LOOKS_BETWEEN_CLEARING == 0:
                        await self._engine.clear()
                        await self._store.forget_nodes(unseen_s=_FORGET_AFTER_S)
                except (StoreUnavailableError, EngineUnavailableError) as error:
                    log.debug("placement_not_seen", error=str(error))
                except Exception as error:
                    if store_is_unusable(error):
                        raise
                    # It goes on with what it holds; all nodes meet the same row.
                    log.exception("placement_look_failed")

    async def _look(self) -> None:
        """See that every shard is hosted or asked for, and that this node holds its share."""
        # Once it leaves, nothing may note it again: it is forgotten at the end.
        if self._me.is_leaving or self._engine.worker is None or self._engine.stalled:
            return
        await self._store.note_node(self._me)
        live = live_nodes(await self._store.nodes(), self._timing.stalled_after_s)
        worker = self._engine.worker
        self._settle(worker, fair_share(self._shards, len(live)))
        await self._rescue(worker)
        await self._compare(worker)
        await self._check_holds()
        if not self._me.is_leaving:
            self._hand_over()

    async def _rescue(self, worker: int | None) -> None:
        """Replace the jobs of those that fell silent; each node begins with others, a few at a time."""
        stalled = [job for job in await self._engine.stalled_jobs() if job.worker != worker]
        turn = in_turn(stalled, self.node)
        for begin in range(0, len(turn), _AT_ONCE):
            piece = turn[begin : begin + _AT_ONCE]
            log.info("shards_rescued", shards=[job.shard for job in piece])
            await self._engine.replace(piece)

    def _settle(self, worker: int | None, share: int) -> None:
        """Take up a share; behind an outage, from which all come back one by one, no larger one at once."""
        if worker != self._settled:
            self._settled, self._unsettled = worker, _LOOKS_TO_SETTLE if self._share else 0
        self._share = min(share, self._share) if self._unsettled else share
        self._unsettled = max(0, self._unsettled - 1)

    async def _compare(self, worker: int | None) -> None:
        """Hold what runs here against the engine's jobs; what differs twice is put right."""
        jobs = await self._engine.jobs()
        await self._engine.ask_for(without_job(self._shards, jobs))
        if worker is None or worker != self._engine.worker:
            return
        gone = ended_elsewhere(self._held, jobs, worker)
        left = {job.id: job for job in left_over(self._held, jobs, worker)}
        again = self._doubtful.intersection([*gone, *left])
        self._doubtful = frozenset([*gone, *left])
        for job_id in again:
            if job_id in left:
                await self._engine.replace([left[job_id]])
            elif job_id in self._held:
                self._held[job_id].end.set()

    async def _check_holds(self) -> None:
        """Give up what somebody else has taken."""
        mine = {held.hold: held for held in self._held.values() if held.hold is not None}
        if not mine:
            return
        still = set(await self._store.still_held(list(mine)))
        for hold, held in mine.items():
            if hold not in still and held.hold is hold:
                log.warning("shard_lost", shard=hold.shard, epoch=hold.epoch)
                held.lose()

    def _hand_over(self) -> None:
        staying = {
            held.shard: held
            for held in self._held.values()
            if held.shard != HOUSE and held.standing is not None
        }
        for shard in to_hand_over(list(staying), self._share, self._shards):
            staying[shard].end.set()

    async def _host(self, job_id: int, shard: int) -> None:
        """Run a job of the engine's, in a task of the engine's: the work is done in ours."""
        if self._tasks is None or self._left.is_set() or self._me.is_leaving:
            return
        held = self._held[job_id] = HeldJob(job_id, shard)
        self._tasks.start_soon(self._hold, held, name=f"shard {shard}")
        try:
            await held.over.wait()
        finally:
            held.end.set()

    async def _hold(self, held: HeldJob) -> None:
        if self._taking == 0:
            self._coming = max(1, self._share - len(self._held) + 1)
        self._taking += 1
        is_taking, claims = True, None
        try:
            for other in list(self._held.values()):
                if other.shard == held.shard and other is not held:
                    other.end.set()
                    with anyio.move_on_after(_LAST_WORDS_S):
                        await other.released.wait()
            claims = await self._take(held)
            await self._supervisor.host(claims, at_once=max(self._coming, self._taking))
            self._taking, is_taking = self._taking - 1, False
            await self._until_its_end(held, claims.hold)
            await self._release(held, claims)
            held.hold = None
            await self._store.let_go(claims.hold)
        except StoreUnavailableError as error:
            if not held.lost.is_set():
                log.warning("shard_interrupted", shard=held.shard, error=str(error))
                await anyio.sleep(_AGAIN_S)
        except Exception as error:
            if store_is_unusable(error):
                raise
            # A row that nobody can read must not end one node after the other.
            log.exception("shard_failed", shard=held.shard)
            await self._give_back(held, claims)
        finally:
            self._taking -= is_taking
            held.over.set()
            held.released.set()
            del self._held[held.job_id]

    async def _give_back(self, held: HeldJob, claims: ShardClaims | None) -> None:
        """Let go of a shard that can't be hosted here, and have nobody try again at once."""
        held.hold = None
        try:
            if claims is not None:
                await self._supervisor.release(claims, grace_s=0.0)
                await self._store.let_go(claims.hold)
        except Exception as error:
            if store_is_unusable(error):
                raise
            # What failed may be this very thing. Whoever takes the shard next fences it all the same.
            log.exception("shard_not_let_go", shard=held.shard)
        with anyio.move_on_after(_FAILED_AGAIN_S):
            await held.end.wait()

    async def _take(self, held: HeldJob) -> ShardClaims:
        """Take its shard; what is known of the accounts is nowhere kept but for their hosting."""
        hold, accounts = await self._store.take_shard(held.shard, self.node)
        held.hold = hold
        log.debug("shard_taken", shard=hold.shard, epoch=hold.epoch, accounts=len(accounts))
        return ShardClaims(self._store, hold, accounts)

    async def _until_its_end(self, held: HeldJob, hold: ShardHold) -> None:
        if hold.shard != HOUSE:
            await held.end.wait()
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._house, hold)
            await held.end.wait()
            tasks.cancel_scope.cancel()

    async def _release(self, held: HeldJob, claims: ShardClaims) -> None:
        """Let the accounts finish the page in hand; once the hold is lost there is nothing to finish."""

        async def cut_short() -> None:
            await held.lost.wait()
            await self._supervisor.release(claims, grace_s=0.0)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cut_short)
            await self._supervisor.release(claims)
            tasks.cancel_scope.cancel()
