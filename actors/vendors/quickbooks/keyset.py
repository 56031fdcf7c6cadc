"""Reading a type from end to end while it moves. Pure.

Pages are cut by time, not by offset: the next page begins *at* the last instant seen, whose rows
come again, so a row touched in between, which jumps to the end, takes no neighbour along
(quickbooks facts §10.5). Only when one second holds more rows than a page is it stepped through by
offset, in the order of ids and with one row of overlap: when that row is not where it was, the
second is begun again. Rows can only leave a past second (a touched row gets a newer time), so this
ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import msgspec

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.quickbooks.timestamps import whole_second

PAGE_ROWS = 1000
"""The most that the vendor gives at once (§3)."""

ONE_SECOND = timedelta(seconds=1)

_CROWDED = 10
"""A second that takes one in so many rows of a page may well fill pages of its own: it is stepped
through at once, as a page more would be wasted on finding that out."""

Key = tuple[str, datetime]
"""A row's id and time."""


class Reason(StrEnum):
    """Why a type is read by time."""

    BACKFILL = "backfill"
    COMPARISON = "comparison"


class Scan(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a reading has come.

    Attributes:
        started_at: vendor time of its first reply; None before that.
        since: the second that the next page begins at; None is the very beginning.
        next_row: within the second `since`, the place (from 1) of the next page's first row; 0 when
            not inside one.
        last_id: which row was at that place when it was last read; empty at the second's beginning.
    """

    reason: Reason
    started_at: datetime | None = None
    since: datetime | None = None
    next_row: int = 0
    last_id: str = ""

    @property
    def comparing(self) -> bool:
        """Whether what it does not come across may be gone."""
        return self.reason is Reason.COMPARISON


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows a page is cut from: `since <= time < before`, from the `first_row`-th on."""

    since: datetime | None
    before: datetime | None
    first_row: int


def window(scan: Scan) -> Window:
    """Say which rows the scan's next page is cut from."""
    if scan.next_row and scan.since is not None:
        return Window(scan.since, scan.since + ONE_SECOND, scan.next_row)
    return Window(scan.since, None, 1)


def page_rows(most_rows: int | None) -> int:
    """Return how many rows to ask for; one would never go on."""
    return PAGE_ROWS if most_rows is None else min(max(2, most_rows), PAGE_ROWS)


def advanced(scan: Scan, keys: Sequence[Key], page_rows: int = PAGE_ROWS) -> Scan | None:
    """Return where the scan goes on after a page with these rows; None at the end.

    Raises:
        UnreadableReplyError: the rows are not those that were asked for.
    """
    if scan.next_row and scan.since is not None:
        return _inside(scan, scan.since, keys, page_rows)
    times = [moment for _, moment in keys]
    if any(later < earlier for earlier, later in pairwise(times)):
        raise UnreadableReplyError("rows that are not in the order of their times")
    if scan.since is not None and times and times[0] < scan.since:
        raise UnreadableReplyError("rows from before the time that was asked for")
    if len(keys) < page_rows:
        return None
    last = whole_second(times[-1])
    if last == whole_second(times[-(len(times) // _CROWDED or len(times))]):
        return msgspec.structs.replace(scan, since=last, next_row=1, last_id="")
    return msgspec.structs.replace(scan, since=last)


def _inside(scan: Scan, second: datetime, keys: Sequence[Key], page_rows: int) -> Scan:
    if any(whole_second(moment) != second for _, moment in keys):
        raise UnreadableReplyError("rows from outside the second that was asked for")
    if scan.last_id and (not keys or keys[0][0] != scan.last_id):
        return msgspec.structs.replace(scan, next_row=1, last_id="")
    if len(keys) < page_rows:
        return msgspec.structs.replace(scan, since=second + ONE_SECOND, next_row=0, last_id="")
    # The page's last row comes again as the next one's first.
    return msgspec.structs.replace(
        scan, next_row=scan.next_row + len(keys) - 1, last_id=keys[-1][0]
    )
