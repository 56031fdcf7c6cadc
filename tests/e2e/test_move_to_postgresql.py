"""A replica made by a real daemon is moved while that runs, and goes on from PostgreSQL."""

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from daemon.demo.proof import compare
from support.postgres_replica import numbers_of_changes, read_replica
from support.postgres_server import PostgresServer
from support.real_processes import DaemonSetup, SandboxProcess, script, until
from support.small_company import TYPES

pytestmark = pytest.mark.timeout(180)

PAYMENT = {
    "type": "payment.create",
    "payload": {"CustomerRef": {"value": "1"}, "TotalAmt": 12.5},
    "idempotency_key": "once",
}


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


def pay(setup: DaemonSetup, account_id: str) -> dict[str, Any]:
    return setup.ask("POST", f"/integrations/{account_id}/actions?wait=5", PAYMENT)


def configure(setup: DaemonSetup, store: dict[str, str] | None = None) -> None:
    document = yaml.safe_load(setup.config.read_text())
    document["vendors"]["quickbooks"]["object_types"] = TYPES
    if store is not None:
        document["store"] = store
    setup.config.write_text(yaml.safe_dump(document))


def test_replica_is_moved_under_its_daemon_and_goes_on_exactly(
    setup: DaemonSetup, server: PostgresServer, sandbox: SandboxProcess
) -> None:
    configure(setup)
    realm_id = sandbox.add_company("Corner Café", sizes={"Customer": 30, "Invoice": 60})
    move = ["migrate-store", "--from", "sqlite:///syncline.db", "--to", server.url()]
    with setup.running() as daemon:
        account_id = setup.connect(sandbox, realm_id)
        until("live", lambda: setup.get(f"/integrations/{account_id}")["state"] == "live")
        paid = pay(setup, account_id)
        assert paid["state"] == "succeeded"
        seen = setup.command(*move, "--dry-run")
        assert (seen.returncode, "would be moved" in seen.stderr) == (0, True)
        refused = setup.command(*move, "--wait", "0")
        assert (refused.returncode, "must be stopped" in refused.stderr) == (1, True)
        # The daemon goes on meanwhile, and so does what it does.
        sandbox.churn(realm_id, acts=10)
        changed_at = datetime.now(UTC)
        until("exact", lambda: setup.exact_past(account_id, changed_at))
        with script(setup.folder, *move, "--json") as moving:
            until("waiting", lambda: "Now stop the daemon" in moving.err)
            sandbox.churn(realm_id, acts=10)
            changed_at = datetime.now(UTC)
            until("exact", lambda: setup.exact_past(account_id, changed_at))
            daemon.send(signal.SIGTERM)
            assert daemon.exit_code() == 0, daemon.err
            assert moving.exit_code() == 0, moving.err
            report = json.loads(moving.out)
    assert report["corrected"] > 0
    assert report["damages"] == []
    rows = {table["name"]: table["rows"] for table in report["tables"]}
    assert rows["actions"] == rows["action_attempts"] == rows["credentials"] == 1
    assert rows["audit"] > 0
    assert rows["account_events"] > 0
    again = setup.command(*move)
    assert (again.returncode, "already: nothing was done" in again.stdout) == (0, True)
    by_mistake = setup.command("run")
    assert by_mistake.returncode == 2
    assert "was moved to postgres at" in by_mistake.stderr
    assert by_mistake.stderr.count("\n") == 1
    with closing(sqlite3.connect(setup.database)) as file:
        (last_seq,) = file.execute("SELECT max(seq) FROM changes").fetchone()
    goes_on_from_postgresql(setup, server, sandbox, account_id, realm_id, str(paid["id"]))
    numbers = numbers_of_changes(server.url())
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > last_seq


def goes_on_from_postgresql(
    setup: DaemonSetup,
    server: PostgresServer,
    sandbox: SandboxProcess,
    account_id: str,
    realm_id: str,
    paid: str,
) -> None:
    configure(setup, {"url": server.url()})
    for name in ("key", "admin-token"):
        kept = setup.folder / f"syncline.{name}"
        kept.write_bytes((setup.folder / f"syncline.db.{name}").read_bytes())
        kept.chmod(0o600)
    with setup.running() as daemon:
        sandbox.churn(realm_id, acts=10)
        changed_at = datetime.now(UTC)
        until("exact", lambda: setup.exact_past(account_id, changed_at))
        assert pay(setup, account_id)["id"] == paid
        assert setup.get(f"/integrations/{account_id}")["state"] == "live"
        daemon.send(signal.SIGTERM)
        assert daemon.exit_code() == 0, daemon.err
    assert sandbox.statistics()["violations"] == []
    truth = sandbox.truth(realm_id, [*TYPES, "Payment"])
    mark = f"[syncline:{paid.replace('-', '')}]".encode()
    assert sum(mark in payment for payment in truth["Payment"].values()) == 1
    proofs = compare(truth, read_replica(server.url(), realm_id), TYPES)
    assert {proof.object_type: proof.differing for proof in proofs} == dict.fromkeys(TYPES, 0)
