"""Looks at the cluster every few seconds, for its operator to see, and says what is wrong with it."""

from math import inf
from typing import Protocol

import anyio
import structlog

from actors.clock import Clock
from daemon.alerts.desk import AlertDesk
from daemon.alerts.kinds import SHARDS_UNHELD
from daemon.cluster.overview import (
    MOVES_WITHIN_S,
    ClusterOverview,
    cluster_overview,
    house_conditions,
    unheld_conditions,
)
from store.cluster_ports import Nodes, Shards
from store.errors import StoreUnavailableError

LOOK_EVERY_S = 3.0
COUNT_EVERY_S = 30.0
"""Counting all accounts takes the longer the more there are, and on each node."""
_BLIND_AFTER_S = 4.5
"""A look that late has met trouble; a node that can't say that it lives loses all after `cluster.silent_after`."""

log = structlog.get_logger()


class ClusterStore(Nodes, Shards, Protocol):
    """What knows of nodes and shards."""


class ClusterWatch:
    """Every node looks. `run` is its life.

    Attributes:
        overview: what was seen last; None before the first look.
    """

    def __init__(
        self, store: ClusterStore, node: str, clock: Clock, *, silent_after_s: float = 5.0
    ) -> None:
        """Take what is looked at, and after how long the nodes take each other for dead."""
        self._store = store
        self._node = node
        self._clock = clock
        self._silent_after_s = silent_after_s
        self._looked_s = self._counted_s = -inf
        self._accounts: dict[int, int] = {}
        self.overview: ClusterOverview | None = None

    def is_deputy(self) -> bool:
        """Tell whether this node tells of alerts while nobody holds the house."""
        return self.overview is not None and self.overview.is_deputy()

    def is_blind(self) -> bool:
        """Tell whether the cluster could not be seen for a while."""
        return self._clock.now().monotonic_s - self._looked_s > _BLIND_AFTER_S

    async def run(self, desk: AlertDesk) -> None:
        """Look until cancelled, and tell of what nobody holds; of the rest while it is this node's turn."""
        while True:
            try:
                overview = await self.look(count=self._is_to_count())
            except StoreUnavailableError:
                log.debug("cluster_not_seen")
            else:
                tell(desk, overview)
            await anyio.sleep(LOOK_EVERY_S)

    async def look(self, *, count: bool = True) -> ClusterOverview:
        """Look once, with how many accounts each shard has now or had of late. Raises `StoreUnavailableError`."""
        nodes = await self._store.nodes()
        shards = await self._store.shards(None if count else self._accounts)
        moves = await self._store.shard_moves(within_s=MOVES_WITHIN_S)
        now = self._clock.now()
        self._looked_s = now.monotonic_s
        if count:
            self._counted_s = now.monotonic_s
            self._accounts = {each.shard: each.accounts for each in shards}
        self.overview = cluster_overview(
            self._node, nodes, shards, moves, now.utc, self._silent_after_s
        )
        return self.overview

    def _is_to_count(self) -> bool:
        return self._clock.now().monotonic_s - self._counted_s >= COUNT_EVERY_S


def tell(desk: AlertDesk, overview: ClusterOverview) -> None:
    """Tell the desk what holds, and what does so no more."""
    desk.settle((SHARDS_UNHELD.name,), "", unheld_conditions(overview))
    if not desk.tells:
        return
    for kind, holding in house_conditions(overview).items():
        subjects = {each.subject for each in holding}
        for condition in holding:
            desk.hold(condition)
        for alert in desk.book.open_alerts():
            if alert.kind == kind and alert.subject not in subjects:
                desk.settle((kind,), alert.subject, ())
