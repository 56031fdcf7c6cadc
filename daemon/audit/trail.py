"""Writes the audit trail, a moment after the deed: nobody waits for it."""

from dataclasses import dataclass

import anyio
import structlog

from actors.clock import Clock
from daemon.account_events.keeper import EventKeeper
from store.errors import StoreUnavailableError
from store.watch_models import AuditEntry
from store.watch_ports import WatchStore

DONE = "done"
_AGAIN_S = 2.0
_NAME_CHARACTERS = 64

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Doer:
    """Who asks: as whom, and from which address."""

    who: str
    peer: str = ""

    @classmethod
    def with_token(cls, user: str, peer: str) -> "Doer":
        """Return who brought the admin token; the name is what the asker says."""
        name = "".join(letter for letter in user if letter.isprintable())[:_NAME_CHARACTERS].strip()
        return cls(f"{name} (admin token)" if name else "admin token", peer)


OWNER = "a company's owner"
OPERATOR = Doer("the operator, by the configuration")


class AuditTrail:
    """Takes deeds and writes them. `run` is its life.

    A deed is durable some milliseconds after it was done; while the store takes no writes, once it
    takes them again. A crash in between loses its entry, never the deed.
    """

    def __init__(self, store: WatchStore, clock: Clock, keeper: EventKeeper) -> None:
        self._store = store
        self._clock = clock
        self._keeper = keeper
        self._waiting: list[AuditEntry] = []
        self._news = anyio.Event()

    def note(
        self,
        doer: Doer,
        what: str,
        *,
        account_id: str | None = None,
        subject: str = "",
        outcome: str = DONE,
    ) -> None:
        """Write down that somebody had something done, or tried to."""
        now = self._clock.now().utc
        account_id = None if account_id is None else account_id[:_NAME_CHARACTERS]
        subject = subject[:_NAME_CHARACTERS]
        self._waiting.append(
            AuditEntry(now, doer.who, doer.peer, what, outcome, account_id, subject)
        )
        if account_id is not None:
            ended = "" if outcome == DONE else f": {outcome}"
            self._keeper.note(account_id, "by_hand", f"{what} by {doer.who}{ended}")
        self._news.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            try:
                await self.write()
            except StoreUnavailableError:
                log.warning("audit_waits", entries=len(self._waiting))
                self._news.set()
                await anyio.sleep(_AGAIN_S)

    async def write(self) -> None:
        """Write what waits. Raises `StoreUnavailableError`: it goes on waiting."""
        if not self._waiting:
            return
        written, self._waiting = self._waiting, []
        try:
            await self._store.add_audit(written)
        except StoreUnavailableError:
            self._waiting = [*written, *self._waiting]
            raise

    async def close(self) -> None:
        """Write what waits, if the store takes it."""
        try:
            await self.write()
        except StoreUnavailableError:
            log.warning("audit_lost", entries=len(self._waiting))
