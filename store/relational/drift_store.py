"""The part of a relational store that keeps where vendors have something else than was asked for."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from store.drift import Comparison, ComparisonNoted, Drift, DriftFilter, DueComparison
from store.relational import drifts
from store.relational.runners import ReadRunner, WriteRunner


class DriftStore:
    """The ports of `store.drift`; a base of `RelationalStore`."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def next_comparison(self, account_id: str) -> datetime | None:
        """Return when the next action is to be compared."""
        return await self._readers.run(partial(drifts.next_comparison, account_id=account_id))

    async def due_comparisons(
        self, account_id: str, at: datetime, *, limit: int
    ) -> Sequence[DueComparison]:
        """Return actions whose time to be compared has come."""
        return await self._readers.run(
            partial(drifts.due_comparisons, account_id=account_id, at=at, limit=limit)
        )

    async def types_done_since(
        self, account_id: str, object_type: str, object_id: str, since: datetime
    ) -> Sequence[str]:
        """Return the types of actions that were done to an object since then."""
        return await self._readers.run(
            lambda connection: drifts.types_done_since(
                connection, account_id, object_type, object_id, since
            )
        )

    async def note_comparison(
        self, account_id: str, epoch: int, comparison: Comparison
    ) -> ComparisonNoted:
        """Store what a comparison came to."""
        return await self._writer.submit(
            lambda connection: drifts.note_comparison(connection, account_id, epoch, comparison)
        )

    async def drifts(self, wanted: DriftFilter) -> Sequence[Drift]:
        """Return a page of drifts, newest first."""
        return await self._readers.run(partial(drifts.read_drifts, wanted=wanted))

    async def open_drifts(self) -> dict[str, int]:
        """Return how many drifts are open, by vendor."""
        return await self._readers.run(drifts.open_by_vendor)
