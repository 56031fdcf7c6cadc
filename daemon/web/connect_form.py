"""What each vendor wants to be connected with. One entry for each vendor."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from daemon.web.described import SECRET

Code = Annotated[str, Meta(min_length=1, extra=SECRET, description="Works once, for minutes.")]
RealmId = Annotated[
    str, Meta(pattern="^[0-9]{1,32}$", description="The company's id, from the vendor's answer.")
]


class Grant(Protocol):
    """What connects a company."""

    @property
    def authorization_code(self) -> str:
        """The single-use code."""
        ...

    @property
    def external_account_id(self) -> str:
        """The company's id at its vendor."""
        ...


class Consent(Protocol):
    """What the consent page sends the browser back with."""

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
        """The single-use code."""
        ...

    @property
    def external_account_id(self) -> str | None:
        """The company's id at its vendor."""
        ...


class QuickBooksGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What connects a QuickBooks company."""

    authorization_code: Code
    external_account_id: RealmId = msgspec.field(name="realm_id")


class QuickBooksConsent(msgspec.Struct, frozen=True):
    """What QuickBooks' consent page sends the browser back with."""

    state: str
    authorization_code: Code | None = msgspec.field(default=None, name="code")
    external_account_id: RealmId | None = msgspec.field(default=None, name="realmId")
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectForm:
    """How a vendor names things; `grant` must be a `Grant`, `consent` a `Consent`."""

    grant: type[msgspec.Struct]
    consent: type[msgspec.Struct]


FORMS: Mapping[str, ConnectForm] = MappingProxyType(
    {"quickbooks": ConnectForm(QuickBooksGrant, QuickBooksConsent)}
)
