from collections.abc import Sequence
from datetime import UTC, datetime

import anyio
import pytest

from actors.status import AccountState
from daemon.metrics import Census
from daemon.web.pages.overview import ROWS, Wanted, glance, listing
from store.models import Account

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def account(number: int, name: str = "", *, paused: bool = False) -> Account:
    return Account(
        id=f"id-{number}",
        vendor="quickbooks",
        external_account_id=f"93414{number}",
        name=name or f"Company {number:05}",
        shard=0,
        epoch=1,
        connected_at=NOW,
        paused=paused,
        exact_as_of=datetime(2026, 3, 1, 11, 58, tzinfo=UTC),
    )


@pytest.fixture
def census() -> Census:
    return Census()


def settled(census: Census, accounts: Sequence[Account]) -> Census:
    census.load(accounts)
    anyio.run(census.settle, {})
    return census


def names(census: Census, wanted: Wanted) -> list[str]:
    return [row.name for row in listing(census, {}, wanted).rows]


def test_the_worst_come_first_and_names_are_in_order_within_a_state(census: Census) -> None:
    settled(census, [account(1, "b", paused=True), account(2, "Zed"), account(3, "abc")])
    assert names(census, Wanted()) == ["abc", "Zed", "b"]
    [worst, *_] = listing(census, {}, Wanted()).rows
    assert worst.state is AccountState.DEGRADED
    assert "no actor looks after it" in worst.reasons[0]


def test_the_list_is_cut_by_state_name_and_company_id(census: Census) -> None:
    settled(
        census, [account(1, "Ångström", paused=True), account(2, "Bell"), account(3, "Bellona")]
    )
    assert names(census, Wanted(state=AccountState.PAUSED)) == ["Ångström"]
    assert names(census, Wanted(text="BELL")) == ["Bell", "Bellona"]
    assert names(census, Wanted(text="ÅNG")) == ["Ångström"]
    assert names(census, Wanted(text="934143")) == ["Bellona"]
    assert names(census, Wanted(text="nobody")) == []


def test_the_list_comes_in_pages_and_a_page_behind_the_last_is_the_last(census: Census) -> None:
    settled(census, [account(number) for number in range(ROWS + 1)])
    first, last = listing(census, {}, Wanted()), listing(census, {}, Wanted(page=99))
    assert (first.first, first.last, first.matching, first.pages) == (1, ROWS, ROWS + 1, 2)
    assert (last.page, last.first, last.last, len(last.rows)) == (2, ROWS + 1, ROWS + 1, 1)


def test_an_empty_list_counts_from_nothing(census: Census) -> None:
    found = listing(settled(census, []), {}, Wanted())
    assert (found.first, found.last, found.matching, found.page) == (0, 0, 0, 1)


def test_a_glance_counts_states_and_ages(census: Census) -> None:
    settled(census, [account(1), account(2), account(3, paused=True)])
    found = glance(census, [], {}, ["trouble"], NOW)
    assert (found.total, found.states[AccountState.DEGRADED]) == (3, 2)
    assert [bar.count for bar in found.ages] == [0, 2, 0, 0, 0, 0, 0]
    assert found.trouble == ["trouble"]
