"""Which accounts are hosted by which node, and how they do, as the nodes tell each other.

What this node told itself is kept, too: it stands for an account that was just handed over until its
next node tells. A million accounts in good health take about 250 MB here: an entry, the id and a small object each.
What is told of them is the same for most, and is kept once.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Protocol
from weakref import WeakValueDictionary

import anyio
import msgspec
import structlog

from daemon.cluster import words
from daemon.cluster.far_account import FarAccount, Told, read_told
from daemon.hosted import Condition, Hosted, HostedAccount
from store.cluster_models import HostedStanding
from store.cluster_ports import Standings, Wire
from store.errors import StoreUnavailableError

POLL_S = 1.0
_AT_ONCE = 1000

log = structlog.get_logger()


class RosterStore(Standings, Wire, Protocol):
    """Where standings are, and the wire."""


class Roster:
    """Follows what other nodes tell. What a node that died told last is kept until another one tells.

    Attributes:
        on_change: is told of whom another node told something new.
    """

    def __init__(self, store: RosterStore, node: str) -> None:
        self._store = store
        self._node = node
        self._after = 0
        self._far: dict[str, FarAccount] = {}
        self._documents: WeakValueDictionary[bytes, Told] = WeakValueDictionary()
        self._nodes: dict[str, str] = {}
        self._wake = anyio.Event()
        self._moved = anyio.Event()
        self.on_change: Callable[[str], None] = lambda _account_id: None

    @property
    def far(self) -> Mapping[str, FarAccount]:
        """The accounts that some node said that it hosts, this one too, by id."""
        return self._far

    def expect(self, account_id: str, vendor: str) -> None:
        """Take an account for one that is about to run, until a node tells how it does."""
        known = self._far.get(account_id)
        if known is None or known.condition is not Condition.RUNNING:
            self._far[account_id] = FarAccount(account_id, "", Told(vendor, Condition.RUNNING))

    @contextmanager
    def expecting(self, account_id: str, vendor: str) -> Iterator[None]:
        """Expect that before it is asked for, so that no quicker answer is lost; not if asking fails."""
        known = self._far.get(account_id)
        self.expect(account_id, vendor)
        expected = self._far[account_id]
        try:
            yield
        except BaseException:
            if (
                expected is not known
                and self._far.get(account_id) is expected
                and not expected.node
            ):
                del self._far[account_id]
                if known is not None:
                    self._far[account_id] = known
            raise

    async def load(self) -> None:
        """Learn all that was told so far. Raises `StoreUnavailableError`."""
        while await self._follow():
            pass

    async def run(self) -> None:
        """Follow until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hear)
            while True:
                self._wake = anyio.Event()
                with suppress(StoreUnavailableError):
                    await self.load()
                with anyio.move_on_after(POLL_S):
                    await self._wake.wait()

    async def until_gone(self, account_id: str, within_s: float) -> bool:
        """Wait until no other node hosts the account; tell whether that came in time."""
        with anyio.move_on_after(within_s):
            while self._is_elsewhere(account_id):
                await self._moved.wait()
        return not self._is_elsewhere(account_id)

    def _is_elsewhere(self, account_id: str) -> bool:
        far = self._far.get(account_id)
        return far is not None and far.node != self._node

    async def _hear(self) -> None:
        async for _ in self._store.hear([words.STANDINGS]):
            self._wake.set()

    async def _follow(self) -> bool:
        """Take in what comes next; tell whether there may be more."""
        found = await self._store.standings(self._after, limit=_AT_ONCE)
        for each in found:
            self._take_in(each)
            self.on_change(each.account_id)
        if found:
            self._after = found[-1].published
            self._moved.set()
            self._moved = anyio.Event()
        return len(found) == _AT_ONCE

    def _take_in(self, standing: HostedStanding) -> None:
        if not standing.document:
            self._far.pop(standing.account_id, None)
            return
        try:
            kept = self._kept(standing.document)
        except msgspec.MsgspecError as error:
            log.warning("standing_not_understood", account=standing.account_id, reason=str(error))
            return
        node = self._nodes.setdefault(standing.node, standing.node)
        known = self._far.get(standing.account_id)
        if known is None:
            self._far[standing.account_id] = FarAccount(standing.account_id, node, kept)
        else:
            known.node, known.told = node, kept

    def _kept(self, document: bytes) -> Told:
        kept = self._documents.get(document)
        if kept is None:
            kept = self._documents[document] = read_told(document)
        return kept


class Everywhere(Mapping[str, HostedAccount]):
    """The accounts of this node and of all others, by id.

    One that is ending here is shown as it was told last: it is started again, here or elsewhere, or
    nobody asks any more.
    """

    def __init__(self, here: Mapping[str, Hosted], far: Mapping[str, FarAccount]) -> None:
        self._here = here
        self._far = far

    def __getitem__(self, account_id: str) -> HostedAccount:
        found = self.get(account_id)
        if found is None:
            raise KeyError(account_id)
        return found

    def get(self, account_id: str, default: HostedAccount | None = None) -> HostedAccount | None:  # type: ignore[override]
        """Return one; a census asks for all of them, one by one."""
        here = self._here.get(account_id)
        if here is None or here.is_ending:
            return self._far.get(account_id) or here or default
        return here

    def __iter__(self) -> Iterator[str]:
        yield from self._here
        yield from (account_id for account_id in self._far if account_id not in self._here)

    def __len__(self) -> int:
        return len(self._here) + len(self._far.keys() - self._here.keys())
