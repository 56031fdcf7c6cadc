from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from actors.status import AccountState, account_state
from store.models import Account, Cursor

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = Account("a", "quickbooks", "1", "Company", 0, 1, NOW)

NEW = Cursor("Customer")
BEGUN = Cursor("Customer", position="p")
DONE = Cursor("Invoice", position="p", complete=True)


@pytest.mark.parametrize(
    ("cursors", "state"),
    [
        ([], AccountState.CONNECTING),
        ([NEW], AccountState.CONNECTING),
        ([BEGUN], AccountState.BACKFILLING),
        ([BEGUN, DONE], AccountState.BACKFILLING),
        ([NEW, DONE], AccountState.BACKFILLING),
        ([DONE], AccountState.LIVE),
    ],
)
def test_a_healthy_account_is_where_its_cursors_are(
    cursors: list[Cursor], state: AccountState
) -> None:
    assert account_state(ACCOUNT, cursors, trouble=False, quarantined=False) is state


RANKED = (
    AccountState.DISCONNECTED,
    AccountState.REAUTH_REQUIRED,
    AccountState.QUARANTINED,
    AccountState.PAUSED,
    AccountState.DEGRADED,
)


@pytest.mark.parametrize("holds", list(product([False, True], repeat=5)))
@pytest.mark.parametrize("cursors", [[], [BEGUN], [DONE]])
def test_the_first_that_holds_names_the_state(
    holds: tuple[bool, ...], cursors: list[Cursor]
) -> None:
    disconnected, reauth, quarantined, paused, trouble = holds
    account = replace(
        ACCOUNT,
        disconnected_at=NOW if disconnected else None,
        reauth_cause="revoked" if reauth else None,
        paused=paused,
    )
    found = account_state(account, cursors, trouble=trouble, quarantined=quarantined)
    worst = next((state for state, so in zip(RANKED, holds, strict=True) if so), None)
    healthy = account_state(ACCOUNT, cursors, trouble=False, quarantined=False)
    assert found is (worst or healthy)


def test_cursors_may_come_as_an_iterator() -> None:
    assert (
        account_state(ACCOUNT, iter([DONE, DONE]), trouble=False, quarantined=False)
        is AccountState.LIVE
    )
