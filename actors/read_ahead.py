"""The next page of a first reading, asked for while the one before is being stored."""

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
from anyio.abc import TaskGroup

from actors.errors import VendorError
from actors.vendors.base import Look, Page, Session, Vendor
from store.errors import StoreUnavailableError
from store.models import Cursor, CursorMove

if TYPE_CHECKING:
    from anyio import TaskHandle


class ReadAhead:
    """Pages that were asked for before their look was begun. Lives no longer than its task group.

    Only for types that are read for the first time: what is read twice may have changed since, and
    nothing else about it is known yet that a page read early could contradict. A page is stored by
    its own look, in its turn; one whose look never comes is forgotten. A look that does not go well
    has nothing asked for early: the vendor's calls are counted.
    """

    def __init__(self, vendor: Vendor, operations: TaskGroup) -> None:
        self._vendor = vendor
        self._operations = operations
        self._goes_well: set[str] = set()
        self._begun: dict[str, tuple[Look, Session, TaskHandle[Page | None]]] = {}

    @property
    def reads(self) -> bool:
        """Whether there is a page that was asked for early and not taken."""
        return bool(self._begun)

    def begin(self, session: Session, look: Look, page: Page) -> None:
        """Ask for what comes behind the page, if it is part of a first reading."""
        first_reading = not any(cursor.complete for cursor in look.cursors.values())
        if page.more and first_reading and look.key in self._goes_well:
            following = msgspec.structs.replace(
                look,
                cursors={
                    move.object_type: _moved(look.cursors[move.object_type], move)
                    for move in page.cursors
                },
            )
            # Its calls are not those that brought the page before.
            own = replace(session, trace_ids=[])
            reading = self._operations.start_soon(self._read, own, following)
            self._begun[look.key] = (following, own, reading)

    async def page(self, session: Session, look: Look) -> Page:
        """Return the look's page, the one asked for early when it begins where the look does.

        Raises:
            VendorError: the call failed.
        """
        if (early := self._begun.pop(look.key, None)) is not None:
            following, own, reading = early
            if _beginning(following) == _beginning(look):
                page = await reading
                if page is not None:
                    session.trace_ids.extend(own.trace_ids)
                    return page
            reading.cancel()
        return await self._vendor.look(session, look)

    def note(self, look: Look, *, stored: bool) -> None:
        """Learn whether the look's page was stored."""
        if stored:
            self._goes_well.add(look.key)
        else:
            self._goes_well.discard(look.key)

    async def _read(self, session: Session, look: Look) -> Page | None:
        """Read the page; None when that fails, as its own look will find out why."""
        try:
            return await self._vendor.look(session, look)
        except (VendorError, StoreUnavailableError):
            return None


def _moved(cursor: Cursor, move: CursorMove) -> Cursor:
    return Cursor(cursor.object_type, move.position, move.complete, move.covered_until)


def _beginning(look: Look) -> dict[str, str]:
    return {name: cursor.position for name, cursor in look.cursors.items()}
