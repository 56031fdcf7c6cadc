"""Tells the other nodes how the accounts do that this one hosts."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

import anyio
from anyio import lowlevel

from actors import events
from daemon.cluster import words
from daemon.cluster.far_account import told
from daemon.cluster.holding import Holding
from daemon.cluster.roster import RosterStore
from daemon.hosted import Condition, Hosted
from daemon.hosting import Hosting
from store.cluster_models import HostedStanding
from store.errors import StoreUnavailableError

EVERY_S = 1.0
_AT_ONCE = 100
"""How many are looked at before the loop gets its turn, and published in one piece."""
_GLANCED_AT_ONCE = 2000
_ALL_WITHIN = 300
"""Rounds within which every account is looked at, whatever was told."""
_FORGOTTEN_EVERY = 3600
"""Rounds for which it stays told that an account is gone, at least: all have heard it long before."""
_COUNTED_EVERY = 10
"""Rounds between looks whether what was published is still there."""

_TOUCHING = (
    events.PageStored,
    events.LookAbandoned,
    events.TokenRefreshed,
    events.RefreshFailed,
    events.OwnerNeeded,
    events.BreakerChanged,
    events.DeletesHeld,
    events.DeletesReleased,
    events.VerificationEnded,
    events.VerificationAbandoned,
)


class _Known(NamedTuple):
    """What was published last of an account, as far as it takes to see that something is new."""

    hosted: Hosted
    condition: Condition
    restarts: int
    digest: int


class Announcing:
    """Publishes what is new once a second, and all of it when the database forgot it.

    Attributes:
        on_arrival: is told of accounts that came to this node.
    """

    def __init__(
        self,
        store: RosterStore,
        here: Hosting,
        holding: Holding,
        *,
        every_s: float = EVERY_S,
    ) -> None:
        self._every_s = every_s
        self._store = store
        self._here = here
        self._holding = holding
        self._known: dict[str, _Known] = {}
        self._touched: set[str] = set()
        self._touched_before: set[str] = set()
        self._looked_at: set[str] = set()
        self._rounds = 0
        self._long_told = 0
        self._wake = anyio.Event()
        self.on_arrival: Callable[[str], None] = lambda _account_id: None

    def listen(self, event: events.Event) -> None:
        """Learn from an event of whom there may be something new to tell."""
        if isinstance(event, _TOUCHING):
            self._touched.add(event.account_id)

    def look(self, account_id: str) -> None:
        """Tell at once how an account does, which came or went."""
        self._looked_at.add(account_id)
        self._wake.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            self._wake = anyio.Event()
            with suppress(StoreUnavailableError):
                await self.tell()
            with anyio.move_on_after(self._every_s):
                await self._wake.wait()

    async def tell(self) -> None:
        """Publish what is new. Raises `StoreUnavailableError`; then the same is tried again."""
        self._rounds += 1
        if self._rounds % _COUNTED_EVERY == 0:
            await self._see_that_it_is_there()
        if self._rounds % _FORGOTTEN_EVERY == 0:
            self._long_told = await self._store.forget_gone_standings(self._long_told)
        # An event is told shortly before its actor has taken it in: it is looked at twice.
        asked, self._looked_at = self._looked_at, set()
        touched, before = self._touched | asked, self._touched_before
        self._touched, self._touched_before = set(), touched
        here = self._here.hosted_here()
        wanted = [*touched, *(before - touched), *await self._changed(touched | before)]
        try:
            for start in range(0, len(wanted), _AT_ONCE):
                await self._tell_some(wanted[start : start + _AT_ONCE])
                await lowlevel.checkpoint()
            gone = {*self._known, *asked}.difference(here)
            await self._tell_gone(gone)
        except StoreUnavailableError:
            self._touched |= touched | before
            self._looked_at |= asked
            raise

    async def _changed(self, but: set[str]) -> Sequence[str]:
        """Return others that came or changed plainly, and some that are looked at in their turn."""
        turn, found = self._rounds % _ALL_WITHIN, list[str]()
        for number, (account_id, hosted) in enumerate(list(self._here.hosted_here().items())):
            if number % _GLANCED_AT_ONCE == 0:
                await lowlevel.checkpoint()
            known = self._known.get(account_id)
            if account_id not in but and (
                known is None
                or known.hosted is not hosted
                or known.condition is not hosted.condition
                or known.restarts != hosted.restarts
                or number % _ALL_WITHIN == turn
            ):
                found.append(account_id)
        return found

    async def _tell_some(self, accounts: Iterable[str]) -> None:
        node, here = self._holding.node, self._here.hosted_here()
        standings: list[HostedStanding] = []
        fresh: dict[str, _Known] = {}
        for account_id in accounts:
            hosted = here.get(account_id)
            if hosted is None:
                continue
            document = told(hosted)
            now = _Known(hosted, hosted.condition, hosted.restarts, hash(document))
            if account_id not in self._known:
                self.on_arrival(account_id)
            if self._known.get(account_id) != now:
                standings.append(HostedStanding(account_id, node, document))
                fresh[account_id] = now
        if standings:
            await self._store.publish_standings(standings)
            self._known.update(fresh)
            self._store.say(words.STANDINGS, [node])

    async def _tell_gone(self, gone: Collection[str]) -> None:
        """Take back what was told of accounts that are hosted no more; not of those that moved on."""
        node = self._holding.node
        mine = [each for each in gone if self._holding.covers(each)]
        if mine:
            await self._store.publish_standings([HostedStanding(each, node, b"") for each in mine])
            self._store.say(words.STANDINGS, [node])
        for account_id in gone:
            self._known.pop(account_id, None)

    async def leave(self) -> None:
        """Take back what is still told of accounts that this node has handed over."""
        with suppress(StoreUnavailableError):
            await self._store.withdraw_standings(self._holding.node)

    async def _see_that_it_is_there(self) -> None:
        """Publish everything again when the database has lost it, as it does when it crashes."""
        if self._known and await self._store.standing_count(self._holding.node) < len(self._known):
            self._known.clear()
