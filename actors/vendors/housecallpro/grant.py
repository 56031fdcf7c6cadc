"""What connects a Housecall Pro company: the key that its admin made (§2.1)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from actors.vendors.connecting import SECRET, ConnectForm

ApiKey = Annotated[
    str,
    Meta(
        min_length=1,
        pattern="^[!-~]+$",
        extra=dict(SECRET),
        description="Made under API Key Management.",
    ),
]


class HousecallProGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What connects a Housecall Pro company."""

    api_key: ApiKey

    @property
    def proof(self) -> str:
        """The key."""
        return self.api_key

    @property
    def external_account_id(self) -> str:
        """Nothing: the vendor tells whose key it is."""
        return ""


FORM = ConnectForm(HousecallProGrant)
