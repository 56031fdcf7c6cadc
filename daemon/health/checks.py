"""What is checked of an account, and how a check comes out."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Check(StrEnum):
    """One thing that is looked at. Their order is that of the packed samples: add at the end only."""

    CONNECTION = "connection"
    ACTOR = "actor"
    TOKEN = "token"  # noqa: S105 - a name
    FRESHNESS = "freshness"
    BREAKER = "breaker"
    RESPONSE = "response"
    FAILURES = "failures"
    DELETES = "deletes"
    DRIFT = "drift"
    BUDGET = "budget"
    VERIFICATION = "verification"


class Level(IntEnum):
    """How well."""

    OK = 0
    WARNING = 1
    CRITICAL = 2

    @property
    def word(self) -> str:
        """Its name for readers."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that did not come out well. `reason` says why, for an operator."""

    check: Check
    level: Level
    reason: str
