"""Procrastinate, as far as we lean on it: a queue of jobs, one for each shard, and who runs which.

It decides which node runs a job, and that none is run twice at a time. What a job's worker did before
it fell silent it cannot take back: that is what the store's epochs are for.
"""

from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Any

import anyio
import procrastinate
import psycopg
from procrastinate import exceptions
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback
from procrastinate.worker import Worker
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from daemon.cluster.balance import ShardJob, Timing
from daemon.cluster.engine_schema import SCHEMA, create_engine_schema
from store.cluster_models import HOUSE

_TASK = "syncline.host"
_QUEUE, _HOUSE_QUEUE = "shards", "house"
_CONNECTIONS = 4
_CONNECTION_WITHIN_S = 2.0
_LISTEN_AGAIN_S = 1.0
_ANSWER_WITHIN_S = 5.0
_TIMES = 5
_AGAIN_S = 0.2
_OLD_JOBS_HOURS = 24
_OPEN = {Status.TODO.value, Status.DOING.value}

Body = Callable[[int, int], Coroutine[Any, Any, None]]
"""Hosts a shard, given its job's id and the shard, until it is no longer to."""

_OUT_OF_ORDER = (exceptions.ConnectorException, psycopg.Error, TimeoutError)
_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError)


class EngineUnavailableError(Exception):
    """The engine's tables cannot be used now.

    Attributes:
        is_outage: whether the database is away or busy, rather than set up otherwise than is needed.
    """

    is_outage = False


@dataclass(frozen=True, slots=True)
class Room:
    """What a node may take now."""

    shards: bool
    house: bool

    @property
    def queues(self) -> Sequence[str]:
        """The queues that it is in."""
        return [
            queue
            for queue, is_open in ((_HOUSE_QUEUE, self.house), (_QUEUE, self.shards))
            if is_open
        ]


class _Jobs(JobManager):
    """The engine's own door to its tables, with what keeps a worker going while they are out of reach."""

    def __init__(self, engine: "Engine") -> None:
        super().__init__(engine.connector)
        self._engine = engine

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:
        """Strike off those that were silent for very long."""
        with anyio.fail_after(_ANSWER_WITHIN_S):
            return await super().prune_stalled_workers(seconds_since_heartbeat)

    async def register_worker(self) -> int:
        """Begin a worker's life."""
        asked_s = self._engine.now_s()
        with anyio.fail_after(_ANSWER_WITHIN_S):
            self._engine.worker = await super().register_worker()
        self._engine.beat_at(asked_s)
        self._engine.begun.set()
        return self._engine.worker

    async def unregister_worker(self, worker_id: int) -> None:
        """End it; what cannot be told the others find out."""
        self._engine.worker = None
        with suppress(*_OUT_OF_ORDER), anyio.fail_after(_CONNECTION_WITHIN_S):
            await super().unregister_worker(worker_id)

    async def update_heartbeat(self, worker_id: int) -> None:
        """Say that the worker lives, unless it counts as dead already."""
        asked_s = self._engine.now_s()
        if self._engine.stalled:
            return
        with suppress(*_OUT_OF_ORDER), anyio.fail_after(_ANSWER_WITHIN_S):
            await super().update_heartbeat(worker_id)
            self._engine.beat_at(asked_s)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Take a job for which there is room."""
        del queues
        room = self._engine.room().queues
        if not room or self._engine.stalled:
            return None
        try:
            with anyio.fail_after(_ANSWER_WITHIN_S):
                job = await super().fetch_job(room, worker_id)
            if job is None or not (self._engine.is_stopping or self._engine.stalled):
                return job
            await self.finish_job(job, Status.ABORTED, delete_job=True)
        except _OUT_OF_ORDER as error:
            if isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
                # Somebody has struck the worker off: it is as good as silent.
                self._engine.beat_at(-inf)
        return None

    async def list_jobs_to_abort_async(self, queue: str | None = None) -> Iterable[int]:
        """Return what somebody called off by hand."""
        try:
            with anyio.fail_after(_ANSWER_WITHIN_S):
                return await super().list_jobs_to_abort_async(queue)
        except _OUT_OF_ORDER:
            return ()

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - the engine's
        """Delete the job, and put another one in its place."""
        del status, delete_job
        for _ in range(_TIMES):
            if job.id is None or self._engine.stalled:
                return
            try:
                await super().finish_job_by_id_async(job.id, Status.SUCCEEDED, delete_job=True)
                await self._engine.ask_for([_shard(job)])
            except (*_OUT_OF_ORDER, EngineUnavailableError) as error:
                if isinstance(error.__cause__, psycopg.errors.RaiseException):
                    return  # It had ended before.
                await anyio.sleep(_AGAIN_S)
            else:
                return

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Hear of new jobs; without that they are found a moment later."""
        while True:
            with suppress(*_OUT_OF_ORDER):
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            await anyio.sleep(_LISTEN_AGAIN_S)


class Engine:
    """One node's part in it.

    Attributes:
        worker: under which number it runs jobs; None while it runs none.
        begun: set once it has run any.
        is_stopping: whether it is to take no more.
    """

    def __init__(
        self,
        conninfo: str,
        body: Body,
        room: Callable[[], Room],
        now_s: Callable[[], float],
        timing: Timing,
    ) -> None:
        """Take where the database is, what runs a job, what may be taken, and a clock.

        `now_s` counts on while the process is frozen.
        """
        self._conninfo = _conninfo(conninfo)
        self._timing = timing
        self.room = room
        self.now_s = now_s
        self.worker: int | None = None
        self.begun = anyio.Event()
        self.is_stopping = False
        self._beat_s = now_s()
        self.connector = procrastinate.PsycopgConnector(
            conninfo=self._conninfo,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_CONNECTION_WITHIN_S,
            reconnect_timeout=_CONNECTION_WITHIN_S,
            name="syncline-placement",
            configure=_without_transactions,
        )
        self._app = procrastinate.App(connector=self.connector)
        self._jobs = self._app.job_manager = _Jobs(self)

        @self._app.task(name=_TASK, pass_context=True)
        async def _host(context: procrastinate.JobContext, shard: int) -> None:
            if context.job.id is not None:
                await body(context.job.id, shard)

        self._running: Worker | None = None

    async def open(self) -> None:
        """See that its tables are there, and connect.

        Raises:
            EngineUnavailableError: they cannot be reached.
        """
        try:
            await create_engine_schema(self._conninfo)
            await self._app.open_async()
        except _OUT_OF_ORDER as error:
            raise _unavailable(error) from error

    async def close(self) -> None:
        """Let go of the database."""
        with anyio.CancelScope(shield=True):
            await self._app.close_async()

    @property
    def stalled(self) -> bool:
        """Whether this node was silent for so long that its jobs are anybody's."""
        return self.now_s() - self._beat_s > self._timing.stalled_after_s

    def beat_at(self, at_s: float) -> None:
        """Note that the node was heard of."""
        self._beat_s = at_s

    async def work(self, shards: int) -> None:
        """Run jobs until `stop`, and those that are running to their end. Not to be cancelled.

        Raises:
            EngineUnavailableError: it could not begin.
        """
        self.is_stopping = False
        worker = self._running = Worker(
            self._app,
            name=None,
            concurrency=shards + 2,
            fetch_job_polling_interval=self._timing.fetch_s,
            abort_job_polling_interval=self._timing.stalled_after_s,
            install_signal_handlers=False,
            update_heartbeat_interval=self._timing.beat_s,
            stalled_worker_timeout=max(60.0, 2 * self._timing.stalled_after_s),
        )
        try:
            await worker.run()  # type: ignore[no-untyped-call]
        except _OUT_OF_ORDER as error:
            raise _unavailable(error) from error
        finally:
            self._running = None

    def stop(self) -> None:
        """Have no more jobs run."""
        self.is_stopping = True
        if self._running is not None:
            self._running.stop()  # type: ignore[no-untyped-call]

    async def jobs(self) -> Sequence[ShardJob]:
        """Return the jobs that run or wait to be run.

        Raises:
            EngineUnavailableError: its tables cannot be reached.
        """
        try:
            found = await self._jobs.list_jobs_async(task=_TASK)
        except _OUT_OF_ORDER as error:
            raise _unavailable(error) from error
        return [
            ShardJob(job.id, _shard(job), job.worker_id)
            for job in found
            if job.id is not None and job.status in _OPEN
        ]

    async def stalled_jobs(self) -> Sequence[ShardJob]:
        """Return the jobs of workers that are silent or gone.

        Raises:
            EngineUnavailableError: its tables cannot be reached.
        """
        silent_s = self._timing.stalled_after_s
        try:
            found = await self._jobs.get_stalled_jobs(
                task_name=_TASK, seconds_since_heartbeat=silent_s
            )
        except _OUT_OF_ORDER as error:
            raise _unavailable(error) from error
        return [ShardJob(job.id, _shard(job), job.worker_id) for job in found if job.id is not None]

    async def replace(self, jobs: Collection[ShardJob]) -> None:
        """End these jobs, whoever runs them, and have their shards hosted under others.

        The new ones have other ids: whoever ran an old one cannot end it. What ended before, or
        cannot be ended now, is left alone.

        Raises:
            EngineUnavailableError: its tables cannot be reached.
        """
        ended: list[int] = []

        async def end(job: ShardJob) -> None:
            with suppress(*_OUT_OF_ORDER):
                await self._jobs.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)
                ended.append(job.shard)

        async with anyio.create_task_group() as ends:
            for job in jobs:
                ends.start_soon(end, job)
        await self.ask_for(ended)

    async def ask_for(self, shards: Collection[int]) -> None:
        """Have these shards hosted by somebody, unless somebody was asked already.

        Raises:
            EngineUnavailableError: its tables cannot be reached.
        """
        if not shards:
            return
        try:
            await self._jobs.batch_defer_jobs_async([_job_of(shard) for shard in shards])
        except exceptions.AlreadyEnqueued:
            # One of them was, and none is stored.
            if len(shards) > 1:
                for shard in shards:
                    await self.ask_for([shard])
        except _OUT_OF_ORDER as error:
            raise _unavailable(error) from error

    async def clear(self) -> None:
        """Forget jobs that somebody called off by hand long ago.

        Raises:
            EngineUnavailableError: its tables cannot be reached.
        """
        try:
            await self._jobs.delete_old_jobs(
                _OLD_JOBS_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
            )
        except _OUT_OF_ORDER as error:
            raise _unavailable(error) from error


def _job_of(shard: int) -> Job:
    lock = f"{_TASK} {shard}"
    queue = _HOUSE_QUEUE if shard == HOUSE else _QUEUE
    return Job(
        queue=queue,
        lock=lock,
        queueing_lock=lock,
        task_name=_TASK,
        task_kwargs={"shard": shard},
    )


def _unavailable(error: Exception) -> EngineUnavailableError:
    cause = error.__cause__ or error
    found = EngineUnavailableError(" ".join(str(cause).split()) or type(cause).__name__)
    found.is_outage = isinstance(cause, _AWAY)
    return found


def _shard(job: Job) -> int:
    return int(str(job.task_kwargs["shard"]))


async def _without_transactions(connection: "psycopg.AsyncConnection[Any]") -> None:
    await connection.set_autocommit(True)


def _conninfo(conninfo: str) -> str:
    """Return how the engine connects: to its own schema, and not for ever where nobody answers."""
    given = str(conninfo_to_dict(conninfo).get("options") or "")
    return make_conninfo(
        conninfo,
        options=f"{given} -c search_path={SCHEMA} -c statement_timeout=5s -c lock_timeout=5s",
        application_name="syncline placement",
        connect_timeout=2,
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=5000,
    )
