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

from store.crash_points import CRASH_POINTS, Commit, Place
from support import crash_deeds as deeds
from support import job_process
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
    Commit.ACTION_TAKEN_IN: SmallCompany.pay,
    Commit.ACTION_ACCEPTED: SmallCompany.pay_by_list,
    Commit.ACTION_BEGUN: SmallCompany.pay_by_list,
    Commit.ACTION_ENDED: SmallCompany.pay,
    Commit.ACTION_REVIVED: deeds.revive,
    Commit.ACTION_CANCELED: deeds.cancel,
    Commit.VERIFICATION_REQUESTED: deeds.verify,
    Commit.CERTIFICATE: deeds.verify,
    Commit.DELETES_CONFIRMED: deeds.confirm_held_deletes,
    Commit.NOTICES_RECEIVED: deeds.deliver,
    Commit.READS_NOTED: SmallCompany.connect,
    Commit.READS_ADDED: SmallCompany.connect_and_become_live,
    Commit.FINANCE: deeds.look_at_a_view,
}
"""What leads to the commit; the others come at each start, `READS_ADDED` at each end."""

BEFORE: dict[str, Deed] = {
    Commit.RESEAL: SmallCompany.change_the_key,
    Commit.ACTION_CLOSED: deeds.wait_too_long,
    Commit.VERIFICATION_REQUESTED: deeds.count_no_reads,
    Commit.CERTIFICATE: deeds.count_no_reads,
    Commit.DELETES_CONFIRMED: deeds.hold_objects_that_never_were,
    Commit.NOTICES_RECEIVED: deeds.hear_webhooks,
    Commit.PRUNED: deeds.have_a_past,
}
"""What has to be there first."""

ACTIONS = tuple(commit for commit in Commit if commit.startswith("action_"))
UNCHURNED = (*ACTIONS, Commit.DELETES_CONFIRMED)
"""Whose effects would be changed by others, too, or drown in what is held besides."""

UNCOUNTED = (*ACTIONS, Commit.VERIFICATION_REQUESTED, Commit.CERTIFICATE)
"""Where reads are not counted, or these tests make some of their own."""

ROUTED = frozenset(job_process.DEEDS)
"""Of companies that this one is none of: `integration/store/test_jobs_killed.py` kills at them."""

PASSING: dict[str, int] = {Commit.CLAIM: 2, Commit.PAGE: 2, Commit.PURGE: 2, Commit.FINANCE: 2}
"""The claim after connecting, the middle of the first reading, of the purge, of a view's copy."""


@pytest.mark.parametrize(
    "point", [point for point in CRASH_POINTS if point.partition(".")[0] not in ROUTED]
)
def test_what_was_before_the_kill_is_found_and_gone_on_from(
    point: str, company: SmallCompany
) -> None:
    kind, _, place = point.partition(".")
    if kind in BEFORE:
        BEFORE[kind](company)
    die_at(f"{point}:{PASSING.get(kind, 1)}", company)
    died_at = datetime.now(UTC)
    assert_as_durable_as(kind, place == Place.AFTER_COMMIT, company)
    if kind not in UNCHURNED:
        company.sandbox.churn(company.realm_id, 10)
    with forked(company.setup) as daemon:
        settle(company)
        finish(kind, place == Place.AFTER_COMMIT, company, died_at)
        end_well(daemon)
    if kind not in UNCOUNTED:
        deeds.assert_no_read_went_uncounted(company)
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
        if arming.startswith(Commit.READS_ADDED):
            daemon.send(signal.SIGTERM)
        until(f"dead at {arming}", lambda: daemon.is_dead)
        assert daemon.exit_code() == -signal.SIGKILL, daemon.err


def assert_as_durable_as(kind: str, committed: bool, company: SmallCompany) -> None:
    """What was committed is there, and nothing of what was not, whatever comes next."""
    match kind:
        case Commit.NOTICES_RECEIVED:
            assert deeds.notices(company) == committed
        case Commit.CERTIFICATE:
            assert deeds.certificates(company) == committed
            assert deeds.no_request_is_left_open(company) is committed
        case Commit.VERIFICATION_REQUESTED:
            assert deeds.no_request_is_left_open(company) is not committed
        case Commit.ACTION_CANCELED | Commit.ACTION_CLOSED:
            assert deeds.action_state(company) == ("failed" if committed else "pending")
        case Commit.ACTION_REVIVED:
            assert deeds.action_state(company) == ("pending" if committed else "failed")


def finish(kind: str, committed: bool, company: SmallCompany, died_at: datetime) -> None:
    """Wait for what was promised beside the replica, and for nothing that was not."""
    match kind:
        case Commit.ACTION_ENDED:
            until("what was paid is found", lambda: deeds.action_state(company) == "succeeded")
            company.become_exact()
            assert company.actions() == [("succeeded", 1)]
        case Commit.ACTION_CLOSED:
            until("given up", lambda: deeds.action_state(company) == "failed")
            company.become_exact()
            assert company.actions() == [("failed", 0)]
        case Commit.ACTION_CANCELED | Commit.ACTION_REVIVED:
            sent = committed is (kind == Commit.ACTION_REVIVED)
            wanted = ("succeeded", 1) if sent else ("failed", 0)
            # To look at the vendor ends the daemon's grant there, and it may wait before it sends.
            until("as it was left", lambda: deeds.action_state(company) == wanted[0])
            company.become_exact()
            assert company.actions() == [wanted]
        case Commit.VERIFICATION_REQUESTED | Commit.CERTIFICATE:
            until("compared", lambda: deeds.no_request_is_left_open(company))
            is_noted = committed or kind == Commit.CERTIFICATE
            assert deeds.certificates(company) >= is_noted
        case Commit.NOTICES_RECEIVED:
            deeds.deliver_again(company)
            until("answered", lambda: not deeds.open_notices(company))
            assert deeds.notices(company) == 1
        case Commit.PRUNED:
            until("forgotten", lambda: not deeds.leftovers(company, died_at))
        case Commit.DELETES_CONFIRMED:
            assert deeds.invented_invoices(company) == 0
        case Commit.FINANCE:
            until("the copy is whole", lambda: deeds.the_copy_is_whole(company))


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
    elif account["state"] == "degraded" and deeds.held(company):
        company.setup.ask("POST", f"/integrations/{company.account_id}/deletes/confirm", {})
    company.become_exact()


def is_honest(state: str, effects: int) -> bool:
    """Tell whether the vendor did as often what the ledger says: once, not at all, or nobody knows."""
    return effects == {"succeeded": 1, "failed": 0}.get(state, min(effects, 1))


def exact_or_telling(company: SmallCompany, instant: datetime) -> dict[str, object] | None:
    account = company.setup.get(f"/integrations/{company.account_id}")
    tells = account["state"] in {"paused", "reauth_required"}
    tells = tells or (account["state"] == "degraded" and bool(deeds.held(company)))
    return account if tells or company.setup.exact_past(company.account_id, instant) else None
