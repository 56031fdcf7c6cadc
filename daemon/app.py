"""The whole program: every long-lived part, in the order in which it starts. Start reading here.

    store ─► loop lag, upkeep (what keeps the store small, and what follows its changes)
          ─► alerts, health, timelines, audit
          ─► supervisor ─► placement (with PostgreSQL) ─► read planning, token watch, heartbeat ─► web
          ─► signals, reload, watchdog

It ends the other way round: the web stops accepting, the actors finish the page in hand, the store
is closed.
"""

import gc
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import structlog

from actors.credential import Sealer
from actors.vendors.registry import VENDORS
from daemon.action_desk import ActionDesk
from daemon.action_watch import ActionWatch
from daemon.audit.trail import OPERATOR
from daemon.config import Config, ConfigError, Secret, load_config, secret_values
from daemon.event_log import EventLog
from daemon.generated_secret import GeneratedSecretError, ensure_admin_token
from daemon.heartbeat import HeartbeatCheck
from daemon.jobs.desk import JobDesk
from daemon.log import configure_logging
from daemon.loop_lag import LoopLag
from daemon.metrics import Metrics
from daemon.part_keeper import PartName
from daemon.parts import (
    new_connector,
    new_deliveries,
    new_readers,
    new_service_history,
    new_vendors,
    new_watching,
)
from daemon.placing import (
    Cluster,
    Hosts,
    cluster_of,
    hosts_of,
    node_name,
    placement,
    reached_at,
    sharing,
    this_node,
)
from daemon.read_planning import ReadPlanning
from daemon.read_watch import ReadWatch
from daemon.recovery_note import read_note
from daemon.redaction import Redactor
from daemon.reload import Reloader
from daemon.sdnotify import watchdog_interval_s
from daemon.sealing_key import WrongKeyError, open_sealer, take_up_keys
from daemon.sealing_proof import PROOF_KEY
from daemon.service_history import ServiceHistory
from daemon.signals import Control, hear_signals
from daemon.status_key import open_status_links
from daemon.store_opening import open_configured_store
from daemon.supervisor import Supervisor
from daemon.throughput import Throughput
from daemon.token_mark import compare_admin_token
from daemon.token_watch import TokenWatch
from daemon.upkeep import Upkeep
from daemon.vendors import Vendors, operations_of
from daemon.version import VERSION
from daemon.watchdog import Watchdog
from daemon.watching import Watching
from daemon.web import ListenError, WebContext, WebServer
from daemon.world import World, this_world
from store.crash_points import UnknownCrashPointError
from store.errors import StoreOpenError, StoreUnavailableError
from store.ports import Store

if TYPE_CHECKING:
    from actors.events import Listener
    from daemon.cluster.placement import Placement

log = structlog.get_logger()

_USAGE_ERROR = 2
_CANNOT_START = (
    ConfigError,
    GeneratedSecretError,
    ListenError,
    StoreOpenError,
    UnknownCrashPointError,
    WrongKeyError,
)


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon, put together: all its parts.

    Attributes:
        hosts: host the accounts of this process, and all of them.
        cluster: what it knows of other nodes, if there may be any.
        placement: this node's part in a cluster, if so.
        port: where it listens; 0 before it does.
    """

    config: Config
    world: World
    store: Store
    vendors: Vendors
    hosts: Hosts
    server: WebServer
    metrics: Metrics
    heartbeat: HeartbeatCheck
    throughput: Throughput
    service_history: ServiceHistory
    sealer: Sealer
    watching: Watching
    upkeep: Upkeep
    admin_token: str
    cluster: Cluster | None = None
    placement: "Placement | None" = None
    port: int = 0

    @property
    def supervisor(self) -> Supervisor:
        """What hosts the accounts of this process."""
        return self.hosts.here

    @property
    def base_url(self) -> str:
        """Where the API is, as seen from this machine."""
        host = self.config.server.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @asynccontextmanager
    async def started(self) -> AsyncIterator["Daemon"]:
        """Run every long-lived part while the context lasts; yield the daemon that listens."""
        reads = self.vendors.planning(self.supervisor)
        try:
            await self._load(reads)
        except StoreUnavailableError as error:
            raise StoreOpenError(f"the database went away during the start: {error}") from error
        self.metrics.jobs.unfollowed = self.upkeep.jobs.unfollowed
        self.metrics.per_account.at_most = self.config.metrics.per_account
        self.metrics.recovery.read = partial(read_note, self.config.store.path)
        watch = TokenWatch(self.metrics.census, self.hosts.everywhere, self.world.clock)
        keeper = self.watching.keeper
        token_times = partial(self.metrics.load_tokens, self.store)
        async with self.vendors, anyio.create_task_group() as side:
            side.start_soon(keeper.keep, PartName.TOKEN_TIMES, token_times)
            side.start_soon(self.throughput.run)
            side.start_soon(LoopLag(self.world.clock, self.metrics.loop_lag).run)
            if self.world.folding is not None:
                side.start_soon(self.world.folding.run)
            side.start_soon(self.upkeep.run)
            if self.placement is None:
                side.start_soon(self.upkeep.run_once_for_all)
            side.start_soon(self.watching.run)
            if self.cluster is not None:
                look = partial(self.cluster.watch.run, self.watching.desk)
                side.start_soon(keeper.keep, PartName.CLUSTER_WATCH, look)
            async with anyio.create_task_group() as main:
                await main.start(self.supervisor.run)
                if self.placement:
                    await main.start(self.placement.run)
                if self.hosts.links is not None:
                    side.start_soon(self.hosts.links.run, keeper)
                side.start_soon(keeper.keep, PartName.READ_PLANNING, reads.run)
                side.start_soon(keeper.keep, PartName.TOKEN_WATCH, watch.run)
                side.start_soon(keeper.keep, PartName.HEARTBEAT, self.heartbeat.run)
                side.start_soon(keeper.keep, PartName.SERVICE_HISTORY, self.service_history.run)
                port = await main.start(self.server.run)
                if self.placement:
                    self.placement.reachable_at(reached_at(self.config.server, port))
                yield replace(self, port=port)
                if self.placement:
                    await self.placement.leave()
                await self.hosts.leave()
                self.server.stop()
                self.supervisor.stop()
            side.cancel_scope.cancel()
        await self.watching.close()
        await reads.close()

    async def _load(self, reads: ReadPlanning) -> None:
        """Have each part learn what the store knows."""
        await self.metrics.load(self.store)
        await reads.load()
        await self.service_history.load()
        await self.watching.load()
        if self.hosts.links is not None:
            await self.hosts.links.load()
            watching = self.watching
            self.hosts.links.on_showing(watching.events.bring_out, watching.monitor.findings)
            await compare_admin_token(self.store, self.admin_token)


@asynccontextmanager
async def running(config: Config, world: World) -> AsyncIterator[Daemon]:
    """Run a daemon for as long as the context lasts; inside, it is ready.

    Raises:
        StoreOpenError, WrongKeyError, GeneratedSecretError, ListenError: it can't start; the text
            says why and what to do. Nothing was damaged. May come wrapped in an exception group.
    """
    name = node_name(config)
    opening = open_configured_store(config.store, world.crash_point, alone=False, name=name)
    async with await opening as store, AsyncExitStack() as started:
        try:
            assembled = await assemble(config, world, store)
            daemon = await started.enter_async_context(assembled.started())
        except* StoreUnavailableError as gone:
            raise StoreOpenError(f"the database went away meanwhile: {_first(gone)}") from gone
        yield daemon


async def assemble(config: Config, world: World, store: Store) -> Daemon:
    """Put the parts together; nothing runs yet."""
    sealed_by, sealer = await store.metadata(PROOF_KEY), await open_sealer(config, store)
    admin_token, me = _admin_token(config, world), this_node(config, world)
    metrics = Metrics(world.clock, operations=operations_of(config.vendors), version=VERSION)
    watch, looks, throughput = ActionWatch(), ReadWatch(), Throughput(world.clock)
    listeners: list[Listener] = [metrics.listen, _event_log().listen, watch.listen, looks.listen]
    vendors = new_vendors(config, world, store, sealer, listeners, sharing(me, store, world.clock))
    hosts = hosts_of(config, world, store, vendors, me, watch, looks, metrics.census)
    hosting = hosts.everywhere
    heartbeat = HeartbeatCheck(store, hosting, vendors.surroundings, world.clock, me)
    cluster = cluster_of(config, me, store, hosting, metrics, world.clock)
    watching = new_watching(config, world, store, vendors, hosting, heartbeat, metrics, cluster)
    upkeep = Upkeep(store, hosting, config, world.clock, vendors.tell, watching.keeper)
    listeners += [throughput.listen, watching.listen, upkeep.listen, *hosts.listeners()]
    if sealed_by not in (None, await store.metadata(PROOF_KEY)):
        watching.audit.note(OPERATOR, "keys_rotated")
    actions = ActionDesk(store, hosting, vendors.surroundings, watch, world.clock)
    context = WebContext(
        store=store,
        supervisor=hosting,
        connector=new_connector(world, store, sealer, vendors, hosts, metrics),
        deliveries=new_deliveries(world, store, vendors, hosting),
        server=config.server,
        admin_token=admin_token,
        clock=world.clock,
        metrics=metrics,
        settings=vendors.settings,
        version=VERSION,
        actions=actions,
        jobs=JobDesk(store, vendors.surroundings, actions, world.clock),
        readers=new_readers(world, store, vendors, hosting, looks),
        reads=vendors.reads,
        heartbeat=heartbeat,
        throughput=throughput,
        service_history=(history := new_service_history(store, watching, world.clock, cluster)),
        status_links=await open_status_links(store),
        watching=watching,
        archiving=upkeep.archiving,
        ended_sessions=hosts.ended_sessions,
        cluster=None if cluster is None else cluster.watch,
    )
    return Daemon(
        config=config,
        world=world,
        store=store,
        vendors=vendors,
        hosts=hosts,
        server=WebServer(context),
        metrics=metrics,
        heartbeat=heartbeat,
        throughput=throughput,
        service_history=history,
        sealer=sealer,
        watching=watching,
        upkeep=upkeep,
        admin_token=admin_token.reveal(),
        cluster=cluster,
        placement=placement(config, world, store, hosts, upkeep, (watching, history)),
    )


def _admin_token(config: Config, world: World) -> Secret:
    token = config.server.admin_token or ensure_admin_token(config.store.path).value
    world.redactor.add(token.reveal())
    return token


def _event_log() -> EventLog:
    return EventLog(trace_names={name: entry.trace_name for name, entry in VENDORS.items()})


async def serve(
    config: Config, world: World, control: Control, *, load: Callable[[], Config]
) -> None:
    """Run until told to stop; reload when asked to; keep the service manager informed.

    Args:
        config: what to begin with.
        world: what is outside.
        control: hears the signals.
        load: reads the configuration again.

    Raises:
        StoreOpenError: a later version changed the store meanwhile; see `running` for what else.
    """
    notifier = world.notifier
    # What is built at the start lives as long as the process: searching it for garbage, over and
    # over, would take a third of the start with 10,000 accounts, and stop the loop later on.
    gc.disable()
    async with anyio.create_task_group() as outside:
        await outside.start(hear_signals, control)
        async with running(config, world) as daemon:
            daemon.store.on_health(control.look_at_store)
            outside.start_soon(_reloader(daemon, load).run, control)
            if interval_s := watchdog_interval_s(os.environ, os.getpid()):
                watchdog = Watchdog(
                    notifier, daemon.store, daemon.supervisor, daemon.heartbeat, interval_s
                )
                outside.start_soon(watchdog.run)
            gc.freeze()
            gc.enable()
            notifier.ready(f"serving at {daemon.base_url}")
            log.info("ready", url=daemon.base_url, accounts=len(daemon.supervisor.hosted()))
            await control.stop.wait()
            notifier.stopping("letting the accounts finish")
            log.info("stopping")
        outside.cancel_scope.cancel()
    if world.folding is not None:
        world.folding.tell(at_once=True)
    log.info("stopped")
    if control.refused is not None:
        raise StoreOpenError(control.refused)


def run(config_path: Path) -> int:
    """Run the daemon as a process of its own.

    Returns the exit code; when it is not 0, one line on stderr says why.
    """
    load = partial(load_config, config_path, os.environ)
    try:
        config = load()
        world = this_world(Redactor(secret_values(config)))
        _configure_log(world, config)
        anyio.run(_main, config, world, load)
    except* _CANNOT_START as group:
        sys.stderr.write(f"syncline: {_first(group)}\n")
        return_code = _USAGE_ERROR
    else:
        return_code = 0
    return return_code


async def _main(config: Config, world: World, load: Callable[[], Config]) -> None:
    await serve(config, world, Control(), load=load)


def _reloader(daemon: Daemon, load: Callable[[], Config]) -> Reloader:
    return Reloader(
        daemon.config,
        daemon.vendors,
        daemon.supervisor,
        daemon.watching,
        daemon.world.notifier,
        daemon.world.clock,
        load=load,
        prepare=partial(_prepare, daemon),
    )


async def _prepare(daemon: Daemon, config: Config) -> None:
    if await take_up_keys(config, daemon.store, daemon.sealer) is not None:
        daemon.watching.audit.note(OPERATOR, "keys_rotated")
    _configure_log(daemon.world, config)
    daemon.metrics.begin(operations_of(config.vendors))


def _configure_log(world: World, config: Config) -> None:
    for secret in secret_values(config):
        world.redactor.add(secret)
    configure_logging(
        config.log,
        clock=world.clock,
        redactor=world.redactor,
        stream=sys.stderr,
        environ=os.environ,
        folding=world.folding,
    )


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
