"""Everything that the sandbox holds, in one place."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING

from daemon.sandbox.quickbooks.behaviour import Behaviour
from daemon.sandbox.quickbooks.chance import stream
from daemon.sandbox.quickbooks.changeset import ChangeSet
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.faults import FaultPlan
from daemon.sandbox.quickbooks.grants import App, AuthorizationServer
from daemon.sandbox.quickbooks.limiter import Limiter, Limits
from daemon.sandbox.quickbooks.mutation_log import MutationLog
from daemon.sandbox.quickbooks.read_meter import ReadMeter
from daemon.sandbox.quickbooks.request_ids import RequestIds

if TYPE_CHECKING:
    from daemon.sandbox.quickbooks.routes import Route
    from daemon.sandbox.quickbooks.write_ledger import AppliedWrite


class World:
    """The state of the sandbox.

    Attributes:
        clock: Gives the sandbox's own time, an aware datetime.
        seed: Of all chance.
        behaviour: The switches.
        companies: By realm id.
        log: Every change of every object.
        ledger: Every write through the API that took effect.
        authorization: Apps, grants and tokens.
        faults: Faults and outages.
        limiter: Call limits.
        reads: The app's CorePlus meter.
        request_ids: Answers kept for repeats.
        calls: Calls by company and route.
        statuses: Answers by status.
        throttled: Answers that were a throttle.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        seed: int,
        apps: tuple[App, ...],
        behaviour: Behaviour,
        limits: Limits | None,
        grant_salt: str = "",
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.behaviour = behaviour
        self.companies: dict[str, Company] = {}
        self.log = MutationLog()
        self.ledger: list[AppliedWrite] = []
        self.authorization = AuthorizationServer(
            apps, behaviour, stream(seed, f"tokens{grant_salt}")
        )
        self.faults = FaultPlan(stream(seed, "faults"))
        self.limiter = Limiter(limits)
        self.reads = ReadMeter(behaviour)
        self.request_ids = RequestIds(behaviour)
        self.calls: Counter[tuple[str, Route]] = Counter()
        self.statuses: Counter[int] = Counter()
        self.throttled = 0
        self.chances: dict[str, Random] = {}

    def chance(self, purpose: str) -> Random:
        """Return the random source of one purpose."""
        source = self.chances.get(purpose)
        if source is None:
            source = self.chances[purpose] = stream(self.seed, purpose)
        return source

    def change(self, company: Company, now: datetime) -> ChangeSet:
        """Open one user act on a company, with its own commit delay."""
        low, high = self.behaviour.commit_delay_s
        delay_s = self.chance("commit").uniform(low, high) if high else 0.0
        return ChangeSet(company, self.log, now, delay_s)
