"""What whoever follows the changes asks of a store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from store.models import Change, ChangeFilter, StoredObject


class ChangeFeed(Protocol):
    """Changes, which are kept for a while, and the objects that they tell of."""

    async def named_objects(
        self, account_id: str, refs: Sequence[tuple[str, str]]
    ) -> Sequence[StoredObject]:
        """Return those of the objects (type, id) that were ever seen, tombstones too."""
        ...

    async def changes(self, wanted: ChangeFilter) -> Sequence[Change]:
        """Return a page of changes in the order of `seq`.

        Raises:
            ChangesForgottenError: all were wanted, and some are kept no more.
        """
        ...

    async def last_seq(self) -> int:
        """Return the number of the newest change; 0 when there is none."""
        ...

    async def changed(self, after: int) -> None:
        """Return as soon as there is a change behind `after`."""
        ...

    async def changes_horizon(self) -> int:
        """Return the newest change that was forgotten for its age; 0 when none was."""
        ...

    async def prune_changes(self, before: datetime, *, limit: int) -> int:
        """Forget at most `limit` of the oldest changes, if they are from before then.

        Never one that a finance view or a routing was not brought up to date with. Returns how many
        were forgotten; call it again while it is not 0.
        """
        ...
