"""Reading the configuration again while running: all of it, or nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from actors.clock import Clock
from daemon.config import Config, ConfigError
from daemon.generated_secret import GeneratedSecretError
from daemon.hosting import Hosting
from daemon.sdnotify import Notifier
from daemon.sealing_key import WrongKeyError
from daemon.signals import Control
from daemon.vendors import Vendors
from daemon.watching import Watching
from store.errors import StoreUnavailableError

log = structlog.get_logger()

_REFUSED = (ConfigError, WrongKeyError, GeneratedSecretError, StoreUnavailableError)


class Reloader:
    """Applies a changed configuration each time somebody asks for it.

    What vendors, alerts and logging are told is applied at once; their accounts finish the page in hand and
    go on as configured. With new keys, all tokens are sealed anew. What was fixed at the start
    (store, server, supervisor, cluster, metrics, jobs) is named in the log and waits for a restart. A
    file with a mistake, or keys that do not open what is stored, change nothing.
    """

    def __init__(
        self,
        config: Config,
        vendors: Vendors,
        supervisor: Hosting,
        watching: Watching,
        notifier: Notifier,
        clock: Clock,
        *,
        load: Callable[[], Config],
        prepare: Callable[[Config], Awaitable[None]],
    ) -> None:
        """Take what is reloaded.

        `load` reads the configuration again; `prepare` takes up its keys, then its log, and raises,
        having changed nothing, when they are not to be used.
        """
        self._config = config
        self._vendors = vendors
        self._supervisor = supervisor
        self._watching = watching
        self._notifier = notifier
        self._clock = clock
        self._load = load
        self._prepare = prepare

    async def run(self, control: Control) -> None:
        """Reload whenever asked, until cancelled."""
        while True:
            await control.reload_asked()
            self._notifier.reloading(self._clock.now().monotonic_s)
            status = "the reload failed; see the log"
            try:
                status = await self._reload()
            finally:
                self._notifier.ready(status)

    async def _reload(self) -> str:
        """Reload, and return what the service manager is to show of it."""
        try:
            fresh = self._load()
            await self._prepare(fresh)
        except _REFUSED as error:
            log.error("reload_refused", problems=str(error))  # noqa: TRY400 - the text says it all
            self._watching.reload_refused(str(error))
            return "the configuration has mistakes, and the one before holds; see the log"
        changed = self._vendors.configure(fresh.vendors)
        await self._supervisor.reconfigure(changed)
        await self._vendors.close_replaced()
        waits = _needs_restart(self._config, fresh)
        self._watching.configure(fresh.alerts)
        self._config = replace(
            self._config,
            vendors=fresh.vendors,
            log=fresh.log,
            secrets=fresh.secrets,
            alerts=fresh.alerts,
        )
        self._watching.reloaded()
        log.info("reloaded", vendors=sorted(changed), needs_restart=waits)
        return f"reloaded; a restart is needed for {', '.join(waits)}" if waits else "reloaded"


def _needs_restart(old: Config, new: Config) -> list[str]:
    """Name the sections that differ and were fixed at the start."""
    fixed = ("store", "server", "supervisor", "cluster", "metrics", "jobs")
    named = [name for name in fixed if getattr(old, name) != getattr(new, name)]
    return named + [f"vendors.{name}" for name in old.vendors if name not in new.vendors]
