"""What connects a Housecall Pro company: the key that its admin made, or an OAuth partner's code (§2.1)."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from actors.vendors.connecting import ASKED, SECRET, ConnectForm

ApiKey = Annotated[
    str,
    Meta(
        min_length=1,
        pattern="^[!-~]+$",
        extra={**SECRET, **ASKED},
        description="Made under API Key Management.",
    ),
]
Code = Annotated[
    str,
    Meta(
        min_length=1,
        pattern="^[!-~]+$",
        extra=dict(SECRET),
        description="For OAuth partners, instead of the key. Works once, for minutes.",
    ),
]

CODE = "code "
"""What a code is told from a key by: no key has a space."""


class HousecallProGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What connects a Housecall Pro company: one of the two."""

    api_key: ApiKey | UnsetType = UNSET
    authorization_code: Code | UnsetType = UNSET

    def __post_init__(self) -> None:
        """See that it is one of the two."""
        if (self.api_key is UNSET) == (self.authorization_code is UNSET):
            raise ValueError("either api_key or authorization_code")

    @property
    def proof(self) -> str:
        """The key, or the code with a word before it."""
        if self.api_key is not UNSET:
            return self.api_key
        return f"{CODE}{self.authorization_code}"

    @property
    def external_account_id(self) -> str:
        """Nothing: the vendor tells whose it is."""
        return ""


FORM = ConnectForm(HousecallProGrant)
