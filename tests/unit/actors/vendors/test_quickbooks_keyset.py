from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from zlib import crc32

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.quickbooks.keyset import Key, Reason, Scan, Window, advanced, window

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PAGE_ROWS = 3
BACKFILL = Scan(Reason.BACKFILL)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def keys(*pairs: tuple[str, int]) -> list[Key]:
    return [(object_id, at(second)) for object_id, second in pairs]


@dataclass
class MovingTable:
    """A table at the vendor: its rows by id with their second, and the vendor's clock."""

    rows: dict[str, int]
    now: int
    tie_order: int = 1
    created: int = 0
    pages: int = 0
    log: list[list[Key]] = field(default_factory=list)

    def page(self, cut: Window) -> list[Key]:
        """Cut a page as the vendor does; one second's rows come in any order, each time another."""
        self.pages += 1
        low = -1 if cut.since is None else (cut.since - START) // timedelta(seconds=1)
        high = self.now + 1 if cut.before is None else (cut.before - START) // timedelta(seconds=1)
        rows = [(key, second) for key, second in self.rows.items() if low <= second < high]
        if cut.before is not None:
            rows.sort()
        else:
            mixed = self.tie_order * self.pages
            rows.sort(key=lambda row: (row[1], crc32(f"{row[0]}{mixed}".encode())))
        found = keys(*rows[cut.first_row - 1 :][:PAGE_ROWS])
        self.log.append(found)
        return found

    def act(self, move: str, choice: int) -> None:
        ids = sorted(self.rows)
        match move:
            case "tick":
                self.now += 1
            case "create":
                self.created += 1
                self.rows[f"new{self.created}" if choice % 2 else f"0{self.created}"] = self.now
            case "touch" if ids:
                self.rows[ids[choice % len(ids)]] = self.now
            case "delete" if ids:
                del self.rows[ids[choice % len(ids)]]


def read_all(table: MovingTable, moves: Iterator[tuple[str, int]]) -> tuple[set[str], int]:
    """Scan to the end while the table moves between pages; return what was seen and the steps."""
    scan: Scan | None = BACKFILL
    seen: set[str] = set()
    steps = 0
    while scan is not None:
        page = table.page(window(scan))
        seen |= {key for key, _ in page}
        scan = advanced(scan, page, PAGE_ROWS)
        for move in islice(moves, 4):
            table.act(*move)
        steps += 1
        assert steps < 1000, "the scan does not come to an end"
    return seen, steps


moves_between_pages = st.lists(
    st.tuples(st.sampled_from(["touch", "touch", "delete", "create", "tick"]), st.integers(0, 50)),
    max_size=120,
)


@settings(max_examples=500)
@given(
    seconds=st.lists(st.integers(0, 2), min_size=8, max_size=40),
    moves=moves_between_pages,
    tie_order=st.integers(0, 1),
)
def test_nothing_that_stays_is_missed_whatever_moves_between_pages(
    seconds: list[int], moves: list[tuple[str, int]], tie_order: int
) -> None:
    table = MovingTable({f"{n:02}": second for n, second in enumerate(seconds)}, 10, tie_order)
    began = table.now
    seen, _ = read_all(table, iter(moves))
    # What was touched since the scan began is the feed's to bring.
    assert {key for key, second in table.rows.items() if second < began} <= seen


@settings(max_examples=200)
@given(seconds=st.lists(st.integers(0, 3), max_size=40))
def test_a_table_at_rest_is_read_whole_and_with_few_pages(seconds: list[int]) -> None:
    table = MovingTable({f"{n:02}": second for n, second in enumerate(seconds)}, 10)
    seen, steps = read_all(table, iter(()))
    assert seen == set(table.rows)
    assert steps <= len(seconds) + 5


def test_the_next_page_begins_at_the_last_second_seen() -> None:
    after = advanced(BACKFILL, keys(("a", 1), ("b", 2), ("c", 2)), PAGE_ROWS)
    assert after is not None
    assert window(after) == Window(since=at(2), before=None, first_row=1)


def test_a_short_page_ends_the_scan() -> None:
    assert advanced(BACKFILL, keys(("a", 1), ("b", 2)), PAGE_ROWS) is None
    assert advanced(BACKFILL, [], PAGE_ROWS) is None


def test_a_full_page_of_one_second_is_stepped_through_by_offset() -> None:
    inside = advanced(BACKFILL, keys(("b", 1), ("c", 1), ("a", 1)), PAGE_ROWS)
    assert inside is not None
    assert window(inside) == Window(since=at(1), before=at(2), first_row=1)
    inside = advanced(inside, keys(("a", 1), ("b", 1), ("c", 1)), PAGE_ROWS)
    assert inside is not None
    assert window(inside) == Window(since=at(1), before=at(2), first_row=3)
    behind = advanced(inside, keys(("c", 1), ("d", 1)), PAGE_ROWS)
    assert behind is not None
    assert window(behind) == Window(since=at(2), before=None, first_row=1)


@pytest.mark.parametrize("page", [keys(("d", 1), ("e", 1)), []])
def test_a_second_whose_rows_moved_is_begun_again(page: list[Key]) -> None:
    inside = Scan(Reason.BACKFILL, since=at(1), next_row=3, last_id="c")
    assert advanced(inside, page, PAGE_ROWS) == Scan(Reason.BACKFILL, since=at(1), next_row=1)


def test_more_rows_than_were_asked_for_lose_nothing() -> None:
    after = advanced(BACKFILL, keys(("a", 1), ("b", 2), ("c", 2), ("d", 3)), PAGE_ROWS)
    assert after is not None
    assert window(after).since == at(3)
    inside = Scan(Reason.BACKFILL, since=at(1), next_row=1)
    after = advanced(inside, keys(("a", 1), ("b", 1), ("c", 1), ("d", 1)), PAGE_ROWS)
    assert after is not None
    assert (after.next_row, after.last_id) == (4, "d")


def test_fractions_of_a_second_do_not_hide_rows() -> None:
    half = timedelta(seconds=0.5)
    page = [("a", at(1) + half), ("b", at(1) + half), ("c", at(1) + half)]
    inside = advanced(BACKFILL, page, PAGE_ROWS)
    assert inside is not None
    assert window(inside) == Window(since=at(1), before=at(2), first_row=1)


@pytest.mark.parametrize(
    ("scan", "page"),
    [
        (BACKFILL, keys(("a", 2), ("b", 1))),
        (Scan(Reason.BACKFILL, since=at(5)), keys(("a", 4), ("b", 6))),
        (Scan(Reason.BACKFILL, since=at(5), next_row=1), keys(("a", 6))),
        (Scan(Reason.BACKFILL, since=at(5), next_row=1), keys(("a", 4))),
    ],
)
def test_rows_that_were_not_asked_for_are_refused(scan: Scan, page: list[Key]) -> None:
    with pytest.raises(UnreadableReplyError):
        advanced(scan, page, PAGE_ROWS)


def test_a_scan_survives_being_stored() -> None:
    scan = Scan(Reason.COMPARISON, at(9), at(1), 2001, "17")
    assert msgspec.json.decode(msgspec.json.encode(scan), type=Scan) == scan
