"""What connects a Housecall Pro company: the key that its admin made, or an OAuth partner's code (§2.1)."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from actors.vendors.connecting import ASKED, SECRET, ConnectForm
from actors.vendors.housecallpro.dispatching import HousecallProOptions

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


class HousecallProGrant(HousecallProOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What connects a Housecall Pro company: a key or a code."""

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


FORM = ConnectForm(HousecallProGrant, options=HousecallProOptions)
