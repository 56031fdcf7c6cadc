"""F1, F2: the daemon dies by `kill -9` at every commit there is, and whoever comes next finds all of it.

One real process a life, a real disk, a vendor in a process of its own. `SYNCLINE_CRASH_AT` says
where the first life ends.
"""

import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import pytest

from store.crash_points import CRASH_POINTS, Commit
from support.forked_daemons import forked
from support.real_processes import until
from support.small_company import (
    SmallCompany,
    assert_nothing_lost_and_nothing_doubled,
    end_well,
)

pytestmark = pytest.mark.timeout(120)

Deed = Callable[[SmallCompany], None]


DEEDS: dict[str, Deed] = {
    Commit.CLAIM: SmallCompany.connect,
    Commit.PAGE: SmallCompany.connect,
    Commit.REFRESH_BEGUN: SmallCompany.have_token_refused,
    Commit.REFRESH_FINISHED: SmallCompany.have_token_refused,
    Commit.OWNER_NEEDED: SmallCompany.lose_the_grant,
    Commit.CONNECT: SmallCompany.connect,
    Commit.PAUSE: lambda company: company.ask("POST", "/pause"),
    Commit.DISCONNECT: lambda company: company.ask("DELETE", ""),
    Commit.PURGE: lambda company: company.ask("DELETE", "?purge=true"),
    Commit.RESCAN: lambda company: company.ask("POST", "/sync", {"full": True}),
    Commit.ACTION_ACCEPTED: SmallCompany.pay,
    Commit.ACTION_BEGUN: SmallCompany.pay,
    Commit.ACTION_ENDED: SmallCompany.pay,
}
"""What leads to the commit; the others come at each start."""

ACTIONS = (Commit.ACTION_ACCEPTED, Commit.ACTION_BEGUN, Commit.ACTION_ENDED)

PASSING: dict[str, int] = {Commit.CLAIM: 2, Commit.PAGE: 2, Commit.PURGE: 2}
"""The claim after connecting, the middle of the first reading, the middle of the purge."""


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_what_was_before_the_kill_is_found_and_gone_on_from(
    point: str, company: SmallCompany
) -> None:
    kind = point.partition(".")[0]
    if kind == Commit.RESEAL:
        company.change_the_key()
    die_at(f"{point}:{PASSING.get(kind, 1)}", company)
    if kind not in ACTIONS:  # whose effects would be changed by others, too
        company.sandbox.churn(company.realm_id, 10)
    with forked(company.setup) as daemon:
        settle(company)
        if kind == Commit.ACTION_ENDED:
            until("what was paid is found", lambda: company.actions() == [("succeeded", 1)])
        end_well(daemon)
    assert all(is_honest(*action) for action in company.actions()), company.actions()
    assert_nothing_lost_and_nothing_doubled(company)


def test_point_that_there_is_not_is_refused(company: SmallCompany) -> None:
    with forked(company.setup, {"SYNCLINE_CRASH_AT": "page.somewhere"}) as daemon:
        assert daemon.exit_code() == 2
        assert "'page.somewhere' is no crash point" in daemon.err
    assert not company.setup.database.exists()


def die_at(arming: str, company: SmallCompany) -> None:
    with forked(company.setup, {"SYNCLINE_CRASH_AT": arming}) as daemon:
        deed = DEEDS.get(arming.partition(".")[0])
        if deed is not None:
            assert not daemon.is_dead, daemon.err
            with suppress(httpx.TransportError):
                deed(company)
        until(f"dead at {arming}", lambda: daemon.is_dead)
        assert daemon.exit_code() == -signal.SIGKILL, daemon.err


def settle(company: SmallCompany) -> None:
    """Do what an owner and an operator would: look how the account is, and do what it says."""
    accounts = company.setup.get("/integrations")["items"]
    assert isinstance(accounts, list)
    if not accounts or accounts[0]["state"] == "disconnected":
        company.connect_and_become_live()
        return
    company.account_id = accounts[0]["id"]
    now = datetime.now(UTC)
    account = until("exact, or telling why not", lambda: exact_or_telling(company, now))
    if account["state"] == "paused":
        company.setup.ask("POST", f"/integrations/{company.account_id}/resume")
    elif account["state"] == "reauth_required":
        assert account["reasons"]
        company.connect()
    company.become_exact()


def is_honest(state: str, effects: int) -> bool:
    """Tell whether the vendor did as often what the ledger says: once, not at all, or nobody knows."""
    return effects == {"succeeded": 1, "failed": 0}.get(state, min(effects, 1))


def exact_or_telling(company: SmallCompany, instant: datetime) -> dict[str, object] | None:
    account = company.setup.get(f"/integrations/{company.account_id}")
    tells = account["state"] in {"paused", "reauth_required"}
    return account if tells or company.setup.exact_past(company.account_id, instant) else None
