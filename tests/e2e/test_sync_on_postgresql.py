"""A company comes in whole, and stays so, with the replica on a PostgreSQL server that fails."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from daemon.demo.proof import compare
from support.postgres_replica import numbers_of_changes, read_replica
from support.postgres_server import PostgresServer
from support.real_processes import DaemonSetup, SandboxProcess, until
from support.small_company import TYPES

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def on_postgresql(setup: DaemonSetup, server: PostgresServer) -> DaemonSetup:
    token = setup.folder / "syncline.db.admin-token"
    token.write_text("made-up-token")
    token.chmod(0o600)
    document = yaml.safe_load(setup.config.read_text())
    document["store"] = {"url": server.url()}
    document["server"]["admin_token_file"] = token.name
    document["vendors"]["quickbooks"]["object_types"] = TYPES
    setup.config.write_text(yaml.safe_dump(document))
    return setup


def state_of(setup: DaemonSetup, account_id: str) -> object:
    return setup.get(f"/integrations/{account_id}")["state"]


def test_company_is_exact_after_the_server_and_the_daemon_failed(
    on_postgresql: DaemonSetup, server: PostgresServer, sandbox: SandboxProcess
) -> None:
    setup = on_postgresql
    realm_id = sandbox.add_company("Corner Café", sizes={"Customer": 30, "Invoice": 60})
    with setup.running() as daemon:
        account_id = setup.connect(sandbox, realm_id)
        until("live", lambda: state_of(setup, account_id) == "live")
        server.stop(signal.SIGQUIT)
        sandbox.churn(realm_id, acts=20)
        until("not ready", lambda: not setup.is_ready())
        server.start()
        until("ready", setup.is_ready)
        changed_at = datetime.now(UTC)
        until("exact", lambda: setup.exact_past(account_id, changed_at))
        daemon.send(signal.SIGKILL)
        assert daemon.exit_code() == -signal.SIGKILL
    sandbox.churn(realm_id, acts=20)
    restarted_at = datetime.now(UTC)
    with setup.running() as daemon:
        until("exact again", lambda: setup.exact_past(account_id, restarted_at))
        payload = {"CustomerRef": {"value": "1"}, "TotalAmt": 12.5}
        body = {"type": "payment.create", "payload": payload, "idempotency_key": "once"}
        asked = [
            setup.ask("POST", f"/integrations/{account_id}/actions?wait=5", body) for _ in range(2)
        ]
        assert asked[0]["id"] == asked[1]["id"]
        assert asked[1]["state"] == "succeeded"
        assert setup.command("backup", "copy.db").returncode == 1
        assert setup.command("doctor").stdout.count("PostgreSQL") == 1
        daemon.send(signal.SIGTERM)
        assert daemon.exit_code() == 0, daemon.err
    assert sandbox.statistics()["violations"] == []
    truth = sandbox.truth(realm_id, [*TYPES, "Payment"])
    mark = f"[syncline:{str(asked[0]['id']).replace('-', '')}]".encode()
    assert sum(mark in payment for payment in truth["Payment"].values()) == 1
    proofs = compare(truth, read_replica(server.url(), realm_id), TYPES)
    assert {proof.object_type: proof.differing for proof in proofs} == dict.fromkeys(TYPES, 0)
    numbers = numbers_of_changes(server.url())
    assert numbers == list(range(1, len(numbers) + 1))


def test_database_that_is_not_there_is_said_at_the_start(
    on_postgresql: DaemonSetup, server: PostgresServer, tmp_path: Path
) -> None:
    server.stop()
    refused = on_postgresql.command("run")
    assert refused.returncode == 2
    assert "the database postgres at" in refused.stderr
    assert refused.stderr.count("\n") == 1
