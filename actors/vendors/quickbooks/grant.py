"""What connects a QuickBooks company: a code and the company's id, which the consent page gives."""

from typing import Annotated

import msgspec
from msgspec import Meta

from actors.vendors.connecting import SECRET, ConnectForm

Code = Annotated[
    str, Meta(min_length=1, extra=dict(SECRET), description="Works once, for minutes.")
]
RealmId = Annotated[
    str, Meta(pattern="^[0-9]{1,32}$", description="The company's id, from the vendor's answer.")
]


class QuickBooksGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What connects a QuickBooks company."""

    authorization_code: Code
    external_account_id: RealmId = msgspec.field(name="realm_id")

    @property
    def proof(self) -> str:
        """The code."""
        return self.authorization_code


class QuickBooksConsent(msgspec.Struct, frozen=True):
    """What QuickBooks' consent page sends the browser back with."""

    state: str
    authorization_code: Code | None = msgspec.field(default=None, name="code")
    external_account_id: RealmId | None = msgspec.field(default=None, name="realmId")
    error: str | None = None


FORM = ConnectForm(QuickBooksGrant, QuickBooksConsent)
