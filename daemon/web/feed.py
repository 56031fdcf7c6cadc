"""The changes that one consumer wants."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.web.instant import Instant
from store.models import Change, ChangeFilter, ChangeOp, Via
from store.ports import Directory

Position = Annotated[int, Meta(ge=0, le=2**53)]


class ChangeView(msgspec.Struct, frozen=True, gc=False):
    """One applied difference. `seq` has no gaps and never goes back."""

    seq: int
    account_id: str
    vendor: str
    object_type: str
    object_id: str
    op: ChangeOp
    via: Via
    observed_at: Annotated[Instant, Meta(description="When we saw it.")]
    updated_at: Annotated[Instant, Meta(description="When it happened, in the vendor's time.")]


@dataclass(frozen=True, slots=True)
class Feed:
    """Changes of one account or all, of one type or all."""

    store: Directory
    account_id: str | None
    object_type: str | None

    async def page(self, after: int, limit: int) -> tuple[Sequence[ChangeView], int]:
        """Return wanted changes behind `after`, and the place up to which all changes were seen.

        Raises:
            ChangesForgottenError: some of them are kept no more.
        """
        last_seq = await self.store.last_seq()
        found = await self.store.changes(
            ChangeFilter(
                after=after,
                limit=limit,
                account_id=self.account_id,
                object_type=self.object_type,
                complete=True,
            )
        )
        items = [_view(change) for change in found]
        if len(items) == limit:
            return items, items[-1].seq
        return items, max(after, last_seq, items[-1].seq if items else 0)


def _view(change: Change) -> ChangeView:
    return ChangeView(*msgspec.structs.astuple(change))
