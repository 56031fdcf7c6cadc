"""What the sections of all vendors have in common."""

from dataclasses import dataclass
from typing import Annotated, Self

from actors.settings import AccountSettings, CallLimits
from daemon.config.rule import Flat
from daemon.config.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorConfig:
    """What every vendor's section takes.

    Attributes:
        account: how each of its accounts is kept in sync.
        reads_per_month: what the vendor meters the app by; None is unmetered.
    """

    account: Annotated[AccountSettings, Flat()]
    reads_per_month: int | None = None

    @property
    def webhook_secret(self) -> Secret | None:
        """What its deliveries are verified with; None when webhooks are not used."""
        return None

    @classmethod
    def vendor_limits(cls) -> CallLimits:
        """What the vendor allows one account."""
        return CallLimits()

    def settings(self) -> object:
        """What the vendor's package is built with."""
        raise NotImplementedError

    def resolved(self, public_url: str) -> Self:
        """Put in what follows from other settings."""
        del public_url
        return self
