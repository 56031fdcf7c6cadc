"""What connects a company to its vendor, as each vendor names it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import msgspec

SECRET: Mapping[str, object] = MappingProxyType({"secret": True})
"""Put into a field's `extra`: what is found there is not repeated, and not shown while it is typed."""

ASKED: Mapping[str, object] = MappingProxyType({"asked": True})
"""Put into a field's `extra`: a person is asked for it, though others may do without."""


class Grant(Protocol):
    """What connects a company."""

    @property
    def proof(self) -> str:
        """What `Vendor.exchange` trades for tokens; opaque to all but the vendor's package."""
        ...

    @property
    def external_account_id(self) -> str:
        """The company's id at its vendor; empty where the vendor tells it (`Credential.company`)."""
        ...


class Consent(Protocol):
    """What a consent page sends the browser back with."""

    @property
    def state(self) -> str:
        """What we sent it there with."""
        ...

    @property
    def error(self) -> str | None:
        """Why the owner did not consent."""
        ...

    @property
    def authorization_code(self) -> str | None:
        """The single-use code: what `Vendor.exchange` trades for tokens."""
        ...

    @property
    def external_account_id(self) -> str | None:
        """The company's id at its vendor."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectForm:
    """How a vendor names what connects a company. Its fields are what users and scripts give us.

    Attributes:
        grant: must be a `Grant`.
        consent: must be a `Consent`; None for a vendor without a consent page.
        options: a struct that the grant is made of, too: what may be said of how jobs are offered
            to the company, as `Dispatcher.options`; None where nothing can be.
    """

    grant: "type[msgspec.Struct]"
    consent: "type[msgspec.Struct] | None" = None
    options: "type[msgspec.Struct] | None" = None

    def said(self, grant: object) -> Mapping[str, str | int]:
        """Return the options that were given with a grant, by name."""
        names = () if self.options is None else self.options.__struct_fields__
        given = {name: getattr(grant, name) for name in names}
        return {name: value for name, value in given.items() if value is not None}
