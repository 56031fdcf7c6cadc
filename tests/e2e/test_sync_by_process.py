"""A company comes in whole, through processes that know each other by sockets alone."""

import json
import signal
from datetime import UTC, datetime

import pytest

from daemon.demo.proof import compare, read_replica
from support.real_processes import DaemonSetup, SandboxProcess, until

TYPES = [
    *("Customer", "Vendor", "Account", "Item", "Invoice"),
    *("Bill", "Payment", "BillPayment", "CompanyInfo"),
]

pytestmark = pytest.mark.timeout(120)


def connect(setup: DaemonSetup, sandbox: SandboxProcess, realm_id: str) -> str:
    code = sandbox.code(realm_id)
    done = setup.command("connect", "quickbooks", "--code", code, "--realm-id", realm_id, "--json")
    assert done.returncode == 0, done.stderr
    account_id: str = json.loads(done.stdout)["id"]
    return account_id


def exact_past(setup: DaemonSetup, account_id: str, instant: datetime) -> bool:
    exact_as_of = setup.get(f"/integrations/{account_id}")["exact_as_of"]
    return exact_as_of is not None and datetime.fromisoformat(str(exact_as_of)) > instant


def assert_exact(setup: DaemonSetup, sandbox: SandboxProcess, realm_id: str) -> None:
    truth = sandbox.truth(realm_id, TYPES)
    proofs = compare(truth, read_replica(setup.database, realm_id), TYPES)
    assert {proof.object_type: proof.differing for proof in proofs} == dict.fromkeys(TYPES, 0)
    assert all(proof.vendor_count for proof in proofs)


def test_connected_company_is_exact_and_the_daemon_ends_well(
    setup: DaemonSetup, sandbox: SandboxProcess
) -> None:
    realm_id = sandbox.add_company("Corner Café")
    with setup.running() as daemon:
        account_id = connect(setup, sandbox, realm_id)
        until("live", lambda: setup.get(f"/integrations/{account_id}")["state"] == "live")
        sandbox.post(f"/sandbox/companies/{realm_id}/churn", {"acts": 40})
        changed_at = datetime.now(UTC)
        until("exact", lambda: exact_past(setup, account_id, changed_at))
        daemon.send(signal.SIGTERM)
        assert daemon.exit_code() == 0, daemon.err
    assert sandbox.violations(realm_id) == []
    assert_exact(setup, sandbox, realm_id)


def test_kill_in_the_middle_of_the_backfill_costs_nothing(
    setup: DaemonSetup, sandbox: SandboxProcess
) -> None:
    realm_id = sandbox.add_company("Meridian Foods", scale=20)
    fault = {"kind": "hang", "routes": ["query"], "realm_id": realm_id, "skip": 6, "delay_s": 60}
    with setup.running() as daemon:
        sandbox.post("/sandbox/faults", fault)
        account_id = connect(setup, sandbox, realm_id)
        until("half way", lambda: is_half_way(setup, account_id))
        daemon.send(signal.SIGKILL)
        assert daemon.exit_code() == -signal.SIGKILL
    sandbox.clear_faults()
    restarted_at = datetime.now(UTC)
    with setup.running() as daemon:
        until("exact", lambda: exact_past(setup, account_id, restarted_at))
        daemon.send(signal.SIGTERM)
        assert daemon.exit_code() == 0, daemon.err
    assert_exact(setup, sandbox, realm_id)


def is_half_way(setup: DaemonSetup, account_id: str) -> bool:
    cursors = setup.get(f"/integrations/{account_id}/status")["cursors"]
    assert isinstance(cursors, list)
    stored = sum(cursor["records"] for cursor in cursors)
    return stored > 0 and not all(cursor["complete"] for cursor in cursors)


def test_accounts_survive_a_restart_under_their_ids(
    setup: DaemonSetup, sandbox: SandboxProcess
) -> None:
    realm_id = sandbox.add_company("Corner Café")
    with setup.running() as daemon:
        account_id = connect(setup, sandbox, realm_id)
        assert setup.command("pause", account_id).returncode == 0
        daemon.send(signal.SIGTERM)
        assert daemon.exit_code() == 0
    with setup.running():
        account = setup.get(f"/integrations/{account_id}")
        assert (account["state"], account["external_account_id"]) == ("paused", realm_id)
        assert setup.command("resume", "Corner Café").returncode == 0
        until("live", lambda: setup.get(f"/integrations/{account_id}")["state"] == "live")
