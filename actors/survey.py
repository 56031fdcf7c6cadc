"""What a verification learns of several types by one call, before it compares them one by one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from actors.errors import VendorError
from actors.insistence import Insistence
from actors.premises import Premises
from actors.reading_together import groups, most_objects, uncertain
from actors.vendors.base import Count, Look, Page, Priority, Session, Vendor
from store.errors import StoreUnavailableError
from store.models import Cursor, Via

_TRIES = 2
"""How often types are read together before each is read by itself."""

T = TypeVar("T")


def beginning(object_type: str) -> Cursor:
    """Return where the comparison of a type begins."""
    return Cursor(object_type, complete=True, rescan_requested=True)


def look_at(vendor: Vendor, cursor: Cursor) -> Look:
    """Return the look that brings the next page of a comparison."""
    (look,) = vendor.looks({cursor.object_type: cursor}, due=False)
    return replace(look, via=Via.VERIFY, priority=Priority.VERIFY)


class Survey:
    """Made for one run. One that may make only so many calls surveys nothing: its types take turns.

    What a call for several types does not bring plainly is not known: those are read by themselves.

    Attributes:
        counted: what the vendor counted.
        groups: which types are read together.
    """

    def __init__(self, premises: Premises, calls: Insistence) -> None:
        self._at = premises
        self._calls = calls
        self._expected: dict[str, int | None] = {}
        self.counted: dict[str, int] = {}
        self.groups: Sequence[Sequence[str]] = ()

    async def make(self, types: Sequence[str]) -> None:
        """Have those types counted of which too little is known, and say what is read together.

        Raises:
            BrokenOffError, StoreUnavailableError: it could not be made.
        """
        at = self._at
        most = 1 if at.settings.verify_max_reads else at.vendor.most_together
        if most == 1:
            self.groups = [[name] for name in types]
            return
        held = await self._calls.insist(lambda _: at.store.live_counts(at.account_id))
        asked = uncertain(types, held)
        for start in range(0, len(asked), most):
            batch = asked[start : start + most]
            counts = await self._together(partial(_counts, at.vendor, batch))
            self.counted |= {name: each.rows for name, each in counts.items() if name in batch}
        for name in types:
            known = name in self.counted or name not in asked
            objects = max(self.counted.get(name, 0), held.get(name, 0))
            self._expected[name] = objects if known else None
        self.groups = groups(types, self._expected, most)

    async def pages(self, group: Sequence[str]) -> dict[str, Page]:
        """Read the first pages of the types of a group; those that can't be relied on are left out.

        Raises:
            BrokenOffError: the account is to rest.
        """
        if len(group) == 1:
            return {}
        looks = {
            name: replace(
                look_at(self._at.vendor, beginning(name)),
                most_objects=most_objects(self._expected[name]),
            )
            for name in group
        }
        found = await self._together(partial(_pages, self._at.vendor, list(looks.values())))
        pages = {name: found[look.key] for name, look in looks.items() if look.key in found}
        # An empty page is no witness by itself.
        return {name: each for name, each in pages.items() if each.seen or not self._shows(name)}

    def _shows(self, object_type: str) -> bool:
        """Tell whether there may be something to see, for all that the vendor counted."""
        return self.counted.get(object_type) != 0

    async def _together(
        self, attempt: Callable[[Session], Awaitable[Mapping[str, T]]]
    ) -> Mapping[str, T]:
        try:
            return await self._calls.insist(attempt, _TRIES)
        except (VendorError, StoreUnavailableError):
            return {}


async def _counts(vendor: Vendor, types: Sequence[str], session: Session) -> Mapping[str, Count]:
    return await vendor.count_together(session, types)


async def _pages(vendor: Vendor, looks: Sequence[Look], session: Session) -> Mapping[str, Page]:
    return await vendor.look_together(session, looks)
