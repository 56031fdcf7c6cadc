"""F1, F2: the daemon dies by `kill -9` at every commit there is, and whoever comes next finds all of it.

One real process a life, a real disk, a vendor in a process of its own. `SYNCLINE_CRASH_AT` says
where the first life ends.
"""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml

from daemon.demo.proof import compare, read_replica
from store.crash_points import CRASH_POINTS, Commit
from support.forked_daemons import ForkedDaemon, forked
from support.real_processes import DaemonSetup, SandboxProcess, sandbox_process, set_up, until
from support.simulation.checker import FeedChecker
from support.simulation.replica import ReplicaReader

pytestmark = pytest.mark.timeout(120)

TYPES = ["Customer", "Invoice"]
SIZES = {"Customer": 8, "Vendor": 2, "Invoice": 8, "Bill": 2, "Payment": 2, "BillPayment": 1}

Deed = Callable[["Company"], None]


class Company:
    """One company, its own daemon's setup, and what is done to bring a commit about."""

    def __init__(self, setup: DaemonSetup, sandbox: SandboxProcess) -> None:
        self.setup = setup
        self.sandbox = sandbox
        self.realm_id = sandbox.add_company("Corner Café", sizes=SIZES)
        self.account_id = ""

    def connect(self) -> None:
        self.account_id = self.setup.connect(self.sandbox, self.realm_id)

    def connect_and_become_live(self) -> None:
        self.connect()
        self.become_exact()

    def become_exact(self) -> None:
        now = datetime.now(UTC)
        until("exact", lambda: self.setup.exact_past(self.account_id, now))

    def have_token_refused(self) -> None:
        self.connect_and_become_live()
        self.sandbox.fault("unauthorized", realm_id=self.realm_id, count=1)

    def lose_the_grant(self) -> None:
        self.connect_and_become_live()
        self.sandbox.fault("invalid_grant", routes=["token"], count=1)
        self.sandbox.fault("unauthorized", realm_id=self.realm_id, count=1)

    def ask(self, method: str, path: str, body: object = None) -> None:
        self.connect_and_become_live()
        self.setup.ask(method, f"/integrations/{self.account_id}{path}", body)

    def change_the_key(self) -> None:
        """Live once with the key that was made, then give the daemon a new one beside it."""
        with forked(self.setup) as daemon:
            self.connect_and_become_live()
            end_well(daemon)
        kept = self.setup.database.with_name("syncline.db.key").read_text().split()
        document = yaml.safe_load(self.setup.config.read_text())
        document["secrets"] = {"keys": ["A" * 43 + "=", *kept]}
        self.setup.config.write_text(yaml.safe_dump(document))


DEEDS: dict[str, Deed] = {
    Commit.CLAIM: Company.connect,
    Commit.PAGE: Company.connect,
    Commit.REFRESH_BEGUN: Company.have_token_refused,
    Commit.REFRESH_FINISHED: Company.have_token_refused,
    Commit.OWNER_NEEDED: Company.lose_the_grant,
    Commit.CONNECT: Company.connect,
    Commit.PAUSE: lambda company: company.ask("POST", "/pause"),
    Commit.DISCONNECT: lambda company: company.ask("DELETE", ""),
    Commit.PURGE: lambda company: company.ask("DELETE", "?purge=true"),
    Commit.RESCAN: lambda company: company.ask("POST", "/sync", {"full": True}),
}
"""What leads to the commit; the others come at each start."""

PASSING: dict[str, int] = {Commit.CLAIM: 2, Commit.PAGE: 2, Commit.PURGE: 2}
"""The claim after connecting, the middle of the first reading, the middle of the purge."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as served:
        yield served


@pytest.fixture
def company(tmp_path: Path, sandbox: SandboxProcess) -> Iterator[Company]:
    setup = set_up(
        tmp_path / "daemon", sandbox, object_types=TYPES, poll_interval="0.25s", overlap="0.2s"
    )
    yield Company(setup, sandbox)
    sandbox.clear_faults()


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_what_was_before_the_kill_is_found_and_gone_on_from(point: str, company: Company) -> None:
    kind = point.partition(".")[0]
    if kind == Commit.RESEAL:
        company.change_the_key()
    die_at(f"{point}:{PASSING.get(kind, 1)}", company)
    company.sandbox.churn(company.realm_id, 10)
    with forked(company.setup) as daemon:
        settle(company)
        end_well(daemon)
    assert_nothing_lost_and_nothing_doubled(company)


def test_point_that_there_is_not_is_refused(company: Company) -> None:
    with forked(company.setup, {"SYNCLINE_CRASH_AT": "page.somewhere"}) as daemon:
        assert daemon.exit_code() == 2
        assert "'page.somewhere' is no crash point" in daemon.err
    assert not company.setup.database.exists()


def die_at(arming: str, company: Company) -> None:
    with forked(company.setup, {"SYNCLINE_CRASH_AT": arming}) as daemon:
        deed = DEEDS.get(arming.partition(".")[0])
        if deed is not None:
            assert not daemon.is_dead, daemon.err
            with suppress(httpx.TransportError):
                deed(company)
        until(f"dead at {arming}", lambda: daemon.is_dead)
        assert daemon.exit_code() == -signal.SIGKILL, daemon.err


def settle(company: Company) -> None:
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


def exact_or_telling(company: Company, instant: datetime) -> dict[str, object] | None:
    account = company.setup.get(f"/integrations/{company.account_id}")
    tells = account["state"] in {"paused", "reauth_required"}
    return account if tells or company.setup.exact_past(company.account_id, instant) else None


def end_well(daemon: ForkedDaemon) -> None:
    daemon.send(signal.SIGTERM)
    assert daemon.exit_code() == 0, daemon.err


def assert_nothing_lost_and_nothing_doubled(company: Company) -> None:
    database = company.setup.database
    truth = company.sandbox.truth(company.realm_id, TYPES)
    proofs = compare(truth, read_replica(database, company.realm_id), TYPES)
    assert {proof.object_type: proof.differing for proof in proofs} == dict.fromkeys(TYPES, 0)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        open_entries = "SELECT count(*) FROM refresh_journal WHERE ended_at IS NULL"
        assert connection.execute(open_entries).fetchone() == (0,)
    with closing(ReplicaReader(database)) as reader:
        feed, changes = FeedChecker(), reader.changes(0)
        feed.last_seq = changes[0].seq - 1  # a purge takes its changes along, from the first on
        assert feed.take(changes) == []
        assert feed.mismatch(company.account_id, reader.all_rows(company.account_id)) == []
    statistics = company.sandbox.statistics()
    assert (statistics["violations"], statistics["refresh_traps"]) == ([], 0)
