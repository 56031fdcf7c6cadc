"""What connects a ServiceTitan tenant: the keys that its owner made for this app (§1.1)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from actors.vendors.connecting import SECRET, ConnectForm
from actors.vendors.servicetitan.dispatching import ServiceTitanOptions

TenantId = Annotated[
    str,
    Meta(
        pattern="^[0-9]{1,19}$",
        extra={"in_words": "a number of up to 19 digits"},
        description="The tenant's number.",
    ),
]
ClientId = Annotated[str, Meta(min_length=1, description="The app's client id for this tenant.")]
ClientSecret = Annotated[
    str, Meta(min_length=1, extra=dict(SECRET), description="What was issued with the client id.")
]


class Keys(msgspec.Struct, frozen=True):
    """What gets access tokens for one tenant, as often as is needed."""

    client_id: str
    client_secret: str


class ServiceTitanGrant(ServiceTitanOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What connects a ServiceTitan tenant."""

    external_account_id: TenantId = msgspec.field(name="tenant_id")
    client_id: ClientId
    client_secret: ClientSecret

    @property
    def proof(self) -> str:
        """The keys in one text, which is also what renews the access token later on."""
        return msgspec.json.encode(Keys(self.client_id, self.client_secret)).decode()


FORM = ConnectForm(ServiceTitanGrant, options=ServiceTitanOptions)
