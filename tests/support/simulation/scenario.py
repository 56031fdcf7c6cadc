"""What one run is made of: accounts, days, a pace of change, and troubles."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Protocol

from actors.settings import AccountSettings, BreakerPolicy, CallLimits
from daemon.sandbox.quickbooks import Behaviour
from support.quickbooks_replica import DEFAULT_TYPES
from support.virtual_time import EPOCH

if TYPE_CHECKING:
    from support.simulation.world import World

SMALL: Mapping[str, int] = {
    "Customer": 12,
    "Vendor": 4,
    "Invoice": 12,
    "Bill": 6,
    "Payment": 6,
    "BillPayment": 3,
}


class Trouble(Protocol):
    """Something that goes on during a run; cancelled when the troubles are over."""

    async def __call__(self, world: "World", random: Random) -> None:
        """Make trouble. All chance is `random`'s."""
        ...


Expectation = Callable[["World"], Iterable[str]]
"""Looks at a finished run; returns what is not as the scenario wants it."""


def realistic() -> Behaviour:
    """A vendor that takes its time, and shows some rows late."""
    return Behaviour(latency_s=(0.05, 0.8), commit_delay_s=(0.0, 60.0))


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of run.

    Attributes:
        name: the fault's number in the promise's table and what happens.
        acts_per_day: what users do in each company, on average.
        troubles: all that goes on beside that.
        expects: what must hold besides the invariants.
        owner_may_be_needed: whether accounts may end up in need of their owner.
        reads_per_month: the allowance that is configured; None counts no reads.
        read_cap: what the vendor really serves in a calendar month; None is without end.
        crashes_expected: whether an actor may meet with an error that nobody foresaw.
        webhooks: whether the daemon listens to the vendor's webhooks.
        healthy: how many of the accounts, the last ones, no trouble touches: theirs must stay
            fresh.
    """

    name: str
    troubles: tuple[Trouble, ...] = ()
    accounts: int = 3
    days: float = 1.25
    acts_per_day: float = 48.0
    poll_interval_s: float = 3600.0
    verify_interval_s: float | None = None
    overlap_s: float = 120.0
    object_types: tuple[str, ...] = DEFAULT_TYPES
    sizes: Mapping[str, int] = field(default_factory=lambda: SMALL)
    behaviour: Callable[[], Behaviour] = realistic
    limits: CallLimits = field(default_factory=lambda: CallLimits(500, 10, 10))
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    epoch: datetime = EPOCH
    expects: tuple[Expectation, ...] = ()
    owner_may_be_needed: bool = False
    crashes_expected: bool = False
    webhooks: bool = False
    healthy: int = 0
    reads_per_month: int | None = None
    read_cap: int | None = None

    def settings(self) -> AccountSettings:
        """How its accounts are kept in sync."""
        return AccountSettings(
            object_types=self.object_types,
            poll_interval_s=self.poll_interval_s,
            overlap_s=self.overlap_s,
            limits=self.limits,
            breaker=self.breaker,
            verify_interval_s=self.verify_interval_s,
        )
