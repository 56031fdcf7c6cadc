"""What nodes share, in memory, for tests under virtual time. Words may be made to get lost."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import anyio
from msgspec.structs import replace

from actors.clock import Clock
from daemon.cluster.holding import PlacedShards
from store.cluster_models import (
    Errand,
    HostedStanding,
    NewErrand,
    News,
    NodeStanding,
    ShardHold,
)
from store.errors import ErrandLimitError, StoreUnavailableError, UnknownAccountError
from store.models import Account
from store.ports import Directory

if TYPE_CHECKING:
    from datetime import datetime

    from store.notice import OpenNotices

HOLD = ShardHold(0, 1, "one")


class ClusterMemory:
    """`Errands`, `Standings` and `Wire` of `store.cluster_ports`; all accounts are in shard 0.

    The accounts themselves are those of `accounts`.

    Attributes:
        left: the errands that wait.
        asked: when users' writes were asked for, by account.
        noticed: open notices, by account.
        is_silent: whether words get lost.
        is_away: whether nothing can be read or written.
        published: how often standings were.
    """

    def __init__(self, clock: Clock, accounts: Directory | None = None) -> None:
        self._clock = clock
        self._accounts = accounts
        self._number = 0
        self._documents: dict[str, HostedStanding] = {}
        self._ears: list[tuple[frozenset[str], _Ear]] = []
        self.left: list[Errand] = []
        self.asked: dict[str, datetime] = {}
        self.noticed: dict[str, list[OpenNotices]] = {}
        self.is_silent = False
        self.is_away = False
        self.published = 0

    async def account(self, account_id: str) -> Account:
        """Return one."""
        self._check()
        if self._accounts is None:
            raise UnknownAccountError(account_id)
        return await self._accounts.account(account_id)

    async def leave_errands(self, errands: Sequence[NewErrand], *, most: int | None = None) -> None:
        """Store them."""
        self._check()
        for each in errands:
            waiting = sum(left.account_id == each.account_id for left in self.left)
            if most is not None and waiting >= most:
                raise ErrandLimitError
            self._number += 1
            at = self._clock.now().utc
            self.left.append(Errand(self._number, 0, each.account_id, each.kind, each.payload, at))

    async def errands(self, holds: Collection[ShardHold], *, limit: int) -> Sequence[Errand]:
        """Return the oldest."""
        self._check()
        return self.left[:limit] if HOLD in holds else []

    async def end_errands(self, ids: Collection[int], holds: Collection[ShardHold]) -> None:
        """Forget some."""
        self._check()
        if HOLD in holds:
            self.left = [each for each in self.left if each.id not in ids]

    async def news(self, holds: Collection[ShardHold], *, within_s: float) -> News:
        """Return all, however old."""
        del within_s
        self._check()
        return News(dict(self.asked), dict(self.noticed)) if HOLD in holds else News()

    async def publish_standings(self, standings: Sequence[HostedStanding]) -> None:
        """Store them."""
        self._check()
        for each in standings:
            self.published += 1
            self._number += 1
            self._documents[each.account_id] = replace(each, published=self._number)

    async def standings(self, after: int, *, limit: int) -> Sequence[HostedStanding]:
        """Return the next ones."""
        self._check()
        found = [each for each in self._documents.values() if each.published > after]
        return sorted(found, key=lambda each: each.published)[:limit]

    async def standing_count(self, node: str) -> int:
        """Count a node's."""
        self._check()
        return sum(each.node == node and each.document != b"" for each in self._documents.values())

    async def withdraw_standings(self, node: str) -> None:
        """Forget a node's, but not that some are gone."""
        self._check()
        told = self._documents.items()
        kept = {key: each for key, each in told if each.node != node or not each.document}
        self._documents = kept

    async def forget_gone_standings(self, through: int) -> int:
        """Forget that some are gone."""
        self._check()
        told = self._documents.items()
        kept = {key: each for key, each in told if each.published > through or each.document}
        self._documents = kept
        return self._number

    def crash(self) -> None:
        """Forget what is not logged."""
        self._documents.clear()

    def say(self, topic: str, words: Collection[str]) -> None:
        """Say it to all, unless words get lost."""
        for topics, ear in self._ears:
            if topic in topics and not self.is_silent:
                ear.put({topic: list(words)})

    async def hear(self, topics: Collection[str]) -> AsyncIterator[Mapping[str, Collection[str]]]:
        """Hear for ever."""
        ear = _Ear()
        self._ears.append((frozenset(topics), ear))
        while True:
            yield await ear.next()

    def _check(self) -> None:
        if self.is_away:
            raise StoreUnavailableError("it is away")


class _Ear:
    def __init__(self) -> None:
        self._heard: list[Mapping[str, Collection[str]]] = [{}]
        self._came = anyio.Event()

    def put(self, words: Mapping[str, Collection[str]]) -> None:
        self._heard.append(words)
        self._came.set()

    async def next(self) -> Mapping[str, Collection[str]]:
        while not self._heard:
            self._came = anyio.Event()
            await self._came.wait()
        return self._heard.pop(0)


class OneShard(PlacedShards):
    """A node that holds the only shard, or does not."""

    def __init__(self, name: str, clock: Clock, *, holds: bool = True) -> None:
        at = clock.now().utc
        super().__init__(NodeStanding(name, name, "", "1.2.3", at, at))
        self.is_held = holds

    def holds(self) -> Collection[ShardHold]:
        """Return the hold, if there is one."""
        return [HOLD] if self.is_held else []

    def covers(self, account_id: str) -> bool:
        """Tell whether it is held."""
        del account_id
        return self.is_held
