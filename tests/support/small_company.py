"""A small company and a daemon of its own, in real processes: brought to exactness, and proved exact."""

import signal
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing

import yaml

from actors.clock import SystemClock
from daemon.demo.proof import compare, read_replica
from support.forked_daemons import ForkedDaemon, forked
from support.plain_http import plain_client
from support.real_processes import DaemonSetup, SandboxProcess, until
from support.simulation.checker import FeedChecker
from support.simulation.replica import ReplicaReader

TYPES = ["Customer", "Invoice"]
QUICK: Mapping[str, object] = {
    "object_types": TYPES,
    "poll_interval": "0.25s",
    "overlap": "0.2s",
    # Of the usual allowance there would be one read in five seconds: polls would be made less often.
    "reads_per_month": 100_000_000,
}
_SIZES = {"Customer": 8, "Vendor": 2, "Invoice": 8, "Bill": 2, "Payment": 2, "BillPayment": 1}


class SmallCompany:
    """One company, its own daemon's setup, and what is done to bring a commit about."""

    def __init__(
        self, setup: DaemonSetup, sandbox: SandboxProcess, sizes: Mapping[str, int] = _SIZES
    ) -> None:
        self.setup = setup
        self.sandbox = sandbox
        self.realm_id = sandbox.add_company("Corner Café", sizes=sizes)
        self.account_id = ""

    def connect(self) -> None:
        self.account_id = self.setup.connect(self.sandbox, self.realm_id)

    def connect_and_become_live(self) -> None:
        self.connect()
        self.become_exact()

    def become_exact(self) -> None:
        now = SystemClock().now().utc
        until("exact", lambda: self.setup.exact_past(self.account_id, now))

    def state(self) -> object:
        return self._account()["state"]

    def reasons(self) -> Sequence[str]:
        reasons = self._account()["reasons"]
        assert isinstance(reasons, list)
        return reasons

    def has_no_fault_left(self) -> bool:
        return not self.sandbox.http.get("/sandbox/faults").json()["items"]

    def metrics(self) -> str:
        with plain_client() as http:
            return http.get(f"{self.setup.url}/metrics").text

    def _account(self) -> dict[str, object]:
        return self.setup.get(f"/integrations/{self.account_id}")

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

    def pay(self) -> None:
        """Ask for a payment."""
        payload = {"CustomerRef": {"value": "1"}, "TotalAmt": 12.5}
        self.ask("POST", "/actions?wait=5", {"type": "payment.create", "payload": payload})

    def pay_by_list(self) -> None:
        """Ask for a payment as the only one of a list: it is stored first, and begun later."""
        payload = {"CustomerRef": {"value": "1"}, "TotalAmt": 12.5}
        self.ask("POST", "/actions?wait=5", [{"type": "payment.create", "payload": payload}])

    def actions(self) -> list[tuple[str, int]]:
        """Return where each action stands, and how often the vendor did it."""
        with closing(sqlite3.connect(self.setup.database)) as connection:
            rows = connection.execute("SELECT id, state FROM actions").fetchall()
        if not rows:
            return []
        bodies = self.sandbox.truth(self.realm_id, ["Payment"])["Payment"].values()
        marks = [f"[syncline:{action_id.replace('-', '')}]".encode() for action_id, _ in rows]
        counts = [sum(mark in body for body in bodies) for mark in marks]
        return [(state, count) for (_, state), count in zip(rows, counts, strict=True)]

    def change_the_key(self) -> None:
        """Live once with the key that was made, then give the daemon a new one beside it."""
        with forked(self.setup) as daemon:
            self.connect_and_become_live()
            end_well(daemon)
        kept = self.setup.database.with_name("syncline.db.key").read_text().split()
        document = yaml.safe_load(self.setup.config.read_text())
        document["secrets"] = {"keys": ["A" * 43 + "=", *kept]}
        self.setup.config.write_text(yaml.safe_dump(document))


def end_well(daemon: ForkedDaemon) -> None:
    daemon.send(signal.SIGTERM)
    assert daemon.exit_code() == 0, daemon.err


def assert_nothing_lost_and_nothing_doubled(company: SmallCompany) -> None:
    assert_no_rule_of_the_vendors_broken(company)
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


def assert_no_rule_of_the_vendors_broken(company: SmallCompany) -> None:
    """To be asked before the truth is read, which goes to the vendor's limits by itself."""
    assert company.sandbox.statistics()["refresh_traps"] == 0
    assert company.sandbox.violations(company.realm_id) == []
