"""Daemons on one PostgreSQL database share the companies; when one is killed the other has them all."""

import re
import signal
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from daemon.demo.proof import compare
from support.plain_http import plain_client
from support.postgres_replica import numbers_of_changes, read_replica
from support.postgres_server import PostgresServer
from support.real_processes import DaemonSetup, SandboxProcess, set_up, until
from support.small_company import TYPES

pytestmark = pytest.mark.timeout(120)

SHARDS = 8
UNHELD_S = 15.0


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


def node(name: str, folder: Path, sandbox: SandboxProcess, server: PostgresServer) -> DaemonSetup:
    """Set a node up; all have the keys in one folder."""
    setup = set_up(folder / name, sandbox)
    token = setup.database.with_name("syncline.db.admin-token")
    token.write_text("made-up-token")
    token.chmod(0o600)
    document = yaml.safe_load(setup.config.read_text())
    document["store"] = {"url": server.url(), "files": str(folder)}
    document["cluster"] = {"shards": SHARDS, "node": name}
    document["server"]["admin_token_file"] = token.name
    document["vendors"]["quickbooks"]["object_types"] = TYPES
    setup.config.write_text(yaml.safe_dump(document))
    return setup


def asked(server: PostgresServer, text: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        return connection.execute(text.encode()).fetchall()


def held(server: PostgresServer) -> dict[str, int]:
    """Return how many shards each node holds, by its name."""
    counts = asked(
        server,
        "SELECT name, count(shard) FROM nodes LEFT JOIN shards USING (node)"
        " WHERE shard >= 0 GROUP BY name",
    )
    return dict(counts)


def added_up(nodes: Sequence[DaemonSetup], family: str) -> list[float]:
    """Return what each node's samples of a metric come to; nothing for one that shows none."""
    found = []
    for each in nodes:
        with plain_client(timeout=10) as http:
            lines = http.get(f"{each.url}/metrics").text.splitlines()
        shown = [float(line.split()[-1]) for line in lines if re.match(rf"{family}[ {{]", line)]
        found += [sum(shown)] if shown else []
    return found


def test_companies_are_hosted_by_whichever_nodes_there_are(
    tmp_path: Path, sandbox: SandboxProcess, server: PostgresServer
) -> None:
    first, second = (node(name, tmp_path, sandbox, server) for name in ("one", "two"))
    realm_ids = [
        sandbox.add_company(f"Café {number}", sizes={"Invoice": 20}) for number in range(6)
    ]
    with first.running() as killed:
        until("held", lambda: held(server) == {"one": SHARDS})
        accounts = [first.connect(sandbox, realm_id) for realm_id in realm_ids]
        with second.running() as other:
            until("shared", lambda: held(server) == {"one": SHARDS // 2, "two": SHARDS // 2})
            urls = [(first.url,), (second.url,)]
            until(
                "known where they are",
                lambda: asked(server, "SELECT url FROM nodes ORDER BY name") == urls,
            )
            changed_at = datetime.now(UTC)
            for account in accounts:
                until("exact", partial(second.exact_past, account, changed_at))
            both = (first, second)
            until("shown", lambda: sum(added_up(both, "syncline_accounts")) == len(accounts))
            until("kept", lambda: added_up(both, "syncline_node_holds_house") in ([0, 1], [1, 0]))
            until("one's", lambda: len(added_up(both, "syncline_last_change_seq")) == 1)
            killed.send(signal.SIGKILL)
            for realm_id in realm_ids:
                sandbox.churn(realm_id, acts=5)
            changed_at = datetime.now(UTC)
            until("taken over", lambda: held(server).get("two") == SHARDS)
            for account in accounts:
                until("exact", partial(second.exact_past, account, changed_at))
            until("told", lambda: "node_vanished" in str(second.get("/alerts?state=open")))
            other.send(signal.SIGTERM)
            assert other.exit_code() == 0, other.err
            assert "Traceback" not in other.err
    ((longest,),) = asked(server, "SELECT max(unheld_s) FROM shard_moves WHERE before IS NOT NULL")
    assert longest < UNHELD_S
    assert asked(server, "SELECT count(*) FROM shards WHERE node IS NOT NULL AND shard < 0") == [
        (0,)
    ]
    assert sandbox.statistics()["violations"] == []
    for realm_id in realm_ids:
        proofs = compare(
            sandbox.truth(realm_id, TYPES), read_replica(server.url(), realm_id), TYPES
        )
        assert {proof.object_type: proof.differing for proof in proofs} == dict.fromkeys(TYPES, 0)
    numbers = numbers_of_changes(server.url())
    assert numbers == list(range(1, len(numbers) + 1))
