"""Daemons of two versions side by side, until the last one is replaced: all serve, nothing is lost."""

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import pytest
import yaml

import store
from daemon.demo.proof import compare
from store.postgresql.migrate import bundled_migrations
from support.later_schema import KNOWN, later_migrations
from support.postgres_replica import numbers_of_changes, read_replica
from support.postgres_server import PostgresServer
from support.real_processes import DaemonSetup, RunningScript, SandboxProcess, set_up, until
from support.small_company import TYPES

pytestmark = pytest.mark.timeout(180)

COMPANIES = 2


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


def later_program(folder: Path, *, works_beside: int | None) -> Path:
    """Copy the program as the next version of it would be: with one more migration."""
    here, program = Path(store.__path__[0]).parent, folder / "later"
    program.mkdir()
    for package in ("daemon", "actors"):
        (program / package).symlink_to(here / package)
    shutil.copytree(here / "store", program / "store")
    newest = later_migrations(works_beside=works_beside)[-1]
    (program / "store" / "postgresql" / "migrations" / newest.name).write_text(newest.sql)
    return program


def node(name: str, folder: Path, sandbox: SandboxProcess, server: PostgresServer) -> DaemonSetup:
    setup = set_up(folder / name, sandbox)
    token = setup.database.with_name("syncline.db.admin-token")
    token.write_text("made-up-token")
    token.chmod(0o600)
    document = yaml.safe_load(setup.config.read_text())
    document["store"] = {"url": server.url(), "files": str(folder)}
    document["cluster"] = {"shards": 4, "node": name}
    document["server"]["admin_token_file"] = token.name
    document["vendors"]["quickbooks"]["object_types"] = TYPES
    setup.config.write_text(yaml.safe_dump(document))
    return setup


@contextmanager
def of_version(program: Path) -> Iterator[None]:
    """Have processes that are started run the program in the folder."""
    with pytest.MonkeyPatch.context() as patch:
        known = os.environ.get("PYTHONPATH", "")
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(program), known])))
        yield


@contextmanager
def running(setup: DaemonSetup, program: Path) -> Iterator[RunningScript]:
    """Run a node of the version in the folder."""
    with ExitStack() as stack:
        with of_version(program):
            daemon = stack.enter_context(setup.running())
        yield daemon


def schema(server: PostgresServer) -> int:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        row = connection.execute("SELECT max(version) FROM syncline_schema").fetchone()
    assert row is not None
    return int(row[0])


def counted_reads(server: PostgresServer) -> int:
    """Return how many reads count as made, those in leases of nodes that died too."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(reads), 0)::bigint"
            " + (SELECT coalesce(sum(counted), 0) FROM read_leases)::bigint"
            " FROM metered_reads WHERE account_id = ''"
        ).fetchone()
    assert row is not None
    return int(row[0])


def all_exact(
    nodes: Sequence[DaemonSetup],
    accounts: Sequence[str],
    sandbox: SandboxProcess,
    realm_ids: Sequence[str],
) -> None:
    """Change something everywhere, and see it through every node."""
    for realm_id in realm_ids:
        sandbox.churn(realm_id, acts=5)
    changed_at = datetime.now(UTC)
    for account in accounts:
        for each in nodes:
            until("exact", partial(each.exact_past, account, changed_at))


def stopped(daemon: RunningScript) -> None:
    daemon.send(signal.SIGTERM)
    assert daemon.exit_code() == 0, daemon.err
    assert "Traceback" not in daemon.err


def test_nodes_are_replaced_one_by_one_by_those_of_the_next_version(
    tmp_path: Path, sandbox: SandboxProcess, server: PostgresServer
) -> None:
    later_version = later_program(tmp_path, works_beside=KNOWN)
    one, two = (node(name, tmp_path, sandbox, server) for name in ("one", "two"))
    realm_ids = [
        sandbox.add_company(f"Café {number}", sizes={"Invoice": 20}) for number in range(COMPANIES)
    ]
    with one.running() as older:
        accounts = [one.connect(sandbox, realm_id) for realm_id in realm_ids]
        with two.running() as two_older:
            all_exact([one, two], accounts, sandbox, realm_ids)
            stopped(two_older)
        assert schema(server) == len(bundled_migrations())
        with running(two, later_version) as later:
            assert schema(server) == KNOWN + 1
            all_exact([one, two], accounts, sandbox, realm_ids)
            older.send(signal.SIGKILL)
            older.exit_code()
            with one.running() as again:  # an older one even starts beside the newer schema
                all_exact([one, two], accounts, sandbox, realm_ids)
                stopped(again)
            with running(one, later_version) as replaced:
                all_exact([one, two], accounts, sandbox, realm_ids)
                assert two.command("upgrade-store").returncode == 0
                stopped(replaced)
            stopped(later)
    statistics = sandbox.statistics()
    assert statistics["violations"] == []
    # One node was killed: that costs what it had counted ahead, and nothing else is lost.
    assert 0 <= counted_reads(server) - int(str(statistics["reads"])) <= 10
    for realm_id in realm_ids:
        proofs = compare(
            sandbox.truth(realm_id, TYPES), read_replica(server.url(), realm_id), TYPES
        )
        assert {proof.object_type: proof.differing for proof in proofs} == dict.fromkeys(TYPES, 0)
    numbers = numbers_of_changes(server.url())
    assert numbers == list(range(1, len(numbers) + 1))


def test_older_node_that_is_in_the_way_is_named_and_ends_when_it_is_cut_off(
    tmp_path: Path, sandbox: SandboxProcess, server: PostgresServer
) -> None:
    later_version = later_program(tmp_path, works_beside=None)
    one, two = (node(name, tmp_path, sandbox, server) for name in ("one", "two"))
    realm_id = sandbox.add_company("Café", sizes={"Invoice": 20})
    with one.running() as older:
        account = one.connect(sandbox, realm_id)
        all_exact([one], [account], sandbox, [realm_id])
        with of_version(later_version):
            refused = two.command("upgrade-store")
            assert refused.returncode == 1
            assert "syncline one" in refused.stderr
            assert schema(server) == KNOWN
            forced = two.command("upgrade-store", "--over-older-nodes", "--yes")
            assert forced.returncode == 0, forced.stderr
        assert schema(server) == KNOWN + 1
        assert older.exit_code() == 2
        assert "the database was written by a newer version" in older.err
        assert "Traceback" not in older.err
    with running(two, later_version) as later:
        all_exact([two], [account], sandbox, [realm_id])
        stopped(later)
    assert sandbox.statistics()["violations"] == []
