"""A vendor at which most accounts fail: only a few of them go on probing, the others rest. Pure."""

from dataclasses import dataclass

RESTING = "most accounts of its vendor fail just now: a few are tried, the others wait for them"

_REST_S = 60.0
"""How long an account rests before it looks again whether the outage is over; twice that at most."""


@dataclass(slots=True)
class Outage:
    """What the actors of one vendor are told about it. Shared by all of them.

    Attributes:
        probers: the accounts that go on while it lasts; None while there is no outage.
    """

    probers: frozenset[str] | None = None

    def rests(self, account_id: str) -> bool:
        """Tell whether an account leaves the vendor alone."""
        return self.probers is not None and account_id not in self.probers

    def rest_s(self, account_id: str, phase: float) -> float:
        """Return how long an account's looks rest; 0 when they do not.

        Args:
            account_id: whose.
            phase: from 0 up to 1, so that the accounts don't come back in step.
        """
        return _REST_S * (1.0 + phase) if self.rests(account_id) else 0.0
