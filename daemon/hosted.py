"""One account under supervision, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Protocol

from anyio import TaskHandle

from actors.account import AccountActor
from actors.status import ActorStatus
from actors.vendor_rest import NO_REST, VendorRest
from daemon.claims import Claims
from daemon.health.checks import Finding

_OVER = (TaskHandle.Status.FINISHED, TaskHandle.Status.CANCELLED, TaskHandle.Status.FAILED)


class Condition(StrEnum):
    """What the supervisor is doing about an account."""

    RUNNING = "running"
    RESTARTING = "restarting"
    QUARANTINED = "quarantined"
    OWNER_NEEDED = "owner_needed"
    STOPPED = "stopped"


class HostedAccount(Protocol):
    """One account under supervision, in this process or in another.

    Attributes:
        read_at_s: when its actor was last told, from here, that somebody reads the account.
    """

    read_at_s: float

    @property
    def account_id(self) -> str:
        """Our id of it."""
        ...

    @property
    def vendor(self) -> str:
        """At whom it is."""
        ...

    @property
    def condition(self) -> Condition:
        """What its supervisor is doing about it."""
        ...

    @property
    def restarts(self) -> int:
        """How often its actor crashed."""
        ...

    @property
    def last_error(self) -> str | None:
        """How the last crash read, for the operator."""
        ...

    def status(self) -> ActorStatus | None:
        """Describe the actor, if there was ever one, as far as is known here."""
        ...

    def overdue_s(self) -> float:
        """Return how long ago the actor should have woken; 0 when it is on time or elsewhere."""
        ...

    def findings(self) -> Sequence[Finding] | None:
        """Return what its own node just found not to be well; None when that was not told."""
        ...


@dataclass(slots=True)
class Hosted:
    """One account under supervision in this process.

    Attributes:
        actor: the run under way, or the last one.
        last_error: how the last crash read, for the operator.
        read_at_s: when its actor was last told that somebody reads the account.
        rest: what its next actor is told of the vendor.
        claims: by what right it is.
        is_ending: whether it was told to end.
    """

    account_id: str
    vendor: str
    condition: Condition = Condition.RUNNING
    actor: AccountActor | None = None
    restarts: int = 0
    last_error: str | None = None
    task: TaskHandle[None] | None = None
    read_at_s: float = -inf
    rest: VendorRest = NO_REST
    claims: Claims | None = None
    is_ending: bool = False

    @property
    def is_taken_again(self) -> bool:
        """Whether its next actor begins at once when the store has fenced off this one."""
        return self.claims is not None and self.claims.claims_again and not self.is_ending

    @property
    def ended(self) -> bool:
        """Whether nothing runs for the account any more."""
        return self.task is None or self.task.status in _OVER

    def cancel(self) -> None:
        """End what runs for the account where it stands."""
        if self.task is not None:
            self.task.cancel()

    async def wait_for_end(self) -> None:
        """Return when nothing runs for the account any more."""
        if self.task is not None:
            await self.task.wait()

    def keep_rest(self) -> VendorRest:
        """Keep what the last actor learned of the vendor for the next one, and return it."""
        if self.actor is not None:
            self.rest = self.actor.rest
        return self.rest

    def status(self) -> ActorStatus | None:
        """Describe the actor, if there was ever one."""
        return None if self.actor is None else self.actor.status()

    def overdue_s(self) -> float:
        """Return how long ago the actor should have woken; 0 when it is on time or does not run."""
        if self.actor is None or self.condition is not Condition.RUNNING:
            return 0.0
        return self.actor.overdue_s()

    def findings(self) -> Sequence[Finding] | None:
        """Return None: this is its own node."""
        return None


def is_about_to_run(hosted: HostedAccount | None) -> bool:
    """Tell whether its actor begins any moment, as far as is known here: nothing is known of it yet."""
    if hosted is None or hosted.condition is not Condition.RUNNING:
        return False
    return hosted.status() is None


def must_start(hosted: HostedAccount | None, *, paused: bool) -> bool:
    """Tell whether only a fresh start makes an account's actor know that it was paused or resumed.

    One whose first run is about to begin was loaded before the change; one that was given up is
    given another chance.
    """
    if hosted is None:
        return not paused
    given_up = hosted.condition in (Condition.QUARANTINED, Condition.STOPPED)
    return hosted.condition is Condition.RUNNING or (given_up and not paused)


class NotHostedError(Exception):
    """No actor runs for this account: it is disconnected, waits for its owner, or is unknown."""
